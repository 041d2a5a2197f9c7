// Instantiation: order, initialisers, segments, records, and what stays when it fails.
#include "runtime/instance.h"

#include <gtest/gtest.h>

#include <thread>

#include "runtime/test_support.h"

namespace godwit::runtime {
namespace {

using testing::Declarations;
using testing::limits;
using testing::World;
using wasm::ExternKind;
using wasm::SegmentMode;
using wasm::ValKind;

Result<Instance*> instantiate_alone(World& world, Declarations& declarations) {
  return instantiate(world.store, declarations.build(world.types), {});
}

Extern extern_of(Memory* memory) {
  Extern value;
  value.kind = ExternKind::Mem;
  value.memory = memory;
  return value;
}
Extern extern_of(Table* table) {
  Extern value;
  value.kind = ExternKind::Table;
  value.table = table;
  return value;
}
Extern extern_of(Global* global) {
  Extern value;
  value.kind = ExternKind::Global;
  value.global = global;
  return value;
}

wasm::ElemSegment funcs_at(Declarations& d, int32_t offset, std::vector<wasm::FuncIdx> funcs) {
  for (const wasm::FuncIdx func : funcs) d.declare(func.value);
  wasm::ElemSegment segment;
  segment.mode = SegmentMode::Active;
  segment.offset = d.i32(offset);
  segment.funcs = std::move(funcs);
  return segment;
}
wasm::DataSegment data_at(Declarations& d, int32_t offset, const std::vector<uint8_t>& bytes) {
  wasm::DataSegment segment;
  segment.mode = SegmentMode::Active;
  segment.offset = d.i32(offset);
  segment.bytes = d.append(bytes);
  return segment;
}

TEST(Instance, EvaluatesGlobalsInOrder) {
  World world;
  Declarations d;
  d.import_global("env", "base", {ValKind::I32, false});
  d.module.globals.push_back(
      {{ValKind::I32, true}, d.raw({0x23, 0, 0x41, 5, 0x6A, 0x41, 3, 0x6C})});           // (base+5)*3
  d.module.globals.push_back({{ValKind::I64, false}, d.raw({0x42, 2, 0x42, 9, 0x7D})});  // 2-9
  d.module.globals.push_back({{ValKind::I32, false}, d.raw({0x23, 1})});
  d.module.globals.push_back({{ValKind::F32, false}, d.raw({0x43, 0, 0, 0x80, 0x3F})});
  d.export_as("own", ExternKind::Global, 1);
  const Slot base[2] = {uint64_t{0xAAAAAAAA00000000} | 7, 0};  // the high half of an i32 means nothing
  const Extern imports[] = {extern_of(world.store.new_global({ValKind::I32, false}, base))};
  auto instance = instantiate(world.store, d.build(world.types), imports);
  ASSERT_TRUE(instance) << instance.error().message();
  const VmContext& vm = *(*instance)->vmctx();
  EXPECT_EQ(vm.globals[0].value[0], 36u);
  EXPECT_EQ(static_cast<int64_t>(vm.globals[1].value[0]), -7);
  EXPECT_EQ(vm.globals[2].value[0], 36u);
  EXPECT_EQ(vm.globals[3].value[0], 0x3F800000u);
  auto exported = (*instance)->find_export("own");
  ASSERT_TRUE(exported);
  EXPECT_EQ(exported->global->vm(), &vm.globals[0]);
  EXPECT_EQ((*instance)->get(ExternKind::Global, 1).global, exported->global);
  EXPECT_EQ((*instance)->get(ExternKind::Global, 0).global, imports[0].global);
}

TEST(Instance, MakesRecordsOfItsFunctionsOnce) {
  World world;
  Declarations d;
  const uint32_t type = d.type({}, {});
  d.func(type);
  const uint32_t exported = d.func(type);
  d.export_as("b", ExternKind::Func, exported);
  d.export_as("a", ExternKind::Func, exported);
  auto instance = instantiate_alone(world, d);
  ASSERT_TRUE(instance);
  FuncRecord* record = (*instance)->find_export("a")->func;
  EXPECT_EQ((*instance)->find_export("b")->func, record);
  EXPECT_EQ((*instance)->func(wasm::FuncIdx(exported)), record);
  EXPECT_EQ(record->vmctx, (*instance)->vmctx());
  EXPECT_EQ(record->index, exported);
  EXPECT_NE(record->entry.load(), nullptr);
  FuncRecord* hidden = (*instance)->func(wasm::FuncIdx(0));
  EXPECT_NE(hidden, record);
  EXPECT_EQ((*instance)->func(wasm::FuncIdx(0)), hidden);
  EXPECT_FALSE((*instance)->find_export("c"));
}

TEST(Instance, InitialisesTablesAndMemories) {
  World world;
  Declarations d;
  const uint32_t type = d.type({}, {});
  d.func(type);
  d.func(type);
  d.module.tables.push_back({{wasm::kFuncRef, limits(4)}, {}});
  d.module.tables.push_back({{wasm::kFuncRef, limits(3)}, d.ref_func(1)});
  d.module.memories.push_back({.limits = limits(1)});
  d.module.elems.push_back(funcs_at(d, 1, {wasm::FuncIdx(1), wasm::FuncIdx(0)}));
  d.module.datas.push_back(data_at(d, 10, {1, 2, 3}));
  auto instance = instantiate_alone(world, d);
  ASSERT_TRUE(instance) << instance.error().message();
  const VmContext& vm = *(*instance)->vmctx();
  const auto record = [&](uint32_t index) {
    return reinterpret_cast<Ref>((*instance)->func(wasm::FuncIdx(index)));
  };
  EXPECT_EQ(vm.tables[0]->base[0], 0u);
  EXPECT_EQ(vm.tables[0]->base[1], record(1));
  EXPECT_EQ(vm.tables[0]->base[2], record(0));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(vm.tables[1]->base[i], record(1));
  EXPECT_EQ(vm.memory0_base[11], 2);
  EXPECT_EQ(vm.memory0, vm.memories[0]);
  // Active segments are dropped by then.
  EXPECT_EQ((*instance)->memory_init(0, 0, 0, 0, 1), Trap::MemoryOutOfBounds);
  EXPECT_EQ((*instance)->table_init(0, 0, 0, 0, 1), Trap::TableOutOfBounds);
  EXPECT_EQ((*instance)->memory_init(0, 0, 65536, 0, 0), Trap::None);
}

TEST(Instance, BulkOperationsCheckInFullWidth) {
  World world;
  Declarations d;
  const uint32_t type = d.type({}, {});
  d.func(type);
  d.module.tables.push_back({{wasm::kFuncRef, limits(4)}, {}});
  d.module.memories.push_back({.limits = limits(1)});
  wasm::ElemSegment passive;
  passive.exprs = {d.ref_func(0), d.raw({0xD0, 0x70})};
  d.module.elems.push_back(passive);
  wasm::DataSegment data;
  data.bytes = d.append({1, 2, 3, 4});
  d.module.datas.push_back(data);
  auto made = instantiate_alone(world, d);
  ASSERT_TRUE(made) << made.error().message();
  Instance& instance = **made;
  const uint64_t most = ~uint64_t{0};
  EXPECT_EQ(instance.memory_init(0, 0, 65532, 0, 4), Trap::None);
  EXPECT_EQ(instance.memory_init(0, 0, 65533, 0, 4), Trap::MemoryOutOfBounds);
  EXPECT_EQ(instance.memory_init(0, 0, most, 0, 4), Trap::MemoryOutOfBounds);
  EXPECT_EQ(instance.memory_init(0, 0, 0, most, 2), Trap::MemoryOutOfBounds);
  EXPECT_EQ(instance.memory_init(0, 0, 0, 2, most), Trap::MemoryOutOfBounds);
  EXPECT_EQ(instance.table_init(0, 0, 2, 0, 2), Trap::None);
  EXPECT_NE(instance.vmctx()->tables[0]->base[2], 0u);
  EXPECT_EQ(instance.vmctx()->tables[0]->base[3], 0u);
  EXPECT_EQ(instance.table_init(0, 0, 3, 0, 2), Trap::TableOutOfBounds);
  EXPECT_EQ(instance.table_init(0, 0, 0, most, 2), Trap::TableOutOfBounds);
  instance.data_drop(0);
  instance.elem_drop(0);
  EXPECT_EQ(instance.memory_init(0, 0, 0, 0, 1), Trap::MemoryOutOfBounds);
  EXPECT_EQ(instance.memory_init(0, 0, 0, 0, 0), Trap::None);
  EXPECT_EQ(instance.table_init(0, 0, 0, 0, 1), Trap::TableOutOfBounds);
}

TEST(Instance, WhatWasWrittenBeforeATrapStays) {
  World world;
  auto memory = world.store.new_memory({.limits = limits(1)});
  auto table = world.store.new_table({wasm::kFuncRef, limits(2)}, 0);
  ASSERT_TRUE(memory && table);
  Declarations d;
  const uint32_t type = d.type({}, {});
  d.import_memory("env", "memory", {.limits = limits(1)});
  d.import_table("env", "table", {wasm::kFuncRef, limits(2)});
  d.func(type);
  d.module.elems.push_back(funcs_at(d, 0, {wasm::FuncIdx(0)}));
  d.module.datas.push_back(data_at(d, 0, {42}));
  d.module.datas.push_back(data_at(d, 65535, {1, 2}));
  const Extern imports[] = {extern_of(*memory), extern_of(*table)};
  auto instance = instantiate(world.store, d.build(world.types), imports);
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(instance.error().code(), static_cast<uint32_t>(Trap::MemoryOutOfBounds));
  EXPECT_EQ(instance.error().message(),
            "out of bounds memory access: data segment 1 of size 2 at 65535 does not fit in 65536");
  EXPECT_EQ((*memory)->bytes()[0], 42);
  // The function that lies in the table now is still callable.
  auto* record = reinterpret_cast<FuncRecord*>((*table)->elements()[0]);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->vmctx->memory0_base, (*memory)->vm().base);
  EXPECT_TRUE(world.store.call(*record, {}));
}

TEST(Instance, RunsItsStartFunctionLast) {
  World world;
  Declarations d;
  const uint32_t type = d.type({}, {});
  d.module.memories.push_back({.limits = limits(1)});
  d.module.datas.push_back(data_at(d, 0, {9}));
  d.func(type);
  d.module.start = wasm::FuncIdx(0);
  int starts = 0;
  world.executor.wasm = [&](Store&, FuncRecord& func, std::span<Slot>) -> Result<> {
    ++starts;
    EXPECT_EQ(func.vmctx->memory0_base[0], 9);
    return {};
  };
  EXPECT_TRUE(instantiate_alone(world, d));
  EXPECT_EQ(starts, 1);
  world.executor.wasm = [](Store&, FuncRecord&, std::span<Slot>) -> Result<> {
    return fail(ErrorKind::Trap, "unreachable");
  };
  auto failed = instantiate_alone(world, d);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), "unreachable");
}

