// The modules that tests start from, and that they are valid.
#include "wasm/test_modules.h"

#include <gtest/gtest.h>

#include "wasm/builder.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::wasm::test {

namespace {

using enum Opcode;

const ValType kI32 = ValKind::I32, kI64 = ValKind::I64, kF32 = ValKind::F32, kF64 = ValKind::F64;

SubType struct_type(std::vector<FieldType> fields) {
  SubType type;
  type.kind = CompositeKind::Struct;
  type.fields = std::move(fields);
  return type;
}

SubType array_type(FieldType element) {
  SubType type;
  type.kind = CompositeKind::Array;
  type.fields = {element};
  return type;
}

ValType ref_to(TypeIdx type, bool nullable = false) { return ValType::ref(HeapType(type), nullable); }

MemType pages(uint64_t min) { return {.limits = {.min = min, .max = {}}}; }

}  // namespace

std::vector<uint8_t> scalar_module() {
  ModuleBuilder module;
  const TypeIdx unary = module.type(FuncType{{kI32}, {kI32}});
  const TypeIdx nullary = module.type(FuncType{{}, {}});
  const TypeIdx pair = module.type(FuncType{{kI64, kF64}, {kF32, kI64}});
  const FuncIdx print = module.import_func("env", "print", unary);
  const GlobalIdx base = module.import_global("env", "base", {kI32});
  const GlobalIdx counter = module.global({kI32, true}, CodeBuilder().i32(-5));
  const MemIdx memory = module.memory(pages(1));
  const TableIdx table = module.table({kFuncRef, {.min = 4, .max = 8}});

  // Sums memory bytes from the parameter down to 0, with a br_table in the loop.
  CodeBuilder sum;
  sum.block(block).block(loop).op(local_get, 0).op(i32_eqz).op(br_if, 1);
  sum.op(local_get, 1).op(local_get, 0).access(i32_load8_u, 300).op(i32_add).op(local_set, 1);
  sum.op(local_get, 0).i32(1).op(i32_sub).op(local_tee, 0);
  sum.add({.op = br_table, .labels = {1, 0, 0, 1}}).end().end();
  sum.op(local_get, 1).op(call, print.value).block(if_, kI32).i32(1).op(else_).i32(1 << 20).end();
  const FuncIdx sum_func = module.func(unary, {kI32, kI32, kF64}, sum);

  const FuncIdx mixed = module.func(
      pair, {}, CodeBuilder().op(local_get, 1).op(f32_demote_f64).op(local_get, 0).i64(-1).op(i64_xor));
  const FuncIdx indirect = module.func(unary, {},
                                       CodeBuilder()
                                           .op(local_get, 0)
                                           .op(global_get, counter.value)
                                           .op(call_indirect, unary.value, table.value));
  const FuncIdx start = module.func(nullary, {},
                                    CodeBuilder()
                                        .i32(0)
                                        .i32(1)
                                        .i32(2)
                                        .op(memory_copy, 0, 0)
                                        .i32(7)
                                        .op(global_set, counter.value)
                                        .f32(1.5f)
                                        .op(drop)
                                        .f64(-0.0)
                                        .op(drop)
                                        .i32(1)
                                        .op(memory_grow, 0)
                                        .op(drop));

  module.elem(table, CodeBuilder().op(global_get, base.value), {sum_func, mixed, indirect});
  module.data(memory, CodeBuilder().i32(16), as_bytes("some initial bytes"));
  module.export_as("sum", sum_func);
  module.export_as("memory", memory);
  module.export_as("mixed", mixed);
  module.start(start);
  module.name_func(sum_func, "sum");
  module.name_func(start, "_start");
  module.custom("producers", as_bytes("by hand"));
  return module.build();
}

std::vector<uint8_t> plain_module() {
  ModuleBuilder module;
  const TypeIdx type = module.type(FuncType{});
  module.memory({.limits = {.min = 1, .max = 2}, .is_shared = true});
  module.data(as_bytes("x"));
  module.elem(SegmentMode::Passive, kFuncRef, {});
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    if (!signature_of(op).is_plain()) continue;
    Instruction instruction{.op = op};
    if (access_bytes_of(op) != 0)
      instruction.mem.align_log2 = static_cast<uint32_t>(std::countr_zero(access_bytes_of(op)));
    CodeBuilder code;
    code.op(unreachable).add(instruction);
    for (size_t k = 0; k < signature_of(op).results().size(); ++k) code.op(drop);
    module.func(type, {}, code);
  }
  return module.build();
}

