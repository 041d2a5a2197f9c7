// Old and new numbers of element types.
#include "nn/numbering.h"

#include <gtest/gtest.h>

#include <vector>

namespace godwit::nn {
namespace {

using Shape = std::vector<uint32_t>;

TEST(Numbering, SeesWhichIsMeant) {
  EXPECT_EQ(Numbering().type_of(2, Shape{1, 4}, 4), 3u) << "old u8";
  EXPECT_EQ(Numbering().type_of(2, Shape{1, 4}, 32), 2u) << "f64";
  EXPECT_EQ(Numbering().type_of(3, Shape{1, 4}, 16), 4u) << "old i32";
  EXPECT_EQ(Numbering().type_of(3, Shape{1, 4}, 4), 3u) << "u8";
  EXPECT_EQ(Numbering().type_of(1, Shape{4}, 4), 1u);
  EXPECT_EQ(Numbering().type_of(5, Shape{4}, 4), 5u);
  EXPECT_EQ(Numbering().type_of(2, Shape{4}, 5), 2u) << "fits neither";
  EXPECT_EQ(Numbering().type_of(2, Shape{0}, 0), 2u);
  EXPECT_EQ(Numbering().type_of(2, Shape{UINT32_MAX, UINT32_MAX, UINT32_MAX}, 4), 2u);
  EXPECT_EQ(Numbering().type_of(3, Shape{1u << 31, 1u << 31}, 0), 3u)
      << "four times as many are more than there are";
}

TEST(Numbering, HoldsForWhatFollows) {
  Numbering old;
  EXPECT_EQ(old.type_of(2, Shape{4}, 4), 3u);
  EXPECT_EQ(old.type_of(3, Shape{4}, 4), 4u) << "too few bytes of i32, for the backend to say";
  Numbering now;
  EXPECT_EQ(now.type_of(3, Shape{4}, 4), 3u);
  EXPECT_EQ(now.type_of(2, Shape{4}, 4), 2u);
}

}  // namespace
}  // namespace godwit::nn
