// Tests of instances that are used again, and of those that begin with a snapshot: nothing of one is seen by the next.
#include <gtest/gtest.h>

#include <thread>

#include "godwit/godwit.h"

namespace {

using namespace godwit;

constexpr size_t kPage = 65536;

// `dirty` writes to everything there is, `dirty_and_trap` traps then.
constexpr const char* kGuest = R"((module
  (memory (export "memory") 2 10)
  (memory (export "second") 1 4)
  (table (export "table") 4 600 funcref)
  (table (export "wide") 3 externref)
  (global (export "number") (mut i32) (i32.const 7))
  (global (export "func") (mut funcref) (ref.func $one))
  (global (export "host") (mut externref) (ref.null extern))
  (data (i32.const 1000) "begins")
  (data (i32.const 66000) "ends")
  (data $passive "passive")
  (elem (i32.const 1) func $one $two)
  (elem $later func $two)
  (func $one (export "one") (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $dirty (export "dirty") (param externref)
    (drop (memory.grow (i32.const 3)))
    (memory.fill (i32.const 0) (i32.const 0xAB) (i32.mul (memory.size) (i32.const 65536)))
    (memory.fill 1 (i32.const 0) (i32.const 0xCD) (i32.const 65536))
    (drop (table.grow 0 (ref.func $two) (i32.const 100)))
    (table.fill 0 (i32.const 0) (ref.func $two) (table.size 0))
    (table.fill 1 (i32.const 0) (local.get 0) (i32.const 3))
    (global.set 0 (i32.const 99))
    (global.set 1 (ref.null func))
    (global.set 2 (local.get 0))
    (data.drop $passive)
    (elem.drop $later))
  (func (export "dirty_and_trap") (param externref) (call $dirty (local.get 0)) unreachable)
  (func (export "overflow") (param externref) (call $dirty (local.get 0)) (i32.store (i32.const -1) (i32.const 1)))
  (func (export "use") (result i32)
    (table.init 0 $later (i32.const 0) (i32.const 0) (i32.const 1))
    (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 7))
    (call_indirect (result i32) (i32.const 0)))
  (func (export "grow") (result i32) (memory.grow (i32.const 3)))))";

// What a memory holds but for the text at the places.
void expect_contents(std::span<const uint8_t> bytes,
                     std::vector<std::pair<size_t, std::string_view>> places) {
  std::vector<uint8_t> wanted(bytes.size());
  for (const auto& [at, text] : places)
    std::copy(text.begin(), text.end(), wanted.begin() + static_cast<long>(at));
  for (size_t i = 0; i < bytes.size(); ++i) ASSERT_EQ(bytes[i], wanted[i]) << "at " << i;
}

std::span<uint8_t> bytes_of(Store& store, const Instance& instance, std::string_view name) {
  return *instance.find_memory(store, name)->bytes(store);
}

int32_t call_i32(Store& store, const Instance& instance, std::string_view name) {
  const auto called = instance.find_func(store, name)->call(store);
  EXPECT_TRUE(called) << called.error().message();
  return called ? called->at(0).as_i32() : -1;
}

// Looks at everything: it must be as in a new instance.
void expect_new(Store& store, const Instance& instance) {
  const auto memory = bytes_of(store, instance, "memory");
  ASSERT_EQ(memory.size(), 2 * kPage);
  expect_contents(memory, {{1000, "begins"}, {66000, "ends"}});
  const auto second = bytes_of(store, instance, "second");
  ASSERT_EQ(second.size(), kPage);
  expect_contents(second, {});
  const auto table = *instance.find_table(store, "table");
  ASSERT_EQ(*table.size(store), 4u);
  for (const uint64_t i : {0, 3}) EXPECT_TRUE(table.get(store, i)->is_null());
  for (const uint64_t i : {1, 2}) EXPECT_FALSE(table.get(store, i)->is_null());
  for (const uint64_t i : {0, 1, 2})
    EXPECT_TRUE(instance.find_table(store, "wide")->get(store, i)->is_null());
  EXPECT_EQ(instance.find_global(store, "number")->get(store)->as_i32(), 7);
  EXPECT_FALSE(instance.find_global(store, "func")->get(store)->is_null());
  EXPECT_TRUE(instance.find_global(store, "host")->get(store)->is_null());
  // Segments are there again, and what the memory grows into is zero.
  EXPECT_EQ(call_i32(store, instance, "grow"), 2);
  expect_contents(bytes_of(store, instance, "memory").subspan(2 * kPage), {});
  EXPECT_EQ(call_i32(store, instance, "use"), 2);
}

