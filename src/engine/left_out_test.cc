// Reasons, counted.
#include "engine/left_out.h"

#include <gtest/gtest.h>

namespace godwit::engine {
namespace {

TEST(LeftOut, TellsTheMostFrequentReasonsFirst) {
  LeftOut left_out;
  EXPECT_EQ(left_out.describe(), "");
  for (const char* why : {"a", "b", "b", "c", "c", "c"}) left_out.add(why);
  EXPECT_EQ(left_out.describe(), "3: c; 2: b; 1: a");
  left_out.add("d");
  EXPECT_EQ(left_out.describe(), "3: c; 2: b; 1: d; …");
}

TEST(LeftOut, IsBounded) {
  LeftOut left_out;
  for (int i = 0; i < 1000; ++i) left_out.add(std::to_string(i));
  EXPECT_EQ(left_out.describe().substr(0, 4), "901:");
}

}  // namespace
}  // namespace godwit::engine
