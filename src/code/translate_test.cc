// What functions become: golden texts of small ones, and limits.
#include "code/translate.h"

#include <gtest/gtest.h>

#include "code/dump.h"
#include "wasm/builder.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::code {

namespace {

using wasm::CodeBuilder;
using wasm::FuncIdx;
using wasm::FuncType;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::ValKind;
using wasm::ValType;

struct Function {
  FuncType type;
  std::vector<ValType> locals;
  CodeBuilder code;
};

// The function's code, after a helper function 0 of type (i32 i32) -> i32 and a memory.
Result<Translation> translated(const Function& function, TranslateOptions options = {}) {
  ModuleBuilder builder;
  auto helper = builder.type({{ValKind::I32, ValKind::I32}, {ValKind::I32}});
  builder.func(helper, {}, CodeBuilder().op(Opcode::local_get, 0));
  builder.memory({.limits = {.min = 1, .max = {}}});
  builder.func(builder.type(FuncType(function.type)), function.locals, function.code);
  auto declarations = wasm::decode_copy(builder.build());
  EXPECT_TRUE(declarations) << declarations.error().describe();
  auto valid = wasm::validate(*declarations);
  EXPECT_TRUE(valid) << valid.error().describe();
  runtime::TypeRegistry types;
  auto module = runtime::make_module(std::move(*declarations), types, {});
  return translate(*module, FuncIdx(1u), options);
}

std::string text_of(const Function& function, TranslateOptions options = {}) {
  auto translation = translated(function, options);
  return translation ? dump(*translation) : translation.error().describe();
}

}  // namespace

TEST(Translate, FoldsOperandsAndKeepsResultsInTheAccumulator) {
  CodeBuilder code;  // (x + 5) * (x - y)
  code.op(Opcode::local_get, 0).i32(5).op(Opcode::i32_add);
  code.op(Opcode::local_get, 0).op(Opcode::local_get, 1).op(Opcode::i32_sub).op(Opcode::i32_mul);
  EXPECT_EQ(text_of({{{ValKind::I32, ValKind::I32}, {ValKind::I32}}, {}, code}),
            "   0 enter a=2 b=7\n"
            "   1 i32_add_sk_d d=4 b=5\n"
            "   2 i32_sub_ss d=5 b=1\n"
            "   3 i32_mul_as a=5 d=4 b=4\n"
            "   4 return_i32_a a=2 d=4\n");
}

TEST(Translate, ResultsGoStraightToLocals) {
  CodeBuilder code;  // y = x + 1; y
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_add).op(Opcode::local_set, 1).op(Opcode::local_get, 1);
  EXPECT_EQ(text_of({{{ValKind::I32}, {ValKind::I32}}, {ValKind::I32}, code}),
            "   0 enter_zeroing a=1 d=1 b=6\n"
            "   1 i32_add_sk_d d=3 b=1\n"
            "   2 return_i32_a a=1 d=3\n");
}

TEST(Translate, AnOldValueOfALocalIsSavedBeforeItChanges) {
  CodeBuilder code;  // x++ returns the old x
  code.op(Opcode::local_get, 0);
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_add).op(Opcode::local_set, 0);
  EXPECT_EQ(text_of({{{ValKind::I32}, {ValKind::I32}}, {}, code}),
            "   0 enter a=1 b=6\n"
            "   1 copy64 d=3\n"
            "   2 i32_add_sk_d b=1\n"
            "   3 return_i32_s a=1 d=3\n");
}

TEST(Translate, ComparisonsAreFusedIntoBranches) {
  CodeBuilder code;  // do { x = x * 3 } while (x > 0)
  code.block(Opcode::loop);
  code.op(Opcode::local_get, 0).i32(3).op(Opcode::i32_mul).op(Opcode::local_tee, 0);
  code.i32(0).op(Opcode::i32_gt_s).op(Opcode::br_if, 0).end();
  EXPECT_EQ(text_of({{{ValKind::I32}, {}}, {}, code}),
            "   0 enter a=1 b=5\n"
            "   1 i32_mul_sk_d b=3\n"
            "   2 br_if_i32_gt_s_ak_back ->1\n"
            "   3 return_none a=1\n");
}

TEST(Translate, TheEndOfACountedLoopIsOneCell) {
  CodeBuilder code;  // do { x = x - 1 } while (x >= y)
  code.block(Opcode::loop);
  code.op(Opcode::local_get, 0).i32(1).op(Opcode::i32_sub).op(Opcode::local_tee, 0);
  code.op(Opcode::local_get, 1).op(Opcode::i32_ge_u).op(Opcode::br_if, 0).end();
  EXPECT_EQ(text_of({{{ValKind::I32, ValKind::I32}, {}}, {}, code}),
            "   0 enter a=2 b=6\n"
            "   1 br_step_i32_ge_u_s d=1 step=-1 ->1\n"
            "   2 return_none a=2\n");
}

