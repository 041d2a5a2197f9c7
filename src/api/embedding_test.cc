// Tests of host functions, typed calls, memories, tables and globals, written as embedders write.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "api/tiers_of_tests.h"

namespace {

using namespace godwit;

struct World {
  explicit World(const Config& config = {}) : engine(*Engine::create(config)), store(engine) {}

  Result<Instance> instantiate(std::string_view text) {
    auto module = Module::from_text(engine, text, "test.wat");
    if (!module) return std::move(module).error();
    return linker.instantiate(store, *module);
  }
  Instance must_instantiate(std::string_view text) {
    auto instance = instantiate(text);
    EXPECT_TRUE(instance) << instance.error().message();
    return *instance;
  }

  Engine engine;
  Linker linker;
  Store store;
};

class EveryTier : public testing::TestWithParam<Tier> {
 protected:
  World world{Config{.tier = GetParam()}};
};
INSTANTIATE_TEST_SUITE_P(Tiers, EveryTier, testing::ValuesIn(tests::all_tiers()));

int32_t twice(int32_t number) { return 2 * number; }

TEST_P(EveryTier, CallsCppFunctionsOfEveryShape) {
  int64_t sum = 0;
  world.linker.define("env", "twice", twice);
  world.linker.define("env", "note", [&sum](int64_t number) { sum += number; });
  world.linker.define("env", "mix",
                      [](uint32_t a, uint64_t b, float c, double d) { return a + double(b) + c + d; });
  world.linker.define("env", "split", [](double number) {
    return std::tuple<int64_t, double>(int64_t(number), number - double(int64_t(number)));
  });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "twice" (func $twice (param i32) (result i32)))
    (import "env" "note" (func $note (param i64)))
    (import "env" "mix" (func $mix (param i32 i64 f32 f64) (result f64)))
    (import "env" "split" (func $split (param f64) (result i64 f64)))
    (func (export "run") (param i32) (result i64 f64)
      (call $note (i64.extend_i32_s (call $twice (local.get 0))))
      (call $split (call $mix (i32.const -1) (i64.const 1) (f32.const 0.25) (f64.const 0.5)))))");
  const auto run =
      instance.find_func(world.store, "run")->typed<std::tuple<int64_t, double>(int32_t)>(world.store);
  ASSERT_TRUE(run) << run.error().message();
  const auto result = run->call(world.store, 21);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(*result, std::make_tuple(int64_t{4294967296}, 0.75));
  EXPECT_EQ(sum, 42);
}

TEST_P(EveryTier, ErrorsOfHostFunctionsEndTheGuest) {
  world.linker.define("env", "refuse", [](int32_t code) -> Result<int32_t> {
    Error::Parts parts;
    parts.kind = ErrorKind::Exit;
    parts.code = uint32_t(code);
    parts.message = "enough";
    return Error(std::move(parts));
  });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "refuse" (func $refuse (param i32) (result i32)))
    (func (export "run") (result i32) (call $refuse (i32.const 7))))");
  const auto result = instance.find_func(world.store, "run")->call(world.store);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::Exit);
  EXPECT_EQ(result.error().code(), 7u);
  EXPECT_EQ(result.error().message(), "enough");
}

TEST_P(EveryTier, ReadsAndWritesTheCallersMemory) {
  std::string seen;
  world.linker.define("env", "log", [&seen](Caller& caller, uint32_t at, uint32_t size) -> Result<void> {
    auto text = caller.text(at, size);
    if (!text) return std::move(text).error();
    seen = *text;
    caller.memory()[0] = '!';
    return {};
  });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "log" (func $log (param i32 i32)))
    (memory (export "memory") 1 2)
    (data (i32.const 8) "hello")
    (func (export "run") (param i32 i32) (call $log (local.get 0) (local.get 1))))");
  const auto run = instance.find_func(world.store, "run")->typed<void(uint32_t, uint32_t)>(world.store);
  ASSERT_TRUE(run);
  ASSERT_TRUE(run->call(world.store, 8, 5));
  EXPECT_EQ(seen, "hello");
  const Memory memory = *instance.find_memory(world.store, "memory");
  EXPECT_EQ((*memory.bytes(world.store))[0], '!');

  ASSERT_TRUE(run->call(world.store, 65536, 0)) << "nothing may lie at the very end";
  const auto beyond = run->call(world.store, 0xFFFFFFFF, 2);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(beyond.error().message(),
            "out of bounds memory access: 2 bytes at 4294967295, given to the host, in a memory of 65536");
  EXPECT_FALSE(beyond.error().backtrace().empty());
}

