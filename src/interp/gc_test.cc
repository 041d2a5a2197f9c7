// Structs, arrays and the collector under running guests: everything a guest can reach survives, whatever holds it.
#include <gtest/gtest.h>

#include <thread>

#include "interp/test_world.h"
#include "runtime/gc_heap.h"
#include "runtime/instance.h"

namespace godwit::interp::testing {
namespace {

using runtime::GcHandle;
using runtime::Limits;
using runtime::Slot;
using runtime::Trap;
using wasm::CompositeKind;
using wasm::ElemIdx;
using wasm::GlobalIdx;
using wasm::HeapType;
using wasm::SegmentMode;
using wasm::SubType;
using wasm::TableIdx;

constexpr ValType kAny = ValType::ref(HeapType::Abstract::Any, true);

ValType ref(TypeIdx type, bool nullable = true) { return ValType::ref(HeapType(type), nullable); }

SubType structure(std::vector<wasm::FieldType> fields) {
  SubType type;
  type.kind = CompositeKind::Struct;
  type.fields = std::move(fields);
  return type;
}
SubType array_of(ValType element) {
  SubType type;
  type.kind = CompositeKind::Array;
  type.fields = {{element, true}};
  return type;
}

// Each test runs folded and unfolded, with and without a collection at every allocation.
class Gc : public ::testing::TestWithParam<std::pair<bool, bool>> {
 protected:
  Gc() : world(limits(), {.fold = GetParam().first}) {}
  static Limits limits() {
    Limits limits;
    limits.gc_collects_always = GetParam().second;
    return limits;
  }
  World world;
};
INSTANTIATE_TEST_SUITE_P(Modes, Gc,
                         ::testing::Values(std::pair(true, false), std::pair(false, false),
                                           std::pair(true, true), std::pair(false, true)));

// list(n): a list of n cells, built by recursion, so that each waits in the frame of a call that has not ended.
TEST_P(Gc, FramesOfCallersAreRoots) {
  ModuleBuilder module;
  const TypeIdx cell = module.type(structure({{kAny, true}, {ValKind::I32, true}}));
  const TypeIdx make = module.type({{ValKind::I32}, {ref(cell)}});
  const TypeIdx sum_type = module.type({{ValKind::I32}, {ValKind::I32}});
  CodeBuilder code;
  // A cell, made first and kept by the frame; its rest is made by the call.
  code.i32(0).op(Opcode::local_get, 0).op(Opcode::i32_ne);
  code.block(Opcode::if_, ref(cell));
  code.add({.op = Opcode::ref_null, .type = kAny})
      .op(Opcode::local_get, 0)
      .op(Opcode::struct_new, cell.value);
  code.op(Opcode::local_tee, 1);
  code.op(Opcode::local_get, 1).op(Opcode::local_get, 0).i32(1).op(Opcode::i32_sub).op(Opcode::call, 0);
  code.op(Opcode::struct_set, cell.value, 0);
  code.op(Opcode::else_).add({.op = Opcode::ref_null, .type = ref(cell)}).end();
  const FuncIdx list = module.func(make, {ref(cell)}, code);
  CodeBuilder walk;
  walk.op(Opcode::local_get, 0).op(Opcode::call, list.value).op(Opcode::local_set, 1);
  walk.block(Opcode::block).block(Opcode::loop);
  walk.op(Opcode::local_get, 1).op(Opcode::ref_is_null).op(Opcode::br_if, 1);
  walk.op(Opcode::local_get, 2).op(Opcode::local_get, 1).op(Opcode::struct_get, cell.value, 1);
  walk.op(Opcode::i32_add).op(Opcode::local_set, 2);
  walk.op(Opcode::local_get, 1).op(Opcode::struct_get, cell.value, 0);
  walk.add({.op = Opcode::ref_cast_null, .type = ref(cell)}).op(Opcode::local_set, 1);
  walk.op(Opcode::br, 0).end().end().op(Opcode::local_get, 2);
  module.export_as("sum", module.func(sum_type, {ref(cell), ValKind::I32}, walk));
  runtime::Instance* instance = world.instantiate(module);
  ASSERT_TRUE(instance);
  EXPECT_EQ(world.call(instance, "sum", {300}).i32(), 300 * 301 / 2);
}

// Every kind of field, written by struct.new and struct.set, and read back.
TEST_P(Gc, FieldsKeepWhatIsWritten) {
  ModuleBuilder module;
  const TypeIdx nothing = module.type(FuncType{});
  const ValType func = ref(nothing);
  const TypeIdx all = module.type(structure({{ValKind::I8, true},
                                             {ValKind::I16, true},
                                             {ValKind::I32, true},
                                             {ValKind::I64, true},
                                             {ValKind::F32, true},
                                             {ValKind::F64, true},
                                             {kAny, true},
                                             {func, true},
                                             {ValKind::I8, true}}));
  const FuncIdx empty = module.func(nothing, {}, CodeBuilder());
  module.elem(SegmentMode::Declarative, wasm::kFuncRef, {CodeBuilder().op(Opcode::ref_func, empty.value)});
  auto values = [&](CodeBuilder& code, int32_t salt) {
    code.i32(-1 - salt).i32(-2 - salt).i32(3 + salt).i64(int64_t{4} << 40).f32(5.5F).f64(6.25);
    code.i32(-7 - salt).op(Opcode::ref_i31).op(Opcode::ref_func, empty.value).i32(0);
  };
  // The sum of all fields, each weighed.
  auto sum = [&](CodeBuilder& code) {
    auto field = [&](Opcode op, uint32_t index) -> CodeBuilder& {
      return code.op(Opcode::local_get, 0).op(op, all.value, index);
    };
    field(Opcode::struct_get_s, 0).op(Opcode::i64_extend_i32_s);
    field(Opcode::struct_get_u, 1).op(Opcode::i64_extend_i32_u).op(Opcode::i64_add);
    field(Opcode::struct_get, 2).op(Opcode::i64_extend_i32_s).op(Opcode::i64_add);
    field(Opcode::struct_get, 3).op(Opcode::i64_add);
    field(Opcode::struct_get, 4).op(Opcode::f64_promote_f32);
    field(Opcode::struct_get, 5).op(Opcode::f64_add).f64(4).op(Opcode::f64_mul);
    code.op(Opcode::i64_trunc_sat_f64_s).op(Opcode::i64_add);
    field(Opcode::struct_get, 6)
        .add({.op = Opcode::ref_cast, .type = ValType::ref(HeapType::Abstract::I31, false)});
    code.op(Opcode::i31_get_s).op(Opcode::i64_extend_i32_s).op(Opcode::i64_add);
    field(Opcode::struct_get, 7).op(Opcode::ref_is_null).op(Opcode::i64_extend_i32_s).op(Opcode::i64_add);
    field(Opcode::struct_get, 7).op(Opcode::call_ref, nothing.value);
  };
  CodeBuilder made;
  values(made, 0);
  made.op(Opcode::struct_new, all.value).op(Opcode::local_set, 0);
  sum(made);
  const TypeIdx result = module.type({{}, {ValKind::I64}});
  module.export_as("made", module.func(result, {ref(all)}, made));
  CodeBuilder set;
  set.op(Opcode::struct_new_default, all.value).op(Opcode::local_set, 0);
  for (uint32_t i = 0; i < 9; ++i) {
    set.op(Opcode::local_get, 0);
    switch (i) {
      case 0: set.i32(-11); break;
      case 1: set.i32(-12); break;
      case 2: set.i32(13); break;
      case 3: set.i64(int64_t{4} << 40); break;
      case 4: set.f32(5.5F); break;
      case 5: set.f64(6.25); break;
      case 6: set.i32(-17).op(Opcode::ref_i31); break;
      case 7: set.op(Opcode::ref_func, empty.value); break;
      default: set.i32(-1);
    }
    set.op(Opcode::struct_set, all.value, i);
  }
  sum(set);
  module.export_as("set", module.func(result, {ref(all)}, set));
  runtime::Instance* instance = world.instantiate(module);
  ASSERT_TRUE(instance);
  const int64_t wide = int64_t{4} << 40;
  EXPECT_EQ(world.call(instance, "made").i64(), -1 + 0xFFFE + 3 + wide + 47 - 7);
  EXPECT_EQ(world.call(instance, "set").i64(), -11 + 0xFFF4 + 13 + wide + 47 - 17);
}

// Objects that only a global, a table, an element segment or another object holds.
TEST_P(Gc, GlobalsTablesAndSegmentsAreRoots) {
  ModuleBuilder module;
  const TypeIdx box = module.type(structure({{ValKind::I32, true}}));
  auto number = [&](int32_t value) { return CodeBuilder().i32(value).op(Opcode::struct_new, box.value); };
  const GlobalIdx global = module.global({ref(box, false), false}, number(1));
  const TableIdx table = module.table({ref(box), {.min = 2, .max = 2}}, number(20));
  const ElemIdx elem = module.elem(SegmentMode::Passive, ref(box), {number(300), number(4000)});
  CodeBuilder code;
  // Garbage, so that what is lost is overwritten.
  code.block(Opcode::loop).i32(-1).op(Opcode::struct_new, box.value).op(Opcode::drop);
  code.op(Opcode::local_get, 0)
      .i32(1)
      .op(Opcode::i32_sub)
      .op(Opcode::local_tee, 0)
      .op(Opcode::br_if, 0)
      .end();
  code.op(Opcode::global_get, global.value).op(Opcode::struct_get, box.value, 0);
  code.i32(1).op(Opcode::table_get, table.value).op(Opcode::struct_get, box.value, 0).op(Opcode::i32_add);
  code.i32(0).i32(0).i32(2).op(Opcode::table_init, elem.value, table.value);
  for (int32_t i = 0; i < 2; ++i)
    code.i32(i).op(Opcode::table_get, table.value).op(Opcode::struct_get, box.value, 0).op(Opcode::i32_add);
  module.export_as("sum", module.func(module.type({{ValKind::I32}, {ValKind::I32}}), {}, code));
  runtime::Instance* instance = world.instantiate(module);
  ASSERT_TRUE(instance);
  EXPECT_EQ(world.call(instance, "sum", {1000}).i32(), 4321);
}

// A host function makes externrefs while the guest holds others in locals and on its stack.
TEST_P(Gc, HostReferencesAreCollectedAndNotTooEarly) {
  ModuleBuilder module;
  const TypeIdx maker = module.type({{ValKind::I32}, {wasm::kExternRef}});
  const TypeIdx reader = module.type({{wasm::kExternRef}, {ValKind::I32}});
  const FuncIdx make = module.import_func("host", "make", maker);
  const FuncIdx read = module.import_func("host", "read", reader);
  CodeBuilder code;
  code.i32(40).op(Opcode::call, make.value).op(Opcode::local_set, 1);
  code.i32(2).op(Opcode::call, make.value);
  code.block(Opcode::loop).i32(7).op(Opcode::call, make.value).op(Opcode::drop);
  code.op(Opcode::local_get, 0)
      .i32(1)
      .op(Opcode::i32_sub)
      .op(Opcode::local_tee, 0)
      .op(Opcode::br_if, 0)
      .end();
  code.op(Opcode::call, read.value).op(Opcode::local_get, 1).op(Opcode::call, read.value).op(Opcode::i32_add);
  module.export_as("run",
                   module.func(module.type({{ValKind::I32}, {ValKind::I32}}), {wasm::kExternRef}, code));
  world.linker.define({"host",
                       "make",
                       {{ValKind::I32}, {wasm::kExternRef}},
                       +[](void*, runtime::VmContext* caller, Slot* slots) {
                         auto made = caller->store->store->new_extern(static_cast<uint32_t>(slots[0]));
                         if (!made) return caller->store->store->raise(std::move(made).error()), false;
                         slots[0] = *made;
                         return true;
                       },
                       nullptr});
  world.linker.define({"host",
                       "read",
                       {{wasm::kExternRef}, {ValKind::I32}},
                       +[](void*, runtime::VmContext*, Slot* slots) {
                         slots[0] = runtime::Store::extern_value(slots[0]).value_or(999);
                         return true;
                       },
                       nullptr});
  runtime::Instance* instance = world.instantiate(module);
  ASSERT_TRUE(instance);
  const uint32_t rounds = GetParam().second ? 1000 : 2'000'000;
  EXPECT_EQ(world.call(instance, "run", {rounds}).i32(), 42);
  EXPECT_GT(world.store.gc_heap()->statistics().collections, 1U);
  EXPECT_LT(world.store.gc_heap()->used_bytes(), uint64_t{16} << 20);
}

TEST_P(Gc, HandlesKeepWhatTheHostHolds) {
  auto kept = world.store.new_extern(1);
  auto lost = world.store.new_extern(2);
  ASSERT_TRUE(kept && lost);
  auto lives = [&](runtime::Ref ref) {
    return world.store.gc_heap()->find_object(static_cast<uint32_t>(ref)) != 0;
  };
  GcHandle copy;
  {
    const GcHandle handle = world.store.new_handle(*kept);
    copy = handle;
  }
  ASSERT_TRUE(world.store.collect_garbage());
  EXPECT_TRUE(lives(*kept));
  EXPECT_FALSE(lives(*lost));
  EXPECT_EQ(runtime::Store::extern_value(copy.ref()), 1U);
  copy = GcHandle();
  ASSERT_TRUE(world.store.collect_garbage());
  EXPECT_FALSE(lives(*kept));
}

TEST(GcLimits, AFullHeapIsAnErrorOfTheGuests) {
  ModuleBuilder module;
  const TypeIdx array = module.type(array_of(ValKind::I64));
  CodeBuilder code;
  code.op(Opcode::local_get, 0).op(Opcode::array_new_default, array.value).op(Opcode::array_len);
  module.export_as("make", module.func(module.type({{ValKind::I32}, {ValKind::I32}}), {}, code));
  Limits limits;
  limits.max_gc_heap_bytes = uint64_t{1} << 20;
  World world(limits);
  runtime::Instance* instance = world.instantiate(module);
  ASSERT_TRUE(instance);
  EXPECT_EQ(world.call(instance, "make", {1000}).i32(), 1000);
  for (const Slot length : {Slot{200'000}, Slot{0x1FFF'FFFF}, Slot{0x2000'0000}, Slot{0xFFFF'FFFF}}) {
    const Outcome outcome = world.call(instance, "make", {length});
    ASSERT_TRUE(outcome.error) << length;
    EXPECT_EQ(outcome.error->kind(), ErrorKind::Exhausted);
    EXPECT_EQ(outcome.trap(), Trap::OutOfGcHeap);
  }
  EXPECT_EQ(world.call(instance, "make", {100'000}).i32(), 100'000);
}

// Interruption reaches guests that only allocate, and those that are in one long instruction.
TEST(GcLimits, InterruptionEndsAllocationAndFilling) {
  ModuleBuilder module;
  const TypeIdx array = module.type(array_of(ValKind::I64));
  const TypeIdx cell = module.type(structure({{kAny, true}}));
  CodeBuilder grow;  // an endless list
  grow.block(Opcode::loop)
      .op(Opcode::local_get, 0)
      .op(Opcode::struct_new, cell.value)
      .op(Opcode::local_set, 0);
  grow.op(Opcode::br, 0).end();
  const TypeIdx nothing = module.type(FuncType{});
  module.export_as("grow", module.func(nothing, {kAny}, grow));
  CodeBuilder fill;
  fill.i32(50'000'000).op(Opcode::array_new_default, array.value).op(Opcode::local_set, 0);
  fill.block(Opcode::loop)
      .op(Opcode::local_get, 0)
      .i32(0)
      .i64(1)
      .i32(50'000'000)
      .op(Opcode::array_fill, array.value);
  fill.op(Opcode::br, 0).end();
  module.export_as("fill", module.func(nothing, {ref(array)}, fill));
  World world;
  runtime::Instance* instance = world.instantiate(module);
  ASSERT_TRUE(instance);
  for (const char* name : {"grow", "fill"}) {
    std::thread timer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      world.store.interrupt();
    });
    const Outcome outcome = world.call(instance, name);
    timer.join();
    EXPECT_EQ(outcome.trap(), Trap::Interrupted) << name;
  }
}

}  // namespace
}  // namespace godwit::interp::testing
