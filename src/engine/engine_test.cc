// Engine: from bytes to running functions, their traps and backtraces, in one thread and in many.
#include "engine/engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "jit/compiler.h"
#include "platform/watchdog.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/memory.h"
#include "wasm/builder.h"

namespace godwit::engine {
namespace {

using runtime::Instance;
using runtime::Slot;
using runtime::Store;
using runtime::Trap;
using runtime::VmContext;
using wasm::CodeBuilder;
using wasm::FuncIdx;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::ValKind;

wasm::MemType one_page() { return {.limits = {.min = 1, .max = 2, .addr = wasm::AddrType::I32}}; }

// An engine of each tier, a store, and functions of one module.
class EngineTest : public testing::TestWithParam<Tier> {
 protected:
  void SetUp() override {
    auto engine = Engine::create(
        {.features = {}, .validation = Validation::Eager, .tier = GetParam(), .optimizes_hot = false});
    if (!engine && engine.error().kind() == ErrorKind::NotFound) GTEST_SKIP() << engine.error().message();
    ASSERT_TRUE(engine);
    engine_ = std::move(*engine);
    store_ = std::make_unique<Store>(engine_->types(), engine_->executor());
  }

  Instance* load(const ModuleBuilder& builder) {
    auto module = engine_->compile(builder.build());
    EXPECT_TRUE(module) << module.error().describe();
    if (!module) return nullptr;
    auto instance = linker_.instantiate(*store_, *module);
    EXPECT_TRUE(instance) << instance.error().describe();
    return instance ? *instance : nullptr;
  }

  // Calls an export that takes and returns at most four slots.
  Result<Slot> call(Instance* instance, std::string_view name, std::initializer_list<Slot> arguments = {}) {
    auto found = instance->find_export(name);
    if (!found) return fail(ErrorKind::NotFound, std::string(name));
    std::array<Slot, 4> slots{};
    std::copy(arguments.begin(), arguments.end(), slots.begin());
    TRY(store_->call(*found->func, slots));
    return slots[0];
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Store> store_;
  runtime::Linker linker_;
};

std::string name_of(Tier tier) {
  switch (tier) {
    case Tier::Interpreter: return "interpreter";
    case Tier::Baseline: return "baseline";
    case Tier::Auto: return "auto";
    case Tier::Peak: return "peak";
    case Tier::Random: return "random";
  }
  return {};
}

INSTANTIATE_TEST_SUITE_P(Tiers, EngineTest,
                         testing::Values(Tier::Interpreter, Tier::Baseline, Tier::Auto, Tier::Peak,
                                         Tier::Random),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(EngineTest, RefusesWhatIsNoModule) {
  const uint8_t bytes[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 99};
  auto module = engine_->compile(Bytes(bytes));
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().kind(), ErrorKind::Malformed);
  EXPECT_NE(module.error().offset(), kNoOffset);
  EXPECT_EQ(engine_->compile(Bytes()).error().kind(), ErrorKind::Malformed);
  EXPECT_EQ(engine_->compile_file("/nowhere.wasm").error().kind(), ErrorKind::NotFound);
}

// The sum of the numbers below the parameter, by a loop.
ModuleBuilder sum_in_a_loop() {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I64}, {ValKind::I64}});
  CodeBuilder code;
  code.block(Opcode::loop);
  code.op(Opcode::local_get, 0).i64(1).op(Opcode::i64_sub).op(Opcode::local_tee, 0);
  code.op(Opcode::local_get, 1).op(Opcode::i64_add).op(Opcode::local_set, 1);
  code.op(Opcode::local_get, 0).op(Opcode::i64_eqz).op(Opcode::i32_eqz).op(Opcode::br_if, 0).end();
  code.op(Opcode::local_get, 1);
  builder.export_as("sum", builder.func(type, {ValKind::I64}, code));
  return builder;
}

