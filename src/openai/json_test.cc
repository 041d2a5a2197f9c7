// JSON as it is written.
#include "openai/json.h"

#include <gtest/gtest.h>

namespace godwit::openai {
namespace {

TEST(Json, IsWrittenInUtf8) {
  const auto written = [](std::string_view text) { return text_of(json::object{{"t", text}}); };
  EXPECT_EQ(written("für 😀"), "{\"t\":\"für 😀\"}");
  EXPECT_EQ(written("f\xc3"), "{\"t\":\"f\xef\xbf\xbd\"}");
  EXPECT_EQ(written("\xb5ü\xf0\x9f\x98"), "{\"t\":\"\xef\xbf\xbdü\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace godwit::openai