TEST_P(EveryTier, HostFunctionsCallBack) {
  world.linker.define("env", "again", [](Caller& caller, int32_t number) -> Result<int32_t> {
    const auto found = caller.find("count");
    const auto count = std::get<Func>(*found).typed<int32_t(int32_t)>(*caller.store());
    return count->call(*caller.store(), number);
  });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "again" (func $again (param i32) (result i32)))
    (func (export "count") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0))
        (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $again (i32.sub (local.get 0) (i32.const 1))))))))");
  const auto count = instance.find_func(world.store, "count")->typed<int32_t(int32_t)>(world.store);
  const auto result = count->call(world.store, 50);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(*result, 50);
}

TEST(Embedding, HostFunctionsThatCallBackForEverAreStopped) {
  World world;
  Store store(world.engine, {.stack_bytes = 256 << 10});
  world.linker.define("env", "again", [](Caller& caller) -> Result<void> {
    auto called = std::get<Func>(*caller.find("run")).call(*caller.store());
    if (!called) return std::move(called).error();
    return {};
  });
  const auto module = Module::from_text(
      world.engine, R"((import "env" "again" (func $again)) (func (export "run") (call $again)))");
  const auto instance = world.linker.instantiate(store, *module);
  ASSERT_TRUE(instance) << instance.error().message();
  const auto endless = instance->find_func(store, "run")->call(store);
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().kind(), ErrorKind::Exhausted);
}

TEST_P(EveryTier, WhatAGuestThrowsGoesThroughHostFunctions) {
  world.linker.define("env", "again", [](Caller& caller) -> Result<void> {
    auto called = std::get<Func>(*caller.find("throw")).call(*caller.store());
    if (!called) return std::move(called).error();
    return {};
  });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "again" (func $again))
    (tag $e (export "e") (param i32))
    (func (export "throw") (throw $e (i32.const 42)))
    (func (export "catch") (result i32)
      (block $caught (result i32)
        (try_table (catch $e $caught) (call $again))
        (i32.const 0)))
    (func (export "run") (call $again)))");
  const auto caught = instance.find_func(world.store, "catch")->call(world.store);
  ASSERT_TRUE(caught) << caught.error().message();
  EXPECT_EQ(caught->front().as_i32(), 42);
  const auto thrown = instance.find_func(world.store, "run")->call(world.store);
  ASSERT_FALSE(thrown);
  ASSERT_NE(thrown.error().exception(), nullptr);
  EXPECT_EQ(*thrown.error().exception()->tag(world.store), *instance.find_tag(world.store, "e"));
}

TEST(Embedding, ChoosesAmongDefinitionsByType) {
  World world;
  world.linker.define("env", "f", [](int32_t number) { return number + 1; });
  world.linker.define("env", "f", [](double number) { return number / 2; });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "f" (func $whole (param i32) (result i32)))
    (import "env" "f" (func $half (param f64) (result f64)))
    (func (export "run") (result f64)
      (call $half (f64.convert_i32_s (call $whole (i32.const 4))))))");
  EXPECT_EQ(instance.find_func(world.store, "run")->call(world.store)->front().as_f64(), 2.5);
}

TEST(Embedding, TypedFunctionsAreChecked) {
  World world;
  const Instance instance =
      world.must_instantiate(R"((func (export "f") (param i32) (result i64) (i64.const 1)))");
  const Func f = *instance.find_func(world.store, "f");
  EXPECT_TRUE(f.typed<int64_t(uint32_t)>(world.store));
  const auto wrong = f.typed<int64_t(double)>(world.store);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(), "the function is of type (i32) -> (i64), not (f64) -> (i64)");
  Store other(world.engine);
  EXPECT_FALSE(f.typed<int64_t(int32_t)>(other));
  const auto typed = f.typed<int64_t(int32_t)>(world.store);
  const auto elsewhere = typed->call(other, 1);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().kind(), ErrorKind::Usage);
}

TEST(Embedding, DynamicHostFunctionsGetAndGiveValues) {
  World world;
  const HostCallback reverse = [](Caller&, std::span<const Value> args,
                                  std::span<Value> results) -> Result<void> {
    for (size_t i = 0; i < args.size(); ++i) results[i] = args[args.size() - 1 - i];
    return {};
  };
  ASSERT_TRUE(world.linker.define(
      "env", "reverse", {{ValType::V128, ValType::ExternRef}, {ValType::ExternRef, ValType::V128}}, reverse));
  const Instance instance = world.must_instantiate(R"(
    (import "env" "reverse" (func $reverse (param v128 externref) (result externref v128)))
    (func (export "run") (param externref) (result externref i64)
      (local $v v128)
      (call $reverse (v128.const i64x2 5 6) (local.get 0))
      (local.set $v)
      (i64x2.extract_lane 1 (local.get $v))))");
  const Value given = *world.store.externref(77);
  const auto results = instance.find_func(world.store, "run")->call(world.store, std::array{given});
  ASSERT_TRUE(results) << results.error().message();
  EXPECT_EQ(world.store.host_value((*results)[0]), 77u);
  EXPECT_EQ((*results)[1].as_i64(), 6);
}