TEST_P(EngineTest, CompilesWhatItsTierAsksFor) {
  Instance* instance = load(sum_in_a_loop());
  ASSERT_NE(instance, nullptr);
  EXPECT_EQ(*call(instance, "sum", {2}), 1u);
  const bool is_peak = GetParam() == Tier::Peak;
  const bool compiles = jit::Baseline::is_possible() && GetParam() != Tier::Interpreter && !is_peak;
  const uint64_t at_once = compiles && GetParam() == Tier::Baseline ? 1 : 0;
  if (GetParam() != Tier::Random) EXPECT_EQ(engine_->statistics().baseline.functions, at_once);
  EXPECT_EQ(*call(instance, "sum", {100'000}), 4'999'950'000u);  // hot in its middle
  EXPECT_EQ(engine_->statistics().baseline.functions, compiles ? 1u : 0u);
  EXPECT_EQ(engine_->statistics().peak.functions, is_peak ? 1u : 0u);
  EXPECT_EQ(*call(instance, "sum", {100'000}), 4'999'950'000u);
  EXPECT_EQ(engine_->statistics().interpreter.functions, is_peak ? 0u : 1u);
}

// What is live where takes as many passes as loops nest, if nobody stops it.
TEST_P(EngineTest, CompilesLoopsThatNestDeeply) {
  if (GetParam() == Tier::Peak) GTEST_SKIP() << "the optimising compiler has limits of its own";
  constexpr int kDepth = 20'000;
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I64}, {ValKind::I64}});
  CodeBuilder code;
  for (int i = 0; i < kDepth; ++i) code.block(Opcode::loop);
  code.op(Opcode::local_get, 0).i64(1).op(Opcode::i64_sub).op(Opcode::local_set, 0);
  code.op(Opcode::local_get, 1).op(Opcode::local_get, 0).op(Opcode::i64_add).op(Opcode::local_set, 1);
  for (int i = 0; i < kDepth; ++i)
    code.op(Opcode::local_get, 0).op(Opcode::i64_eqz).op(Opcode::i32_eqz).op(Opcode::br_if, 0).end();
  code.op(Opcode::local_get, 1);
  builder.export_as("sum", builder.func(type, {ValKind::I64}, code));
  Instance* instance = load(builder);
  ASSERT_NE(instance, nullptr);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*call(instance, "sum", {20'000}), 199'990'000u);
}

TEST_P(EngineTest, MeasuresTimeIfAsked) {
  for (const Validation validation : {Validation::Lazy, Validation::Eager}) {
    for (const bool measures : {false, true}) {
      auto engine = Engine::create({.validation = validation, .tier = GetParam(), .measures_time = measures});
      ASSERT_TRUE(engine);
      auto module = (*engine)->compile(sum_in_a_loop().build());
      ASSERT_TRUE(module);
      Store store((*engine)->types(), (*engine)->executor());
      auto instance = runtime::instantiate(store, *module, {});
      ASSERT_TRUE(instance);
      std::array<Slot, 1> slots{3};
      ASSERT_TRUE(store.call(*(*instance)->find_export("sum")->func, slots));
      const Statistics statistics = (*engine)->statistics();
      EXPECT_EQ(statistics.validation.functions, 1u);
      EXPECT_EQ(statistics.validation.bytes, (*module)->declarations.bodies[0].range.size);
      const Statistics::Work& made = GetParam() == Tier::Peak ? statistics.peak : statistics.interpreter;
      EXPECT_EQ(made.functions, 1u);
      EXPECT_GT(made.bytes, statistics.validation.bytes);
      EXPECT_EQ(statistics.validation.time_ns != 0, measures);
      EXPECT_EQ(made.time_ns != 0, measures);
    }
  }
}

ModuleBuilder invalid_body() {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{}, {ValKind::I32}});
  builder.export_as("f", builder.func(type, {}, CodeBuilder().i64(1)));
  return builder;
}

TEST_P(EngineTest, ValidatesEagerlyByDefault) {
  auto module = engine_->compile(invalid_body().build());
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().kind(), ErrorKind::Invalid);
}

TEST_P(EngineTest, ValidatesBodiesAtTheirFirstCallIfAsked) {
  auto lazy = Engine::create({.features = {}, .validation = Validation::Lazy, .tier = GetParam()});
  ASSERT_TRUE(lazy);
  Store store((*lazy)->types(), (*lazy)->executor());
  auto module = (*lazy)->compile(invalid_body().build());
  if (GetParam() == Tier::Peak) {  // what is compiled is valid
    EXPECT_FALSE(module);
    return;
  }
  ASSERT_TRUE(module);
  auto instance = runtime::instantiate(store, *module, {});
  ASSERT_TRUE(instance);
  Slot slot = 0;
  auto called = store.call(*(*instance)->find_export("f")->func, std::span(&slot, 1));
  ASSERT_FALSE(called);
  EXPECT_EQ(called.error().kind(), ErrorKind::Invalid);
  EXPECT_NE(called.error().offset(), kNoOffset);
}