TEST(Translate, LoadsAreFoldedIntoTheirUses) {
  CodeBuilder code;  // x * memory[y + 8]
  code.op(Opcode::local_get, 0).op(Opcode::local_get, 1).i32(8).op(Opcode::i32_add).access(Opcode::f64_load);
  code.op(Opcode::f64_mul);
  EXPECT_EQ(text_of({{{ValKind::F64, ValKind::I32}, {ValKind::F64}}, {}, code}),
            "   0 enter a=2 b=7\n"
            "   1 f64_mul_s_load_sk d=4 b=524289\n"
            "   2 return_f64_a a=2 d=4\n");
}

TEST(Translate, IfBranchesOnTheOppositeComparison) {
  CodeBuilder code;
  code.op(Opcode::local_get, 0).i32(10).op(Opcode::i32_lt_u);
  code.block(Opcode::if_, ValKind::I32).i32(1).op(Opcode::else_).i32(2).end();
  EXPECT_EQ(text_of({{{ValKind::I32}, {ValKind::I32}}, {}, code}),
            "   0 enter a=1 b=5\n"
            "   1 br_if_i32_ge_u_sk d=10 ->4\n"
            "   2 put_i32 d=3 b=1\n"
            "   3 br ->5\n"
            "   4 put_i32 d=3 b=2\n"
            "   5 return_i32_s a=1 d=3\n");
}

TEST(Translate, FloatComparisonsAreNotTurnedAround) {
  CodeBuilder code;  // if (x < 4) return 1; 2
  code.op(Opcode::local_get, 0).f64(4).op(Opcode::f64_lt);
  code.block(Opcode::if_).i32(1).op(Opcode::return_).end().i32(2);
  EXPECT_EQ(text_of({{{ValKind::F64}, {ValKind::I32}}, {}, code}),
            "   0 enter a=1 b=5\n"
            "   1 br_unless_f64_lt_sk d=4 ->3\n"
            "   2 return_i32_k a=1 b=1\n"
            "   3 return_i32_k a=1 b=2\n");
}

TEST(Translate, ArgumentsArePutInARow) {
  CodeBuilder code;  // f(y, x) + 1
  code.op(Opcode::local_get, 1).op(Opcode::local_get, 0).op(Opcode::call, 0).i32(1).op(Opcode::i32_add);
  EXPECT_EQ(text_of({{{ValKind::I32, ValKind::I32}, {ValKind::I32}}, {}, code}),
            "   0 enter a=2 b=6\n"
            "   1 copy_twice a=1 d=4 b=327680\n"
            "   2 call a=4\n"
            "   3 i32_add_ak a=4 d=4 b=1\n"
            "   4 return_i32_a a=2 d=4\n");
}

TEST(Translate, ConstantAddressesAreFoldedIntoOffsets) {
  CodeBuilder code;
  code.i32(1000).op(Opcode::local_get, 0).access(Opcode::f64_store, 24);
  code.i32(-1).access(Opcode::i32_load, 8).op(Opcode::drop);
  EXPECT_EQ(text_of({{{ValKind::F64}, {}}, {}, code}),
            "   0 enter a=1 b=5\n"
            "   1 i64_store_ks a=3 b=1024\n"
            "   2 put_i32 d=3 b=-1\n"
            "   3 i32_load_s a=3 d=3 b=8\n"
            "   4 return_none a=1\n");
}

TEST(Translate, ResultsThatAreParametersSwapPlaces) {
  CodeBuilder code;
  code.op(Opcode::local_get, 1).op(Opcode::local_get, 0);
  EXPECT_EQ(text_of({{{ValKind::I64, ValKind::I64}, {ValKind::I64, ValKind::I64}}, {}, code}),
            "   0 enter a=2 b=6\n"
            "   1 copy_twice a=1 d=4 b=327680\n"
            "   2 copy_twice a=4 b=65541\n"
            "   3 return_i64_s a=2\n");
}

TEST(Translate, LargeConstantsAreLiterals) {
  CodeBuilder code;
  code.op(Opcode::local_get, 0).f64(0.1).op(Opcode::f64_mul);
  EXPECT_EQ(text_of({{{ValKind::F64}, {ValKind::F64}}, {}, code}),
            "   0 enter a=1 b=5\n"
            "   1 f64_mul_sk d=3 literal=0x3fb999999999999a\n"
            "   2 return_f64_a a=1 d=3\n");
}

TEST(Translate, UnreachableCodeIsSkipped) {
  CodeBuilder code;
  code.block(Opcode::block).op(Opcode::unreachable);
  code.block(Opcode::loop).op(Opcode::nop).end().op(Opcode::i32_add).op(Opcode::drop).end();
  EXPECT_EQ(text_of({{{}, {}}, {}, code}),
            "   0 enter b=2\n"
            "   1 unreachable\n");
}