struct Policy {
  const char* name;
  PoolConfig pool;
  Tier tier = Tier::Auto;
};

class InstancesUsedAgain : public testing::TestWithParam<Policy> {
 protected:
  static Engine make_engine() {
    Config config;
    config.pool = GetParam().pool;
    config.tier = GetParam().tier;
    return *Engine::create(config);
  }
  static Module make_module(const Engine& engine, std::string_view text) {
    auto module = Module::from_text(engine, text);
    EXPECT_TRUE(module) << module.error().message();
    return *module;
  }

  // Writes to everything in one of several ways.
  static void dirty(Store& store, const Instance& instance, int way) {
    const auto secret = store.externref(4711);
    ASSERT_TRUE(secret);
    const char* const name = way % 3 == 0 ? "dirty" : way % 3 == 1 ? "dirty_and_trap" : "overflow";
    const auto called = instance.find_func(store, name)->call(store, std::vector<Value>{*secret});
    EXPECT_EQ(called.has_value(), way % 3 == 0);
  }
};

INSTANTIATE_TEST_SUITE_P(
    Policies, InstancesUsedAgain,
    testing::Values(Policy{"kept", {.is_used = true}},
                    Policy{"all_kept", {.is_used = true, .max_kept_bytes = 64 << 20}},
                    Policy{"discarded", {.is_used = true, .max_kept_bytes = 0}},
                    Policy{"compact", {.is_used = true, .is_compact = true}},
                    Policy{"compact_discarded", {.is_used = true, .max_kept_bytes = 0, .is_compact = true}},
                    Policy{"compact_too_small",
                           {.is_used = true, .is_compact = true, .compact_memory_bytes = kPage}},
                    Policy{"interpreted", {.is_used = true}, Tier::Interpreter},
                    Policy{"one_idle", {.is_used = true, .max_idle_instances = 1}},
                    Policy{"none_idle", {.is_used = true, .max_idle_instances = 0}}, Policy{"no_pool", {}}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(InstancesUsedAgain, ShowNothingOfTheLast) {
  const Engine engine = make_engine();
  const Module module = make_module(engine, kGuest);
  for (int i = 0; i < 70; ++i) {  // past the first few, after which what they touch is looked up
    Store store(engine);
    const auto instance = Instance::create(store, module, {});
    ASSERT_TRUE(instance) << instance.error().message();
    if (i < 10 || i % 10 == 0) expect_new(store, *instance);
    if (i % 4 != 0) dirty(store, *instance, i);
    if (HasFailure()) FAIL() << "in round " << i;
  }
  const Statistics::Pool pool = engine.statistics().pool;
  const bool is_reusing = GetParam().pool.is_used && GetParam().pool.max_idle_instances != 0;
  EXPECT_EQ(pool.reused, is_reusing ? 68u : 0u);
}

TEST_P(InstancesUsedAgain, SeveralInAStore) {
  const Engine engine = make_engine();
  const Module module = make_module(engine, kGuest);
  for (int i = 0; i < 4; ++i) {
    Store store(engine);
    std::vector<Instance> instances;
    for (int n = 0; n < 3; ++n) instances.push_back(*Instance::create(store, module, {}));
    dirty(store, instances[0], i);
    dirty(store, instances[1], i + 1);
    expect_new(store, instances[2]);
  }
}

TEST_P(InstancesUsedAgain, AreLinkedAnew) {
  const Engine engine = make_engine();
  const Module module = make_module(engine, R"((module
    (import "env" "which" (func $which (result i32)))
    (import "env" "number" (global i32))
    (table (export "table") funcref (elem $which))
    (func (export "direct") (result i32) (call $which))
    (func (export "indirect") (result i32) (call_indirect (result i32) (i32.const 0)))
    (func (export "imported") (result i32) (global.get 0))))");
  for (int32_t i = 0; i < 5; ++i) {
    Store store(engine);
    Linker linker;
    linker.define("env", "which", [i] { return i; });
    const Global number =
        *Global::create(store, {.value = ValType::I32, .is_mutable = false}, Value::i32(10 * i));
    ASSERT_TRUE(linker.define(store, "env", "number", Extern(number)));
    const auto instance = linker.instantiate(store, module);
    ASSERT_TRUE(instance) << instance.error().message();
    EXPECT_EQ(call_i32(store, *instance, "direct"), i);
    EXPECT_EQ(call_i32(store, *instance, "indirect"), i);
    EXPECT_EQ(call_i32(store, *instance, "imported"), 10 * i);
  }
}

TEST_P(InstancesUsedAgain, HoldLimitsOfTheirNewStore) {
  const Engine engine = make_engine();
  const Module module = make_module(engine,
                                    "(module (memory (export \"m\") 2) (table 600 funcref)"
                                    " (func (export \"grow\") (result i32) (memory.grow (i32.const 4))))");
  for (int i = 0; i < 3; ++i) {
    Store wide(engine);
    EXPECT_EQ(call_i32(wide, *Instance::create(wide, module, {}), "grow"), 2);
    Store narrow(engine, {.max_memory_bytes = 4 * kPage});
    EXPECT_EQ(call_i32(narrow, *Instance::create(narrow, module, {}), "grow"), -1);
    Store none(engine, {.max_memory_bytes = kPage});
    EXPECT_FALSE(Instance::create(none, module, {}));
    Store budget(engine, {.max_total_memory_bytes = kPage});
    EXPECT_FALSE(Instance::create(budget, module, {}));
    Store tables(engine, {.max_table_elements = 100});
    EXPECT_FALSE(Instance::create(tables, module, {}));
  }
}

TEST_P(InstancesUsedAgain, StartFunctionsRunEachTime) {
  const Engine engine = make_engine();
  const Module module = make_module(engine,
                                    "(module (memory (export \"m\") 1) (func $f (i32.store8 (i32.const 5)"
                                    " (i32.add (i32.load8_u (i32.const 5)) (i32.const 1)))) (start $f))");
  for (int i = 0; i < 4; ++i) {
    Store store(engine);
    const auto instance = Instance::create(store, module, {});
    EXPECT_EQ(bytes_of(store, *instance, "m")[5], 1);
  }
}

TEST_P(InstancesUsedAgain, OnSeveralThreads) {
  const Engine engine = make_engine();
  const Module module = make_module(engine, kGuest);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        Store store(engine);
        const auto instance = Instance::create(store, module, {});
        ASSERT_TRUE(instance);
        if (i % 5 == 0) expect_new(store, *instance);
        dirty(store, *instance, i);
      }
    });
  for (std::thread& each : threads) each.join();
}