std::vector<uint8_t> gc_module() {
  ModuleBuilder module;
  // A list of points: two types that refer to each other.
  SubType point = struct_type({{kI32, true}, {ValKind::I8, false}, {ref_to(TypeIdx(1), true), true}});
  point.is_final = false;
  const TypeIdx group = module.types({point, array_type({ref_to(TypeIdx(0), true), true})});
  SubType colored = point;
  colored.super = group;
  colored.fields.push_back({kF64, true});
  const TypeIdx colored_type = module.type(colored);
  const TypeIdx bytes = module.type(array_type({ValKind::I8, true}));
  const TypeIdx make = module.type(FuncType{{kI32}, {ref_to(group)}});
  const TypeIdx test = module.type(FuncType{{ValType::ref(HeapType::Abstract::Any, true)}, {kI32}});
  const TypeIdx convert = module.type(FuncType{{kExternRef}, {kExternRef}});
  const DataIdx data{0u};
  module.data(as_bytes("0123456789"));
  module.global({ref_to(bytes)}, CodeBuilder().i32(1).i32(2).op(array_new_fixed, bytes.value, 2));
  module.global({ValType::ref(HeapType::Abstract::I31, true), true}, CodeBuilder().i32(31).op(ref_i31));

  const FuncIdx make_func = module.func(make, {},
                                        CodeBuilder()
                                            .op(local_get, 0)
                                            .i32(3)
                                            .add({.op = ref_null, .type = ref_to(TypeIdx(1), true)})
                                            .f64(1)
                                            .op(struct_new, colored_type.value));
  module.func(test, {ref_to(group)},
              CodeBuilder()
                  .block(block, ref_to(group))
                  .op(local_get, 0)
                  .add({.op = br_on_cast,
                        .index = 0,
                        .type = ValType::ref(HeapType::Abstract::Any, true),
                        .type2 = ref_to(group)})
                  .op(drop)
                  .i32(0)
                  .op(return_)
                  .end()
                  .op(local_tee, 1)
                  .op(struct_get_s, group.value, 1)
                  .op(local_get, 1)
                  .add({.op = ref_test, .type = ref_to(colored_type)})
                  .op(i32_add)
                  .op(local_get, 1)
                  .add({.op = ref_cast_null, .type = ref_to(colored_type, true)})
                  .op(struct_get, colored_type.value, 0)
                  .op(i32_add));
  module.func(test, {ref_to(bytes, true)},
              CodeBuilder()
                  .i32(0)
                  .i32(10)
                  .op(array_new_data, bytes.value, data.value)
                  .op(local_set, 1)
                  .op(local_get, 1)
                  .i32(0)
                  .i32(255)
                  .op(array_set, bytes.value)
                  .op(local_get, 1)
                  .i32(0)
                  .op(local_get, 1)
                  .i32(2)
                  .i32(3)
                  .op(array_copy, bytes.value, bytes.value)
                  .op(local_get, 1)
                  .i32(0)
                  .i32(1)
                  .i32(2)
                  .op(array_fill, bytes.value)
                  .op(local_get, 1)
                  .i32(1)
                  .op(array_get_u, bytes.value)
                  .op(local_get, 1)
                  .op(array_len)
                  .op(i32_add)
                  .op(local_get, 1)
                  .op(local_get, 0)
                  .add({.op = ref_cast_null, .type = ValType::ref(HeapType::Abstract::Eq, true)})
                  .op(ref_eq)
                  .op(i32_add));
  module.func(convert, {}, CodeBuilder().op(local_get, 0).op(any_convert_extern).op(extern_convert_any));
  module.func(make, {},
              CodeBuilder().op(local_get, 0).op(ref_func, make_func.value).op(return_call_ref, make.value));
  module.func(make, {},
              CodeBuilder()
                  .block(block)
                  .block(block, ref_to(group, true))
                  .add({.op = ref_null, .type = ref_to(group, true)})
                  .op(br_on_null, 1)
                  .op(return_)
                  .end()
                  .op(ref_as_non_null)
                  .op(return_)
                  .end()
                  .op(local_get, 0)
                  .op(return_call, make_func.value));
  module.export_as("make", make_func);
  return module.build();
}