TEST(Instance, HoldsTheStoresLimits) {
  TypeRegistry types;
  testing::FakeExecutor executor;
  Store store(types, executor, {.max_memory_bytes = 65536, .max_instances = 2, .max_memories = 1});
  Declarations plain;
  EXPECT_TRUE(instantiate(store, plain.build(types), {}));
  Declarations large;
  large.module.memories.push_back({.limits = limits(2)});
  auto too_large = instantiate(store, large.build(types), {});
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().kind(), ErrorKind::Exhausted);
  EXPECT_TRUE(instantiate(store, plain.build(types), {}));
  auto too_many = instantiate(store, plain.build(types), {});
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().message(), "the store's limit of 2 instances is reached");
}

TEST(Instance, CanBeInterruptedWhileTablesAreFilled) {
  World world;
  Declarations declarations;
  const uint32_t type = declarations.type({}, {});
  const uint32_t func = declarations.func(type);
  declarations.module.tables.push_back(
      {{.elem = wasm::kFuncRef, .limits = limits(1)}, declarations.ref_func(func)});
  const auto module = declarations.build(world.types);
  world.store.interrupt();
  auto stopped = instantiate(world.store, module, {});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(stopped.error().code(), static_cast<uint32_t>(Trap::Interrupted));
  EXPECT_TRUE(instantiate(world.store, module, {}));
}

TEST(Instance, ThreadsShareAModule) {
  TypeRegistry types;
  testing::FakeExecutor executor;
  Declarations d;
  const uint32_t type = d.type({ValKind::I32}, {});
  d.func(type);
  d.module.memories.push_back({.limits = limits(1)});
  d.module.tables.push_back({{wasm::kFuncRef, limits(4)}, {}});
  d.module.elems.push_back(funcs_at(d, 0, {wasm::FuncIdx(0)}));
  const std::shared_ptr<const Module> module = d.build(types);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        Store store(types, executor);
        auto instance = instantiate(store, module, {});
        ASSERT_TRUE(instance);
        EXPECT_NE((*instance)->vmctx()->tables[0]->base[0], 0u);
        ASSERT_TRUE(store.ensure_stacks());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace godwit::runtime
