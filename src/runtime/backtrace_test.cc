// Walking made-up frames: calls, host calls in between, and stacks too deep to print.
#include <gtest/gtest.h>

#include "runtime/test_support.h"

namespace godwit::runtime {
namespace {

using testing::Declarations;
using testing::FakeCode;
using testing::limits;
using testing::World;

// Cells are only compared here.
const Cell* cell(uintptr_t number) { return reinterpret_cast<const Cell*>(number * 16); }

class Backtrace : public ::testing::Test {
 protected:
  void SetUp() override {
    Declarations d;
    const uint32_t type = d.type({}, {});
    for (int i = 0; i < 3; ++i) d.func(type);
    d.export_as("outer", wasm::ExternKind::Func, 0);
    auto module = d.build(world_.types, "app");
    auto code = std::make_unique<FakeCode>();
    code_ = code.get();
    module->code = std::move(code);
    instance_ = *instantiate(world_.store, module, {});
    // Function 0 has its header at slot 1 and calls at slot 8; function 1 at 0, calls at 4.
    code_->returning[cell(1)] = {.function_index = 0, .offset = 100, .header_slot = 1, .callee_slots = 8};
    code_->returning[cell(2)] = {.function_index = 1, .offset = 200, .header_slot = 0, .callee_slots = 4};
    code_->executing[cell(3)] = {.function_index = 2, .offset = 300, .header_slot = 2, .callee_slots = 0};
  }

  static void write_header(Slot* fp, uint32_t slot, const Cell* return_cell, VmContext* ctx) {
    fp[slot] = reinterpret_cast<Slot>(return_cell);
    fp[slot + 1] = reinterpret_cast<Slot>(ctx);
  }
  // Frames of functions 0, 1, 2, each called by the one before; returns the innermost fp.
  Slot* write_three(Slot* fp) {
    write_header(fp, 1, cell(99), nullptr);
    write_header(fp + 8, 0, cell(1), instance_->vmctx());
    write_header(fp + 12, 2, cell(2), instance_->vmctx());
    return fp + 12;
  }

  World world_;
  FakeCode* code_ = nullptr;
  Instance* instance_ = nullptr;
  Slot slots_[256] = {};
};

TEST_F(Backtrace, NamesFramesInnermostFirst) {
  Slot* fp = write_three(slots_);
  const auto frames = world_.store.backtrace(cell(3), fp, instance_->vmctx());
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].function_index, 2u);
  EXPECT_EQ(frames[0].offset, 300u);
  EXPECT_EQ(frames[0].module, "app");
  EXPECT_EQ(frames[1].offset, 200u);
  EXPECT_EQ(frames[2].offset, 100u);
  EXPECT_EQ(frames[2].function, "outer");
}

TEST_F(Backtrace, CrossesHostFunctions) {
  // Functions 0 and 1 ran; 1 called a host function, which called back.
  write_header(slots_, 1, cell(99), nullptr);
  write_header(slots_ + 8, 0, cell(1), instance_->vmctx());
  GuestStay outermost;
  GuestStay nested{.host_call_ip = cell(2),
                   .host_call_fp = slots_ + 8,
                   .host_call_ctx = instance_->vmctx(),
                   .outer = &outermost};
  world_.store.set_innermost_stay(&nested);
  Slot* inner = write_three(slots_ + 32);
  const auto frames = world_.store.backtrace(cell(3), inner, instance_->vmctx());
  ASSERT_EQ(frames.size(), 5u);
  EXPECT_EQ(frames[2].offset, 100u);
  EXPECT_EQ(frames[3].offset, 200u);
  EXPECT_EQ(frames[4].offset, 100u);
  world_.store.set_innermost_stay(nullptr);
}

TEST_F(Backtrace, LeavesOutTheMiddle) {
  constexpr size_t kDepth = 50;
  std::vector<Slot> slots(kDepth * 4 + 16);
  write_header(slots.data(), 0, cell(99), nullptr);
  for (size_t i = 1; i < kDepth; ++i) write_header(slots.data() + 4 * i, 0, cell(2), instance_->vmctx());
  Slot* fp = slots.data() + 4 * kDepth;
  write_header(fp, 2, cell(2), instance_->vmctx());
  const auto frames = world_.store.backtrace(cell(3), fp, instance_->vmctx(), 10);
  ASSERT_EQ(frames.size(), 11u);
  EXPECT_EQ(frames[0].offset, 300u);
  EXPECT_EQ(frames[5].function, "… 41 frames left out …");
  EXPECT_EQ(frames[5].offset, kNoOffset);
  EXPECT_EQ(frames[10].offset, 200u);
}

TEST_F(Backtrace, TrapsSayWhatTheSpecificationSays) {
  VmStore& vm = world_.store.vm();
  vm.trap_fp = write_three(slots_);
  vm.trap_ip = cell(3);
  vm.trap_ctx = instance_->vmctx();
  vm.trap = static_cast<uint64_t>(Trap::Unreachable);
  const Error unreachable = world_.store.take_trap();
  EXPECT_EQ(unreachable.kind(), ErrorKind::Trap);
  EXPECT_EQ(unreachable.message(), "unreachable");
  EXPECT_EQ(unreachable.code(), static_cast<uint32_t>(Trap::Unreachable));
  EXPECT_EQ(unreachable.backtrace().size(), 3u);
  EXPECT_EQ(vm.trap, 0u);
  vm.trap = static_cast<uint64_t>(Trap::StackExhausted);
  EXPECT_EQ(world_.store.take_trap().kind(), ErrorKind::Exhausted);
}

TEST_F(Backtrace, HostErrorsKeepTheirKind) {
  VmStore& vm = world_.store.vm();
  vm.trap_fp = write_three(slots_);
  vm.trap_ip = cell(3);
  vm.trap_ctx = instance_->vmctx();
  vm.trap = static_cast<uint64_t>(Trap::HostError);
  world_.store.raise(Error(ErrorKind::Exit, 3, "exit"));
  const Error exit = world_.store.take_trap();
  EXPECT_EQ(exit.kind(), ErrorKind::Exit);
  EXPECT_EQ(exit.code(), 3u);
  EXPECT_TRUE(exit.backtrace().empty());
  vm.trap = static_cast<uint64_t>(Trap::HostError);
  world_.store.raise(Error(ErrorKind::Io, "disk"));
  const Error io = world_.store.take_trap();
  EXPECT_EQ(io.kind(), ErrorKind::Io);
  EXPECT_EQ(io.backtrace().size(), 3u);
}

TEST_F(Backtrace, FaultsSayWhereTheyAre) {
  auto memory = world_.store.new_memory({.limits = limits(1)});
  ASSERT_TRUE(memory);
  VmContext ctx = *instance_->vmctx();
  ctx.memory0 = &(*memory)->vm();
  ctx.memory0_base = (*memory)->vm().base;
  VmStore& vm = world_.store.vm();
  vm.trap = static_cast<uint64_t>(Trap::MemoryOutOfBounds);
  vm.trap_ip = cell(3);
  vm.trap_fp = write_three(slots_);
  vm.trap_ctx = &ctx;
  world_.store.set_fault_address(reinterpret_cast<uintptr_t>(ctx.memory0_base) + 65540);
  EXPECT_EQ(world_.store.take_trap().message(),
            "out of bounds memory access: address 0x10004, memory size 65536 bytes");
}

}  // namespace
}  // namespace godwit::runtime
