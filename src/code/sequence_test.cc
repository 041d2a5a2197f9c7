// Which sequences are found in code.
#include "code/sequence.h"

#include <gtest/gtest.h>

namespace godwit::code {

namespace {

std::vector<DraftCell> cells_of(std::initializer_list<CellOp> ops) {
  std::vector<DraftCell> cells;
  for (CellOp op : ops) cells.push_back({op, 0, 0, 0, 0, false});
  return cells;
}

std::vector<bool> are_sequences(std::initializer_list<CellOp> ops) {
  std::vector<bool> found;
  for (uint16_t index : choose_handlers(cells_of(ops))) found.push_back(index >= kCellOpCount);
  return found;
}

}  // namespace

TEST(Sequence, BeginsWhereItSavesMost) {
  using enum CellOp;
  EXPECT_EQ(are_sequences({}), std::vector<bool>{});
  EXPECT_EQ(are_sequences({i32_add_sk_d, unreachable}), (std::vector{false, false}));
  // and at its second cell too: a branch may lead there
  EXPECT_EQ(are_sequences({i32_add_sk_d, i32_add_sk_d, i32_add_sk_d, unreachable}),
            (std::vector{true, true, false, false}));
}

TEST(Sequence, CellsThatWriteNoSlotMayBeRunByHandlersThatDo) {
  using enum CellOp;
  EXPECT_EQ(are_sequences({i32_add_sk, i32_add_sk, unreachable}), (std::vector{true, false, false}));
}

TEST(Sequence, CellsThatWriteTheirSlotAreNeverRunByHandlersThatDoNot) {
#define GODWIT_SEQUENCE(first, ...) first,
#define GODWIT_SEQUENCE_INTO(first, ...) first,
#define GODWIT_SEQUENCE_FROM(first, ...) first,
  using enum CellOp;
  const CellOp firsts[] = {
#include "code/sequences.def"
  };
  for (size_t row = 0; row < kSequenceCount; ++row) {
    CellOp first = firsts[row];
    if (!name_of(first + 1).starts_with(name_of(first)) || !name_of(first + 1).ends_with("_d")) continue;
    for (CellOp next : {i32_add_sk_d, i32_add_as_d, i64_add_as_d, f64_add_as_d, br_if_i32_a}) {
      std::vector<uint16_t> chosen = choose_handlers(cells_of({first + 1, next}));
      if (chosen[0] >= kCellOpCount) EXPECT_NE(firsts[chosen[0] - kCellOpCount], first) << name_of(first);
    }
  }
}

}  // namespace godwit::code
