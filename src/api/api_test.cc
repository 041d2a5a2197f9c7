// Tests of the public API, written as its users write.
#include <gtest/gtest.h>

#include <thread>

#include "godwit/godwit.h"

namespace {

using namespace godwit;
using Bytes = std::vector<uint8_t>;

// The binary format by hand: lengths here are below 128, so that each is one byte.
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes sized(const Bytes& contents) { return Bytes{static_cast<uint8_t>(contents.size())} + contents; }
Bytes text(std::string_view name) { return sized(Bytes(name.begin(), name.end())); }
Bytes section(uint8_t id, const Bytes& contents) { return Bytes{id} + sized(contents); }
Bytes list(const std::vector<Bytes>& items) {
  Bytes out{static_cast<uint8_t>(items.size())};
  for (const Bytes& item : items) out = out + item;
  return out;
}
Bytes module_of(const Bytes& sections) { return Bytes{0, 'a', 's', 'm', 1, 0, 0, 0} + sections; }

constexpr uint8_t kI32 = 0x7F, kI64 = 0x7E, kF64 = 0x7C, kFuncRef = 0x70, kExternRef = 0x6F;

Bytes func_type(const Bytes& params, const Bytes& results) {
  return Bytes{0x60} + sized(params) + sized(results);
}
Bytes exported(std::string_view name, uint8_t func) { return text(name) + Bytes{0, func}; }
Bytes body(const Bytes& instructions) { return sized(Bytes{0} + instructions + Bytes{0x0B}); }

// add: (i32, i32) -> i32 · swap: (i64, f64) -> (f64, i64) · trap, spin: () -> () · same: externref -> externref ·
// self: () -> funcref · take: funcref -> ()
Bytes sample() {
  return module_of(
      section(1, list({func_type({kI32, kI32}, {kI32}), func_type({kI64, kF64}, {kF64, kI64}),
                       func_type({}, {}), func_type({kExternRef}, {kExternRef}), func_type({}, {kFuncRef}),
                       func_type({kFuncRef}, {})})) +
      section(3, list({{0}, {1}, {2}, {2}, {3}, {4}, {5}})) +
      section(7, list({exported("add", 0), exported("swap", 1), exported("trap", 2), exported("spin", 3),
                       exported("same", 4), exported("self", 5), exported("take", 6)})) +
      section(10, list({body({0x20, 0, 0x20, 1, 0x6A}), body({0x20, 1, 0x20, 0}), body({0x00}),
                        body({0x03, 0x40, 0x0C, 0, 0x0B}), body({0x20, 0}), body({0xD2, 5}), body({})})));
}

struct World {
  explicit World(const Config& config = {}, const Limits& limits = {})
      : engine(*Engine::create(config)), store(engine, limits) {
    auto made = Module::from_bytes(engine, sample(), "sample");
    EXPECT_TRUE(made) << made.error().message();
    module.emplace(*made);
    auto instantiated = linker.instantiate(store, *module);
    EXPECT_TRUE(instantiated) << instantiated.error().message();
    instance.emplace(*instantiated);
  }
  Func func(std::string_view name) { return *instance->find_func(store, name); }

