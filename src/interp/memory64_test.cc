// 64-bit memories and tables, pages of one byte, and memories beyond the first: every access is checked in 64 bits.
#include "interp/test_world.h"
#include "runtime/memory.h"

namespace godwit::interp::testing {

namespace {

using runtime::Trap;
using wasm::AddrType;
using wasm::MemIdx;
using wasm::MemType;

constexpr uint64_t kPage = 65536;

MemType wide(uint64_t min, uint64_t max) {
  return {.limits = {.min = min, .max = max, .addr = AddrType::I64}};
}

// A load of each kind of operand place: the address in a slot, in the accumulator (as a sum), in a constant.
void add_functions(ModuleBuilder& builder, Opcode load, ValKind kind, uint64_t offset, MemIdx memory,
                   ValKind address) {
  bool is_wide = address == ValKind::I64;
  TypeIdx type = builder.type({{address}, {kind}});
  builder.export_as(
      "slot", builder.func(type, {}, CodeBuilder().op(Opcode::local_get, 0).access(load, offset, memory)));
  CodeBuilder sum;
  sum.op(Opcode::local_get, 0).op(Opcode::local_get, 0);
  sum.op(is_wide ? Opcode::i64_add : Opcode::i32_add).access(load, offset, memory);
  builder.export_as("sum", builder.func(type, {}, sum));
  CodeBuilder constant;
  if (is_wide) constant.i64(8);
  else constant.i32(8);
  constant.access(load, offset, memory);
  builder.export_as("constant", builder.func(type, {}, constant));
}

}  // namespace

TEST(Memory64, AddressesAndOffsetsAreCheckedWithoutWrapping) {
  for (uint64_t offset : {uint64_t{0}, uint64_t{16}, uint64_t{0xFFFF'FFFF}, ~uint64_t{0} - 7}) {
    SCOPED_TRACE(offset);
    World world;
    ModuleBuilder builder;
    MemIdx memory = builder.memory(wide(1, 1));
    builder.data(memory, CodeBuilder().i64(8), as_bytes("12345678abcdefgh"));
    builder.data(memory, CodeBuilder().i64(kPage - 8), as_bytes("87654321"));
    add_functions(builder, Opcode::i64_load, ValKind::I64, offset, memory, ValKind::I64);
    auto* instance = world.instantiate(builder);
    ASSERT_NE(instance, nullptr);
    const uint64_t last = kPage - 8 - offset;  // wraps for the larger offsets: then nothing is in bounds
    if (offset < kPage) {
      EXPECT_EQ(world.call(instance, "slot", {last}).slots.at(0), 0x3132333435363738u);
      EXPECT_EQ(world.call(instance, "sum", {last / 2}).slots.at(0), 0x3132333435363738u);
      EXPECT_EQ(world.call(instance, "constant", {0}).slots.at(0),
                offset == 0 ? 0x3837363534333231u : uint64_t{0});
    }
    for (uint64_t address :
         {last + 1, last + 8, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{0} - 7,
          ~uint64_t{0} - 8, 0 - offset, 0 - offset - 8, 0 - offset + kPage}) {
      if (offset == 0 && address == 0) continue;
      EXPECT_EQ(world.call(instance, "slot", {address}).trap(), Trap::MemoryOutOfBounds) << address;
    }
    EXPECT_EQ(world.call(instance, "sum", {uint64_t{1} << 62}).trap(), Trap::MemoryOutOfBounds);
  }
}

TEST(Memory64, EveryStoreIsReadBackByEveryWayToNameItsOperands) {
  struct Row {
    Opcode store, load;
    ValKind kind;
    uint64_t bits, kept;
  };
  const Row rows[] = {
      {Opcode::i32_store, Opcode::i32_load, ValKind::I32, 0x8765'4321, 0x8765'4321},
      {Opcode::i32_store8, Opcode::i32_load8_u, ValKind::I32, 0x8765'4321, 0x21},
      {Opcode::i32_store16, Opcode::i32_load16_u, ValKind::I32, 0x8765'C321, 0xC321},
      {Opcode::i64_store, Opcode::i64_load, ValKind::I64, 0x8765'4321'0FED'CBA9, 0x8765'4321'0FED'CBA9},
      {Opcode::i64_store8, Opcode::i64_load8_s, ValKind::I64, 0xFE, ~uint64_t{1}},
      {Opcode::i64_store16, Opcode::i64_load16_s, ValKind::I64, 0xFFFE, ~uint64_t{1}},
      {Opcode::i64_store32, Opcode::i64_load32_s, ValKind::I64, 0xFFFF'FFFE, ~uint64_t{1}},
      {Opcode::f32_store, Opcode::f32_load, ValKind::F32, 0x7FA0'0001, 0x7FA0'0001},
      {Opcode::f64_store, Opcode::f64_load, ValKind::F64, 0x7FF4'0000'0000'0001, 0x7FF4'0000'0000'0001},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(wasm::text_of(row.store));
    World world;
    ModuleBuilder builder;
    builder.memory(wide(1, 1));
    TypeIdx type = builder.type({{ValKind::I64, row.kind}, {row.kind}});
    auto finish = [&](CodeBuilder& code) -> CodeBuilder& {
      return code.op(Opcode::local_get, 0).access(row.load, 3);
    };
    CodeBuilder slots, value_acc, address_acc;
    slots.op(Opcode::local_get, 0).op(Opcode::local_get, 1).access(row.store, 3);
    // a block's result is in its slot, a call-free conversion's in the accumulator
    address_acc.op(Opcode::local_get, 0).i64(1).op(Opcode::i64_add).i64(1).op(Opcode::i64_sub);
    address_acc.op(Opcode::local_get, 1).access(row.store, 3);
    value_acc.op(Opcode::local_get, 0)
        .op(Opcode::local_get, 0)
        .access(row.store == Opcode::f32_store ? Opcode::i32_load : Opcode::i64_load);
    value_acc.op(Opcode::drop).op(Opcode::local_get, 1).op(Opcode::local_tee, 1).access(row.store, 3);
    builder.export_as("slots", builder.func(type, {}, finish(slots)));
    builder.export_as("address", builder.func(type, {}, finish(address_acc)));
    builder.export_as("value", builder.func(type, {}, finish(value_acc)));
    auto* instance = world.instantiate(builder);
    ASSERT_NE(instance, nullptr);
    for (const char* name : {"slots", "address", "value"}) {
      SCOPED_TRACE(name);
      uint64_t mask = row.kind == ValKind::I32 || row.kind == ValKind::F32 ? 0xFFFF'FFFF : ~uint64_t{0};
      auto outcome = world.call(instance, name, {100, row.bits}, 2);
      ASSERT_FALSE(outcome.error);
      EXPECT_EQ(outcome.slots[0] & mask, row.kept & mask);
      EXPECT_EQ(world.call(instance, name, {kPage - 3, row.bits}, 2).trap(), Trap::MemoryOutOfBounds);
      EXPECT_EQ(world.call(instance, name, {~uint64_t{0} - 2, row.bits}, 2).trap(), Trap::MemoryOutOfBounds);
    }
  }
}

TEST(Memory64, ConstantsAreStoredSignExtended) {
  World world;
  ModuleBuilder builder;
  builder.memory(wide(1, 1));
  TypeIdx type = builder.type({{ValKind::I64}, {ValKind::I64}});
  CodeBuilder code;
  code.op(Opcode::local_get, 0).i64(-2).access(Opcode::i64_store);
  code.op(Opcode::local_get, 0).i64(8).op(Opcode::i64_add).i32(-3).access(Opcode::i32_store);
  code.op(Opcode::local_get, 0).access(Opcode::i64_load).op(Opcode::local_get, 0);
  code.access(Opcode::i64_load, 8).op(Opcode::i64_xor);
  builder.export_as("f", builder.func(type, {}, code));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "f", {40}).slots.at(0), ~uint64_t{1} ^ 0xFFFF'FFFDu);
}

TEST(Memory64, VectorsAndLanes) {
  World world;
  ModuleBuilder builder;
  MemIdx memory = builder.memory(wide(1, 1));
  builder.data(memory, CodeBuilder().i64(kPage - 16), as_bytes("0123456789abcdef"));
  TypeIdx type = builder.type({{ValKind::I64}, {ValKind::I64}});
  CodeBuilder load;
  load.op(Opcode::local_get, 0)
      .access(Opcode::v128_load, 1)
      .add({.op = Opcode::i64x2_extract_lane, .index2 = 1});
  CodeBuilder store;
  store.op(Opcode::local_get, 0).op(Opcode::local_get, 0).op(Opcode::i64x2_splat);
  store.access(Opcode::v128_store, 1).op(Opcode::local_get, 0).access(Opcode::i64_load, 9);
  CodeBuilder lane;
  lane.op(Opcode::local_get, 0).i64(0).op(Opcode::i64x2_splat);
  lane.add({.op = Opcode::v128_load8_lane, .mem = {.align_log2 = 0, .memory = {}, .offset = 1}, .index2 = 7});
  lane.add({.op = Opcode::i64x2_extract_lane, .index2 = 0});
  CodeBuilder store_lane;
  store_lane.op(Opcode::local_get, 0).i64(0x5A5A).op(Opcode::i64x2_splat);
  store_lane.add(
      {.op = Opcode::v128_store16_lane, .mem = {.align_log2 = 1, .memory = {}, .offset = 1}, .index2 = 4});
  store_lane.op(Opcode::local_get, 0).access(Opcode::i64_load16_u, 1);
  builder.export_as("load", builder.func(type, {}, load));
  builder.export_as("store", builder.func(type, {}, store));
  builder.export_as("lane", builder.func(type, {}, lane));
  builder.export_as("store_lane", builder.func(type, {}, store_lane));
  auto* instance = world.instantiate(builder);
  ASSERT_NE(instance, nullptr);
  EXPECT_EQ(world.call(instance, "load", {kPage - 17}).slots.at(0), 0x6665646362613938u);
  EXPECT_EQ(world.call(instance, "lane", {kPage - 2}).slots.at(0), uint64_t{'f'} << 56);
  EXPECT_EQ(world.call(instance, "store_lane", {kPage - 3}).slots.at(0), 0x5A5Au);
  EXPECT_EQ(world.call(instance, "store", {kPage - 17}).slots.at(0), kPage - 17);
  for (const char* name : {"load", "store"})
    EXPECT_EQ(world.call(instance, name, {kPage - 16}).trap(), Trap::MemoryOutOfBounds) << name;
  EXPECT_EQ(world.call(instance, "lane", {kPage - 1}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_EQ(world.call(instance, "store_lane", {kPage - 2}).trap(), Trap::MemoryOutOfBounds);
  for (const char* name : {"load", "store", "lane", "store_lane"})
    EXPECT_EQ(world.call(instance, name, {~uint64_t{0}}).trap(), Trap::MemoryOutOfBounds) << name;
}

TEST(Memory64, GrowsAndTellsItsSizeIn64Bits) {
  World world;
  ModuleBuilder builder;
  builder.memory(wide(1, uint64_t{1} << 40));
  TypeIdx grow = builder.type({{ValKind::I64}, {ValKind::I64}});
  TypeIdx size = builder.type({{}, {ValKind::I64}});
  builder.export_as(
      "grow", builder.func(grow, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::memory_grow, 0)));
  builder.export_as("size", builder.func(size, {}, CodeBuilder().op(Opcode::memory_size, 0)));
  auto* instance = world.instantiate(builder);
  EXPECT_EQ(world.call(instance, "grow", {2}).i64(), 1);
  EXPECT_EQ(world.call(instance, "size").i64(), 3);
  EXPECT_EQ(world.call(instance, "grow", {uint64_t{1} << 32}).i64(), -1);
  EXPECT_EQ(world.call(instance, "grow", {~uint64_t{0}}).i64(), -1);
  EXPECT_EQ(world.call(instance, "size").i64(), 3);
}

TEST(Memory64, CopiesBetweenMemoriesOfBothWidths) {
  World world;
  ModuleBuilder builder;
  MemIdx narrow = builder.memory({.limits = {.min = 1, .max = 1}});
  MemIdx large = builder.memory(wide(1, 1));
  builder.data(narrow, CodeBuilder().i32(0), as_bytes("narrow"));
  TypeIdx to_large = builder.type({{ValKind::I64, ValKind::I32, ValKind::I32}, {}});
  TypeIdx to_narrow = builder.type({{ValKind::I32, ValKind::I64, ValKind::I32}, {}});
  TypeIdx within = builder.type({{ValKind::I64, ValKind::I64, ValKind::I64}, {}});
  TypeIdx fill = builder.type({{ValKind::I64, ValKind::I32, ValKind::I64}, {}});
  TypeIdx read = builder.type({{ValKind::I64}, {ValKind::I32}});
  auto arguments = [] {
    return CodeBuilder().op(Opcode::local_get, 0).op(Opcode::local_get, 1).op(Opcode::local_get, 2);
  };
  builder.export_as(
      "to_large", builder.func(to_large, {}, arguments().op(Opcode::memory_copy, large.value, narrow.value)));
  builder.export_as(
      "to_narrow",
      builder.func(to_narrow, {}, arguments().op(Opcode::memory_copy, narrow.value, large.value)));
  builder.export_as("within",
                    builder.func(within, {}, arguments().op(Opcode::memory_copy, large.value, large.value)));
  builder.export_as("fill", builder.func(fill, {}, arguments().op(Opcode::memory_fill, large.value)));
  builder.export_as(
      "read",
      builder.func(read, {}, CodeBuilder().op(Opcode::local_get, 0).access(Opcode::i32_load8_u, 0, large)));
  auto* instance = world.instantiate(builder);
  ASSERT_NE(instance, nullptr);
  constexpr uint64_t kJunk = uint64_t{0xABCD} << 32;  // an i32's high half means nothing
  EXPECT_FALSE(world.call(instance, "to_large", {kPage - 6, kJunk, kJunk | 6}).error);
  EXPECT_EQ(world.call(instance, "read", {kPage - 1}).i32(), 'w');
  EXPECT_EQ(world.call(instance, "to_large", {uint64_t{1} << 32, 0, 1}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_FALSE(world.call(instance, "within", {0, kPage - 6, 6}).error);
  EXPECT_EQ(world.call(instance, "read", {0}).i32(), 'n');
  EXPECT_EQ(world.call(instance, "within", {0, 0, uint64_t{1} << 32}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_EQ(world.call(instance, "within", {~uint64_t{0}, 0, 2}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_EQ(world.call(instance, "to_narrow", {kPage - 5, 0, 6}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_EQ(world.call(instance, "to_narrow", {0, uint64_t{1} << 63, 6}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_FALSE(world.call(instance, "fill", {kPage - 2, 'x', 2}).error);
  EXPECT_EQ(world.call(instance, "read", {kPage - 1}).i32(), 'x');
  EXPECT_EQ(world.call(instance, "fill", {kPage, 'x', 1}).trap(), Trap::MemoryOutOfBounds);
  EXPECT_EQ(world.call(instance, "fill", {1, 'x', ~uint64_t{0}}).trap(), Trap::MemoryOutOfBounds);
}

TEST(Table64, IndicesHave64Bits) {
  World world;
  ModuleBuilder builder;
  TypeIdx number = builder.type({{}, {ValKind::I32}});
  wasm::TableIdx first = builder.table({wasm::kFuncRef, {.min = 3, .max = 10, .addr = AddrType::I64}});
  wasm::TableIdx second = builder.table({wasm::kFuncRef, {.min = 3, .max = 10, .addr = AddrType::I64}});
  FuncIdx seven = builder.func(number, {}, CodeBuilder().i32(7));
  builder.elem(first, CodeBuilder().i64(1), {seven});
  TypeIdx by_index = builder.type({{ValKind::I64}, {ValKind::I32}});
  TypeIdx grow = builder.type({{ValKind::I64}, {ValKind::I64}});
  TypeIdx copy = builder.type({{ValKind::I64}, {}});
  auto call = [&](Opcode op, wasm::TableIdx table) {
    return CodeBuilder().op(Opcode::local_get, 0).op(op, number.value, table.value);
  };
  builder.export_as("call", builder.func(by_index, {}, call(Opcode::call_indirect, first)));
  builder.export_as("tail", builder.func(by_index, {}, call(Opcode::return_call_indirect, first)));
  builder.export_as("second", builder.func(by_index, {}, call(Opcode::call_indirect, second)));
  builder.export_as(
      "is_null",
      builder.func(
          by_index, {},
          CodeBuilder().op(Opcode::local_get, 0).op(Opcode::table_get, first.value).op(Opcode::ref_is_null)));
  CodeBuilder grown;
  grown.op(Opcode::table_get, 0);
  builder.export_as("grow", builder.func(grow, {},
                                         CodeBuilder()
                                             .op(Opcode::ref_func, seven.value)
                                             .op(Opcode::local_get, 0)
                                             .op(Opcode::table_grow, first.value)));
  builder.export_as("copy", builder.func(copy, {},
                                         CodeBuilder()
                                             .op(Opcode::local_get, 0)
                                             .i64(1)
                                             .i64(1)
                                             .op(Opcode::table_copy, second.value, first.value)));
  auto* instance = world.instantiate(builder);
  ASSERT_NE(instance, nullptr);
  for (const char* name : {"call", "tail"}) {
    EXPECT_EQ(world.call(instance, name, {1}).i32(), 7);
    EXPECT_EQ(world.call(instance, name, {0}).trap(), Trap::UninitializedElement);
    EXPECT_EQ(world.call(instance, name, {3}).trap(), Trap::UndefinedElement);
    EXPECT_EQ(world.call(instance, name, {(uint64_t{1} << 32) + 1}).trap(), Trap::UndefinedElement);
  }
  EXPECT_EQ(world.call(instance, "is_null", {0}).i32(), 1);
  EXPECT_EQ(world.call(instance, "is_null", {uint64_t{1} << 32}).trap(), Trap::TableOutOfBounds);
  EXPECT_EQ(world.call(instance, "grow", {uint64_t{1} << 32}).i64(), -1);
  EXPECT_EQ(world.call(instance, "grow", {1}).i64(), 3);
  EXPECT_EQ(world.call(instance, "call", {3}).i32(), 7);
  EXPECT_FALSE(world.call(instance, "copy", {2}).error);
  EXPECT_EQ(world.call(instance, "second", {2}).i32(), 7);
  EXPECT_EQ(world.call(instance, "second", {uint64_t{1} << 40}).trap(), Trap::UndefinedElement);
  EXPECT_EQ(world.call(instance, "copy", {uint64_t{1} << 32}).trap(), Trap::TableOutOfBounds);
}

TEST(CustomPages, OfOneByteEndAtAnyByte) {
  for (AddrType addr : {AddrType::I32, AddrType::I64}) {
    World world;
    ModuleBuilder builder;
    MemType type{.limits = {.min = 11, .max = 20, .addr = addr}, .page_size_log2 = 0};
    MemIdx memory = builder.memory(type);
    ValKind address = addr == AddrType::I64 ? ValKind::I64 : ValKind::I32;
    add_functions(builder, Opcode::i32_load, ValKind::I32, 1, memory, address);
    TypeIdx grow = builder.type({{address}, {address}});
    builder.export_as(
        "grow", builder.func(grow, {}, CodeBuilder().op(Opcode::local_get, 0).op(Opcode::memory_grow, 0)));
    auto* instance = world.instantiate(builder);
    ASSERT_NE(instance, nullptr);
    EXPECT_FALSE(world.call(instance, "slot", {6}).error);
    EXPECT_EQ(world.call(instance, "slot", {7}).trap(), Trap::MemoryOutOfBounds);
    EXPECT_EQ(world.call(instance, "sum", {4}).trap(), Trap::MemoryOutOfBounds);
    EXPECT_EQ(world.call(instance, "constant", {0}).trap(), Trap::MemoryOutOfBounds);
    EXPECT_EQ(world.call(instance, "slot", {0xFFFF'FFFF}).trap(), Trap::MemoryOutOfBounds);
    EXPECT_EQ(world.call(instance, "grow", {2}).i32(), 11);
    EXPECT_FALSE(world.call(instance, "constant", {0}).error);
    EXPECT_EQ(world.call(instance, "grow", {8}).i32(), -1);
  }
}

}  // namespace godwit::interp::testing
