// Products that divide, against divisions.
#include "code/divisor.h"

#include <gtest/gtest.h>

#include <random>

namespace godwit::code {
namespace {

uint64_t divided(uint64_t number, const Divisor& divisor) {
  using Wide = unsigned __int128;
  return static_cast<uint64_t>(Wide{number >> divisor.before} * divisor.factor >> 64) >> divisor.after;
}

// Where a product is wrong, if it is, it is at multiples and just before them, and for the largest most likely.
void check(uint64_t by, const Divisor& divisor, std::mt19937_64& random) {
  const uint64_t most = UINT64_MAX / by;
  for (const uint64_t quotient :
       {uint64_t{0}, uint64_t{1}, uint64_t{2}, most / 2, most - 1, most, random() % (most + 1)}) {
    if (quotient > most) continue;
    const uint64_t multiple = quotient * by;
    EXPECT_EQ(divided(multiple, divisor), quotient) << by;
    if (multiple != 0) EXPECT_EQ(divided(multiple - 1, divisor), quotient - 1) << by;
  }
  EXPECT_EQ(divided(UINT64_MAX, divisor), most) << by;
}

TEST(Divisor, DividesAsDivisionsDo) {
  std::mt19937_64 random(7);
  int with_product = 0;
  auto try_one = [&](uint64_t by) {
    if (const auto divisor = product_for(by)) {
      ++with_product;
      check(by, *divisor, random);
    }
  };
  for (uint64_t by = 0; by < 5000; ++by) try_one(by);
  for (int bits = 1; bits < 64; ++bits)
    for (int i = 0; i < 200; ++i) try_one(random() * random() >> bits);
  for (uint64_t by = UINT64_MAX; by > UINT64_MAX - 1000; --by) try_one(by);
  EXPECT_GT(with_product, 5000);
}

TEST(Divisor, HasAProductForWhatPeopleDivideBy) {
  for (const uint64_t by : {3u, 5u, 6u, 10u, 60u, 100u, 1000u, 10'000u, 3600u, 1'000'000u, 1'000'000'000u})
    EXPECT_TRUE(product_for(by)) << by;
  for (const uint64_t by : {0u, 1u, 2u, 7u, 1024u}) EXPECT_FALSE(product_for(by)) << by;
}

}  // namespace
}  // namespace godwit::code
