// What becomes of cells on aarch64: instructions with the cell's fields, or a handler's work where these do not fit.
#include "jit/aarch64/emitter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "code/sequence.h"

namespace godwit::jit {
namespace {

using code::Cell;
using code::CellOp;

constexpr int32_t kDistances[code::kHandlerCount] = {};
constexpr code::HandlerTable kHandlers = {kDistances};

constexpr uint32_t kAnyTarget = ~0x1Fu;  // all of an instruction but the register that it writes

// A function's code, and what it is made in.
struct Made {
  std::vector<Cell> cells;
  Shape shape;
  std::unique_ptr<CodeMaker> maker = make_code_maker(kHandlers, kDistances);
  MachineCode code;

  Made(std::vector<Cell> of_cells, const std::vector<CellOp>& ops) : cells(std::move(of_cells)) {
    shape.cells = cells;
    shape.ops = ops;
    shape.find(Counts::Dropped);
    code = maker->make(shape);
  }
};

std::vector<uint32_t> instructions(const Made& made, uint32_t cell) {
  const MachineCode& code = made.code;
  std::vector<uint32_t> list;
  for (uint32_t at = code.places[cell]; at < code.places[cell + 1]; at += 4)
    list.push_back(load_unaligned<uint32_t>(code.bytes.data() + at));
  return list;
}

TEST(Aarch64Code, HasTheSlotsOfTheCellInItsInstructions) {
  const auto list = instructions(Made({{nullptr, 1, 2, 3}}, {CellOp::i32_add_ss_d}), 0);
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0] & kAnyTarget, 0xB9400AA8u & kAnyTarget);  // ldr w8, [x21, #8]
  EXPECT_EQ(list[1] & kAnyTarget, 0xB9401AA8u & kAnyTarget);  // ldr w8, [x21, #24]
  EXPECT_EQ(list[3], 0xF9000AB8u);                            // str x24, [x21, #16]
}

TEST(Aarch64Code, HasNumbersInTwoHalves) {
  const auto list = instructions(Made({{nullptr, 0, 0, 0x12345678}}, {CellOp::i32_add_ak}), 0);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0] & kAnyTarget, 0x52A24688u & kAnyTarget);  // movz w8, #0x1234, lsl #16
  EXPECT_EQ(list[1] & kAnyTarget, 0x728ACF08u & kAnyTarget);  // movk w8, #0x5678
}

TEST(Aarch64Code, CanBeEnteredWhereLoopsBegin) {
  const std::vector<CellOp> ops = {CellOp::i32_add_ss_d, CellOp::i32_add_ss_d, CellOp::br_if_i32_a_back};
  const auto back = static_cast<uint32_t>(code::branch_distance(-1));
  const Made made({{nullptr, 1, 2, 3}, {nullptr, 1, 2, 3}, {nullptr, 0, 0, back}}, ops);
  std::vector<uint32_t> cells;
  for (const auto& way : made.code.ways_in) {
    cells.push_back(way.cell);
    EXPECT_EQ(way.place, made.code.places[way.cell]);
  }
  EXPECT_EQ(cells, (std::vector<uint32_t>{0, 1}));
}

TEST(Aarch64Code, LeavesSlotsFarFromTheFrameToHandlers) {
  // 4095 words of 4 bytes, or of 8
  EXPECT_TRUE(has_code(CellOp::i32_add_ss_d, {nullptr, 2047, 4095, 2047}));
  EXPECT_FALSE(has_code(CellOp::i32_add_ss_d, {nullptr, 2048, 0, 0}));
  EXPECT_FALSE(has_code(CellOp::i32_add_ss_d, {nullptr, 0, 4096, 0}));
  EXPECT_FALSE(has_code(CellOp::i32_add_ss_d, {nullptr, 0, 0, 2048}));
  const Made made({{nullptr, 2048, 0, 0}, {nullptr, 0, 0, 0}}, {CellOp::i32_add_ss_d, CellOp::i32_add_ss_d});
  EXPECT_EQ(instructions(made, 0).size(), 3u);  // the cell and the handler as numbers, a jump
  EXPECT_TRUE(std::ranges::any_of(made.code.ways_in, [](const auto& way) { return way.cell == 1; }));
}

TEST(Aarch64Code, IsNoneOfAFunctionThatIsTooLarge) {
  auto bytes_of = [](size_t count) {
    return Made(std::vector<Cell>(count, Cell{nullptr, 1, 2, 3}),
                std::vector<CellOp>(count, CellOp::i32_add_ss_d))
        .code.bytes.size();
  };
  EXPECT_GT(bytes_of(60'000), 0u);
  EXPECT_EQ(bytes_of(70'000), 0u);
}

}  // namespace
}  // namespace godwit::jit