std::vector<uint8_t> exceptions_module() {
  ModuleBuilder module;
  const TypeIdx nullary = module.type(FuncType{{}, {}});
  const TypeIdx with_value = module.type(FuncType{{kI32}, {}});
  const TypeIdx caught = module.type(FuncType{{}, {kI32, ValType::ref(HeapType::Abstract::Exn, true)}});
  const TypeIdx result = module.type(FuncType{{}, {kI32}});
  const TagIdx imported = module.import_tag("env", "stop", nullary);
  const TagIdx tag = module.tag(with_value);
  module.func(result, {},
              CodeBuilder()
                  .block(block, caught)
                  .block(block)
                  .add({.op = try_table,
                        .catches = {{Catch::Kind::CatchRef, tag, 1},
                                    {Catch::Kind::Catch, imported, 0},
                                    {Catch::Kind::CatchAll, {}, 0}}})
                  .i32(42)
                  .op(throw_, tag.value)
                  .end()
                  .end()
                  .i32(0)
                  .op(return_)
                  .end()
                  .op(throw_ref));
  // The older design.
  module.func(result, {},
              CodeBuilder()
                  .block(try_, kI32)
                  .i32(1)
                  .op(throw_, tag.value)
                  .op(catch_, tag.value)
                  .i32(2)
                  .op(i32_add)
                  .op(catch_all)
                  .op(rethrow, 0)
                  .end());
  module.func(
      nullary, {},
      CodeBuilder().block(try_).block(try_).op(throw_, imported.value).op(delegate, 0).op(catch_all).end());
  module.export_as("tag", tag);
  return module.build();
}

std::vector<uint8_t> memories_module() {
  ModuleBuilder module;
  const TypeIdx nullary = module.type(FuncType{});
  const MemIdx imported =
      module.import_memory("env", "memory", {.limits = {.min = 1, .max = 3}, .is_shared = true});
  const MemIdx wide = module.memory({.limits = {.min = 1, .max = uint64_t{1} << 40, .addr = AddrType::I64}});
  const MemIdx small = module.memory({.limits = {.min = 100, .max = {}}, .page_size_log2 = 0});
  const TableIdx wide_table = module.table({kExternRef, {.min = 1, .max = {}, .addr = AddrType::I64}});
  const TableIdx filled = module.table({ValType::ref(HeapType::Abstract::Func, false), {.min = 2, .max = {}}},
                                       CodeBuilder().op(ref_func, 0));
  module.func(nullary, {},
              CodeBuilder()
                  .i64(8)
                  .i64(1)
                  .access(i64_store, uint64_t{1} << 33, wide)
                  .i32(0)
                  .access(v128_load, 1, small)
                  .op(v128_any_true)
                  .op(drop)
                  .i32(0)
                  .i32(1)
                  .access(i32_atomic_rmw_add, 4, imported)
                  .op(drop)
                  .i64(0)
                  .i32(0)
                  .i32(5)
                  .op(memory_copy, wide.value, small.value)
                  .i64(0)
                  .op(table_get, wide_table.value)
                  .op(drop)
                  .i32(1)
                  .op(table_get, filled.value)
                  .op(drop)
                  .i64(0)
                  .i32(0)
                  .i32(2)
                  .op(memory_init, 0, wide.value)
                  .op(data_drop, 0));
  module.data(as_bytes("data"));
  module.data(wide, CodeBuilder().i64(16).i64(2).op(i64_mul), as_bytes("more"));
  module.elem(SegmentMode::Declarative, ValType::ref(HeapType::Abstract::Func, false),
              {CodeBuilder().op(ref_func, 0)});
  return module.build();
}

std::vector<NamedModule> all_modules() {
  return {{"scalar", scalar_module()},
          {"plain", plain_module()},
          {"gc", gc_module()},
          {"exceptions", exceptions_module()},
          {"memories", memories_module()}};
}

TEST(TestModules, AreValid) {
  for (const NamedModule& module : all_modules()) {
    const auto decoded = decode_copy(module.bytes);
    ASSERT_TRUE(decoded) << module.name << ": " << decoded.error().describe();
    const auto valid = validate(*decoded);
    EXPECT_TRUE(valid) << module.name << ": " << valid.error().describe();
  }
}

}  // namespace godwit::wasm::test