TEST(Embedding, ResultsOfDynamicHostFunctionsAreChecked) {
  World world;
  ASSERT_TRUE(
      world.linker.define("env", "f", {{}, {ValType::I64}},
                          [](Caller&, std::span<const Value>, std::span<Value> results) -> Result<void> {
                            results[0] = Value::i32(1);
                            return {};
                          }));
  const Instance instance = world.must_instantiate(
      R"((import "env" "f" (func $f (result i64))) (func (export "run") (result i64) (call $f)))");
  const auto result = instance.find_func(world.store, "run")->call(world.store);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "result 1 of the host function is i32, not i64");
  EXPECT_FALSE(world.linker.define("env", "g", {{ValType::OtherRef}, {}}, HostCallback()));
}

TEST(Embedding, WrapsFunctionsForOneStore) {
  World world;
  auto counter = std::make_shared<int32_t>(0);
  const std::weak_ptr<int32_t> watched = counter;
  {
    Store store(world.engine);
    const Func next = Func::wrap(store, [counter = std::move(counter)] { return ++*counter; });
    EXPECT_EQ(next.call(store)->front().as_i32(), 1) << "the embedder may call it itself";
    ASSERT_TRUE(world.linker.define(store, "env", "next", next));
    auto module = Module::from_text(
        world.engine,
        R"((import "env" "next" (func $next (result i32))) (func (export "run") (result i32) (call $next)))");
    const auto instance = world.linker.instantiate(store, *module);
    ASSERT_TRUE(instance) << instance.error().message();
    EXPECT_EQ(instance->find_func(store, "run")->call(store)->front().as_i32(), 2);
    EXPECT_FALSE(watched.expired());
  }
  EXPECT_TRUE(watched.expired()) << "kept as long as the store, no longer";
}

TEST(Embedding, HostFunctionsOutliveTheirLinker) {
  World world;
  std::optional<Instance> instance;
  {
    Linker linker;
    linker.define("env", "answer", [text = std::string("a text too long to lie in the object itself")] {
      return static_cast<int32_t>(text.size());
    });
    auto module = Module::from_text(world.engine, R"(
      (import "env" "answer" (func $answer (result i32))) (func (export "run") (result i32) (call $answer)))");
    instance = *linker.instantiate(world.store, *module);
  }
  EXPECT_EQ(instance->find_func(world.store, "run")->call(world.store)->front().as_i32(), 43);
}

TEST(Embedding, StoresMayMove) {
  World world;
  world.linker.define("env", "f", [](Caller& caller) { return caller.store() != nullptr ? 1 : 0; });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "f" (func $f (result i32))) (func (export "run") (result i32) (call $f)))");
  Store moved = std::move(world.store);
  EXPECT_EQ(instance.find_func(moved, "run")->call(moved)->front().as_i32(), 1);
}