TEST(Translate, WithoutFoldingEveryValueHasItsSlot) {
  CodeBuilder code;
  code.op(Opcode::local_get, 0).i32(5).op(Opcode::i32_add);
  EXPECT_EQ(text_of({{{ValKind::I32}, {ValKind::I32}}, {}, code}, {.fold = false}),
            "   0 enter a=1 b=5\n"
            "   1 copy64 d=3\n"
            "   2 put_i32 d=4 b=5\n"
            "   3 i32_add_ss_d a=3 d=3 b=4\n"
            "   4 return_i32_s a=1 d=3\n");
}

TEST(Translate, RefusesFramesThatAreTooLarge) {
  std::vector<ValType> locals(40'000, ValKind::I64);
  CodeBuilder code;
  for (int i = 0; i < 30'000; ++i) code.i64(int64_t{1} << 40);
  for (int i = 0; i < 30'000; ++i) code.op(Opcode::drop);
  auto translation = translated({{{}, {}}, locals, code});
  ASSERT_FALSE(translation);
  EXPECT_EQ(translation.error().kind(), ErrorKind::Exhausted);
  EXPECT_NE(translation.error().message().find("function 1 needs more than 65535 slots"), std::string::npos)
      << translation.error().message();
}

// Each branch of two bytes moves 900 values: the code would be hundreds of times the size of the body.
TEST(Translate, RefusesCodeThatIsTooLarge) {
  wasm::Instruction table;
  table.op = Opcode::br_table;
  table.labels.resize(60'000);
  for (bool by_table : {false, true}) {
    ModuleBuilder builder;
    std::vector<ValType> many(900, ValKind::I64);
    auto values = builder.type({{}, many});
    auto plain = builder.type({{ValKind::I32}, {}});
    CodeBuilder code;
    code.block(Opcode::block, values).i64(1);
    for (uint32_t i = 0; i < many.size(); ++i) code.i64(i);
    if (by_table) {
      for (int i = 0; i < 12'000; ++i) code.block(Opcode::block, values).i64(2);
      for (uint32_t i = 0; i < many.size(); ++i) code.i64(i);
      for (uint32_t i = 0; i < table.labels.size(); ++i) table.labels[i] = i % 12'000;
      code.op(Opcode::local_get, 0).add(table);
      for (int i = 0; i < 12'000; ++i) code.end().op(Opcode::unreachable);
    } else {
      for (int i = 0; i < 100'000; ++i) code.op(Opcode::local_get, 0).op(Opcode::br_if, 0);
      code.op(Opcode::unreachable);
    }
    code.end();
    for (uint32_t i = 0; i < many.size(); ++i) code.op(Opcode::drop);
    builder.func(plain, {}, code);
    auto declarations = wasm::decode_copy(builder.build());
    ASSERT_TRUE(declarations) << declarations.error().describe();
    auto valid = wasm::validate(*declarations);
    ASSERT_TRUE(valid) << valid.error().describe();
    runtime::TypeRegistry types;
    auto module = runtime::make_module(std::move(*declarations), types, {});
    auto translation = translate(*module, FuncIdx(0u));
    ASSERT_FALSE(translation);
    EXPECT_EQ(translation.error().kind(), ErrorKind::Exhausted);
    EXPECT_NE(translation.error().message().find("cells of code"), std::string::npos)
        << translation.error().message();
  }
}

// A scan of the whole stack for each of these would take minutes.
TEST(Translate, DeepStacksAndManyBlocksTakeLinearTime) {
  CodeBuilder code;
  for (int i = 0; i < 60'000; ++i) code.i32(i);
  for (int i = 0; i < 200'000; ++i)
    code.block(Opcode::block).op(Opcode::local_get, 0).op(Opcode::local_set, 1).end();
  for (int i = 0; i < 60'000; ++i) code.op(Opcode::drop);
  EXPECT_TRUE(translated({{{ValKind::I32}, {}}, {ValKind::I32}, code}));
}

TEST(Translate, TheAccumulatorIsTheLeftOperandWhereTheOrderDoesNotMatter) {
  CodeBuilder code;  // x > (x - y), as (x - y) < x
  code.op(Opcode::local_get, 0);
  code.op(Opcode::local_get, 0).op(Opcode::local_get, 1).op(Opcode::i32_sub).op(Opcode::i32_gt_s);
  EXPECT_EQ(text_of({{{ValKind::I32, ValKind::I32}, {ValKind::I32}}, {}, code}),
            "   0 enter a=2 b=7\n"
            "   1 i32_sub_ss d=5 b=1\n"
            "   2 i32_lt_s_as a=5 d=4\n"
            "   3 return_i32_a a=2 d=4\n");
}

}  // namespace godwit::code
