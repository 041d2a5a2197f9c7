// Tests of UTF-8 validation.
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace godwit {
namespace {

TEST(Utf8, AcceptsWellFormed) {
  EXPECT_TRUE(is_utf8(as_bytes("")));
  EXPECT_TRUE(is_utf8(as_bytes("abc")));
  EXPECT_TRUE(
      is_utf8(as_bytes("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF")));
}

TEST(Utf8, RejectsOverlongSurrogatesAndTruncation) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC2", "\xE1\x80", "\xF1\x80\x80",
                          "\xE1\x80z", "\xC2z"})
    EXPECT_FALSE(is_utf8(as_bytes(bad))) << bad;
}

}  // namespace
}  // namespace godwit
