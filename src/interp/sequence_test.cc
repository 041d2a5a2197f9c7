// Every sequence's handler does what its cells do one by one, up to the last bit and the exact place of a trap.
#include "code/sequence.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <span>

#include "interp/access_table.h"
#include "interp/handlers.h"
#include "interp/test_world.h"
#include "platform/guest_entry.h"
#include "runtime/memory.h"

namespace godwit::interp::testing {

namespace {

using code::CellOp;

struct Row {
  std::array<CellOp, code::kLongestSequence> room;
  size_t count;

  std::span<const CellOp> ops() const { return {room.data(), count}; }
};

constexpr Row row(auto... ops) { return {{ops...}, sizeof...(ops)}; }

// In the order of the table of handlers. Calls and returns are empty here: the tests of random modules have them.
using enum CellOp;
constexpr Row kRows[] = {
#define GODWIT_SEQUENCE(...) row(__VA_ARGS__),
#define GODWIT_SEQUENCE_INTO(...) row(),
#define GODWIT_SEQUENCE_FROM(...) row(),
#include "code/sequences.def"
};

constexpr size_t kSlots = 32;              // that fields name
constexpr size_t kFarSlots = 2u << 16;     // that a field of two slots names if it is taken for one
constexpr size_t kCells = kFarSlots + 64;  // behind the sequence, for branches of any distance
constexpr size_t kLiteralCells = 4;
constexpr size_t kMemoryBytes = 72 << 10;  // that addresses of a few thousand reach

// Run first: they give the accumulators their values.
constexpr CellOp kStart[] = {CellOp::i64_xor_ss, CellOp::f32_abs_s, CellOp::f64_abs_s, CellOp::v128_xor_ss};

// A machine whose every reachable place is there, whatever a cell's fields mean.
class Bench final {
 public:
  Bench() : frame_(kFarSlots + 2 * kSlots), cells_(2 * kCells + kLiteralCells), memory_(kMemoryBytes) {
    ModuleBuilder builder;
    builder.memory({.limits = {.min = 2, .max = 2}});
    builder.global({ValKind::I64, true}, CodeBuilder().i64(77));
    builder.export_as("f", builder.func(builder.type(FuncType{}), {}, CodeBuilder()));
    instance_ = world_.instantiate(builder);
    world_.call(instance_, "f");  // prepares the thread
    std::mt19937 random(1);
    for (size_t i = 0; i < memory_.size(); i += 4)
      store_unaligned(&memory_[i], static_cast<uint32_t>(random()));
    // wherever a branch leads: write the accumulators to slots, then leave
    const CellOp exit[] = {CellOp::put_acc_i64, CellOp::put_acc_f32, CellOp::put_acc_f64,
                           CellOp::put_acc_v128, CellOp::leave};
    for (size_t i = 0; i < 2 * kCells; ++i)
      cells_[i] = {handler(exit[i % 5]), 0, static_cast<uint16_t>(kSlots + 2 * (i % 5)), 0};
  }

  // All that can be seen of a run.
  struct Result {
    std::vector<runtime::Slot> slots;
    std::vector<uint8_t> memory;
    uint64_t global;
    bool has_faulted;
    uint64_t trap;
    int64_t trap_cell;
    bool operator==(const Result&) const = default;
  };

  void fill(const Row& row, uint32_t seed) {
    row_ = &row;
    std::mt19937 random(seed);
    auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
    slots_.resize(2 * kSlots + 16);
    for (auto& slot : slots_) {
      switch (below(6)) {
        case 0: slot = random(); break;
        case 1: slot = uint64_t{random()} << 32 | random(); break;
        case 2: slot = below(3); break;
        case 3: slot = std::bit_cast<uint64_t>(static_cast<double>(below(1000)) * 0.5 - 100); break;
        case 4:
          slot = uint64_t{random()} << 32 | std::bit_cast<uint32_t>(static_cast<float>(below(99)) - 9);
          break;
        default: slot = uint64_t{random()} << 32 | below(4096);
      }
    }
    for (size_t i = 0; i < std::size(kStart); ++i) {
      Cell& cell = *(sequence() + i - std::size(kStart));
      cell = {handler(kStart[i]), static_cast<uint16_t>(below(kSlots)), 0, below(kSlots)};
    }
    for (size_t i = 0; i < row.ops().size(); ++i) {
      Cell& cell = sequence()[i];
      std::string_view name = code::name_of(row.ops()[i]);
      cell.a = static_cast<uint16_t>(below(kSlots));
      cell.d = static_cast<uint16_t>(below(kSlots));
      cell.b = below(kSlots) | below(2) << 16;
      const int64_t away = code::branch_distance(1 + below(1000));  // not to itself
      if (name.starts_with("br_step")) cell.b = below(2) << 16 | static_cast<uint16_t>(away);
      else if (name.starts_with("br")) cell.b = static_cast<uint32_t>(away);
      if (name.starts_with("global_") || name.starts_with("memory_size")) cell.b = 0;
    }
  }