  Engine engine;
  std::optional<Module> module;
  Linker linker;
  Store store;
  std::optional<Instance> instance;
};

TEST(Api, CallsFunctions) {
  World world;
  const Value args[] = {Value::i32(40), Value::i32(2)};
  const auto results = world.func("add").call(world.store, args);
  ASSERT_TRUE(results) << results.error().message();
  ASSERT_EQ(results->size(), 1u);
  EXPECT_EQ((*results)[0].type(), ValType::I32);
  EXPECT_EQ((*results)[0].as_i32(), 42);
}

TEST(Api, ReturnsSeveralResults) {
  World world;
  const Value args[] = {Value::i64(-1), Value::f64(0.5)};
  const auto results = world.func("swap").call(world.store, args);
  ASSERT_TRUE(results) << results.error().message();
  EXPECT_EQ((*results)[0].as_f64(), 0.5);
  EXPECT_EQ((*results)[1].as_i64(), -1);
}

TEST(Api, DescribesModulesAndFunctions) {
  World world;
  EXPECT_EQ(world.module->exports().size(), 7u);
  EXPECT_EQ(world.module->exports()[1].name, "swap");
  EXPECT_TRUE(world.module->imports().empty());
  EXPECT_FALSE(world.module->imports_from("env"));
  const auto type = world.func("swap").type(world.store);
  ASSERT_TRUE(type);
  EXPECT_EQ(type->params, (std::vector{ValType::I64, ValType::F64}));
  EXPECT_EQ(type->results, (std::vector{ValType::F64, ValType::I64}));
  EXPECT_FALSE(world.instance->find_func(world.store, "nope"));
}

TEST(Api, RefusesArgumentsThatDoNotFit) {
  World world;
  const Value one[] = {Value::i32(1)};
  EXPECT_EQ(world.func("add").call(world.store, one).error().kind(), ErrorKind::Usage);
  const Value wrong[] = {Value::i32(1), Value::i64(1)};
  EXPECT_EQ(world.func("add").call(world.store, wrong).error().message(), "argument 2 is i64, not i32");
}

TEST(Api, RefusesHandlesOfAnotherStore) {
  World world;
  Store other(world.engine);
  EXPECT_EQ(world.func("trap").call(other).error().kind(), ErrorKind::Usage);
  EXPECT_EQ(world.func("trap").type(other).error().kind(), ErrorKind::Usage);
  EXPECT_FALSE(world.instance->find_func(other, "add"));
  EXPECT_FALSE(world.linker.define(other, "sample", *world.instance));
}

TEST(Api, PassesReferencesWithinTheirStore) {
  World world, other;
  const Value null[] = {Value::null(ValType::ExternRef)};
  const auto same = world.func("same").call(world.store, null);
  ASSERT_TRUE(same);
  EXPECT_TRUE((*same)[0].is_null());
  const auto self = world.func("self").call(world.store);
  ASSERT_TRUE(self);
  EXPECT_FALSE((*self)[0].is_null());
  EXPECT_TRUE(world.func("take").call(world.store, *self));
  EXPECT_EQ(other.func("take").call(other.store, *self).error().kind(), ErrorKind::Usage);
}

TEST(Api, ReportsTrapsWithABacktrace) {
  World world;
  const auto result = world.func("trap").call(world.store);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::Trap);
  EXPECT_NE(result.error().message().find("unreachable"), std::string::npos);
  ASSERT_EQ(result.error().backtrace().size(), 1u);
  EXPECT_EQ(result.error().backtrace()[0].function, "trap");
  EXPECT_EQ(result.error().backtrace()[0].function_index, 2u);
  // the store can still be used
  const Value args[] = {Value::i32(1), Value::i32(2)};
  EXPECT_TRUE(world.func("add").call(world.store, args));
}

TEST(Api, StopsAtTheTimeLimit) {
  World world;
  ASSERT_TRUE(world.store.set_timeout(std::chrono::milliseconds(20)));
  const auto result = world.func("spin").call(world.store);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is_interruption());
  EXPECT_EQ(result.error().kind(), ErrorKind::Exhausted);
  EXPECT_FALSE(world.store.set_timeout(std::chrono::nanoseconds(0)));
}

TEST(Api, CountsFuel) {
  World world({.counts_fuel = true}, {.fuel = 1000});
  EXPECT_EQ(world.store.fuel(), 1000u);
  const Value args[] = {Value::i32(40), Value::i32(2)};
  EXPECT_TRUE(world.func("add").call(world.store, args));
  EXPECT_EQ(world.store.fuel(), 997u);
  for (const uint64_t fuel : {uint64_t{0}, uint64_t{50}}) {
    world.store.set_fuel(fuel);
    const auto spun = world.func("spin").call(world.store);
    ASSERT_FALSE(spun);
    EXPECT_EQ(spun.error().kind(), ErrorKind::Exhausted);
    EXPECT_FALSE(spun.error().is_interruption());
    EXPECT_EQ(world.store.fuel(), 0u);
    EXPECT_FALSE(world.func("add").call(world.store, args));
  }
  world.store.set_fuel(UINT64_MAX);
  EXPECT_TRUE(world.func("add").call(world.store, args));
  EXPECT_EQ(world.store.fuel(), uint64_t{INT64_MAX} - 3);
}

TEST(Api, StopsWhenAnotherThreadSaysSo) {
  World world;
  std::thread other([&] { world.store.interrupt(); });
  const auto result = world.func("spin").call(world.store);
  other.join();
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is_interruption());
}

