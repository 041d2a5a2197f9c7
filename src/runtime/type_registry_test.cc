// Canonical types across modules, and matching of value types.
#include "runtime/type_registry.h"

#include <gtest/gtest.h>

#include <thread>

#include "runtime/test_support.h"

namespace godwit::runtime {
namespace {

using testing::Declarations;
using wasm::HeapType;
using wasm::ValKind;
using wasm::ValType;

ValType ref(HeapType::Abstract heap, bool nullable = true) { return ValType::ref(heap, nullable); }
ValType ref(uint32_t id, bool nullable = true) { return ValType::ref(HeapType(wasm::TypeIdx(id)), nullable); }

TEST(TypeRegistry, GivesEqualTypesOfDifferentModulesOneId) {
  TypeRegistry types;
  Declarations first;
  first.type({ValKind::I32}, {});
  first.type({}, {ValKind::I64});
  Declarations second;
  second.type({}, {ValKind::I64});
  const auto ids = types.intern(first.module);
  const auto others = types.intern(second.module);
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_EQ(ids[1], others[0]);
  EXPECT_EQ(types.intern(wasm::FuncType{{ValKind::I32}, {}}), ids[0]);
  EXPECT_EQ(types.func_type(ids[1]).results, std::vector<ValType>{ValKind::I64});
}

TEST(TypeRegistry, SaysWhenItIsFull) {
  TypeRegistry types;
  Declarations declarations;
  declarations.type({ValKind::I32}, {});
  declarations.type({ValKind::I64}, {});
  EXPECT_TRUE(types.has_room_for(declarations.module));
  EXPECT_TRUE(types.has_room_for(declarations.module, 2));
  EXPECT_FALSE(types.has_room_for(declarations.module, 1));
  types.intern(declarations.module);
  EXPECT_FALSE(types.has_room_for(declarations.module, 3));
  EXPECT_TRUE(types.has_room_for(declarations.module, 4));
}

TEST(TypeRegistry, FollowsDeclaredSupertypes) {
  TypeRegistry types;
  Declarations declarations;
  wasm::SubType base;
  base.is_final = false;
  declarations.add_type(base);
  wasm::SubType derived = base;
  derived.super = wasm::TypeIdx(0);
  declarations.add_type(derived);
  derived.super = wasm::TypeIdx(1);
  declarations.add_type(derived);
  const auto ids = types.intern(declarations.module);
  EXPECT_TRUE(types.is_subtype(ids[2], ids[0]));
  EXPECT_TRUE(types.is_subtype(ids[1], ids[1]));
  EXPECT_FALSE(types.is_subtype(ids[0], ids[1]));
  EXPECT_TRUE(types.matches(ref(ids[2]), ref(ids[1])));
  EXPECT_TRUE(types.matches(ref(ids[2], false), wasm::kFuncRef));
  EXPECT_FALSE(types.matches(ref(ids[2]), ref(ids[1], false)));
  EXPECT_FALSE(types.matches(wasm::kFuncRef, ref(ids[0])));
  EXPECT_TRUE(types.matches(ref(HeapType::Abstract::NoFunc), ref(ids[0])));
  EXPECT_FALSE(types.matches(ref(HeapType::Abstract::None), ref(ids[0])));
}

TEST(TypeRegistry, MatchesAbstractHeapTypes) {
  using enum HeapType::Abstract;
  TypeRegistry types;
  for (const auto heap : {Eq, I31, Struct, Array, None}) EXPECT_TRUE(types.matches(ref(heap), ref(Any)));
  for (const auto heap : {I31, Struct, Array, None}) EXPECT_TRUE(types.matches(ref(heap), ref(Eq)));
  for (const auto heap : {I31, Struct, Array}) {
    EXPECT_TRUE(types.matches(ref(None), ref(heap)));
    EXPECT_FALSE(types.matches(ref(Eq), ref(heap)));
  }
  EXPECT_FALSE(types.matches(ref(I31), ref(Struct)));
  EXPECT_FALSE(types.matches(ref(Func), ref(Any)));
  EXPECT_FALSE(types.matches(ref(Extern), ref(Any)));
  EXPECT_TRUE(types.matches(ref(NoExtern), ref(Extern)));
  EXPECT_TRUE(types.matches(ref(NoExn), ref(Exn)));
  EXPECT_FALSE(types.matches(ValKind::I32, ValKind::I64));
  EXPECT_FALSE(types.matches(ValKind::I32, ref(Any)));
}

TEST(TypeRegistry, StructsAndArraysStandBelowTheirAbstractTypes) {
  using enum HeapType::Abstract;
  TypeRegistry types;
  Declarations declarations;
  wasm::SubType point;
  point.kind = wasm::CompositeKind::Struct;
  point.fields = {{ValKind::I32, true}};
  declarations.add_type(point);
  point.kind = wasm::CompositeKind::Array;
  declarations.add_type(point);
  const auto ids = types.intern(declarations.module);
  EXPECT_TRUE(types.matches(ref(ids[0]), ref(Struct)));
  EXPECT_TRUE(types.matches(ref(ids[0]), ref(Any)));
  EXPECT_FALSE(types.matches(ref(ids[0]), ref(Array)));
  EXPECT_TRUE(types.matches(ref(ids[1]), ref(Array)));
  EXPECT_TRUE(types.matches(ref(None), ref(ids[1])));
}

TEST(TypeRegistry, ServesThreadsAtTheSameTime) {
  TypeRegistry types;
  std::vector<std::vector<uint32_t>> ids(4);
  std::vector<std::thread> threads;
  for (auto& mine : ids) {
    threads.emplace_back([&types, &mine] {
      for (size_t params = 0; params < 50; ++params) {
        mine.push_back(types.intern(wasm::FuncType{std::vector<ValType>(params, ValKind::I32), {}}));
        EXPECT_EQ(types.func_type(mine.back()).params.size(), params);
        EXPECT_TRUE(types.is_subtype(mine.back(), mine.back()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : ids) EXPECT_EQ(mine, ids[0]);
}

}  // namespace
}  // namespace godwit::runtime