TEST_P(InstancesUsedAgain, OutliveTheirModuleAndEngineHandles) {
  std::optional<Engine> engine = make_engine();
  std::optional<Module> module = make_module(*engine, kGuest);
  std::vector<Store> stores;
  for (int i = 0; i < 3; ++i) {
    stores.emplace_back(*engine);
    ASSERT_TRUE(Instance::create(stores.back(), *module, {}));
  }
  stores.pop_back();
  module.reset();
  stores.pop_back();
  engine.reset();
}

TEST_P(InstancesUsedAgain, ForksSeeNothingOfEachOther) {
  const Engine engine = make_engine();
  const Module module = make_module(engine, kGuest);
  std::optional<Store> first(engine);
  const auto origin = Instance::create(*first, module, {});
  auto bytes = bytes_of(*first, *origin, "memory");
  std::ranges::fill(bytes.subspan(4096, 5000), uint8_t{0x11});
  ASSERT_EQ(call_i32(*first, *origin, "grow"), 2);
  bytes_of(*first, *origin, "memory")[4 * kPage] = 0x22;
  ASSERT_TRUE(origin->find_global(*first, "number")->set(*first, Value::i32(55)));
  const auto snapshot = origin->snapshot(*first);
  ASSERT_TRUE(snapshot) << snapshot.error().message();
  // What the origin does later does not matter.
  dirty(*first, *origin, 0);
  first.reset();
  for (int i = 0; i < 12; ++i) {
    Store store(engine), other(engine);
    const auto fork = snapshot->instantiate(store, {});
    const auto sibling = snapshot->instantiate(other, {});
    ASSERT_TRUE(fork) << fork.error().message();
    dirty(other, *sibling, i);
    const auto memory = bytes_of(store, *fork, "memory");
    ASSERT_EQ(memory.size(), 5 * kPage);
    expect_contents(
        memory, {{1000, "begins"}, {4096, std::string(5000, 0x11)}, {66000, "ends"}, {4 * kPage, "\x22"}});
    EXPECT_EQ(fork->find_global(store, "number")->get(store)->as_i32(), 55);
    EXPECT_EQ(*fork->find_table(store, "table")->size(store), 4u);
    EXPECT_EQ(call_i32(store, *fork, "one"), 1);
    dirty(store, *fork, i + 1);
    if (HasFailure()) FAIL() << "in round " << i;
  }
}

