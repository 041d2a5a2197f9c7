// What tries become: ranges and clauses, and no cells.
#include <gtest/gtest.h>

#include "code/catch_table.h"
#include "code/dump.h"
#include "code/translate.h"
#include "wasm/builder.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::code {

namespace {

using runtime::CatchClause;
using wasm::Catch;
using wasm::CodeBuilder;
using wasm::FuncIdx;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::TagIdx;
using wasm::ValKind;

// A function (i32) -> i32 after a helper function 0 of that type, with tags 0 (i32) and 1 ().
Translation translated(const CodeBuilder& code) {
  ModuleBuilder builder;
  auto type = builder.type({{ValKind::I32}, {ValKind::I32}});
  builder.tag(builder.type({{ValKind::I32}, {}}));
  builder.tag(builder.type(wasm::FuncType{}));
  builder.func(type, {}, CodeBuilder().op(Opcode::local_get, 0));
  builder.func(type, {}, code);
  auto declarations = wasm::decode_copy(builder.build());
  EXPECT_TRUE(declarations) << declarations.error().describe();
  auto valid = wasm::validate(*declarations);
  EXPECT_TRUE(valid) << valid.error().describe();
  runtime::TypeRegistry types;
  auto module = runtime::make_module(std::move(*declarations), types, {});
  auto translation = translate(*module, FuncIdx(1u));
  EXPECT_TRUE(translation) << translation.error().describe();
  return std::move(*translation);
}

wasm::Instruction try_table(std::vector<Catch> catches) {
  return {.op = Opcode::try_table, .catches = std::move(catches)};
}

}  // namespace

TEST(TranslateExceptions, ATryIsNoCells) {
  CodeBuilder code;
  code.block(Opcode::block, ValKind::I32).add(try_table({{Catch::Kind::Catch, TagIdx(0), 0}}));
  code.op(Opcode::local_get, 0).op(Opcode::call, 0).op(Opcode::local_set, 0).end();
  code.op(Opcode::local_get, 0).end();
  auto translation = translated(code);
  EXPECT_EQ(dump(translation),
            "   0 enter a=1 b=4\n"
            "   1 copy64 d=3\n"
            "   2 call a=3\n"
            "   3 put_acc_i32\n"
            "   4 copy64 d=3\n"
            "   5 return_i32_s a=1 d=3\n");
  ASSERT_EQ(translation.catches.clauses.size(), 1u);
  EXPECT_EQ(translation.catches.clauses[0].target, 5u);
  EXPECT_EQ(translation.catches.clauses[0].payload_slot, 3u);

  Cell cells[6];
  CatchTable table(translation.catches, cells);
  for (int i : {0, 4, 5}) EXPECT_EQ(table.find(cells + i), nullptr) << i;
  for (int i : {1, 2, 3}) {
    const CatchClause* clause = table.find(cells + i);
    ASSERT_NE(clause, nullptr) << i;
    EXPECT_EQ(clause->target, cells + 5);
    EXPECT_EQ(clause->next, nullptr);
  }
}

TEST(TranslateExceptions, AThrowToAClauseNearbyIsABranch) {
  CodeBuilder code;
  code.block(Opcode::block).block(Opcode::block, ValKind::I32);
  code.add(try_table({{Catch::Kind::Catch, TagIdx(1), 1}, {Catch::Kind::Catch, TagIdx(0), 0}}));
  code.op(Opcode::local_get, 0).op(Opcode::throw_, 0).end().op(Opcode::unreachable).end();
  code.op(Opcode::return_).end().i32(1);
  EXPECT_EQ(dump(translated(code)),
            "   0 enter a=1 b=4\n"
            "   1 copy64 d=3\n"
            "   2 br ->3\n"
            "   3 return_i32_s a=1 d=3\n"
            "   4 return_i32_k a=1 b=1\n");
}

// A clause with a reference needs an object; a legacy try's clauses come later.
TEST(TranslateExceptions, OtherThrowsAreLookedUp) {
  const auto ref = wasm::ValType::ref(wasm::HeapType::Abstract::Exn, true);
  CodeBuilder with_ref;
  with_ref.block(Opcode::block, ref).add(try_table({{Catch::Kind::CatchAllRef, {}, 0}}));
  with_ref.op(Opcode::throw_, 1).end().op(Opcode::unreachable).end().op(Opcode::drop).i32(1);
  EXPECT_NE(dump(translated(with_ref)).find("throw_tag b=1"), std::string::npos);
  CodeBuilder legacy;
  legacy.block(Opcode::try_, ValKind::I32).op(Opcode::throw_, 1).op(Opcode::catch_all).i32(1).end();
  auto translation = translated(legacy);
  EXPECT_NE(dump(translation).find("throw_tag b=1"), std::string::npos);
  ASSERT_EQ(translation.catches.clauses.size(), 1u);
  EXPECT_EQ(translation.catches.clauses[0].ref_slot, CatchClause::kNoSlot) << "nobody throws it again";
}

}  // namespace godwit::code
