// References that embedders hold: what they refer to lives as long as they do.
#include <gtest/gtest.h>

#include "godwit/godwit.h"

namespace {

using namespace godwit;

constexpr std::string_view kText = R"(
  (module
    (type $pair (sub (struct (field (mut anyref)) (field (mut i32)))))
    (type $triple (sub $pair (struct (field (mut anyref)) (field (mut i32)) (field i32))))
    (type $other (struct (field i64)))
    (func (export "make") (param anyref i32) (result (ref $pair))
      (struct.new $pair (local.get 0) (local.get 1)))
    (func (export "triple") (result (ref $triple)) (struct.new $triple (ref.null any) (i32.const 3) (i32.const 9)))
    (func (export "other") (result anyref) (struct.new $other (i64.const 1)))
    (func (export "small") (param i32) (result anyref) (ref.i31 (local.get 0)))
    (func (export "number") (param (ref $pair)) (result i32) (struct.get $pair 1 (local.get 0)))
    (func (export "first") (param (ref $pair)) (result anyref) (struct.get $pair 0 (local.get 0)))
    (func (export "outside") (param anyref) (result externref) (extern.convert_any (local.get 0)))
    (func (export "inside") (param externref) (result anyref) (any.convert_extern (local.get 0)))
    (func (export "waste") (param $n i32)
      (loop $l
        (drop (struct.new $pair (ref.null any) (i32.const -1)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
)";

struct World {
  explicit World(const Limits& limits = {}) : engine(*Engine::create()), store(engine, limits) {
    auto module = Module::from_text(engine, kText, "references");
    EXPECT_TRUE(module) << (module ? "" : module.error().message());
    auto made = linker.instantiate(store, *module);
    EXPECT_TRUE(made);
    instance = *made;
  }
  Result<std::vector<Value>> try_call(std::string_view name, std::vector<Value> args) {
    return instance->find_func(store, name)->call(store, args);
  }
  Value call(std::string_view name, std::vector<Value> args = {}) {
    auto results = try_call(name, std::move(args));
    EXPECT_TRUE(results) << name << ": " << (results ? "" : results.error().message());
    return results && !results->empty() ? (*results)[0] : Value();
  }

  Engine engine;
  Linker linker;
  Store store;
  std::optional<Instance> instance;
};

TEST(References, KeepWhatTheyReferTo) {
  World world;
  std::vector<Value> held;
  for (int32_t i = 0; i < 100; ++i)
    held.push_back(
        world.call("make", {i == 0 ? Value::null(ValType::OtherRef) : held.back(), Value::i32(i)}));
  world.call("waste", {Value::i32(2'000'000)});
  ASSERT_TRUE(world.store.collect_garbage());
  EXPECT_GE(world.store.garbage_statistics().live_bytes, 1600U);
  for (int32_t i = 0; i < 100; ++i)
    EXPECT_EQ(world.call("number", {held[static_cast<size_t>(i)]}).as_i32(), i);
  // The last one leads to all others.
  held.erase(held.begin(), held.end() - 1);
  ASSERT_TRUE(world.store.collect_garbage());
  Value at = held[0];
  for (int32_t i = 99; i > 0; --i) {
    EXPECT_EQ(world.call("number", {at}).as_i32(), i);
    at = world.call("first", {at});
  }
  held.clear();
  at = Value();
  ASSERT_TRUE(world.store.collect_garbage());
  EXPECT_EQ(world.store.garbage_statistics().live_bytes, 0U);
}

TEST(References, CarryTheHostsNumbers) {
  World world;
  const auto made = world.store.externref(0xFEED'0000'1234);
  ASSERT_TRUE(made);
  ASSERT_TRUE(world.store.collect_garbage());
  EXPECT_EQ(world.store.host_value(*made), 0xFEED'0000'1234U);
  const Value inside = world.call("inside", {*made});
  EXPECT_EQ(world.store.host_value(inside), 0xFEED'0000'1234U);
  const Value outside = world.call("outside", {inside});
  EXPECT_EQ(world.store.host_value(outside), 0xFEED'0000'1234U);
  // what is small goes the same ways
  const Value small = world.call("outside", {world.call("small", {Value::i32(5)})});
  EXPECT_EQ(small.type(), ValType::ExternRef);
  EXPECT_EQ(world.call("inside", {small}).type(), ValType::OtherRef);
  EXPECT_EQ(world.store.host_value(small), std::nullopt);
  EXPECT_EQ(world.store.host_value(world.call("small", {Value::i32(5)})), std::nullopt);
  EXPECT_EQ(world.store.host_value(Value::null(ValType::ExternRef)), std::nullopt);
  Store other(world.engine);
  EXPECT_EQ(other.host_value(*made), std::nullopt);
}

TEST(References, AreCheckedAgainstParameters) {
  World world;
  const Value triple = world.call("triple");
  EXPECT_EQ(world.call("number", {triple}).as_i32(), 3);  // a subtype
  for (const Value& wrong :
       {world.call("other"), world.call("small", {Value::i32(1)}), *world.store.externref(1)}) {
    const auto refused = world.try_call("number", {wrong});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::Usage);
  }
  World second;
  EXPECT_FALSE(second.try_call("number", {triple}));
}

TEST(References, OutliveTheirStore) {
  Value kept;
  {
    World world;
    kept = world.call("triple");
  }
  const Value copy = kept;
  EXPECT_FALSE(copy.is_null());
}

TEST(References, AreLimited) {
  Limits limits;
  limits.max_gc_heap_bytes = 1 << 20;
  World world(limits);
  std::vector<Value> held;
  for (;;) {
    auto made = world.store.externref(held.size());
    if (!made) {
      EXPECT_EQ(made.error().kind(), ErrorKind::Exhausted);
      break;
    }
    held.push_back(*made);
  }
  EXPECT_GT(held.size(), 30'000U);
  for (size_t i = 0; i < held.size(); i += 1000) EXPECT_EQ(world.store.host_value(held[i]), i);
}

}  // namespace
