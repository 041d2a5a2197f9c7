// Atomic instructions, and waiting for each other in stores of several threads that share a memory.
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "interp/test_world.h"
#include "runtime/memory.h"

namespace godwit::interp::testing {

namespace {

using runtime::Trap;
using wasm::AddrType;
using wasm::Signature;

constexpr uint64_t kPage = 65536;

ValKind kind_of(Signature::Type type) { return type == Signature::Type::I64 ? ValKind::I64 : ValKind::I32; }

// A function that does `op` at the address that is its first parameter, with the others as operands.
FuncIdx add_atomic(ModuleBuilder& builder, Opcode op, ValKind address, uint64_t offset) {
  const Signature& signature = wasm::info_of(op).signature;
  FuncType type{{address}, {}};
  CodeBuilder code;
  code.op(Opcode::local_get, 0);
  for (size_t i = 1; i < signature.params().size(); ++i) {
    type.params.push_back(kind_of(signature.params()[i]));
    code.op(Opcode::local_get, static_cast<uint32_t>(i));
  }
  for (Signature::Type result : signature.results()) type.results.push_back(kind_of(result));
  code.access(op, offset);
  FuncIdx func = builder.func(builder.type(std::move(type)), {}, code);
  builder.export_as(wasm::text_of(op), func);
  return func;
}

std::vector<Opcode> atomic_accesses() {
  std::vector<Opcode> ops;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    auto op_class = wasm::kOpcodes[i].op_class;
    if (op_class >= wasm::OpClass::AtomicLoad && op_class != wasm::OpClass::AtomicFence)
      ops.push_back(static_cast<Opcode>(i));
  }
  return ops;
}

// What a read-modify-write leaves, computed without it.
uint64_t expected_after(Opcode op, uint64_t old, uint64_t operand) {
  std::string_view text = wasm::text_of(op);
  auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (has(".add")) return old + operand;
  if (has(".sub")) return old - operand;
  if (has(".and")) return old & operand;
  if (has(".or")) return old | operand;
  if (has(".xor")) return old ^ operand;
  return operand;
}

uint64_t mask_of(uint32_t bytes) { return bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1; }

uint64_t read(runtime::Memory& memory, uint64_t address) {
  return load_unaligned<uint64_t>(memory.bytes().data() + address);
}

}  // namespace

TEST(Atomics, DoWhatTheirNamesSayOnEveryKindOfMemory) {
  constexpr uint64_t kOld = 0x1122'3344'5566'7788, kOperand = 0xF0E1'D2C3'B4A5'9687;
  for (bool is_shared : {false, true}) {
    for (AddrType addr : {AddrType::I32, AddrType::I64}) {
      World world;
      ModuleBuilder builder;
      auto memory_idx =
          builder.memory({.limits = {.min = 1, .max = 1, .addr = addr}, .is_shared = is_shared});
      builder.export_as("memory", memory_idx);
      ValKind address = addr == AddrType::I64 ? ValKind::I64 : ValKind::I32;
      for (Opcode op : atomic_accesses()) add_atomic(builder, op, address, 16);
      auto* instance = world.instantiate(builder);
      ASSERT_NE(instance, nullptr);
      runtime::Memory& memory = *instance->find_export("memory")->memory;
      for (Opcode op : atomic_accesses()) {
        const wasm::OpInfo& info = wasm::info_of(op);
        SCOPED_TRACE(info.text);
        if (info.op_class == wasm::OpClass::AtomicWait) continue;
        const uint64_t mask = mask_of(info.access_bytes);
        const uint64_t place = kPage - info.access_bytes - 8 + 8 % info.access_bytes;
        uint8_t* bytes = memory.bytes().data() + place;
        store_unaligned(bytes, kOld);
        const uint64_t rest = kOld & ~mask;
        const uint64_t argument = place - 16;
        if (info.op_class == wasm::OpClass::AtomicLoad) {
          EXPECT_EQ(world.call(instance, info.text, {argument}).slots.at(0), kOld & mask);
        } else if (info.op_class == wasm::OpClass::AtomicStore) {
          EXPECT_FALSE(world.call(instance, info.text, {argument, kOperand}).error);
          EXPECT_EQ(read(memory, place), rest | (kOperand & mask));
        } else if (info.op_class == wasm::OpClass::AtomicRmw) {
          EXPECT_EQ(world.call(instance, info.text, {argument, kOperand}).slots.at(0), kOld & mask);
          EXPECT_EQ(read(memory, place), rest | (expected_after(op, kOld, kOperand) & mask));
        } else {
          EXPECT_EQ(world.call(instance, info.text, {argument, kOperand, 1}).slots.at(0), kOld & mask);
          EXPECT_EQ(read(memory, place), kOld);
          EXPECT_EQ(world.call(instance, info.text, {argument, kOld & mask, kOperand}).slots.at(0),
                    kOld & mask);
          EXPECT_EQ(read(memory, place), rest | (kOperand & mask));
        }
      }
    }
  }
}