TEST(Embedding, MakesMemories) {
  World world;
  const Memory memory = *Memory::create(world.store, {.min_pages = 1, .max_pages = 3});
  ASSERT_TRUE(world.linker.define(world.store, "env", "memory", memory));
  const Instance instance = world.must_instantiate(R"(
    (import "env" "memory" (memory 1 4))
    (func (export "read") (param i32) (result i32) (i32.load8_u (local.get 0))))");
  const std::span<uint8_t> before = *memory.bytes(world.store);
  EXPECT_EQ(*memory.grow(world.store, 1), 1u);
  const std::span<uint8_t> after = *memory.bytes(world.store);
  EXPECT_EQ(before.data(), after.data());
  EXPECT_EQ(after.size(), 2u * 65536);
  EXPECT_EQ(*memory.pages(world.store), 2u);
  after[70000] = 9;
  EXPECT_EQ(instance.find_func(world.store, "read")
                ->call(world.store, std::array{Value::i32(70000)})
                ->front()
                .as_i32(),
            9);
  EXPECT_EQ(memory.grow(world.store, 2).error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(*memory.type(world.store), (MemoryType{.min_pages = 1, .max_pages = 3}));

  Store other(world.engine);
  EXPECT_EQ(memory.bytes(other).error().kind(), ErrorKind::Usage);
  EXPECT_FALSE(world.linker.define(other, "env", "again", memory));
  EXPECT_FALSE(Memory::create(world.store, {.min_pages = 2, .max_pages = 1}));
  EXPECT_FALSE(Memory::create(world.store, {.min_pages = 65537}));
  EXPECT_FALSE(Memory::create(world.store, {.is_shared = true}));
  EXPECT_FALSE(Memory::create(world.store, {.page_bytes = 4096}));
}

TEST(Embedding, MakesAndReadsGlobals) {
  World world;
  const Global limit = *Global::create(world.store, {ValType::I64, true}, Value::i64(5));
  ASSERT_TRUE(world.linker.define(world.store, "env", "limit", limit));
  const Instance instance = world.must_instantiate(R"(
    (import "env" "limit" (global $limit (mut i64)))
    (global (export "fixed") v128 (v128.const i64x2 1 2))
    (func (export "raise") (global.set $limit (i64.add (global.get $limit) (i64.const 1)))))");
  ASSERT_TRUE(instance.find_func(world.store, "raise")->call(world.store));
  EXPECT_EQ(limit.get(world.store)->as_i64(), 6);
  ASSERT_TRUE(limit.set(world.store, Value::i64(-1)));
  EXPECT_EQ(limit.get(world.store)->as_i64(), -1);
  EXPECT_EQ(limit.set(world.store, Value::i32(1)).error().message(), "the value is i32, not i64");
  const Global fixed = *instance.find_global(world.store, "fixed");
  EXPECT_EQ(fixed.get(world.store)->bits()[1], 2u);
  EXPECT_EQ(fixed.set(world.store, Value::v128(0, 0)).error().message(), "the global is a constant");
  EXPECT_EQ(*fixed.type(world.store), (GlobalType{ValType::V128, false}));
}

TEST(Embedding, MakesAndReadsTables) {
  World world;
  const Table table = *Table::create(world.store, {.min = 1, .max = 3}, Value::null(ValType::FuncRef));
  ASSERT_TRUE(world.linker.define(world.store, "env", "table", table));
  const Instance instance = world.must_instantiate(R"(
    (import "env" "table" (table $table 1 3 funcref))
    (func $seven (export "seven") (result i32) (i32.const 7))
    (elem (i32.const 0) func $seven)
    (func (export "self") (result funcref) (ref.func $seven))
    (func (export "run") (param i32) (result i32) (call_indirect $table (result i32) (local.get 0))))");
  const Value seven = instance.find_func(world.store, "self")->call(world.store)->front();
  EXPECT_FALSE(table.get(world.store, 0)->is_null());
  EXPECT_EQ(*table.grow(world.store, 1, seven), 1u);
  EXPECT_EQ(
      instance.find_func(world.store, "run")->call(world.store, std::array{Value::i32(1)})->front().as_i32(),
      7);
  ASSERT_TRUE(table.set(world.store, 1, Value::null(ValType::FuncRef)));
  EXPECT_FALSE(instance.find_func(world.store, "run")->call(world.store, std::array{Value::i32(1)}));
  EXPECT_EQ(table.get(world.store, 2).error().message(), "there is no element 2: the table has 2");
  EXPECT_EQ(table.set(world.store, 0, Value::null(ValType::ExternRef)).error().kind(), ErrorKind::Usage);
  EXPECT_EQ(table.grow(world.store, 2, seven).error().kind(), ErrorKind::Exhausted);
  EXPECT_FALSE(Table::create(world.store, {.element = ValType::I32}, Value::i32(0)));
}

TEST(Embedding, ShowsImportsAndExportsWithTheirTypes) {
  World world;
  const auto module = Module::from_text(world.engine, R"(
    (import "env" "f" (func (param i32 f64) (result i64)))
    (import "env" "memory" (memory i64 1 2))
    (global (export "g") (mut f32) (f32.const 1))
    (table (export "t") 4 externref)
    (tag (export "e") (param i32)))");
  ASSERT_TRUE(module) << module.error().message();
  const auto imports = module->imports();
  EXPECT_EQ(std::get<FuncType>(imports[0].type), (FuncType{{ValType::I32, ValType::F64}, {ValType::I64}}));
  EXPECT_EQ(std::get<MemoryType>(imports[1].type),
            (MemoryType{.min_pages = 1, .max_pages = 2, .is_64 = true}));
  const auto exports = module->exports();
  EXPECT_EQ(std::get<GlobalType>(exports[0].type), (GlobalType{ValType::F32, true}));
  EXPECT_EQ(std::get<TableType>(exports[1].type), (TableType{.element = ValType::ExternRef, .min = 4}));
  EXPECT_EQ(std::get<TagType>(exports[2].type), (TagType{{ValType::I32}}));
  for (const ExportType& each : exports) EXPECT_EQ(each.type.index(), static_cast<size_t>(each.kind));
}

TEST(Embedding, InstantiatesWithImportsInOrder) {
  World world;
  const auto module = Module::from_text(world.engine, R"(
    (import "a" "f" (func $f (result i32))) (global (export "g") i32 (i32.const 3)) (export "f" (func $f)))");
  const Func one = Func::wrap(world.store, [] { return 1; });
  const auto instance = Instance::create(world.store, *module, std::array<Extern, 1>{one});
  ASSERT_TRUE(instance) << instance.error().message();
  const auto exports = instance->exports(world.store);
  ASSERT_EQ(exports.size(), 2u);
  EXPECT_EQ(exports[0].name, "g");
  EXPECT_TRUE(std::holds_alternative<Global>(exports[0].value));
  EXPECT_EQ(std::get<Func>(exports[1].value), one);
  EXPECT_FALSE(instance->find(world.store, "nothing"));
  EXPECT_EQ(Instance::create(world.store, *module, {}).error().message(), "the module has 1 imports, not 0");
  Store other(world.engine);
  EXPECT_FALSE(Instance::create(other, *module, std::array<Extern, 1>{one}));
  const Func unfit = Func::wrap(world.store, [] { return 1.0; });
  EXPECT_EQ(Instance::create(world.store, *module, std::array<Extern, 1>{unfit}).error().kind(),
            ErrorKind::Unlinkable);
}

// A guest, a host function that calls it again, and so on: the frames of all stays come out.
TEST_P(EveryTier, BacktracesCrossHostFunctions) {
  std::optional<Func> sink;
  world.linker.define("env", "again", [&](int32_t number) -> Result<int32_t> {
    auto results = sink->call(world.store, std::array{Value::i32(number)});
    if (!results) return std::move(results).error();
    return results->front().as_i32();
  });
  const Instance instance = world.must_instantiate(R"(
    (import "env" "again" (func $again (param i32) (result i32)))
    (func $sink (export "sink") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then unreachable))
      (i32.add (i32.const 1) (call $again (i32.sub (local.get 0) (i32.const 1))))))");
  sink = instance.find_func(world.store, "sink");
  const auto result = sink->call(world.store, std::array{Value::i32(4)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "unreachable");
  ASSERT_EQ(result.error().backtrace().size(), 5u);
  for (const Frame& frame : result.error().backtrace()) {
    EXPECT_EQ(frame.function, "sink");
    EXPECT_EQ(frame.function_offset, result.error().backtrace()[0].function_offset);
    EXPECT_LT(frame.function_offset, frame.offset);
  }
}

