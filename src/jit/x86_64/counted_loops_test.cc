// Which loops need not poll.
#include "jit/x86_64/counted_loops.h"

#include <gtest/gtest.h>

namespace godwit::jit {
namespace {

using code::Cell;
using code::CellOp;

constexpr uint16_t kCounter = 3, kOther = 7;

struct Loop {
  CellOp before = CellOp::put_i32;  // leaves `first` in a slot
  uint16_t before_slot = kCounter;
  int32_t first = 0;
  CellOp body = CellOp::i32_add_ss_d;
  uint16_t written = kOther;
  CellOp end = CellOp::br_step_i32_ne_k;
  int16_t step = 1, limit = 16;
};

// Whether its end need not poll.
bool is_counted(const Loop& loop) {
  constexpr int32_t kBack = -2 * static_cast<int32_t>(sizeof(Cell));
  const uint32_t end = static_cast<uint32_t>(int32_t{loop.step}) << 16 | static_cast<uint16_t>(kBack);
  const std::vector<Cell> cells = {{nullptr, 0, loop.before_slot, static_cast<uint32_t>(loop.first)},
                                   {nullptr, 1, 0, 1000},
                                   {nullptr, kOther, loop.written, kOther},
                                   {nullptr, kCounter, static_cast<uint16_t>(loop.limit), end},
                                   {nullptr, 0, 0, 0}};
  Shape shape;
  shape.cells = cells;
  shape.ops = {loop.before, CellOp::count, loop.body, loop.end, CellOp::unreachable};
  shape.find(Counts::Dropped);
  std::vector<uint8_t> ends;
  find_counted_loops(shape, ends);
  EXPECT_EQ(ends.size(), cells.size());
  return ends[3] != 0;
}

TEST(CountedLoops, EndSoonByTheirNumbers) {
  EXPECT_TRUE(is_counted({}));
  EXPECT_TRUE(is_counted({.first = -100, .step = 4, .limit = 100}));
  EXPECT_TRUE(is_counted({.first = 12, .step = -4, .limit = 0}));
  EXPECT_TRUE(is_counted({.end = CellOp::br_step_i32_lt_s_k, .step = 3}));
  EXPECT_TRUE(is_counted({.end = CellOp::br_step_i32_lt_u_k, .step = 3}));
  EXPECT_TRUE(is_counted({.first = 90, .end = CellOp::br_step_i32_gt_s_k, .step = -7}));
}

TEST(CountedLoops, DoNotMissTheirLimit) {
  EXPECT_FALSE(is_counted({.step = 3}));    // 16 is no multiple
  EXPECT_FALSE(is_counted({.first = 16}));  // all the way around
  EXPECT_FALSE(is_counted({.first = 17}));  // the same
  EXPECT_FALSE(is_counted({.step = 0}));
  EXPECT_FALSE(is_counted({.step = -1}));
  EXPECT_FALSE(is_counted({.end = CellOp::br_step_i32_lt_s_k, .step = -1}));
  EXPECT_FALSE(is_counted({.end = CellOp::br_step_i32_gt_s_k, .step = 1}));
  EXPECT_FALSE(is_counted({.first = -1, .end = CellOp::br_step_i32_lt_u_k}));
  EXPECT_FALSE(is_counted({.end = CellOp::br_step_i32_ge_s_k}));
}

TEST(CountedLoops, AreShort) {
  EXPECT_TRUE(is_counted({.limit = 20'000}));
  EXPECT_FALSE(is_counted({.limit = 30'000}));
  EXPECT_FALSE(is_counted({.first = -2'000'000'000}));
}

TEST(CountedLoops, HaveOnePlaceThatChangesTheNumber) {
  EXPECT_FALSE(is_counted({.before_slot = kOther}));
  EXPECT_FALSE(is_counted({.before = CellOp::copy32}));
  EXPECT_FALSE(is_counted({.written = kCounter}));
  EXPECT_FALSE(is_counted({.body = CellOp::call}));
}

}  // namespace
}  // namespace godwit::jit