TEST_P(EngineTest, RunsAFileAndNamesItInMessages) {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{}, {ValKind::I32}});
  builder.export_as("answer", builder.func(type, {}, CodeBuilder().i32(42)));
  const auto bytes = builder.build();
  char path[] = "/tmp/godwit-engine-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::close(fd);
  auto module = engine_->compile_file(path);
  ::unlink(path);
  ASSERT_TRUE(module);
  EXPECT_EQ((*module)->name, std::string_view(path).substr(5));
  auto instance = runtime::instantiate(*store_, *module, {});
  ASSERT_TRUE(instance);
  EXPECT_EQ(static_cast<uint32_t>(*call(*instance, "answer")), 42u);
}

// A guest that may write where its own module lies must not change its code after validation, nor take it away.
TEST_P(EngineTest, DoesNotNeedTheFileAfterCompiling) {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{}, {ValKind::I32}});
  builder.export_as("answer", builder.func(type, {}, CodeBuilder().i32(42)));
  const auto bytes = builder.build();
  char path[] = "/tmp/godwit-engine-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  auto module = engine_->compile_file(path);
  ASSERT_TRUE(module);
  const std::vector<uint8_t> garbage(bytes.size(), 0xFF);
  ASSERT_EQ(::pwrite(fd, garbage.data(), garbage.size(), 0), static_cast<ssize_t>(garbage.size()));
  ASSERT_EQ(::ftruncate(fd, 0), 0);
  ::close(fd);
  ::unlink(path);
  auto instance = runtime::instantiate(*store_, *module, {});
  ASSERT_TRUE(instance);
  EXPECT_EQ(static_cast<uint32_t>(*call(*instance, "answer")), 42u);
}

TEST_P(EngineTest, CallsRecursively) {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I64}, {ValKind::I64}});
  CodeBuilder code;  // n < 2 ? n : fib(n - 1) + fib(n - 2)
  code.op(Opcode::local_get, 0).i64(2).op(Opcode::i64_lt_u).block(Opcode::if_, ValKind::I64);
  code.op(Opcode::local_get, 0).op(Opcode::else_);
  code.op(Opcode::local_get, 0).i64(1).op(Opcode::i64_sub).op(Opcode::call, 0);
  code.op(Opcode::local_get, 0).i64(2).op(Opcode::i64_sub).op(Opcode::call, 0).op(Opcode::i64_add).end();
  builder.export_as("fib", builder.func(type, {}, code));
  EXPECT_EQ(*call(load(builder), "fib", {20}), 6765u);
}

// load(i32) reads, store(i32) writes, 4 bytes, through a function that a backtrace shows.
ModuleBuilder memory_module() {
  ModuleBuilder builder;
  const auto load_type = builder.type(wasm::FuncType{{ValKind::I32}, {ValKind::I32}});
  const auto store_type = builder.type(wasm::FuncType{{ValKind::I32}, {}});
  builder.memory(one_page());
  const FuncIdx inner =
      builder.func(load_type, {}, CodeBuilder().op(Opcode::local_get, 0).access(Opcode::i32_load, 8));
  const FuncIdx outer =
      builder.func(load_type, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::call, 0));
  const FuncIdx write = builder.func(
      store_type, {}, CodeBuilder().op(Opcode::local_get, 0).i32(7).access(Opcode::i32_store, 0xFFFFFFFF));
  builder.export_as("load", outer);
  builder.export_as("store", write);
  builder.name_func(inner, "inner");
  builder.name_func(outer, "outer");
  return builder;
}

TEST_P(EngineTest, FaultsBecomeTrapsWithABacktrace) {
  Instance* instance = load(memory_module());
  EXPECT_TRUE(call(instance, "load", {65536 - 12}));
  auto trapped = call(instance, "load", {65536 - 11});
  ASSERT_FALSE(trapped);
  EXPECT_EQ(trapped.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(trapped.error().code(), static_cast<uint32_t>(Trap::MemoryOutOfBounds));
  EXPECT_TRUE(trapped.error().message().starts_with("out of bounds memory access: address 0x"));
  const auto& frames = trapped.error().backtrace();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].function, "inner");
  EXPECT_EQ(frames[1].function, "outer");
  EXPECT_LT(frames[0].offset, frames[1].offset);
  // The far end of what an index and an offset can reach, and the store goes on.
  EXPECT_FALSE(call(instance, "load", {0xFFFFFFFF}));
  EXPECT_FALSE(call(instance, "store", {0xFFFFFFFF}));
  EXPECT_FALSE(call(instance, "store", {0}));
  EXPECT_TRUE(call(instance, "load", {0}));
}