Engine plain_engine() { return *Engine::create({.tier = Tier::Interpreter}); }

TEST(Snapshot, IsWrittenAndReadAgain) {
  const Engine engine = plain_engine();
  std::vector<uint8_t> written;
  {
    const Module module = *Module::from_text(engine, kGuest);
    Store store(engine);
    const auto instance = Instance::create(store, module, {});
    ASSERT_EQ(call_i32(store, *instance, "use"), 2);
    ASSERT_TRUE(instance->find_global(store, "number")->set(store, Value::i32(-3)));
    written = *instance->snapshot(store)->serialize();
  }
  for (int round = 0; round < 2; ++round) {
    const auto module = Module::from_bytes(engine, written);
    ASSERT_TRUE(module) << module.error().message();
    const auto snapshot = Snapshot::of(*module);
    ASSERT_TRUE(snapshot && *snapshot) << snapshot.error().message();
    Store store(engine);
    const auto instance = (*snapshot)->instantiate(store, {});
    ASSERT_TRUE(instance) << instance.error().message();
    EXPECT_EQ(instance->find_global(store, "number")->get(store)->as_i32(), -3);
    const auto memory = bytes_of(store, *instance, "memory");
    expect_contents(memory, {{0, "passive"}, {1000, "begins"}, {66000, "ends"}});
    EXPECT_FALSE(instance->find_table(store, "table")->get(store, 0)->is_null());
    // Where the section is not looked at, the module begins at the beginning.
    Store fresh(engine);
    expect_new(fresh, *Instance::create(fresh, *module, {}));
    EXPECT_EQ(*(*snapshot)->serialize(), written);
    // the state alone, of a module that is known
    std::vector<uint8_t> state = (*snapshot)->serialize_state();
    const auto again = Snapshot::with_state(*module, state);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(*again->serialize(), written);
    state.pop_back();
    EXPECT_EQ(Snapshot::with_state(*module, state).error().kind(), ErrorKind::Malformed);
    EXPECT_EQ(Snapshot::with_state(*Module::from_text(engine, "(module)"), state).error().kind(),
              ErrorKind::Malformed);
  }
}

