// Tests of decoding: what the sections become, and what is malformed.
#include "wasm/decoder.h"

#include <gtest/gtest.h>

#include "wasm/builder.h"
#include "wasm/test_modules.h"

namespace godwit::wasm {
namespace {

using Contents = std::vector<uint8_t>;

// The header, then sections given as ids and contents; sizes are filled in.
std::vector<uint8_t> sections(const std::vector<std::pair<uint8_t, Contents>>& list) {
  Encoder out;
  out.raw(as_bytes({"\0asm\1\0\0\0", 8}));
  for (const auto& [id, contents] : list) out.u8(id).sized(contents);
  return out.take();
}

// The error of decoding, "" if there is none.
std::string message_of(const std::vector<uint8_t>& bytes, const FeatureSet& features = {}) {
  const auto module = decode_copy(bytes, features);
  return module ? "" : module.error().message();
}

void expect_error(const std::vector<uint8_t>& bytes, std::string_view begin) {
  const auto module = decode_copy(bytes);
  ASSERT_FALSE(module) << begin;
  EXPECT_TRUE(module.error().message().starts_with(begin)) << module.error().message() << " for " << begin;
  EXPECT_LE(module.error().offset(), bytes.size()) << begin;
}

// Hints are wishes of whoever made the module, who may have been wrong about everything.
TEST(Decoder, AcceptsBranchHintsWhateverTheyHold) {
  for (const Contents& hints : {Contents{}, Contents{1, 0, 1, 0, 1, 0}, Contents(20, 0xFF)}) {
    ModuleBuilder builder;
    CodeBuilder code;
    code.i32(1).block(Opcode::if_).end();
    builder.func(builder.type(FuncType{}), {}, code);
    builder.custom("metadata.code.branch_hint", hints);
    EXPECT_EQ(message_of(builder.build()), "");
  }
}

TEST(Decoder, ReadsEverySection) {
  const auto module = decode_copy(test::scalar_module());
  ASSERT_TRUE(module) << module.error().describe();
  EXPECT_EQ(module->types.size(), 3u);
  EXPECT_EQ(module->imports.size(), 2u);
  EXPECT_EQ(module->imports[0].module, "env");
  EXPECT_EQ(module->imports[1].field, "base");
  EXPECT_EQ(module->imported_funcs, 1u);
  EXPECT_EQ(module->funcs.size(), 5u);
  EXPECT_EQ(module->bodies.size(), 4u);
  EXPECT_EQ(module->globals.size(), 2u);
  EXPECT_TRUE(module->globals[1].type.is_mutable);
  EXPECT_EQ(module->memories[0].limits.min, 1u);
  EXPECT_EQ(module->tables[0].type.limits.max, 8u);
  EXPECT_EQ(module->exports.size(), 3u);
  EXPECT_EQ(module->start, FuncIdx(4));
  EXPECT_EQ(module->elems[0].funcs.size(), 3u);
  EXPECT_EQ(as_text(module->slice(module->datas[0].bytes)), "some initial bytes");
  EXPECT_EQ(module->data_count, 1u);
  ASSERT_EQ(module->customs.size(), 2u);
  EXPECT_EQ(as_text(module->slice(module->customs[1].contents)), "by hand");
  EXPECT_TRUE(module->declared_funcs[1]);
  EXPECT_FALSE(module->declared_funcs[4]);
  EXPECT_NE(module->features & uint64_t{1} << static_cast<unsigned>(Feature::MultiValue), 0u);
}

TEST(Decoder, NamesFunctions) {
  const auto module = decode_copy(test::scalar_module());
  ASSERT_TRUE(module);
  EXPECT_EQ(module->func_name(FuncIdx(4)), "_start");
  EXPECT_EQ(module->func_name(FuncIdx(2)), "mixed");  // by its export
  EXPECT_EQ(module->func_name(FuncIdx(3)), "");
}

TEST(Decoder, IgnoresAMalformedNameSection) {
  Encoder contents;
  contents.name("name").u8(1).sized(Contents{2, 0, 1, 'a', 0, 1, 'b'});  // indices that do not increase
  const auto module = decode_copy(sections({{0, contents.bytes()}}));
  ASSERT_TRUE(module);
  EXPECT_EQ(module->names.funcs.size(), 1u);
}

TEST(Decoder, KeepsTypesOfAllForms) {
  const auto module = decode_copy(test::gc_module());
  ASSERT_TRUE(module) << module.error().describe();
  EXPECT_EQ(module->rec_groups[0].count, 2u);
  EXPECT_FALSE(module->types[0].is_final);
  EXPECT_EQ(module->types[2].super, TypeIdx(0));
  EXPECT_EQ(module->types[1].kind, CompositeKind::Array);
  EXPECT_EQ(module->types[0].fields[1].storage, ValType(ValKind::I8));

  const auto memories = decode_copy(test::memories_module());
  ASSERT_TRUE(memories) << memories.error().describe();
  EXPECT_TRUE(memories->memories[0].is_shared);
  EXPECT_EQ(memories->memories[1].limits.addr, AddrType::I64);
  EXPECT_EQ(memories->memories[2].page_size_log2, 0);
  EXPECT_TRUE(memories->tables[1].init);
}

TEST(Decoder, GivesEqualTypesEqualIds) {
  ModuleBuilder builder;
  builder.type(FuncType{});
  builder.type(FuncType{{ValKind::I32}, {}});
  builder.type(FuncType{});
  const auto module = decode_copy(builder.build());
  ASSERT_TRUE(module);
  EXPECT_EQ(module->type_ids[0], module->type_ids[2]);
  EXPECT_NE(module->type_ids[0], module->type_ids[1]);
}

TEST(Decoder, RefusesOtherFiles) {
  expect_error({}, "unexpected end");
  expect_error({0, 'a', 's'}, "unexpected end");
  expect_error({'a', 's', 'm', 0, 1, 0, 0, 0}, "magic header not detected");
  expect_error({0, 'a', 's', 'm', 13, 0, 1, 0}, "unknown binary version");
  expect_error({0, 'a', 's', 'm', 1, 0}, "unexpected end");
}

TEST(Decoder, WantsSectionsInOrderAndOnce) {
  expect_error(sections({{14, {0}}}), "malformed section id");
  expect_error(sections({{1, {0}}, {1, {0}}}), "unexpected content after last section");
  expect_error(sections({{3, {0}}, {2, {0}}}), "unexpected content after last section");
  expect_error(sections({{10, {0}}, {12, {0}}}), "unexpected content after last section");
  EXPECT_EQ(message_of(sections({{5, {0}}, {13, {0}}, {6, {0}}, {9, {0}}, {12, {0}}, {10, {0}}, {11, {0}}})),
            "");
  expect_error(sections({{6, {0}}, {13, {0}}}), "unexpected content after last section");
}

TEST(Decoder, WantsSizesThatFit) {
  expect_error(sections({{1, {0, 0}}}), "section size mismatch");
  expect_error({0, 'a', 's', 'm', 1, 0, 0, 0, 1, 5, 0}, "length out of bounds");
  expect_error(sections({{1, {1}}}), "unexpected end");
  expect_error(sections({{1, {200, 1, 0x60, 0, 0}}}), "length out of bounds");
  expect_error(sections({{0, {}}}), "unexpected end");
  expect_error(sections({{0, {1, 0xFF}}}), "malformed UTF-8 encoding");
  expect_error(sections({{3, {1, 0}}}), "function and code section have inconsistent lengths");
  expect_error(sections({{12, {2}}}), "data count and data section have inconsistent lengths");
}

TEST(Decoder, SaysWhatIsMalformed) {
  const std::vector<std::pair<std::pair<uint8_t, Contents>, std::string_view>> cases = {
      {{1, {1, 0x40}}, "malformed definition type"},
      {{1, {1, 0x60, 1, 0x50, 0}}, "malformed value type"},
      {{1, {1, 0x5E, 0x78, 2}}, "malformed mutability"},
      {{1, {1, 0x50, 2, 0, 0, 0x60, 0, 0}}, "multiple supertypes"},
      {{2, {1, 0, 0, 5, 0}}, "malformed import kind"},
      {{2, {1, 0, 0, 4, 1, 0}}, "malformed tag attribute"},
      {{4, {1, 0x7F, 0, 0}}, "malformed reference type"},
      {{4, {1, 0x70, 8, 0}}, "malformed limits flags"},
      {{4, {1, 0x40, 1, 0x70, 0, 0, 0x0B}}, "zero byte expected"},
      {{5, {1, 16, 0}}, "malformed limits flags"},
      {{5, {1, 8, 0, 65}}, "invalid custom page size"},
      {{6, {1, 0x7F, 2, 0x41, 0, 0x0B}}, "malformed mutability"},
      {{6, {1, 0x7F, 0, 0x41, 0}}, "unexpected end"},
      {{6, {1, 0x7F, 0, 0xFF, 0x0B}}, "illegal opcode ff"},
      {{7, {1, 0, 5, 0}}, "malformed export kind"},
      {{9, {1, 8}}, "malformed elements segment kind"},
      {{9, {1, 1, 1, 0}}, "malformed element kind"},
      {{11, {1, 3}}, "malformed data segment kind"},
      {{3, {1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}}, "integer representation too long"},
      {{3, {1, 0x80, 0x80, 0x80, 0x80, 0x10}}, "integer too large"},
  };
  for (const auto& [section, message] : cases) expect_error(sections({section}), message);
}

TEST(Decoder, NamesTheLimitThatIsExceeded) {
  Encoder params;
  params.u32(1).u8(0x60).u32(1001);
  for (int i = 0; i < 1001; ++i) params.u8(0x7F);
  params.u32(0);
  EXPECT_EQ(message_of(sections({{1, params.bytes()}})), "too many parameters: 1001, the limit is 1000");

  Encoder memories;
  memories.u32(101);
  for (int i = 0; i < 101; ++i) memories.u8(0).u8(0);
  EXPECT_EQ(message_of(sections({{5, memories.bytes()}})), "too many memories: 101, the limit is 100");
}

TEST(Decoder, RefusesFeaturesThatAreOff) {
  FeatureSet features;
  features.disable(Feature::Gc);
  EXPECT_TRUE(
      message_of(test::gc_module(), features).starts_with("malformed definition type: needs the feature gc"));
  EXPECT_NE(message_of(test::memories_module(), FeatureSet::mvp()), "");
  EXPECT_NE(message_of(test::exceptions_module(), FeatureSet::mvp()), "");
}

TEST(Decoder, FindsTheEndOfNestedExpressions) {
  // Blocks are not constant, but that is for validation to say; decoding must find the right `end`.
  const Contents global = {1, 0x7F, 0, 0x02, 0x40, 0x02, 0x40, 0x0B, 0x0B, 0x41, 0, 0x0B};
  EXPECT_EQ(message_of(sections({{6, global}})), "");
}

TEST(Decoder, KeepsItsStorageAlive) {
  auto module = decode_copy(test::scalar_module());
  ASSERT_TRUE(module);
  const Module moved = std::move(*module);
  EXPECT_EQ(moved.exports[0].name, "sum");
}

}  // namespace
}  // namespace godwit::wasm