TEST_P(EngineTest, InfiniteRecursionExhaustsTheStackOnly) {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{}, {}});
  builder.export_as("f", builder.func(type, {}, CodeBuilder().op(Opcode::call, 0)));
  Instance* instance = load(builder);
  for (int i = 0; i < 3; ++i) {
    auto exhausted = call(instance, "f");
    ASSERT_FALSE(exhausted);
    EXPECT_EQ(exhausted.error().kind(), ErrorKind::Exhausted);
    EXPECT_EQ(exhausted.error().message(), "call stack exhausted");
    EXPECT_LE(exhausted.error().backtrace().size(), 101u);
    EXPECT_GE(exhausted.error().backtrace().size(), 50u);
  }
}

TEST_P(EngineTest, AnEndlessLoopCanBeInterrupted) {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{}, {}});
  builder.export_as("spin",
                    builder.func(type, {}, CodeBuilder().block(Opcode::loop).op(Opcode::br, 0).end()));
  Instance* instance = load(builder);
  auto watchdog = platform::Watchdog::start(5'000'000, [this] { store_->interrupt(); });
  ASSERT_TRUE(watchdog);
  auto interrupted = call(instance, "spin");
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(interrupted.error().code(), static_cast<uint32_t>(Trap::Interrupted));
}

// A host function that calls the export "inner" of its caller.
bool call_back(void*, VmContext* caller, Slot* slots) {
  Store& store = *caller->store->store;
  auto called = store.call(*caller->instance->find_export("inner")->func, std::span(slots, 1));
  if (called) return true;
  store.raise(std::move(called).error());
  return false;
}

ModuleBuilder callback_module() {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I32}, {ValKind::I32}});
  const FuncIdx back = builder.import_func("host", "call_back", type);
  builder.memory(one_page());
  const FuncIdx inner =
      builder.func(type, {}, CodeBuilder().op(Opcode::local_get, 0).access(Opcode::i32_load));
  const FuncIdx outer = builder.func(
      type, {},
      CodeBuilder().op(Opcode::local_get, 0).op(Opcode::call, back.value).i32(1).op(Opcode::i32_add));
  builder.export_as("inner", inner);
  builder.export_as("outer", outer);
  return builder;
}

TEST_P(EngineTest, HostFunctionsCallBack) {
  linker_.define({.module = "host",
                  .field = "call_back",
                  .type = {{ValKind::I32}, {ValKind::I32}},
                  .function = &call_back,
                  .env = nullptr});
  Instance* instance = load(callback_module());
  EXPECT_EQ(static_cast<uint32_t>(*call(instance, "outer", {4})), 1u);
  auto trapped = call(instance, "outer", {65533});
  ASSERT_FALSE(trapped);
  EXPECT_EQ(trapped.error().code(), static_cast<uint32_t>(Trap::MemoryOutOfBounds));
  const auto& frames = trapped.error().backtrace();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].function, "inner");
  EXPECT_EQ(frames[1].function, "outer");
  EXPECT_EQ(static_cast<uint32_t>(*call(instance, "outer", {4})), 1u);
}

TEST_P(EngineTest, EndlessRecursionThroughTheHostEndsToo) {
  linker_.define({.module = "host",
                  .field = "call_back",
                  .type = {{ValKind::I32}, {ValKind::I32}},
                  .function = &call_back,
                  .env = nullptr});
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I32}, {ValKind::I32}});
  builder.import_func("host", "call_back", type);
  builder.export_as("inner",
                    builder.func(type, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::call, 0)));
  auto exhausted = call(load(builder), "inner", {0});
  ASSERT_FALSE(exhausted);
  EXPECT_EQ(exhausted.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(exhausted.error().message(), "call stack exhausted");
}