// A function of a million instructions: longer to validate than what comes between two looks at the interruption.
Bytes large_module() {
  Bytes instructions(1'000'000, 0x01);
  instructions = Bytes{0} + instructions + Bytes{0x0B};
  const auto leb = [](size_t value) {
    Bytes out;
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
    return out + Bytes{static_cast<uint8_t>(value)};
  };
  const Bytes code = Bytes{1} + leb(instructions.size()) + instructions;
  return module_of(section(1, list({func_type({}, {})})) + section(3, list({{0}})) + Bytes{10} +
                   leb(code.size()) + code);
}

TEST(Api, StopsValidation) {
  World world;
  const Bytes large = large_module();
  world.store.interrupt();
  const auto stopped = Module::from_bytes(world.store, large);
  ASSERT_FALSE(stopped);
  EXPECT_TRUE(stopped.error().is_interruption());
  EXPECT_TRUE(Module::from_bytes(world.store, large));  // the interruption was taken
}

TEST(Api, LinksInstancesByName) {
  World world;
  ASSERT_TRUE(world.linker.define(world.store, "sample", *world.instance));
  const Bytes importing = module_of(section(1, list({func_type({kI32, kI32}, {kI32})})) +
                                    section(2, list({text("sample") + text("add") + Bytes{0, 0}})) +
                                    section(7, list({exported("plus", 0)})));
  const auto module = Module::from_bytes(world.engine, importing);
  ASSERT_TRUE(module);
  EXPECT_TRUE(module->imports_from("sample"));
  const auto instance = world.linker.instantiate(world.store, *module);
  ASSERT_TRUE(instance) << instance.error().message();
  const Value args[] = {Value::i32(2), Value::i32(3)};
  const auto sum = instance->find_func(world.store, "plus")->call(world.store, args);
  ASSERT_TRUE(sum);
  EXPECT_EQ((*sum)[0].as_i32(), 5);
}

TEST(Api, NamesWhatIsMissing) {
  const auto engine = Engine::create();
  const Bytes importing = module_of(section(1, list({func_type({kI32}, {})})) +
                                    section(2, list({text("acme") + text("frobnicate") + Bytes{0, 0}})));
  Linker linker;
  linker.hint("acme", "the acme plug-in provides it");
  Store store(*engine);
  const auto instance = linker.instantiate(store, *Module::from_bytes(*engine, importing));
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().kind(), ErrorKind::Unlinkable);
  for (const char* word : {"acme", "frobnicate", "i32", "the acme plug-in provides it"})
    EXPECT_NE(instance.error().message().find(word), std::string::npos)
        << word << " in " << instance.error().message();
}

TEST(Api, RefusesWhatIsNoModule) {
  const auto engine = Engine::create();
  EXPECT_EQ(Module::from_bytes(*engine, Bytes{1, 2, 3}).error().kind(), ErrorKind::Malformed);
  EXPECT_EQ(Module::from_file(*engine, "/nonexistent/app.wasm").error().kind(), ErrorKind::NotFound);
  const Bytes no_result = module_of(section(1, list({func_type({}, {kI32})})) + section(3, list({{0}})) +
                                    section(10, list({body({})})));
  const auto invalid = Module::from_bytes(*engine, no_result);
  EXPECT_EQ(invalid.error().kind(), ErrorKind::Invalid);
  EXPECT_NE(invalid.error().offset(), Error::kNoOffset);
  const auto lazy = Engine::create({.validation = Validation::Lazy});
  EXPECT_TRUE(Module::from_bytes(*lazy, no_result));
}

TEST(Api, LimitsMemories) {
  const auto engine = Engine::create();
  const auto module = Module::from_bytes(*engine, module_of(section(5, Bytes{1, 0, 2})));  // two pages
  ASSERT_TRUE(module);
  Linker linker;
  Store small(*engine, {.max_memory_bytes = 65536}), large(*engine, {.max_memory_bytes = 2 * 65536});
  EXPECT_FALSE(linker.instantiate(small, *module));
  EXPECT_TRUE(linker.instantiate(large, *module));
}