TEST(Engines, RefuseEachOthersModules) {
  World one, other;
  // types that the other engine numbers differently
  other.must_instantiate("(type (func (param f32 f32 i64))) (func (type 0))");
  const auto module = Module::from_text(one.engine, "(func (export \"f\") (param i32))");
  ASSERT_TRUE(module);
  EXPECT_TRUE(one.engine.made(*module));
  EXPECT_FALSE(other.engine.made(*module));
  const auto linked = other.linker.instantiate(other.store, *module);
  ASSERT_FALSE(linked);
  EXPECT_EQ(linked.error().kind(), ErrorKind::Usage);
  const auto created = Instance::create(other.store, *module, {});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().message(), "the module belongs to another engine than the store");
  const auto again = Module::from_bytes(other.engine, module->binary());
  ASSERT_TRUE(again);
  EXPECT_TRUE(other.linker.instantiate(other.store, *again));
}

TEST(Functions, AreReferences) {
  World world;
  const Instance instance = world.must_instantiate(R"(
    (type $t (func (result i32))) (table $table (export "table") 1 funcref)
    (func (export "call") (result i32) (call_indirect (type $t) (i32.const 0))))");
  const Func seven = Func::wrap(world.store, [] { return int32_t{7}; });
  ASSERT_TRUE(instance.find_table(world.store, "table")->set(world.store, 0, seven.reference()));
  EXPECT_EQ(instance.find_func(world.store, "call")->call(world.store)->front().as_i32(), 7);
  const auto element = instance.find_table(world.store, "table")->get(world.store, 0);
  ASSERT_TRUE(element);
  EXPECT_EQ(Func::from(*element), seven);
  EXPECT_FALSE(Func::from(Value::null(ValType::FuncRef)));
  EXPECT_FALSE(Func::from(Value::i64(1)));
  World other;
  EXPECT_FALSE(seven.type(other.store));
}

}  // namespace