// Little areas are copied and filled in place: of every size, however they overlap, and to the last byte of the memory.
TEST_P(EngineTest, LittleAreasAreCopiedAndFilled) {
  ModuleBuilder builder;
  builder.export_as("memory", builder.memory(one_page()));
  const auto type = builder.type(wasm::FuncType{{ValKind::I32, ValKind::I32, ValKind::I32}, {}});
  auto arguments = [] {
    return CodeBuilder().op(Opcode::local_get, 0).op(Opcode::local_get, 1).op(Opcode::local_get, 2);
  };
  builder.export_as("copy", builder.func(type, {}, arguments().op(Opcode::memory_copy, 0, 0)));
  builder.export_as("fill", builder.func(type, {}, arguments().op(Opcode::memory_fill, 0)));
  Instance* instance = load(builder);
  const std::span<uint8_t> memory = instance->find_export("memory")->memory->bytes();
  std::vector<uint8_t> expected(memory.size());
  for (size_t i = 0; i < expected.size(); ++i)
    memory[i] = expected[i] = static_cast<uint8_t>(i * 7 + i / 256);
  const auto end = static_cast<uint32_t>(memory.size());
  constexpr uint32_t kMiddle = 30'000, kMostBytes = 70;
  for (uint32_t size = 0; size <= kMostBytes; ++size) {
    for (uint32_t distance = 0; distance <= 2 * kMostBytes; distance += 1 + distance % 5) {
      const uint32_t to = kMiddle + distance - kMostBytes;
      EXPECT_TRUE(call(instance, "copy", {to, kMiddle, size}));
      std::memmove(&expected[to], &expected[kMiddle], size);
      ASSERT_TRUE(std::ranges::equal(memory, expected)) << size << " bytes by " << distance;
    }
    EXPECT_TRUE(call(instance, "fill", {kMiddle + size, 0x1FF - size, size}));
    std::memset(&expected[kMiddle + size], static_cast<int>(0xFF - size), size);
    EXPECT_TRUE(call(instance, "copy", {end - size, 100, size}));
    std::memmove(expected.data() + end - size, &expected[100], size);
    ASSERT_TRUE(std::ranges::equal(memory, expected)) << size << " bytes";
    for (const uint32_t outside : {end - size + 1, end, 0xFFFF'FFFF - size + 1, 0xFFFF'FFFF}) {
      const bool traps = uint64_t{outside} + size > end;
      EXPECT_EQ(!call(instance, "copy", {outside, 0, size}), traps) << outside << ' ' << size;
      EXPECT_EQ(!call(instance, "copy", {0, outside, size}), traps) << outside << ' ' << size;
      EXPECT_EQ(!call(instance, "fill", {outside, 1, size}), traps) << outside << ' ' << size;
    }
    ASSERT_TRUE(std::ranges::equal(memory, expected)) << size << " bytes outside";
  }
}

// By a product where there is one: of a local and of what was just made, to the stack and to a local.
TEST_P(EngineTest, NumbersAreDividedByConstants) {
  constexpr uint64_t kMost = UINT64_MAX;
  const uint64_t divisors[] = {1,         2,    3, 6, 7, 10, 100, 1000, 1'000'000'007, uint64_t{1} << 63,
                               kMost - 1, kMost};
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I64}, {ValKind::I64}});
  for (const uint64_t by : divisors) {
    const std::string name = std::to_string(by);
    CodeBuilder local, made;
    local.op(Opcode::local_get, 0).i64(static_cast<int64_t>(by)).op(Opcode::i64_div_u);
    made.op(Opcode::local_get, 0)
        .i64(3)
        .op(Opcode::i64_add)
        .i64(static_cast<int64_t>(by))
        .op(Opcode::i64_div_u);
    made.op(Opcode::local_set, 0).op(Opcode::local_get, 0);
    builder.export_as("local" + name, builder.func(type, {}, local));
    builder.export_as("made" + name, builder.func(type, {}, made));
  }
  Instance* instance = load(builder);
  for (const uint64_t by : divisors) {
    for (const uint64_t number :
         {uint64_t{0}, by - 1, by, by + 1, 2 * by, uint64_t{12'345'678'901'234'567}, kMost}) {
      EXPECT_EQ(*call(instance, "local" + std::to_string(by), {number}), number / by)
          << number << " by " << by;
      EXPECT_EQ(*call(instance, "made" + std::to_string(by), {number}), (number + 3) / by)
          << number << " by " << by;
    }
  }
}

TEST_P(EngineTest, StartFunctionsTrap) {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{}, {}});
  builder.start(builder.func(type, {}, CodeBuilder().op(Opcode::unreachable)));
  auto module = engine_->compile(builder.build());
  ASSERT_TRUE(module);
  auto instance = runtime::instantiate(*store_, *module, {});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().message(), "unreachable");
  EXPECT_EQ(instance.error().backtrace().size(), 1u);
}

TEST_P(EngineTest, ThreadsCompileAndRunTheSameModule) {
  const auto bytes = memory_module().build();
  auto shared = engine_->compile(bytes);
  ASSERT_TRUE(shared);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        auto own = engine_->compile(bytes);
        ASSERT_TRUE(own);
        for (const auto& module : {*shared, *own}) {
          Store store(engine_->types(), engine_->executor());
          auto instance = runtime::instantiate(store, module, {});
          ASSERT_TRUE(instance);
          auto& load = *(*instance)->find_export("load")->func;
          Slot slot = 100;
          ASSERT_TRUE(store.call(load, std::span(&slot, 1)));
          slot = 70'000;
          ASSERT_FALSE(store.call(load, std::span(&slot, 1)));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace godwit::engine
