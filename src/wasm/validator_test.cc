// Tests of validation: one module per rule. The official suite, run elsewhere, covers each rule in depth.
#include "wasm/validator.h"

#include <gtest/gtest.h>

#include "wasm/builder.h"
#include "wasm/decoder.h"
#include "wasm/test_modules.h"

namespace godwit::wasm {
namespace {

using enum Opcode;

const ValType kI32 = ValKind::I32, kI64 = ValKind::I64, kF32 = ValKind::F32;
const ValType kAnyRef = ValType::ref(HeapType::Abstract::Any, true);

// The error of validating, "" if there is none.
std::string message_of(const ModuleBuilder& builder, const FeatureSet& features = {}) {
  const auto module = decode_copy(builder.build(), features);
  if (!module) return "decoding: " + module.error().message();
  const auto result = validate(*module, features);
  if (result) return "";
  EXPECT_NE(result.error().offset(), kNoOffset);
  return result.error().message();
}

// One function in a module that has something in every index space:
// types 0: [] -> [], 1: [i32] -> [i32], 2: struct {mut i32, i8}, 3: array mut i32, 4: array funcref; a local i32 and a
// local (ref 2) behind the parameters of type 1.
std::string check(const CodeBuilder& code, uint32_t type = 0, const FeatureSet& features = {}) {
  ModuleBuilder builder;
  builder.type(FuncType{});
  builder.type(FuncType{{kI32}, {kI32}});
  SubType structure;
  structure.kind = CompositeKind::Struct;
  structure.fields = {{kI32, true}, {ValKind::I8, false}};
  builder.type(structure);
  SubType array;
  array.kind = CompositeKind::Array;
  array.fields = {{kI32, true}};
  builder.type(array);
  array.fields = {{kFuncRef, false}};
  builder.type(array);
  builder.table({kFuncRef, {.min = 1, .max = {}}});
  builder.memory({.limits = {.min = 1, .max = {}}});
  builder.tag(TypeIdx(0));
  builder.global({kI32, false}, CodeBuilder().i32(1));
  builder.global({kI32, true}, CodeBuilder().i32(1));
  builder.data(as_bytes("data"));
  builder.elem(SegmentMode::Passive, kFuncRef, {});
  builder.func(TypeIdx(type), {kI32, ValType::ref(HeapType(TypeIdx(2)), false)}, code);
  builder.func(TypeIdx(0), {}, CodeBuilder());
  return message_of(builder, features);
}

void expect_invalid(const CodeBuilder& code, std::string_view begin, uint32_t type = 0) {
  const std::string message = check(code, type);
  EXPECT_TRUE(message.starts_with(begin)) << "got: " << message << "; wanted: " << begin;
}

TEST(Validator, ChecksOperands) {
  EXPECT_EQ(check(CodeBuilder().i32(1).i32(2).op(i32_add).op(drop)), "");
  expect_invalid(CodeBuilder().i32(1).op(i32_add).op(drop),
                 "type mismatch: i32.add expects i32, found nothing");
  expect_invalid(CodeBuilder().i32(1).f32(2).op(i32_add).op(drop),
                 "type mismatch: i32.add expects i32, found f32");
  expect_invalid(CodeBuilder().i32(1), "type mismatch");
  expect_invalid(CodeBuilder(), "type mismatch", 1);
  expect_invalid(CodeBuilder().op(drop), "type mismatch");
}

TEST(Validator, LetsUnreachableCodeHaveAnyOperands) {
  EXPECT_EQ(check(CodeBuilder().op(unreachable).op(i32_add).op(f64_convert_i32_s).op(drop)), "");
  EXPECT_EQ(check(CodeBuilder().op(unreachable).op(select).op(drop)), "");
  EXPECT_EQ(check(CodeBuilder().op(unreachable).op(ref_as_non_null).op(ref_is_null).op(drop)), "");
  expect_invalid(CodeBuilder().op(unreachable).f32(1).op(i32_eqz).op(drop), "type mismatch");
  // A reference of unknown type is a reference.
  expect_invalid(CodeBuilder().op(unreachable).op(ref_as_non_null).op(i32_eqz).op(drop), "type mismatch");
}

TEST(Validator, ChecksBlocks) {
  EXPECT_EQ(check(CodeBuilder().i32(1).block(block, TypeIdx(1)).op(i32_eqz).end().op(drop)), "");
  EXPECT_EQ(check(CodeBuilder().i32(0).block(if_, kI32).i32(1).op(else_).i32(2).end().op(drop)), "");
  EXPECT_EQ(check(CodeBuilder().i32(7).i32(0).block(if_, TypeIdx(1)).end().op(drop)), "");
  expect_invalid(CodeBuilder().i32(0).block(if_, kI32).i32(1).end().op(drop), "type mismatch");
  expect_invalid(CodeBuilder().block(block, kI32).f32(1).end().op(drop), "type mismatch");
  expect_invalid(CodeBuilder().i32(1).block(block).op(drop).end(), "type mismatch");
  expect_invalid(CodeBuilder().block(block, TypeIdx(9)).end(), "unknown type 9");
  expect_invalid(CodeBuilder().block(block, TypeIdx(2)).end(), "type mismatch: type 2 is no function type");
  expect_invalid(CodeBuilder().block(block).op(else_).end(), "misplaced ELSE opcode");
  expect_invalid(CodeBuilder().block(block), "unexpected end");
  expect_invalid(CodeBuilder().end().op(nop), "section size mismatch");
}

TEST(Validator, ChecksBranches) {
  EXPECT_EQ(check(CodeBuilder().block(loop).i32(1).op(br_if, 0).end()), "");
  EXPECT_EQ(check(CodeBuilder().i32(1).block(loop, TypeIdx(1)).op(br, 0).end().op(drop)), "");
  expect_invalid(CodeBuilder().op(br, 1), "unknown label 1");
  expect_invalid(CodeBuilder().block(block, kI32).op(br, 0).end().op(drop), "type mismatch");
  expect_invalid(CodeBuilder()
                     .block(block)
                     .block(block, kI32)
                     .i32(1)
                     .i32(2)
                     .add({.op = br_table, .labels = {0, 1}})
                     .end()
                     .op(drop)
                     .end(),
                 "type mismatch: labels of br_table");
  // as many operands as the default takes, but others
  expect_invalid(CodeBuilder()
                     .block(block, kI32)
                     .block(block, kI64)
                     .i32(1)
                     .i32(2)
                     .add({.op = br_table, .labels = {0, 1}})
                     .end()
                     .op(drop)
                     .i32(3)
                     .end()
                     .op(drop),
                 "type mismatch: br_table expects i64, found i32");
  EXPECT_EQ(check(CodeBuilder().block(block).i32(2).add({.op = br_table, .labels = {0, 0, 1, 0}}).end()), "");
}

TEST(Validator, ChecksIndices) {
  expect_invalid(CodeBuilder().op(local_get, 2), "unknown local 2");
  expect_invalid(CodeBuilder().i32(1).op(local_set, 9), "unknown local 9");
  expect_invalid(CodeBuilder().op(global_get, 2), "unknown global 2");
  expect_invalid(CodeBuilder().i32(1).op(global_set, 0), "immutable global 0");
  expect_invalid(CodeBuilder().op(call, 2), "unknown function 2");
  expect_invalid(CodeBuilder().i32(0).op(call_indirect, 0, 1), "unknown table 1");
  expect_invalid(CodeBuilder().i32(0).op(call_indirect, 9, 0), "unknown type 9");
  expect_invalid(CodeBuilder().op(throw_, 1), "unknown tag 1");
  expect_invalid(CodeBuilder().op(data_drop, 1), "unknown data segment 1");
  expect_invalid(CodeBuilder().op(elem_drop, 1), "unknown elem segment 1");
  expect_invalid(CodeBuilder().i32(0).op(table_get, 1), "unknown table 1");
  expect_invalid(CodeBuilder().op(memory_size, 1), "unknown memory 1");
  expect_invalid(CodeBuilder().op(ref_func, 1), "undeclared function reference 1");
  expect_invalid(CodeBuilder().op(ref_func, 5), "unknown function 5");
  expect_invalid(CodeBuilder().op(local_get, 0).op(struct_get, 2, 2), "unknown field 2");
}

TEST(Validator, ChecksMemoryAccesses) {
  expect_invalid(CodeBuilder().i32(0).access(i32_load, {.align_log2 = 3}),
                 "alignment must not be larger than natural");
  expect_invalid(CodeBuilder().i32(0).access(i32_load, {.align_log2 = 60}),
                 "alignment must not be larger than natural");
  expect_invalid(CodeBuilder().i32(0).access(i32_atomic_load, {.align_log2 = 1}),
                 "alignment of an atomic access");
  expect_invalid(CodeBuilder().i32(0).access(i32_load, uint64_t{1} << 32), "offset out of range");
  expect_invalid(CodeBuilder().i64(0).access(i32_load), "type mismatch");
  expect_invalid(CodeBuilder().i32(0).access(i32_load, 0, MemIdx(1)), "unknown memory 1");
  expect_invalid(CodeBuilder().op(unreachable).add({.op = i8x16_extract_lane_s, .index2 = 16}),
                 "invalid lane index 16");
  expect_invalid(CodeBuilder().op(unreachable).add({.op = v128_load32_lane, .index2 = 4}),
                 "invalid lane index 4");
  expect_invalid(CodeBuilder().op(unreachable).add({.op = i8x16_shuffle, .v128 = {32}}),
                 "invalid lane index 32");
}

TEST(Validator, TracksWhetherLocalsAreSet) {
  // Local 1 is a non-null reference.
  const auto make = [] { return CodeBuilder().op(struct_new_default, 2).op(local_set, 1); };
  EXPECT_EQ(check(make().op(local_get, 1).op(drop)), "");
  expect_invalid(CodeBuilder().op(local_get, 1).op(drop), "uninitialized local 1");
  // What a block sets is forgotten at its end, and between the arms of an `if`.
  expect_invalid(
      CodeBuilder().block(block).op(struct_new_default, 2).op(local_set, 1).end().op(local_get, 1).op(drop),
      "uninitialized local 1");
  expect_invalid(CodeBuilder()
                     .i32(1)
                     .block(if_)
                     .op(struct_new_default, 2)
                     .op(local_set, 1)
                     .op(else_)
                     .op(local_get, 1)
                     .op(drop)
                     .end(),
                 "uninitialized local 1");
}

TEST(Validator, ChecksReferences) {
  const auto null = [](ValType type) { return CodeBuilder().add({.op = ref_null, .type = type}); };
  EXPECT_EQ(check(null(kFuncRef).op(ref_is_null).op(drop)), "");
  expect_invalid(CodeBuilder().i32(1).op(ref_is_null).op(drop),
                 "type mismatch: ref.is_null expects a reference");
  expect_invalid(null(ValType::ref(HeapType(TypeIdx(99)), true)).op(drop), "unknown type 99");
  expect_invalid(null(kFuncRef).op(i31_get_s).op(drop), "type mismatch");
  EXPECT_EQ(
      check(null(kAnyRef).add({.op = ref_test, .type = ValType::ref(HeapType(TypeIdx(3)), false)}).op(drop)),
      "");
  expect_invalid(
      null(kFuncRef).add({.op = ref_test, .type = ValType::ref(HeapType(TypeIdx(3)), false)}).op(drop),
      "type mismatch");
  expect_invalid(CodeBuilder().op(struct_new_default, 3), "type mismatch: type 3 is no structure type");
  expect_invalid(CodeBuilder().op(struct_new_default, 2).op(struct_get, 2, 1).op(drop),
                 "type mismatch: field 1 is packed");
  expect_invalid(CodeBuilder().op(struct_new_default, 2).i32(1).op(struct_set, 2, 1), "immutable field 1");
  expect_invalid(CodeBuilder().op(unreachable).op(array_set, 4), "immutable array");
  expect_invalid(CodeBuilder().op(unreachable).op(array_new_data, 4, 0),
                 "array type is not numeric or vector");
  expect_invalid(CodeBuilder().op(unreachable).op(array_copy, 3, 4), "array types do not match");
  expect_invalid(CodeBuilder().op(unreachable).op(array_new_fixed, 3, 10'001), "array.new_fixed too long");
  expect_invalid(CodeBuilder().op(unreachable).op(array_new_elem, 3, 0), "type mismatch");
  expect_invalid(null(kFuncRef).i32(0).i32(0).op(select).op(drop), "type mismatch");
  expect_invalid(CodeBuilder().add({.op = select_t, .types = {kI32, kI32}}), "invalid result arity");
}

TEST(Validator, ChecksCallsInTailPosition) {
  EXPECT_EQ(check(CodeBuilder().op(return_call, 1)), "");
  EXPECT_EQ(check(CodeBuilder().i32(0).op(return_call_indirect, 0, 0)), "");
  expect_invalid(CodeBuilder().i32(0).i32(0).op(return_call_indirect, 1, 0),
                 "type mismatch: the callee returns 1 values");
}

TEST(Validator, ChecksExceptions) {
  EXPECT_EQ(check(CodeBuilder().block(try_).op(throw_, 0).op(catch_, 0).op(rethrow, 0).op(catch_all).end()),
            "");
  expect_invalid(CodeBuilder().block(try_).op(rethrow, 0).end(), "invalid rethrow label 0");
  expect_invalid(CodeBuilder().block(block).op(catch_, 0).end(), "misplaced CATCH opcode");
  expect_invalid(CodeBuilder().block(try_).op(catch_all).op(catch_, 0).end(), "misplaced CATCH opcode");
  expect_invalid(CodeBuilder().block(try_).op(delegate, 1), "unknown label 1");
  expect_invalid(CodeBuilder().add({.op = try_table, .catches = {{Catch::Kind::CatchAllRef, {}, 0}}}).end(),
                 "type mismatch: a catch clause");
  expect_invalid(CodeBuilder().add({.op = try_table, .catches = {{Catch::Kind::Catch, TagIdx(7), 0}}}).end(),
                 "unknown tag 7");
  expect_invalid(CodeBuilder().i32(1).op(throw_ref), "type mismatch");
}

TEST(Validator, WantsConstantExpressions) {
  const auto global = [](const CodeBuilder& init, const FeatureSet& features = {}) {
    ModuleBuilder builder;
    builder.import_global("m", "i", {kI32, false});
    builder.global({kI32, true}, CodeBuilder().i32(1));
    builder.global({kI32, false}, init);
    return message_of(builder, features);
  };
  EXPECT_EQ(global(CodeBuilder().op(global_get, 0).i32(2).op(i32_mul)), "");
  EXPECT_TRUE(global(CodeBuilder().op(nop).i32(2)).starts_with("constant expression required: nop"));
  EXPECT_TRUE(global(CodeBuilder().op(global_get, 1)).starts_with("constant expression required"));
  EXPECT_TRUE(global(CodeBuilder().op(global_get, 2)).starts_with("unknown global 2"));
  EXPECT_TRUE(global(CodeBuilder().i64(2)).starts_with("type mismatch"));
  EXPECT_TRUE(global(CodeBuilder()).starts_with("type mismatch"));
  FeatureSet features;
  features.disable(Feature::ExtendedConst);
  EXPECT_TRUE(
      global(CodeBuilder().i32(1).i32(2).op(i32_mul), features).starts_with("constant expression required"));
}

TEST(Validator, ChecksDeclarations) {
  const auto with = [](auto&& add) {
    ModuleBuilder builder;
    builder.type(FuncType{});
    builder.type(FuncType{{kI32}, {kI32}});
    add(builder);
    return message_of(builder);
  };
  const auto starts = [&](std::string_view begin, auto&& add) {
    const std::string message = with(add);
    EXPECT_TRUE(message.starts_with(begin)) << "got: " << message << "; wanted: " << begin;
  };
  starts("duplicate export name", [](ModuleBuilder& b) {
    b.memory({});
    b.export_as("a", MemIdx(0));
    b.export_as("a", MemIdx(0));
  });
  starts("unknown function 0", [](ModuleBuilder& b) { b.export_as("a", FuncIdx(0)); });
  starts("unknown type 7", [](ModuleBuilder& b) { b.import_func("m", "f", TypeIdx(7)); });
  starts("start function", [](ModuleBuilder& b) { b.start(b.import_func("m", "f", TypeIdx(1))); });
  starts("unknown function 3", [](ModuleBuilder& b) { b.start(FuncIdx(3)); });
  starts("size minimum must not be greater than maximum",
         [](ModuleBuilder& b) { b.memory({.limits = {.min = 2, .max = 1}}); });
  starts("memory size must be at most 65536 pages (4GiB)",
         [](ModuleBuilder& b) { b.memory({.limits = {.min = 65537, .max = {}}}); });
  starts("shared memory must have maximum",
         [](ModuleBuilder& b) { b.memory({.limits = {}, .is_shared = true}); });
  starts("invalid custom page size", [](ModuleBuilder& b) { b.memory({.limits = {}, .page_size_log2 = 8}); });
  starts("table size must be at most",
         [](ModuleBuilder& b) { b.table({kFuncRef, {.min = uint64_t{1} << 32, .max = {}}}); });
  starts("type mismatch: the elements of table 0",
         [](ModuleBuilder& b) { b.table({ValType::ref(HeapType::Abstract::Func, false), {}}); });
  starts("non-empty tag result type", [](ModuleBuilder& b) { b.tag(TypeIdx(1)); });
  starts("unknown table 0", [](ModuleBuilder& b) { b.elem(TableIdx(0), CodeBuilder().i32(0), {}); });
  starts("unknown memory 0", [](ModuleBuilder& b) { b.data(MemIdx(0), CodeBuilder().i32(0), {}); });
  starts("unknown function 4", [](ModuleBuilder& b) {
    b.table({kFuncRef, {}});
    b.elem(TableIdx(0), CodeBuilder().i32(0), {FuncIdx(4)});
  });
  starts("type mismatch: elem segment 0", [](ModuleBuilder& b) {
    b.table({kExternRef, {}});
    b.elem(TableIdx(0), CodeBuilder().i32(0), {});
  });
}

TEST(Validator, ChecksTypes) {
  const auto types = [](const std::vector<SubType>& list) {
    ModuleBuilder builder;
    for (const SubType& type : list) builder.type(type);
    return message_of(builder);
  };
  SubType open;
  open.kind = CompositeKind::Struct;
  open.is_final = false;
  SubType closed = open;
  closed.is_final = true;
  SubType child = open;
  child.super = TypeIdx(0);
  child.fields = {{kF32, false}};
  EXPECT_EQ(types({open, child}), "");
  EXPECT_TRUE(types({closed, child}).starts_with("sub type 1 does not match super type 0, which is final"));
  SubType array = child;
  array.kind = CompositeKind::Array;
  EXPECT_TRUE(types({open, array}).starts_with("sub type 1 does not match super type 0"));
  SubType forward = open;
  forward.super = TypeIdx(1);
  EXPECT_TRUE(types({forward, open}).starts_with("unknown type 1"));
  SubType self = open;
  self.super = TypeIdx(0);
  EXPECT_TRUE(types({self}).starts_with("unknown type 0"));
  SubType user;
  user.func = {{ValType::ref(HeapType(TypeIdx(1)), true)}, {}};
  EXPECT_TRUE(types({user, open}).starts_with("unknown type 1"));
  user.func = {{ValType::ref(HeapType(TypeIdx(0)), true)}, {}};
  EXPECT_EQ(types({open, user}), "");

  std::vector<SubType> chain = {open};
  for (uint32_t i = 0; i < 64; ++i) {
    SubType next = open;
    next.super = TypeIdx(i);
    chain.push_back(next);
  }
  EXPECT_TRUE(types(chain).starts_with("sub type 64 too deep"));
  chain.pop_back();
  EXPECT_EQ(types(chain), "");
}

TEST(Validator, MatchesSubtypes) {
  const auto module = decode_copy(test::gc_module());
  ASSERT_TRUE(module);
  const auto ref = [](HeapType heap, bool nullable = false) { return ValType::ref(heap, nullable); };
  using enum HeapType::Abstract;
  const HeapType point(TypeIdx(0)), points(TypeIdx(1)), colored(TypeIdx(2)), func(TypeIdx(4));
  EXPECT_TRUE(matches(*module, ref(colored), ref(point, true)));
  EXPECT_FALSE(matches(*module, ref(point), ref(colored)));
  EXPECT_FALSE(matches(*module, ref(colored, true), ref(point)));
  EXPECT_TRUE(matches(*module, ref(point), ref(Struct)));
  EXPECT_TRUE(matches(*module, ref(points), ref(Eq)));
  EXPECT_FALSE(matches(*module, ref(points), ref(Struct)));
  EXPECT_TRUE(matches(*module, ref(func), ref(Func)));
  EXPECT_FALSE(matches(*module, ref(func), ref(Any)));
  EXPECT_TRUE(matches(*module, ref(None), ref(colored)));
  EXPECT_TRUE(matches(*module, ref(NoFunc), ref(func)));
  EXPECT_FALSE(matches(*module, ref(None), ref(func)));
  EXPECT_TRUE(matches(*module, ref(I31), ref(Any)));
  EXPECT_FALSE(matches(*module, ref(Extern), ref(Any)));
  EXPECT_FALSE(matches(*module, ValKind::I32, ValKind::I64));
}

TEST(Validator, RefusesWhatNeedsFeaturesThatAreOff) {
  FeatureSet features;
  features.disable(Feature::MultiMemory);
  ModuleBuilder memories;
  memories.memory({});
  memories.memory({});
  EXPECT_TRUE(message_of(memories, features).starts_with("multiple memories"));
  features.disable(Feature::MutableGlobals);
  ModuleBuilder globals;
  globals.import_global("m", "g", {kI32, true});
  EXPECT_EQ(message_of(globals, features), "mutable globals cannot be imported");
}

TEST(Validator, BoundsTheOperandStack) {
  // Each call pushes a thousand values in two bytes.
  ModuleBuilder builder;
  const TypeIdx many = builder.type(FuncType{{}, std::vector<ValType>(1000, kI64)});
  const TypeIdx nullary = builder.type(FuncType{});
  const FuncIdx source = builder.import_func("m", "f", many);
  CodeBuilder code;
  for (int i = 0; i < 1001; ++i) code.op(call, source.value);
  builder.func(nullary, {}, code.op(unreachable));
  EXPECT_TRUE(message_of(builder).starts_with("too many operands: the limit is 1000000"));
}

TEST(Validator, HandlesDeepNestingWithoutRecursion) {
  ModuleBuilder builder;
  const TypeIdx nullary = builder.type(FuncType{});
  CodeBuilder code;
  for (int i = 0; i < 900'000; ++i) code.block(block);
  for (int i = 0; i < 900'000; ++i) code.end();
  builder.func(nullary, {}, code);
  EXPECT_EQ(message_of(builder), "");
}

TEST(Validator, ValidatesBodiesOneByOne) {
  const auto module = decode_copy(test::scalar_module());
  ASSERT_TRUE(module);
  ASSERT_TRUE(validate_declarations(*module));
  BodyValidator validator(*module);
  for (uint32_t i = module->imported_funcs; i < module->funcs.size(); ++i) {
    EXPECT_TRUE(validator.validate(FuncIdx(i)));
    EXPECT_TRUE(validate_body(*module, FuncIdx(i)));
  }
}

TEST(Validator, GoesOnAfterABodyThatIsInvalid) {
  ModuleBuilder builder;
  const TypeIdx nullary = builder.type(FuncType{});
  builder.func(nullary, {}, CodeBuilder().block(block).i32(1));
  builder.func(nullary, {kI32}, CodeBuilder().op(local_get, 0).op(drop));
  const auto module = decode_copy(builder.build());
  ASSERT_TRUE(module);
  BodyValidator validator(*module);
  EXPECT_FALSE(validator.validate(FuncIdx(0)));
  EXPECT_TRUE(validator.validate(FuncIdx(1)));
}

}  // namespace
}  // namespace godwit::wasm