TEST(Api, OpensPreopensAtOnce) {
  EXPECT_EQ(Wasi::create({.preopens = {{"x", "/nonexistent/directory"}}}).error().kind(),
            ErrorKind::NotFound);
  EXPECT_EQ(Wasi::create({.preopens = {{"x", "/"}, {"x", "/tmp"}}}).error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(Wasi::create({.args = {"app"}, .env = {{"A", "1"}}, .preopens = {{"x", "/"}}}));
}

TEST(Api, ModelsAreNamedOnce) {
  ModelRegistry models;
  EXPECT_EQ(models.preload("nonsense").error().kind(), ErrorKind::Usage);
  EXPECT_EQ(models.preload("a:GGML:AUTO:/nonexistent/model.gguf").error().kind(), ErrorKind::NotFound);
}

TEST(ApiModule, TextIsCompiledAndItsErrorsShowThePlace) {
  const Engine engine = *Engine::create();
  const auto module = Module::from_text(engine, "(module (func (export \"one\") (result i32) i32.const 1))");
  ASSERT_TRUE(module) << module.error().message();
  ASSERT_EQ(module->exports().size(), 1u);
  EXPECT_EQ(module->exports()[0].name, "one");

  const auto malformed = Module::from_text(engine, "(module\n (func (nope)))", "dir/a.wat");
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().kind(), ErrorKind::Malformed);
  EXPECT_NE(malformed.error().message().find("dir/a.wat:2:9"), std::string::npos)
      << malformed.error().message();
  // bodies are validated at once, although the engine is lazy
  const auto invalid = Module::from_text(engine, "(func (result i32)\n  i64.const 1)", "b.wat");
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().kind(), ErrorKind::Invalid);
  EXPECT_EQ(invalid.error().offset(), Error::kNoOffset);
  EXPECT_NE(invalid.error().message().find("b.wat:2:14"), std::string::npos) << invalid.error().message();
}

// Imports the tag m.t (i32 f64), exports it as "t", and "throw": (i32 f64) -> (), which throws it.
Bytes thrower() {
  return module_of(section(1, list({func_type({kI32, kF64}, {})})) +
                   section(2, list({text("m") + text("t") + Bytes{4, 0, 0}})) + section(3, list({{0}})) +
                   section(7, list({text("t") + Bytes{4, 0}, exported("throw", 0)})) +
                   section(10, list({body({0x20, 0, 0x20, 1, 0x08, 0})})));
}

TEST(Api, ExceptionsReachTheEmbedderWithTagAndValues) {
  const Engine engine = *Engine::create();
  const Module module = *Module::from_bytes(engine, thrower(), "thrower");
  std::optional<Error> kept;
  {
    Store store(engine), other(engine);
    const ValType payload[] = {ValType::I32, ValType::F64};
    const Tag tag = *Tag::create(store, payload);
    EXPECT_EQ(tag.type(store)->size(), 2u);
    EXPECT_EQ(tag.type(other).error().kind(), ErrorKind::Usage);
    Linker linker;
    EXPECT_EQ(linker.define(other, "m", "t", tag).error().kind(), ErrorKind::Usage);
    ASSERT_TRUE(linker.define(store, "m", "t", tag));
    auto instance = linker.instantiate(store, module);
    ASSERT_TRUE(instance) << instance.error().message();
    EXPECT_EQ(instance->find_tag(store, "t"), tag);
    EXPECT_FALSE(instance->find_tag(store, "throw"));
    const Value args[] = {Value::i32(-7), Value::f64(1.5)};
    auto result = instance->find_func(store, "throw")->call(store, args);
    ASSERT_FALSE(result);
    const Error& error = result.error();
    EXPECT_EQ(error.kind(), ErrorKind::Exception);
    EXPECT_EQ(error.message(), "t (i32 -7, f64 1.5)");
    ASSERT_NE(error.exception(), nullptr);
    EXPECT_EQ(*error.exception()->tag(store), tag);
    EXPECT_EQ(error.exception()->tag(other).error().kind(), ErrorKind::Usage);
    const auto values = error.exception()->values(store);
    ASSERT_TRUE(values);
    EXPECT_EQ((*values)[0].as_i32(), -7);
    EXPECT_EQ((*values)[1].as_f64(), 1.5);
    kept = std::move(result).error();
  }
  Store later(engine);
  EXPECT_EQ(kept->exception()->values(later).error().kind(), ErrorKind::Usage);
}

TEST(Api, ATagHasATypeThatTheEmbedderCanName) {
  const Engine engine = *Engine::create();
  Store store(engine);
  const ValType payload[] = {ValType::OtherRef};
  EXPECT_EQ(Tag::create(store, payload).error().kind(), ErrorKind::Usage);
}

}  // namespace
