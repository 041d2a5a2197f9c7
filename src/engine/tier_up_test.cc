// The optimising compiler in the background: what is hot goes over to its code, between calls and in the middle of one.
#include "engine/tier_up.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "engine/engine.h"
#include "platform/watchdog.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "wasm/builder.h"

namespace godwit::engine {
namespace {

using runtime::Instance;
using runtime::Slot;
using runtime::Store;
using wasm::CodeBuilder;
using wasm::FuncIdx;
using wasm::FuncType;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::ValKind;

class TierUpTest : public testing::Test {
 protected:
  void SetUp() override {
    auto engine = Engine::create({.features = {}, .validation = Validation::Lazy, .tier = Tier::Auto});
    ASSERT_TRUE(engine);
    engine_ = std::move(*engine);
    const std::string obstacle = engine_->statistics().peak_obstacle;
    if (!obstacle.empty() || !engine_->statistics().obstacle.empty()) GTEST_SKIP() << obstacle;
    store_ = std::make_unique<Store>(engine_->types(), engine_->executor());
  }

  Instance* load(const ModuleBuilder& builder) {
    auto module = engine_->compile(builder.build());
    EXPECT_TRUE(module) << module.error().describe();
    auto instance = linker_.instantiate(*store_, *module);
    EXPECT_TRUE(instance) << instance.error().describe();
    return instance ? *instance : nullptr;
  }

  Slot call(Instance* instance, std::string_view name, std::initializer_list<Slot> arguments = {}) {
    std::array<Slot, 4> slots{};
    std::copy(arguments.begin(), arguments.end(), slots.begin());
    auto called = store_->call(*instance->find_export(name)->func, slots);
    EXPECT_TRUE(called) << called.error().describe();
    return slots[0];
  }

