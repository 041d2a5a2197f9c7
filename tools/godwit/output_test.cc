// Tests of readable texts: names that a module chose, sizes, suggestions, JSON.
#include "output.h"

#include <gtest/gtest.h>

#include "json_writer.h"
#include "suggest.h"

namespace godwit::cli {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable("a\tb\n意大利 €\xF0\x9F\x98\x80"), "a\tb\n意大利 €\xF0\x9F\x98\x80");
}

TEST(Printable, EscapesWhatSteersTerminals) {
  EXPECT_EQ(printable("\x1b[31m"), "\\x1B[31m");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xC2\\x9B");
  EXPECT_EQ(printable("\x7F\r"), "\\x7F\\x0D");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, EscapesMalformedUtf8) {
  EXPECT_EQ(printable("\xFF\x80"), "\\xFF\\x80");
  EXPECT_EQ(printable("a\xE2\x82"), "a\\xE2\\x82");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xED\\xA0\\x80");
}

TEST(HumanSize, UsesBinaryUnits) {
  EXPECT_EQ(human_size(1), "1 byte");
  EXPECT_EQ(human_size(1023), "1023 bytes");
  EXPECT_EQ(human_size(1536), "1.5 KiB");
  EXPECT_EQ(human_size(uint64_t{4} << 30), "4.0 GiB");
  EXPECT_EQ(human_size(~uint64_t{0}), "16.0 EiB");
}

TEST(Suggestion, FindsTheNearestOrNothing) {
  Suggestion suggestion("nn-prelaod");
  for (const char* name : {"dir", "env", "nn-preload", "invoke"}) suggestion.consider(name);
  EXPECT_EQ(suggestion.best(), "nn-preload");
  Suggestion hopeless("xyzzy");
  for (const char* name : {"dir", "env", "nn-preload", "invoke"}) hopeless.consider(name);
  EXPECT_EQ(hopeless.best(), std::nullopt);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("dri", "dir"), 1u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);
}

TEST(JsonWriter, SeparatesAndQuotes) {
  JsonWriter json;
  json.begin_object().key("a\"b").value("\\ \n\x01").key("list").begin_array().value(uint64_t{1}).value(true);
  json.begin_object().end_object().end_array().key("z").value(false).end_object();
  EXPECT_EQ(json.text(), "{\"a\\\"b\":\"\\\\ \\u000a\\u0001\",\"list\":[1,true,{}],\"z\":false}");
}

}  // namespace
}  // namespace godwit::cli
