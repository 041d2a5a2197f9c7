// Tests of excerpts: what messages show of the code around a byte.
#include "text/print_excerpt.h"

#include <gtest/gtest.h>

#include "wasm/builder.h"
#include "wasm/decoder.h"

namespace godwit::text {
namespace {

using wasm::CodeBuilder;
using wasm::ModuleBuilder;
using wasm::Opcode;

wasm::Module module_with(const CodeBuilder& code) {
  ModuleBuilder builder;
  const wasm::TypeIdx type = builder.type(wasm::FuncType{{wasm::ValKind::I32}, {}});
  builder.func(type, {}, CodeBuilder().op(Opcode::nop));
  builder.func(type, {}, code);
  builder.export_as("second", wasm::FuncIdx(1));
  auto module = wasm::decode_copy(builder.build());
  EXPECT_TRUE(module);
  return std::move(*module);
}

std::string shown(const wasm::Module& module, uint64_t offset_in_body) {
  const uint32_t body = module.bodies[1].range.offset;
  const auto excerpt = excerpt_at(module, body + offset_in_body);
  if (!excerpt) return "nothing";
  std::string text = excerpt->func_id;
  for (const Excerpt::Line& line : excerpt->lines)
    text += "\n" + std::to_string(line.offset - body) + " " + line.text;
  return text;
}

TEST(Excerpt, ShowsTheInstructionsUpToThePlace) {
  // Bytes of the body: 0 no locals; 1 block; 3 local.get; 5 br_if; 7 nop; 8 end; 9 end.
  const wasm::Module module = module_with(
      CodeBuilder().block(Opcode::block).op(Opcode::local_get, 0).op(Opcode::br_if, 0).op(Opcode::nop).end());
  EXPECT_EQ(shown(module, 0), "$second");
  EXPECT_EQ(shown(module, 1), "$second\n1 block");
  EXPECT_EQ(shown(module, 6), "$second\n1 block\n3   local.get 0\n5   br_if 0");
  EXPECT_EQ(shown(module, 8), "$second\n3   local.get 0\n5   br_if 0\n7   nop\n8 end");
  EXPECT_EQ(shown(module, 9), "$second\n5   br_if 0\n7   nop\n8 end\n9 end");
  EXPECT_EQ(shown(module, 10), "$second\n5   br_if 0\n7   nop\n8 end\n9 end");
  EXPECT_EQ(shown(module, 11), "nothing");
}

TEST(Excerpt, CodeThatIsWrongIsShownAsFarAsItCanBeRead) {
  const uint8_t illegal[] = {0xFF};
  EXPECT_EQ(shown(module_with(CodeBuilder().end().op(Opcode::else_).op(Opcode::catch_, 9).raw(illegal)), 5),
            "$second\n1 end\n2 else\n3 catch 9");
  EXPECT_EQ(shown(module_with(CodeBuilder().raw(illegal)), 1), "$second");
  EXPECT_FALSE(excerpt_at(module_with(CodeBuilder()), 9));
}

TEST(Excerpt, LongLinesAreCut) {
  wasm::Instruction table{.op = Opcode::br_table};
  table.labels.assign(1000, 0);
  const std::string text = shown(module_with(CodeBuilder().add(table)), 1);
  EXPECT_LT(text.size(), 150u);
  EXPECT_TRUE(text.ends_with("…"));
}

}  // namespace
}  // namespace godwit::text