  // Until so many functions are compiled.
  template <class Round>
  void run_until_compiled(uint64_t functions, Round round) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(60);
    while (engine_->statistics().peak.functions < functions && Clock::now() < end) round();
    EXPECT_GE(engine_->statistics().peak.functions, functions);
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Store> store_;
  runtime::Linker linker_;
};

// The sum of the numbers below the parameter, by a loop, which LLVM does without.
ModuleBuilder sum_in_a_loop() {
  ModuleBuilder builder;
  const auto type = builder.type(FuncType{{ValKind::I64}, {ValKind::I64}});
  CodeBuilder code;
  code.block(Opcode::loop);
  code.op(Opcode::local_get, 0).i64(1).op(Opcode::i64_sub).op(Opcode::local_tee, 0);
  code.op(Opcode::local_get, 1).op(Opcode::i64_add).op(Opcode::local_set, 1);
  code.op(Opcode::local_get, 0).op(Opcode::i64_eqz).op(Opcode::i32_eqz).op(Opcode::br_if, 0).end();
  code.op(Opcode::local_get, 1);
  builder.export_as("sum", builder.func(type, {ValKind::I64}, code));
  return builder;
}

TEST_F(TierUpTest, NothingIsLoadedForWhatIsCold) {
  Instance* instance = load(sum_in_a_loop());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(call(instance, "sum", {10}), 45u);
  EXPECT_EQ(engine_->statistics().peak.functions, 0u);
}

// It would run for centuries.
TEST_F(TierUpTest, ALoopGoesOverInItsMiddle) {
  Instance* instance = load(sum_in_a_loop());
  constexpr uint64_t kRounds = uint64_t{1} << 60;
  auto timeout = platform::Watchdog::start(60'000'000'000, [this] { store_->interrupt(); });
  ASSERT_TRUE(timeout);
  EXPECT_EQ(call(instance, "sum", {kRounds}), kRounds / 2 * (kRounds - 1));
  EXPECT_GE(engine_->statistics().peak.functions, 1u);
  EXPECT_EQ(call(instance, "sum", {kRounds}), kRounds / 2 * (kRounds - 1));  // from the beginning
}

// twice(x) = one(x) + one(x), called by the host and through a table by a function that loops.
ModuleBuilder calls() {
  ModuleBuilder builder;
  const auto type = builder.type(FuncType{{ValKind::I32}, {ValKind::I32}});
  CodeBuilder one;
  one.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_add);
  const FuncIdx one_idx = builder.func(type, {}, one);
  CodeBuilder twice;
  for (int i = 0; i < 2; ++i) twice.op(Opcode::local_get, 0).op(Opcode::call, one_idx.value);
  twice.op(Opcode::i32_add);
  builder.export_as("twice", builder.func(type, {}, twice));
  return builder;
}

TEST_F(TierUpTest, FunctionsGoOverTogetherWithSmallOnesThatTheyCall) {
  Instance* instance = load(calls());
  run_until_compiled(2, [&] {
    for (uint32_t i = 0; i < 10'000; ++i) EXPECT_EQ(call(instance, "twice", {i}), 2 * i + 2);
  });
  for (uint32_t i = 0; i < 10'000; ++i) EXPECT_EQ(call(instance, "twice", {i}), 2 * i + 2);
}

// Whatever is compiled just then.
TEST_F(TierUpTest, ModulesMayGoWhileTheyAreCompiled) {
  for (int round = 0; round < 20; ++round) {
    Store store(engine_->types(), engine_->executor());
    auto module = engine_->compile(sum_in_a_loop().build());
    ASSERT_TRUE(module);
    auto instance = linker_.instantiate(store, *module);
    ASSERT_TRUE(instance);
    std::array<Slot, 4> slots{200'000};
    ASSERT_TRUE(store.call(*(*instance)->find_export("sum")->func, slots));
    EXPECT_EQ(slots[0], 19'999'900'000u);
    std::this_thread::sleep_for(std::chrono::milliseconds(round));
  }
}

// What the host is asked: whether to go on. It is until optimised code asks.
struct Asked {
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  uint64_t times = 0;
  bool is_compiled = false;
};

bool goes_on(void* env, runtime::VmContext* caller, Slot* slots) {
  auto& asked = *static_cast<Asked*>(env);
  const bool is_late = ++asked.times % 1024 == 0 && std::chrono::steady_clock::now() > asked.end;
  // optimised code leaves no cell
  asked.is_compiled = asked.is_compiled || caller->store->host_call_ip == nullptr;
  slots[0] = asked.is_compiled || is_late ? 0 : 1;
  return true;
}

// Machine code calls itself without asking where to; when there is better code, it goes there. The calls would take
// centuries, and never come back to who has called first.
TEST_F(TierUpTest, RecursionGoesOverInItsMiddle) {
  Asked asked;
  linker_.define({.module = "host",
                  .field = "goes_on",
                  .type = {{}, {ValKind::I32}},
                  .function = &goes_on,
                  .env = &asked});
  ModuleBuilder builder;
  const auto type = builder.type(FuncType{{ValKind::I32}, {}});
  const FuncIdx host = builder.import_func("host", "goes_on", builder.type(FuncType{{}, {ValKind::I32}}));
  CodeBuilder code;
  code.op(Opcode::call, host.value).op(Opcode::local_get, 0).i32(0).op(Opcode::i32_ne).op(Opcode::i32_and);
  code.block(Opcode::if_);
  for (int i = 0; i < 2; ++i)
    code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_sub).op(Opcode::call, host.value + 1);
  code.end();
  builder.export_as("twice_as_often", builder.func(type, {}, code));
  call(load(builder), "twice_as_often", {60});
  EXPECT_TRUE(asked.is_compiled) << asked.times;
}

// Machine code that is asked where it is finds interruptions by the same comparison, here in a loop that is never
// optimised: it has too many locals for that.
TEST_F(TierUpTest, InterruptionsAreFoundWhereCodeIsAskedWhereItIs) {
  const std::vector<wasm::ValType> too_many(30'000, ValKind::I32);
  ModuleBuilder builder;
  const auto type = builder.type(FuncType{{ValKind::I32}, {}});
  CodeBuilder loop;
  loop.block(Opcode::loop).op(Opcode::local_get, 0).i32(1).op(Opcode::i32_add).op(Opcode::local_set, 0);
  loop.op(Opcode::br, 0).end();
  builder.export_as("loop", builder.func(type, too_many, loop));
  for (int i = 0; i < 3; ++i) {
    Instance* instance = load(builder);
    auto timeout = platform::Watchdog::start(100'000'000, [this] { store_->interrupt(); });
    ASSERT_TRUE(timeout);
    std::array<Slot, 1> slots{};
    const auto ended = store_->call(*instance->find_export("loop")->func, slots);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code(), static_cast<uint32_t>(runtime::Trap::Interrupted))
        << ended.error().describe();
    store_->clear_interrupt();
  }
  EXPECT_EQ(engine_->statistics().peak.functions, 0u);
  EXPECT_GT(engine_->statistics().baseline.functions, 0u);
}

// A function that has no code keeps running, and says why.
TEST_F(TierUpTest, WhatIsLeftOutIsCounted) {
  ModuleBuilder builder;
  const auto type = builder.type(FuncType{{ValKind::I32}, {ValKind::I32}});
  CodeBuilder code;
  code.op(Opcode::local_get, 0);
  builder.export_as("same", builder.func(type, std::vector<wasm::ValType>(30'000, ValKind::I32), code));
  Instance* instance = load(builder);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (engine_->statistics().left_out.empty() && std::chrono::steady_clock::now() < end)
    for (uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(call(instance, "same", {i}), i);
  EXPECT_EQ(engine_->statistics().left_out, "1: it has 30001 locals");
  EXPECT_EQ(engine_->statistics().peak.functions, 0u);
}

}  // namespace
}  // namespace godwit::engine