TEST(Atomics, TrapUnlessTheyAreAlignedAndInside) {
  for (AddrType addr : {AddrType::I32, AddrType::I64}) {
    World world;
    ModuleBuilder builder;
    builder.memory({.limits = {.min = 1, .max = 1, .addr = addr}, .is_shared = true});
    ValKind address = addr == AddrType::I64 ? ValKind::I64 : ValKind::I32;
    for (Opcode op : atomic_accesses()) add_atomic(builder, op, address, 8);
    auto* instance = world.instantiate(builder);
    ASSERT_NE(instance, nullptr);
    for (Opcode op : atomic_accesses()) {
      const wasm::OpInfo& info = wasm::info_of(op);
      SCOPED_TRACE(info.text);
      auto trap_at = [&](uint64_t at) { return world.call(instance, info.text, {at, 1, 1}).trap(); };
      EXPECT_EQ(trap_at(kPage - 8), Trap::MemoryOutOfBounds);
      EXPECT_EQ(trap_at(0xFFFF'FFF8), Trap::MemoryOutOfBounds);
      EXPECT_EQ(trap_at(kPage), Trap::MemoryOutOfBounds);
      for (uint32_t off = 1; off < info.access_bytes; ++off) EXPECT_EQ(trap_at(off), Trap::UnalignedAtomic);
      if (addr == AddrType::I64) EXPECT_EQ(trap_at(~uint64_t{7}), Trap::MemoryOutOfBounds);
    }
  }
}

TEST(Atomics, NobodyWaitsInAMemoryOfOnesOwn) {
  World world;
  ModuleBuilder builder;
  builder.memory({.limits = {.min = 1, .max = 1}});
  for (Opcode op : {Opcode::memory_atomic_wait32, Opcode::memory_atomic_wait64, Opcode::memory_atomic_notify})
    add_atomic(builder, op, ValKind::I32, 0);
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "memory.atomic.wait32", {0, 0, 0}).trap(), Trap::ExpectedSharedMemory);
  EXPECT_EQ(world.call(instance, "memory.atomic.wait64", {0, 0, 0}).trap(), Trap::ExpectedSharedMemory);
  EXPECT_EQ(world.call(instance, "memory.atomic.notify", {0, 1}).i32(), 0);
  EXPECT_EQ(world.call(instance, "memory.atomic.notify", {2, 1}).trap(), Trap::UnalignedAtomic);
}

TEST(Atomics, WaitingTimesOutAndCanBeInterrupted) {
  World world;
  ModuleBuilder builder;
  builder.memory({.limits = {.min = 1, .max = 1}, .is_shared = true});
  add_atomic(builder, Opcode::memory_atomic_wait32, ValKind::I32, 0);
  add_atomic(builder, Opcode::memory_atomic_wait64, ValKind::I32, 0);
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "memory.atomic.wait32", {0, 1, 0}).i32(), 1);
  EXPECT_EQ(world.call(instance, "memory.atomic.wait32", {0, 0, 1000}).i32(), 2);
  EXPECT_EQ(world.call(instance, "memory.atomic.wait64", {8, 0, 0}).i32(), 2);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    world.store.interrupt();
  });
  EXPECT_EQ(world.call(instance, "memory.atomic.wait64", {8, 0, ~uint64_t{0}}).trap(), Trap::Interrupted);
  other.join();
}

