// Tests of the values that options take.
#include "option_values.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace godwit::cli {
namespace {

void expect_dir(std::string_view text, std::string_view guest, std::string_view host, Access access) {
  const auto preopen = parse_dir(text);
  ASSERT_TRUE(preopen) << text << ": " << preopen.error().message;
  EXPECT_EQ(preopen->guest_path, guest) << text;
  EXPECT_EQ(preopen->host_path, host) << text;
  EXPECT_EQ(preopen->access, access) << text;
}

TEST(ParseDir, TakesAllThreeForms) {
  expect_dir("data", "data", "data", Access::ReadWrite);
  expect_dir("/data:/srv/data", "/data", "/srv/data", Access::ReadWrite);
  expect_dir("/srv/data::/data", "/data", "/srv/data", Access::ReadWrite);
  expect_dir(".:.", ".", ".", Access::ReadWrite);
}

TEST(ParseDir, TakesReadOnlySuffixes) {
  expect_dir("data:ro", "data", "data", Access::ReadOnly);
  expect_dir("data:readonly", "data", "data", Access::ReadOnly);
  expect_dir("/data:/srv/data:readonly", "/data", "/srv/data", Access::ReadOnly);
  expect_dir("/srv/data::/data:ro", "/data", "/srv/data", Access::ReadOnly);
  expect_dir("data:./ro", "data", "./ro", Access::ReadWrite);
}

TEST(ParseDir, LetsHostPathsHoldColonsInTheTwinForm) {
  expect_dir("/srv/a:b::/data", "/data", "/srv/a:b", Access::ReadWrite);
}

TEST(ParseDir, RefusesWhatIsAmbiguousOrEmpty) {
  for (const char* text :
       {"a:b:c", "a::b:c", "a::b::c", "", ":", "::", "a:", ":a", "::a", "a::", ":ro", ":readonly"})
    EXPECT_FALSE(parse_dir(text)) << text;
}

TEST(ParseDuration, KnowsItsUnits) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("2"), 2s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text :
       {"", "s", "0", "0ms", "-1s", "1.2.3s", "1d", "1 s", "99999999999h", "0x10s", "nan", "inf"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(ParseSize, KnowsItsUnits) {
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("512K"), 512u << 10);
  EXPECT_EQ(parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(parse_size("1.5G"), 3u << 29);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(ParseSize, RefusesTheRest) {
  for (const char* text : {"", "M", "-1", "1X", "1e9", "99999999T"}) EXPECT_FALSE(parse_size(text)) << text;
}

TEST(ParseEnv, TakesValuesAndPassesOn) {
  EXPECT_EQ(*parse_env("A=b=c"), std::pair(std::string("A"), std::string("b=c")));
  EXPECT_EQ(*parse_env("A="), std::pair(std::string("A"), std::string()));
  ASSERT_EQ(setenv("GODWIT_TEST_VARIABLE", "value", 1), 0);
  EXPECT_EQ(*parse_env("GODWIT_TEST_VARIABLE"),
            std::pair(std::string("GODWIT_TEST_VARIABLE"), std::string("value")));
  ASSERT_EQ(unsetenv("GODWIT_TEST_VARIABLE"), 0);
  EXPECT_FALSE(parse_env("GODWIT_TEST_VARIABLE"));
  EXPECT_FALSE(parse_env("=value"));
  EXPECT_FALSE(parse_env(""));
}

}  // namespace
}  // namespace godwit::cli