TEST(Snapshot, SaysWhatCannotBeTaken) {
  const Engine engine = plain_engine();
  const auto error_of = [&engine](std::string_view text) {
    const auto module = Module::from_text(engine, text);
    EXPECT_TRUE(module) << module.error().message();
    Store store(engine);
    const auto instance = Instance::create(store, *module, {});
    EXPECT_TRUE(instance) << instance.error().message();
    const auto taken = instance->snapshot(store);
    return taken ? std::string() : taken.error().message();
  };
  EXPECT_EQ(error_of("(module (type (struct)))"),
            "the instance's state cannot be taken: the module has structs, arrays or exceptions");
  EXPECT_EQ(error_of("(module (memory 1 1 shared))"),
            "the instance's state cannot be taken: it has a shared memory");
  const Module holds =
      *Module::from_text(engine, "(module (global (export \"g\") (mut externref) (ref.null extern)))");
  Store store(engine);
  const auto instance = Instance::create(store, holds, {});
  ASSERT_TRUE(instance->find_global(store, "g")->set(store, *store.externref(1)));
  EXPECT_EQ(instance->snapshot(store).error().message(),
            "the instance's state cannot be taken: global 0 holds a reference of type externref");
  Store other(engine);
  EXPECT_EQ(instance->snapshot(other).error().message(), "the instance belongs to another store");
  const Module none = *Module::from_text(engine, "(module)");
  EXPECT_FALSE(Snapshot::of(none)->has_value());
}

TEST(Snapshot, CannotBeTakenWhileAGuestRuns) {
  const Engine engine = plain_engine();
  const Module module = *Module::from_text(
      engine, "(module (import \"env\" \"f\" (func $f)) (func (export \"go\") (call $f)))");
  Store store(engine);
  std::optional<Instance> instance;
  std::string message;
  Linker linker;
  linker.define("env", "f", [&](Caller&) { message = instance->snapshot(store).error().message(); });
  instance.emplace(*linker.instantiate(store, module));
  ASSERT_TRUE(instance->find_func(store, "go")->call(store));
  EXPECT_EQ(message,
            "a snapshot cannot be taken while a guest of the store runs: its frames are no part of it");
}

// Whatever the section says, it is refused or what comes of it is an instance like any other.
TEST(Snapshot, IsNotTrusted) {
  const Engine engine = plain_engine();
  const Module module = *Module::from_text(engine, R"((module
    (memory (export "memory") 1 2) (table (export "table") 2 5 funcref) (elem (i32.const 0) $one)
    (global (export "func") (mut funcref) (ref.func $one)) (global (export "set") (ref func) (ref.func $one))
    (elem $later funcref (ref.func $one))
    (func $one (result i32) (i32.const 1))
    (func (export "go") (result i32)
      (i32.store (i32.const 65000) (i32.const 5)) (drop (memory.grow (i32.const 1)))
      (table.set 0 (i32.const 0) (global.get 1))
      (table.init 0 $later (i32.const 1) (i32.const 0) (i32.const 1))
      (call_indirect (result i32) (i32.const 0)))))");
  Store origin(engine);
  const std::vector<uint8_t> good = *Instance::create(origin, module, {})->snapshot(origin)->serialize();
  size_t refused = 0, run = 0;
  const auto attempt = [&](const std::vector<uint8_t>& bytes) {
    const auto changed = Module::from_bytes(engine, bytes);
    if (!changed) return;
    const auto snapshot = Snapshot::of(*changed);
    if (!snapshot) {
      EXPECT_EQ(snapshot.error().kind(), ErrorKind::Malformed) << snapshot.error().message();
      ++refused;
      return;
    }
    if (!*snapshot) return;
    Store store(engine, {.max_total_memory_bytes = 16 << 20});
    const auto instance = (*snapshot)->instantiate(store, {});
    if (!instance) return;
    (void)instance->find_func(store, "go")->call(store);
    ++run;
  };
  const size_t begin = good.size() - 250 < good.size() ? good.size() - 250 : 0;
  for (size_t at = begin; at < good.size(); ++at) {
    for (const int change : {1, 2, 0x80, 0xFF}) {
      std::vector<uint8_t> bytes = good;
      bytes[at] ^= static_cast<uint8_t>(change);
      attempt(bytes);
    }
  }
  EXPECT_GT(refused, 100u);
  EXPECT_GT(run, 0u);
}

}  // namespace
