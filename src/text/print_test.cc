// Tests of the printer: what the text looks like. That it means the same module is tested where it is parsed again.
#include "text/print.h"

#include <gtest/gtest.h>

#include "text/parse.h"
#include "text/print_arity.h"
#include "text/print_scan.h"
#include "text/print_writer.h"
#include "wasm/builder.h"
#include "wasm/decoder.h"

namespace godwit::text {
namespace {

using wasm::CodeBuilder;
using wasm::Encoder;
using wasm::FuncIdx;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::TypeIdx;
using wasm::ValKind;

std::string printed(const std::vector<uint8_t>& bytes, const PrintOptions& options = {}) {
  const auto module = wasm::decode_copy(bytes, wasm::FeatureSet::all());
  if (!module) return module.error().describe();
  const auto text = print_module(*module, options);
  return text ? *text : text.error().describe();
}

std::string printed(const ModuleBuilder& module, const PrintOptions& options = {}) {
  return printed(module.build(), options);
}

// The lines of the only function, without the first two blanks of each.
std::string body_of(const CodeBuilder& code, const PrintOptions& options = {}, wasm::FuncType type = {},
                    const std::vector<wasm::ValType>& locals = {}) {
  ModuleBuilder module;
  module.func(module.type(std::move(type)), locals, code);
  const auto decoded = wasm::decode_copy(module.build(), wasm::FeatureSet::all());
  if (!decoded) return decoded.error().describe();
  std::string text;
  const auto status = print_func(*decoded, FuncIdx(0), options, [&](std::string_view piece) -> Result<> {
    text += piece;
    return {};
  });
  return status ? text : status.error().describe();
}

Encoder names(std::initializer_list<std::pair<uint32_t, std::string_view>> entries) {
  Encoder map;
  map.u32(entries.size());
  for (const auto& [index, name] : entries) map.u32(index).name(name);
  return map;
}

// A name section of one subsection.
std::vector<uint8_t> name_section(uint8_t id, const Encoder& map) {
  return Encoder().u8(id).sized(map.bytes()).take();
}
std::vector<uint8_t> indirect_name_section(uint8_t id, uint32_t outer, const Encoder& map) {
  return Encoder().u8(id).sized(Encoder().u32(1).u32(outer).raw(map.bytes()).bytes()).take();
}

TEST(Print, EmptyModule) { EXPECT_EQ(printed(ModuleBuilder()), "(module)\n"); }

TEST(Print, DefinitionsAreCalledByTheirExports) {
  ModuleBuilder module;
  const TypeIdx type = module.type(wasm::FuncType{{ValKind::I32, ValKind::I64}, {ValKind::F32}});
  module.import_func("env", "f", type);
  module.import_func("env", "not plain", type);
  module.memory({.limits = {.min = 1, .max = 2}});
  module.global({ValKind::I64, true}, CodeBuilder().i64(-1));
  module.export_as("memory", wasm::MemIdx(0));
  module.export_as("g\n", wasm::GlobalIdx(0));
  EXPECT_EQ(printed(module),
            "(module\n"
            "  (type $t0 (func (param i32 i64) (result f32)))\n"
            "  (import \"env\" \"f\" (func $f (type $t0) (param i32 i64) (result f32)))\n"
            "  (import \"env\" \"not plain\" (func $f1 (type $t0) (param i32 i64) (result f32)))\n"
            "  (memory $memory 1 2)\n"
            "  (global $g0 (mut i64) (i64.const -1))\n"
            "  (export \"memory\" (memory $memory))\n"
            "  (export \"g\\n\" (global $g0)))\n");
}

TEST(Print, EqualNamesAreMadeDifferent) {
  ModuleBuilder module;
  const TypeIdx type = module.type(wasm::FuncType{});
  for (int i = 0; i < 6; ++i) module.func(type, {}, CodeBuilder());
  module.custom("name",
                name_section(1, names({{0, "same"}, {1, "same"}, {2, "same.1"}, {3, ""}, {4, "f5"}})));
  const std::string text = printed(module);
  EXPECT_NE(text.find("(func $same (type"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $same.1_ (type"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $same.1 (type"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $f3 (type"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $f5 (type"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $f5_ (type"), std::string::npos) << text;
}

TEST(Print, NamesThatAreNoPlainIdentifiersAreQuoted) {
  ModuleBuilder module;
  module.func(module.type(wasm::FuncType{}), {}, CodeBuilder());
  // what would turn the direction of writing (U+202E), or move a terminal's cursor, is escaped
  module.custom("name", name_section(1, names({{0, "a b\"\\\x1b\xD1\x84\xE2\x80\xAE"}})));
  const std::string text = printed(module);
  EXPECT_NE(text.find("(func $\"a b\\\"\\\\\\1b\xD1\x84\\u{202e}\" (type"), std::string::npos) << text;
}

TEST(Print, NamesOfLocalsLabelsFieldsAndTheModule) {
  ModuleBuilder module;
  wasm::SubType point;
  point.kind = wasm::CompositeKind::Struct;
  point.fields = {{ValKind::I32, true}, {ValKind::I8, false}};
  const TypeIdx pair = module.type(point);
  const TypeIdx type = module.type(wasm::FuncType{{ValKind::I32, ValKind::I32}, {}});
  module.func(type, {ValKind::I64, ValKind::I64, ValKind::F32},
              CodeBuilder()
                  .block(Opcode::block)
                  .block(Opcode::block)
                  .op(Opcode::local_get, 1)
                  .op(Opcode::br_if, 0)
                  .end()
                  .end()
                  .op(Opcode::local_get, 2)
                  .op(Opcode::drop)
                  .op(Opcode::struct_new_default, pair.value)
                  .op(Opcode::struct_get_s, pair.value, 1)
                  .op(Opcode::drop));
  Encoder section;
  section.raw(name_section(0, Encoder().name("m")));
  section.raw(indirect_name_section(2, 0, names({{1, "p"}, {3, "l"}, {99, "no such local"}})));
  section.raw(indirect_name_section(3, 0, names({{0, "outer"}})));
  section.raw(name_section(4, names({{0, "point"}})));
  section.raw(indirect_name_section(10, 0, names({{1, "y"}})));
  module.custom("name", section.bytes());
  EXPECT_EQ(printed(module),
            "(module $m\n"
            "  (type $point (struct (field (mut i32)) (field $y i8)))\n"
            "  (type $t1 (func (param i32 i32)))\n"
            "  (func $f0 (type $t1) (param i32) (param $p i32)\n"
            "    (local i64) (local $l i64) (local f32)\n"
            "    block $outer\n"
            "      block $b1\n"
            "        local.get $p\n"
            "        br_if $b1\n"
            "      end\n"
            "    end\n"
            "    local.get 2\n"
            "    drop\n"
            "    struct.new_default $point\n"
            "    struct.get_s $point $y\n"
            "    drop))\n");
}

TEST(Print, NamesSurviveParsing) {
  ModuleBuilder module;
  const TypeIdx type = module.type(wasm::FuncType{});
  const std::string_view kNames[] = {"plain",
                                     "$",
                                     "a b",
                                     "(;",
                                     ";)",
                                     "\"",
                                     "\\",
                                     "\\u{41}",
                                     "\t\n\r\x01\x7F",
                                     {"a\0b", 3},
                                     "\xC2\x85",
                                     "\xE2\x80\xAE",
                                     "\xF0\x9F\xA6\x80",
                                     "f0",
                                     "t0",
                                     "3"};
  Encoder map;
  map.u32(std::size(kNames));
  for (uint32_t i = 0; i < std::size(kNames); ++i) {
    module.func(type, {}, CodeBuilder().op(Opcode::call, i));
    map.u32(i).name(kNames[i]);
  }
  module.custom("name", name_section(1, map));
  const std::string text = printed(module);
  const auto binary = parse_module({.name = "text", .text = text});
  ASSERT_TRUE(binary) << binary.error().describe();
  const auto again = wasm::decode_copy(*binary);
  ASSERT_TRUE(again);
  for (uint32_t i = 0; i < std::size(kNames); ++i) EXPECT_EQ(again->func_name(FuncIdx(i)), kNames[i]);
  EXPECT_EQ(printed(*binary), text);
}

TEST(Print, ABrokenNameSectionIsReadUpToItsFault) {
  ModuleBuilder module;
  const TypeIdx type = module.type(wasm::FuncType{});
  module.func(type, {}, CodeBuilder());
  module.func(type, {}, CodeBuilder());
  std::vector<uint8_t> section = name_section(1, names({{0, "good"}, {1, "bad\xFF"}}));
  section.push_back(77);
  module.custom("name", section);
  const std::string text = printed(module);
  EXPECT_NE(text.find("(func $good (type"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $f1 (type"), std::string::npos) << text;
}

std::string text_of_f32(uint32_t bits) {
  std::string text;
  const PrintSink sink = [&](std::string_view piece) -> Result<> { return text += piece, Result<>(); };
  PrintWriter writer(sink);
  writer.f32(bits);
  EXPECT_TRUE(writer.finish());
  return text;
}

std::string text_of_f64(uint64_t bits) {
  std::string text;
  const PrintSink sink = [&](std::string_view piece) -> Result<> { return text += piece, Result<>(); };
  PrintWriter writer(sink);
  writer.f64(bits);
  EXPECT_TRUE(writer.finish());
  return text;
}

TEST(Print, FloatsAreShortAndExact) {
  EXPECT_EQ(text_of_f32(0), "0");
  EXPECT_EQ(text_of_f32(0x80000000), "-0");
  EXPECT_EQ(text_of_f32(std::bit_cast<uint32_t>(0.1f)), "0.1");
  EXPECT_EQ(text_of_f32(1), "1e-45");
  EXPECT_EQ(text_of_f32(0x7F800000), "inf");
  EXPECT_EQ(text_of_f32(0xFF800000), "-inf");
  EXPECT_EQ(text_of_f32(0x7FC00000), "nan");
  EXPECT_EQ(text_of_f32(0xFFC00000), "-nan");
  EXPECT_EQ(text_of_f32(0x7F800001), "nan:0x1");
  EXPECT_EQ(text_of_f32(0xFFFFFFFF), "-nan:0x7fffff");
  EXPECT_EQ(text_of_f64(std::bit_cast<uint64_t>(0.1)), "0.1");
  EXPECT_EQ(text_of_f64(std::bit_cast<uint64_t>(1e300)), "1e+300");
  EXPECT_EQ(text_of_f64(1), "5e-324");
  EXPECT_EQ(text_of_f64(0x7FF8000000000000), "nan");
  EXPECT_EQ(text_of_f64(0xFFF4000000000000), "-nan:0x4000000000000");
}

TEST(Print, EveryIntegerConstant) {
  EXPECT_EQ(body_of(CodeBuilder().i32(INT32_MIN).i64(INT64_MIN).i64(INT64_MAX)),
            "(func $f0 (type $t0)\n"
            "  i32.const -2147483648\n"
            "  i64.const -9223372036854775808\n"
            "  i64.const 9223372036854775807)\n");
}

TEST(Print, ImmediatesOfEveryKindByIndexWhereNothingHasAName) {
  CodeBuilder code;
  code.access(Opcode::i32_load, 7).access(Opcode::i64_load, {0, wasm::MemIdx(3), 0xFFFFFFFFFFFFFFFF});
  code.op(Opcode::memory_size, 0).op(Opcode::memory_size, 9).op(Opcode::memory_copy, 0, 0);
  code.op(Opcode::memory_copy, 1, 0).op(Opcode::table_init, 5, 6).op(Opcode::table_copy, 0, 0);
  code.op(Opcode::call_indirect, 0, 0).op(Opcode::call_indirect, 8, 1).op(Opcode::call, 77);
  code.add({.op = Opcode::v128_load8_lane, .mem = {0, {}, 4}, .index2 = 15});
  code.add({.op = Opcode::i8x16_shuffle, .v128 = {0, 1, 2, 31}});
  code.add({.op = Opcode::select_t, .types = {wasm::kFuncRef}}).add({.op = Opcode::select_t});
  code.add({.op = Opcode::br_table, .labels = {0, 5, 1}});
  code.add({.op = Opcode::ref_cast_null, .type = wasm::ValType::ref(wasm::HeapType::Abstract::I31, true)});
  code.add({.op = Opcode::ref_test, .type = wasm::ValType::ref(wasm::HeapType(TypeIdx(4)), false)});
  code.add({.op = Opcode::br_on_cast,
            .index = 0,
            .type = wasm::ValType::ref(wasm::HeapType::Abstract::Any, true),
            .type2 = wasm::ValType::ref(wasm::HeapType(TypeIdx(0)), true)});
  code.op(Opcode::throw_, 3).op(Opcode::array_new_fixed, 0, 12).op(Opcode::atomic_fence);
  EXPECT_EQ(body_of(code),
            "(func $f0 (type $t0)\n"
            "  i32.load offset=7\n"
            "  i64.load 3 offset=18446744073709551615 align=1\n"
            "  memory.size\n"
            "  memory.size 9\n"
            "  memory.copy\n"
            "  memory.copy 1 0\n"
            "  table.init 6 5\n"
            "  table.copy 0 0\n"
            "  call_indirect (type $t0)\n"
            "  call_indirect 1 (type 8)\n"
            "  call 77\n"
            "  v128.load8_lane offset=4 15\n"
            "  i8x16.shuffle 0 1 2 31 0 0 0 0 0 0 0 0 0 0 0 0\n"
            "  select (result funcref)\n"
            "  select (result)\n"
            "  br_table 0 5 1\n"
            "  ref.cast i31ref\n"
            "  ref.test (ref 4)\n"
            "  br_on_cast 0 anyref (ref null $t0)\n"
            "  throw 3\n"
            "  array.new_fixed $t0 12\n"
            "  atomic.fence)\n");
}

const CodeBuilder& structured() {
  static const CodeBuilder code = CodeBuilder()
                                      .block(Opcode::block)
                                      .block(Opcode::loop)
                                      .op(Opcode::local_get, 0)
                                      .block(Opcode::if_)
                                      .op(Opcode::br, 1)
                                      .op(Opcode::else_)
                                      .op(Opcode::br, 3)
                                      .end()
                                      .end()
                                      .end()
                                      .block(Opcode::try_)
                                      .op(Opcode::catch_, 0)
                                      .block(Opcode::try_)
                                      .op(Opcode::delegate, 0)
                                      .op(Opcode::rethrow, 0)
                                      .op(Opcode::catch_all)
                                      .end();
  return code;
}

TEST(Print, BlocksAreIndentedAndOnlyLabelsThatAreUsedHaveIdentifiers) {
  EXPECT_EQ(body_of(structured(), {}, {{ValKind::I32}, {}}),
            "(func $f0 (type $t0) (param i32)\n"
            "  block\n"
            "    loop $b1\n"
            "      local.get 0\n"
            "      if\n"
            "        br $b1\n"
            "      else\n"
            "        br 3\n"
            "      end\n"
            "    end\n"
            "  end\n"
            "  try $b3\n"
            "  catch 0\n"
            "    try\n"
            "    delegate $b3\n"
            "    rethrow $b3\n"
            "  catch_all\n"
            "  end)\n");
}

TEST(Print, FoldedBlocks) {
  EXPECT_EQ(body_of(structured(), {.fold = true}, {{ValKind::I32}, {}}),
            "(func $f0 (type $t0) (param i32)\n"
            "  (block\n"
            "    (loop $b1\n"
            "      (if (local.get 0)\n"
            "        (then\n"
            "          (br $b1))\n"
            "        (else\n"
            "          (br 3)))))\n"
            "  (try $b3\n"
            "    (do)\n"
            "    (catch 0\n"
            "      (try\n"
            "        (do)\n"
            "        (delegate $b3))\n"
            "      (rethrow $b3))\n"
            "    (catch_all)))\n");
}

TEST(Print, FoldingStopsWhereOperandsDoNotComeRightBefore) {
  CodeBuilder code;
  code.i32(1).op(Opcode::nop).i32(2).op(Opcode::i32_add).op(Opcode::drop).op(Opcode::i32_add);
  EXPECT_EQ(body_of(code, {.fold = true}),
            "(func $f0 (type $t0)\n"
            "  (i32.const 1)\n"
            "  (nop)\n"
            "  (i32.const 2)\n"
            "  (drop (i32.add))\n"
            "  (i32.add))\n");
}

TEST(Print, CommentsShowIndicesAndOffsets) {
  EXPECT_EQ(body_of(CodeBuilder().i32(1).op(Opcode::drop), {.comments = true}),
            "(func $f0 (;0;) (type $t0)\n"
            "  (;@000017;) i32.const 1\n"
            "  (;@000019;) drop)\n");
}

TEST(Print, ALongTypeIsNotRepeated) {
  ModuleBuilder module;
  wasm::FuncType type;
  type.params.assign(1000, ValKind::I32);
  const TypeIdx index = module.type(type);
  for (int i = 0; i < 1000; ++i) module.func(index, {}, CodeBuilder());
  EXPECT_LT(printed(module).size(), 50'000u);
}

TEST(Print, DeepNestingDoesNotFillTheTextWithBlanks) {
  constexpr size_t kDepth = 20'000;
  CodeBuilder code;
  for (size_t i = 0; i < kDepth; ++i) code.block(Opcode::block);
  for (size_t i = 0; i < kDepth; ++i) code.end();
  EXPECT_LT(body_of(code).size(), kDepth * 2 * 130);
  EXPECT_LT(body_of(code, {.fold = true}).size(), kDepth * 130);
  CodeBuilder chain;
  chain.i32(0);
  for (size_t i = 0; i < kDepth; ++i) chain.op(Opcode::i32_eqz);
  EXPECT_LT(body_of(chain, {.fold = true}).size(), kDepth * 130);
}

TEST(Print, BodiesThatAreNoSequencesOfBlocksAreErrors) {
  EXPECT_EQ(body_of(CodeBuilder().op(Opcode::else_)),
            "malformed module: else outside of any block (at byte 0x17)");
  EXPECT_EQ(body_of(CodeBuilder().block(Opcode::block).op(Opcode::else_).end()),
            "malformed module: else within block (at byte 0x19)");
  EXPECT_EQ(body_of(CodeBuilder().block(Opcode::loop).op(Opcode::delegate, 0)),
            "malformed module: delegate within loop (at byte 0x19)");
  EXPECT_EQ(body_of(CodeBuilder().end().op(Opcode::nop)),
            "malformed module: instructions after the end of the function (at byte 0x18)");
  EXPECT_EQ(body_of(CodeBuilder().block(Opcode::block)),
            "malformed module: unexpected end of section or function (at byte 0x1a)");
}

TEST(Print, TheFirstErrorOfTheSinkEndsThePrinting) {
  ModuleBuilder module;
  const TypeIdx type = module.type(wasm::FuncType{});
  for (int i = 0; i < 10'000; ++i) module.func(type, {}, CodeBuilder().op(Opcode::nop));
  const auto decoded = wasm::decode_copy(module.build());
  ASSERT_TRUE(decoded);
  int calls = 0;
  const auto status = print_module(*decoded, {}, [&](std::string_view) -> Result<> {
    ++calls;
    return fail(ErrorKind::Io, "the disk is full");
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(), "the disk is full");
  EXPECT_EQ(calls, 1);
}

TEST(Print, SegmentsOfAllForms) {
  ModuleBuilder module;
  const TypeIdx type = module.type(wasm::FuncType{});
  const FuncIdx func = module.func(type, {}, CodeBuilder());
  module.table({wasm::kFuncRef, {.min = 1, .max = {}, .addr = wasm::AddrType::I64}});
  module.memory({.limits = {.min = 1, .max = 1}, .is_shared = true, .page_size_log2 = 0});
  module.elem(wasm::TableIdx(0), CodeBuilder().i64(0), {func});
  module.elem(wasm::SegmentMode::Declarative, wasm::kFuncRef, {CodeBuilder().op(Opcode::ref_func, 0)});
  module.elem(wasm::SegmentMode::Passive, wasm::ValType::ref(wasm::HeapType(type), true),
              {CodeBuilder(), CodeBuilder().op(Opcode::nop).op(Opcode::nop)});
  module.data(as_bytes({"\0\x7F\xFF", 3}));
  module.data(wasm::MemIdx(1), CodeBuilder().i32(1).i32(2).op(Opcode::i32_add),
              as_bytes(std::string(65, 'x')));
  EXPECT_EQ(printed(module),
            "(module\n"
            "  (type $t0 (func))\n"
            "  (table $table0 i64 1 funcref)\n"
            "  (memory $mem0 1 1 shared (pagesize 1))\n"
            "  (elem $elem0 (i64.const 0) func $f0)\n"
            "  (elem $elem1 declare funcref (ref.func $f0))\n"
            "  (elem $elem2 (ref null $t0) (item) (item (nop) (nop)))\n"
            "  (func $f0 (type $t0))\n"
            "  (data $data0 \"\\00\\7f\\ff\")\n"
            "  (data $data1 (memory 1) (i32.add (i32.const 1) (i32.const 2))\n"
            "    \"" +
                std::string(64, 'x') + "\"\n    \"x\"))\n");
}

std::vector<uint8_t> custom(std::string_view name, Bytes contents) {
  return Encoder().u8(0).sized(Encoder().name(name).raw(contents).bytes()).take();
}

TEST(Print, CustomSectionsKeepTheirPlace) {
  Encoder bytes;
  bytes.raw(as_bytes({"\0asm\1\0\0\0", 8})).raw(custom("a\n", as_bytes("1")));
  bytes.u8(1).sized(Encoder().u32(1).u8(0x60).u8(0).u8(0).bytes());
  bytes.u8(2).sized(Encoder().u32(0).bytes());  // no imports: not written again
  bytes.raw(custom("b", {}));
  bytes.u8(5).sized(Encoder().u32(1).u8(0).u8(0).bytes()).raw(custom("c", as_bytes("2")));
  EXPECT_EQ(printed(bytes.bytes()),
            "(module\n"
            "  (type $t0 (func))\n"
            "  (memory $mem0 0)\n"
            "  (@custom \"a\\n\" (before first) \"1\")\n"
            "  (@custom \"b\" (after type) \"\")\n"
            "  (@custom \"c\" \"2\"))\n");
}

// A module with one function: local.get 0; if; end; its hint section says `hints`.
std::string with_hints(const Encoder& hints, const PrintOptions& options = {}) {
  Encoder bytes;
  bytes.raw(as_bytes({"\0asm\1\0\0\0", 8}));
  bytes.u8(1).sized(Encoder().u32(1).u8(0x60).u32(1).u8(0x7F).u8(0).bytes());
  bytes.u8(3).sized(Encoder().u32(1).u32(0).bytes());
  bytes.raw(custom("metadata.code.branch_hint", hints.bytes()));
  const CodeBuilder code = CodeBuilder().op(Opcode::local_get, 0).block(Opcode::if_).end().end();
  bytes.u8(10).sized(Encoder().u32(1).sized(Encoder().u32(0).raw(code.bytes()).bytes()).bytes());
  return printed(bytes.bytes(), options);
}

TEST(Print, BranchHintsAreAnnotations) {
  const Encoder hints = Encoder().u32(1).u32(0).u32(1).u32(3).u32(1).u8(1);
  EXPECT_EQ(with_hints(hints),
            "(module\n"
            "  (type $t0 (func (param i32)))\n"
            "  (func $f0 (type $t0) (param i32)\n"
            "    local.get 0\n"
            "    (@metadata.code.branch_hint \"\\01\") if\n"
            "    end))\n");
  EXPECT_EQ(with_hints(hints, {.fold = true}),
            "(module\n"
            "  (type $t0 (func (param i32)))\n"
            "  (func $f0 (type $t0) (param i32)\n"
            "    (local.get 0)\n"
            "    (@metadata.code.branch_hint \"\\01\") (if\n"
            "      (then))))\n");
}

TEST(Print, HintsThatMeetNoBranchStayACustomSection) {
  for (const uint32_t offset : {0u, 1u, 2u, 4u, 5u, 100u}) {
    const std::string text = with_hints(Encoder().u32(1).u32(0).u32(1).u32(offset).u32(1).u8(1));
    EXPECT_NE(text.find("(@custom \"metadata.code.branch_hint\" (after func)"), std::string::npos) << text;
    EXPECT_EQ(text.find("(@metadata"), std::string::npos) << text;
  }
}

TEST(Print, EveryInstructionThatStructuresNothingHasAnArity) {
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    const bool is_structure = opens_block(op) || op == Opcode::else_ || op == Opcode::end ||
                              op == Opcode::catch_ || op == Opcode::catch_all || op == Opcode::delegate;
    EXPECT_NE(has_arity(op), is_structure) << wasm::text_of(op);
  }
}

TEST(Print, FunctionsAreFoundByNameIdentifierExportAndIndex) {
  ModuleBuilder module;
  const TypeIdx type = module.type(wasm::FuncType{});
  module.import_func("env", "imported thing", type);
  for (int i = 0; i < 4; ++i) module.func(type, {}, CodeBuilder());
  module.export_as("exported thing", FuncIdx(2));
  module.export_as("4", FuncIdx(1));
  module.custom("name", name_section(1, names({{3, "twin"}, {4, "twin"}})));
  const auto decoded = wasm::decode_copy(module.build());
  ASSERT_TRUE(decoded);
  using Funcs = std::vector<FuncIdx>;
  EXPECT_EQ(find_funcs(*decoded, "twin"), (Funcs{FuncIdx(3), FuncIdx(4)}));
  EXPECT_EQ(find_funcs(*decoded, "$twin.4"), Funcs{FuncIdx(4)});
  EXPECT_EQ(find_funcs(*decoded, "exported thing"), Funcs{FuncIdx(2)});
  EXPECT_EQ(find_funcs(*decoded, "imported thing"), Funcs{FuncIdx(0)});
  EXPECT_EQ(find_funcs(*decoded, "4"), Funcs{FuncIdx(1)});
  EXPECT_EQ(find_funcs(*decoded, "3"), Funcs{FuncIdx(3)});
  EXPECT_EQ(find_funcs(*decoded, "5"), Funcs{});
  EXPECT_EQ(find_funcs(*decoded, "none"), Funcs{});
}

}  // namespace
}  // namespace godwit::text