// Each thread has a store of its own. f(n) adds 1 to a plain number n times, under a lock that sleeps: 0 is free, 1 is
// taken, 2 is taken and somebody waits.
TEST(Atomics, ThreadsGuardPlainMemoryByALockThatSleeps) {
  constexpr uint32_t kLock = 8, kNumber = 64;
  constexpr size_t kThreads = 4;
  constexpr uint64_t kTimes = 3000;
  ModuleBuilder builder;
  builder.import_memory("env", "memory", {.limits = {.min = 1, .max = 1}, .is_shared = true});
  CodeBuilder code;
  using enum Opcode;
  code.block(loop);
  code.i32(kLock).i32(0).i32(1).access(i32_atomic_rmw_cmpxchg).block(if_);
  code.block(loop).i32(kLock).i32(2).access(i32_atomic_rmw_xchg).block(if_);
  code.i32(kLock).i32(2).i64(-1).access(memory_atomic_wait32).op(drop).op(br, 1).end().end();
  code.end();
  code.i32(kNumber).i32(kNumber).access(i64_load).i64(1).op(i64_add).access(i64_store);
  code.i32(kLock).i32(0).access(i32_atomic_rmw_xchg).i32(2).op(i32_eq).block(if_);
  code.i32(kLock).i32(1).access(memory_atomic_notify).op(drop).end();
  code.op(local_get, 0).i32(1).op(i32_sub).op(local_tee, 0).op(br_if, 0).end();
  builder.export_as("f", builder.func(builder.type({{ValKind::I32}, {}}), {}, code));

  World first;
  auto module = first.compile(builder.build());
  ASSERT_NE(module, nullptr);
  auto memory =
      runtime::Memory::create({.limits = {.min = 1, .max = 1}, .is_shared = true}, uint64_t{1} << 30);
  ASSERT_TRUE(memory);
  std::shared_ptr<runtime::Memory> shared = std::move(*memory);
  first.linker.define("env", "memory", shared);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      runtime::Store store(first.types, first.interpreter);
      auto instance = first.linker.instantiate(store, module);
      ASSERT_TRUE(instance) << instance.error().describe();
      runtime::Slot arguments[] = {kTimes};
      auto called = store.call(*(*instance)->find_export("f")->func, arguments);
      EXPECT_TRUE(called) << called.error().describe();
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read(*shared, kNumber), kThreads * kTimes);
}

TEST(Atomics, AMemoryGrowsUnderThoseWhoUseIt) {
  constexpr uint64_t kMax = 200;
  ModuleBuilder builder;
  builder.import_memory("env", "memory", {.limits = {.min = 1, .max = kMax}, .is_shared = true});
  // grows page by page and writes to the last byte of what it got, until there is no more; how often it grew
  CodeBuilder code;
  using enum Opcode;
  code.block(block).block(loop).i32(1).op(memory_grow, 0).op(local_tee, 0).i32(-1).op(i32_eq).op(br_if, 1);
  code.op(local_get, 0).i32(16).op(i32_shl).i32(1).access(i32_store8, kPage - 1);
  code.op(local_get, 1).i32(1).op(i32_add).op(local_set, 1).op(br, 0).end().end().op(local_get, 1);
  builder.export_as("f",
                    builder.func(builder.type({{}, {ValKind::I32}}), {ValKind::I32, ValKind::I32}, code));
  World first;
  auto module = first.compile(builder.build());
  ASSERT_NE(module, nullptr);
  auto memory =
      runtime::Memory::create({.limits = {.min = 1, .max = kMax}, .is_shared = true}, uint64_t{1} << 30);
  ASSERT_TRUE(memory);
  std::shared_ptr<runtime::Memory> shared = std::move(*memory);
  first.linker.define("env", "memory", shared);
  std::atomic<uint64_t> grown{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      runtime::Store store(first.types, first.interpreter);
      auto instance = first.linker.instantiate(store, module);
      ASSERT_TRUE(instance) << instance.error().describe();
      runtime::Slot result[] = {0};
      ASSERT_TRUE(store.call(*(*instance)->find_export("f")->func, result));
      grown += static_cast<uint32_t>(result[0]);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(grown, kMax - 1);
  EXPECT_EQ(shared->pages(), kMax);
  for (uint64_t page = 1; page < kMax; ++page)
    EXPECT_EQ(shared->bytes()[page * kPage + kPage - 1], 1) << page;
}

}  // namespace godwit::interp::testing