  Result run(bool as_one) {
    for (size_t i = 0; i < row_->ops().size(); ++i) sequence()[i].handler = handler(row_->ops()[i]);
    if (as_one)
      sequence()[0].handler = handler_table()[code::kCellOpCount + static_cast<size_t>(row_ - kRows)];
    std::ranges::copy(slots_, frame_.begin());
    runtime::VmContext* ctx = instance_->vmctx();
    std::ranges::copy(memory_, ctx->memory0_base);
    store_unaligned(&ctx->globals[0], uint64_t{77});
    runtime::VmStore& vm = world_.store.vm();
    vm.trap = 0;
    platform::GuestRegisters registers;
    const Cell* start = sequence() - std::size(kStart);
    registers.handler = start->handler;
    registers.ip = start;
    registers.fp = frame_.data();
    registers.ctx = ctx;
    registers.memory = ctx->memory0_base;
    registers.store = &vm;
    platform::Activation activation;
    Result result{};
    result.has_faulted = platform::enter_guest(registers, activation) == platform::GuestExit::Faulted;
    result.trap = vm.trap;
    if (result.has_faulted)
      result.trap_cell = reinterpret_cast<const Cell*>(activation.fault.ip) +
                         position_of_access(activation.fault.pc) - sequence();
    else if (vm.trap != 0) result.trap_cell = vm.trap_ip - sequence();
    // What a frame holds after a trap nobody sees.
    if (!result.has_faulted && vm.trap == 0) result.slots.assign(frame_.begin(), frame_.begin() + 2 * kSlots);
    result.memory.assign(ctx->memory0_base, ctx->memory0_base + kMemoryBytes);
    result.global = load_unaligned<uint64_t>(&ctx->globals[0]);
    return result;
  }

 private:
  static const void* handler(CellOp op) { return handler_table()[op]; }
  Cell* sequence() { return cells_.data() + kCells - row_->ops().size(); }

  World world_;
  runtime::Instance* instance_;
  std::vector<runtime::Slot> frame_, slots_;
  std::vector<Cell> cells_;
  std::vector<uint8_t> memory_;
  const Row* row_ = nullptr;
};

std::string text_of(const Row& row) {
  std::string text;
  for (CellOp op : row.ops()) text += std::string(code::name_of(op)) + " ";
  return text;
}

}  // namespace

TEST(Sequences, DoWhatTheirCellsDo) {
  Bench bench;
  uint32_t faults = 0, traps = 0;
  for (const Row& row : kRows) {
    if (row.count == 0) continue;
    for (uint32_t seed = 0; seed < 5; ++seed) {
      bench.fill(row, seed);
      Bench::Result apart = bench.run(false);
      Bench::Result as_one = bench.run(true);
      faults += apart.has_faulted ? 1 : 0;
      traps += apart.trap != 0 ? 1 : 0;
      ASSERT_EQ(apart.has_faulted, as_one.has_faulted) << text_of(row) << "seed " << seed;
      ASSERT_EQ(apart.trap, as_one.trap) << text_of(row) << "seed " << seed;
      ASSERT_EQ(apart.trap_cell, as_one.trap_cell) << text_of(row) << "seed " << seed;
      ASSERT_EQ(apart.slots, as_one.slots) << text_of(row) << "seed " << seed;
      ASSERT_TRUE(apart == as_one) << text_of(row) << "seed " << seed;
    }
  }
  EXPECT_GT(faults, 100u);
  EXPECT_GT(traps, 20u);
}

}  // namespace godwit::interp::testing
