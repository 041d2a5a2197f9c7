// Modules in the text format: the binary they become, and the errors that say where they are wrong.
#include "text/parse.h"

#include <gtest/gtest.h>

#include "wasm/builder.h"
#include "wasm/decoder.h"
#include "wasm/name_section.h"
#include "wasm/validator.h"

namespace godwit::text {
namespace {

using wasm::CodeBuilder;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::ValKind;
using Binary = std::vector<uint8_t>;

Result<Binary> parse(std::string_view text) { return parse_module({.name = "test.wat", .text = text}); }

Binary binary_of(std::string_view text) {
  Result<Binary> binary = parse(text);
  EXPECT_TRUE(binary.has_value()) << (binary ? "" : binary.error().message());
  return binary ? std::move(*binary) : Binary();
}

std::string error_of(std::string_view text) {
  const Result<Binary> binary = parse(text);
  return binary ? "no error" : binary.error().message();
}

// The body of the only function, its locals left out.
Binary code_of(std::string_view instructions, std::string_view header = "") {
  const std::string text =
      "(module " + std::string(header) + " (func $f (param $p i32) " + std::string(instructions) + "))";
  const Binary binary = binary_of(text);
  const Result<wasm::Module> module = wasm::decode_copy(binary);
  EXPECT_TRUE(module.has_value()) << text;
  if (!module || module->bodies.empty()) return {};
  const Bytes body = module->slice(module->bodies.back().range);
  EXPECT_EQ(body[0], 0) << "no locals";
  return {body.begin() + 1, body.end()};
}

Binary built(const CodeBuilder& code) {
  CodeBuilder copy = code;
  return copy.end().bytes();
}

bool is_valid(std::string_view text) {
  const Result<wasm::Module> module = wasm::decode_copy(binary_of(text));
  if (!module) return false;
  const Result<> valid = wasm::validate(*module);
  EXPECT_TRUE(valid.has_value()) << (valid ? "" : valid.error().describe());
  return valid.has_value();
}

TEST(TextParse, AModuleIsItsSections) {
  ModuleBuilder builder;
  const wasm::TypeIdx type = builder.type(wasm::FuncType{{ValKind::I32}, {ValKind::I32}});
  const wasm::FuncIdx func = builder.func(type, {ValKind::I64}, CodeBuilder().op(Opcode::local_get, 0));
  builder.memory({.limits = {.min = 1, .max = 2}});
  builder.export_as("f", func);
  const Binary wanted = builder.build();
  EXPECT_EQ(
      binary_of(
          "(module (func (export \"f\") (param i32) (result i32) (local i64) local.get 0) (memory 1 2))"),
      wanted);
  EXPECT_EQ(
      binary_of(
          "(func (param i32) (result i32) (local i64) (local.get 0)) (memory 1 2) (export \"f\" (func 0))"),
      wanted);
  EXPECT_EQ(binary_of("(module binary \"\\00asm\" \"\\01\\00\\00\\00\")"), binary_of("(module)"));
  EXPECT_EQ(binary_of("(module quote \"(memory 1)\" \"(func)\")"), binary_of("(memory 1) (func)"));
  EXPECT_EQ(binary_of(""), binary_of("(module)"));
}

TEST(TextParse, FoldedIsFlat) {
  const Binary flat =
      code_of("local.get 0 i32.const 1 i32.add if (result i32) i32.const 2 else i32.const 3 end drop");
  EXPECT_EQ(code_of("(drop (if (result i32) (i32.add (local.get $p) (i32.const 1)) (then (i32.const 2)) "
                    "(else (i32.const 3))))"),
            flat);
  EXPECT_EQ(code_of("(local.get 0) i32.const 1 (drop (if (result i32) (i32.add) (then i32.const 2) (else "
                    "(i32.const 3))))"),
            flat);
  EXPECT_EQ(flat, built(CodeBuilder()
                            .op(Opcode::local_get, 0)
                            .i32(1)
                            .op(Opcode::i32_add)
                            .block(Opcode::if_, ValKind::I32)
                            .i32(2)
                            .op(Opcode::else_)
                            .i32(3)
                            .end()
                            .op(Opcode::drop)));
  EXPECT_EQ(code_of("(block $a (loop $b (br $a) (br $b) (br 2)))"),
            code_of("block $a loop $b br 1 br 0 br 2 end $b end $a"));
  EXPECT_EQ(code_of("(try $l (do (nop)) (catch $e (rethrow $l)) (catch_all))", "(tag $e)"),
            code_of("try nop catch 0 rethrow 0 catch_all end", "(tag $e)"));
  EXPECT_EQ(code_of("(block $o (try (do) (delegate $o)))"), code_of("block try delegate 0 end"));
  EXPECT_EQ(code_of("(block $o (try_table (catch $e $o) (catch_all 0)))", "(tag $e)"),
            code_of("block try_table (catch 0 0) (catch_all 0) end end", "(tag $e)"));
}

TEST(TextParse, LabelsMayShadow) {
  EXPECT_EQ(code_of("(block $a (block $a (br $a)) (br $a))"), code_of("block block br 0 end br 0 end"));
  EXPECT_TRUE(error_of("(func (if $a (br_if $a (i32.const 0)) (then)))").starts_with("unknown label $a"))
      << "the condition lies outside of the label";
}

TEST(TextParse, TypesAreImpliedInTheOrderOfTheText) {
  const Result<wasm::Module> good = wasm::decode_copy(
      binary_of("(module (func (param i32) (block (param i64) (result i64)) drop) (type $t (func (param "
                "f32))) (func (param f32)) (func (result i32) unreachable) (func (type $t)))"));
  ASSERT_TRUE(good.has_value());
  ASSERT_EQ(good->types.size(), 4u);
  EXPECT_EQ(good->types[0].func.params[0], ValKind::F32) << "what is written comes first";
  EXPECT_EQ(good->types[1].func.params[0], ValKind::I32);
  EXPECT_EQ(good->types[2].func.params[0], ValKind::I64);
  EXPECT_EQ(good->types[3].func.results[0], ValKind::I32);
  EXPECT_EQ(good->funcs[1].value, 0u);
  EXPECT_EQ(good->funcs[3].value, 0u);
}

TEST(TextParse, EverythingHasANameAndAForwardReference) {
  EXPECT_TRUE(is_valid(R"((module $m
    (import "a" "b" (func $imported (param i32)))
    (export "later" (func $later)) (start $begin)
    (rec (type $s (sub (struct (field $x (mut i32)) (field $a (ref null $arr)))))
         (type $arr (array (mut i8))))
    (type $sub (sub final $s (struct (field $x (mut i32)) (field $a (ref null $arr)) (field f64))))
    (func $begin (call $later (i32.const 1)))
    (func $later (param $p i32) (local $l (ref null $s))
      (local.set $l (struct.new_default $sub))
      (struct.set $s $x (local.get $l) (local.get $p))
      (drop (struct.get $s $a (local.get $l)))
      (global.set $g (ref.cast (ref null $sub) (local.get $l)))
      (throw $e (i32.load $mem offset=4 align=2 (table.size $t))))
    (global $g (mut (ref null $sub)) (ref.null $sub))
    (table $t 1 funcref) (memory $mem 1) (tag $e (param i32))
    (elem $el (table $t) (offset (i32.const 0)) func $begin) (data $d (i32.const 0) "x" "\00y")
    (func (table.init $t $el (i32.const 0) (i32.const 0) (i32.const 0)) (elem.drop $el)
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (data.drop $d)))
  )"));
}

TEST(TextParse, SegmentsAndTablesTakeTheirShortestForm) {
  EXPECT_EQ(binary_of("(table funcref (elem $f $f)) (func $f)"),
            binary_of("(table 2 2 funcref) (elem (i32.const 0) func $f $f) (func $f)"));
  EXPECT_EQ(binary_of("(memory (data \"abc\"))"),
            binary_of("(memory 1 1) (data (i32.const 0) \"a\" \"bc\")"));
  EXPECT_EQ(binary_of("(memory i64 (data))"), binary_of("(memory i64 0 0) (data (i64.const 0))"));
  EXPECT_TRUE(is_valid("(type $t (func)) (table (ref null $t) (elem $f)) (func $f (type $t))"));
  EXPECT_TRUE(
      is_valid("(table 1 (ref func) (ref.func $f)) (func $f) (elem declare func $f) (elem (ref func) "
               "(ref.func $f)) (elem func $f)"));
  EXPECT_TRUE(
      is_valid("(memory $a 1) (memory $b i64 1 (pagesize 1)) (data (memory $b) (i64.const 0) \"x\") (func "
               "(memory.copy $b $a (i64.const 0) (i32.const 0) (i32.const 0)))"));
}

TEST(TextParse, NamesComeToTheNameSection) {
  const Binary binary = binary_of(
      "(module $m (func $f (param $p i32) (block $l)) (func) (func $\"g h\") (func $x (@name \"shown\")))");
  const Result<wasm::Module> module = wasm::decode_copy(binary);
  ASSERT_TRUE(module.has_value());
  EXPECT_EQ(module->names.module, "m");
  ASSERT_EQ(module->names.funcs.size(), 3u);
  EXPECT_EQ(module->names.funcs[1], (std::pair<uint32_t, std::string_view>(2, "g h")));
  EXPECT_EQ(module->names.funcs[2], (std::pair<uint32_t, std::string_view>(3, "shown")));
}

TEST(TextParse, CustomSectionsStandWhereTheyAreWanted) {
  const Result<wasm::Module> module =
      wasm::decode_copy(binary_of("(module (@custom \"z\" \"1\") (@custom \"a\" (before first) \"2\") "
                                  "(@custom \"m\" (after func) \"3\" \"4\") (func))"));
  ASSERT_TRUE(module.has_value());
  ASSERT_EQ(module->customs.size(), 3u);
  EXPECT_EQ(module->customs[0].name, "a");
  EXPECT_EQ(module->customs[1].name, "m");
  EXPECT_EQ(as_text(module->slice(module->customs[1].contents)), "34");
  EXPECT_LT(module->customs[1].contents.offset, module->section_offsets[size_t(wasm::SectionId::Code)]);
  EXPECT_EQ(module->customs[2].name, "z");
}

TEST(TextParse, BranchHintsPointAtTheirBranch) {
  const Result<wasm::Module> module =
      wasm::decode_copy(binary_of("(module (func) (func (param i32) (local i64) (@metadata.code.branch_hint "
                                  "\"\\01\") (if (local.get 0) (then))"
                                  " local.get 0 (@metadata.code.branch_hint \"\\00\") br_if 0))"));
  ASSERT_TRUE(module.has_value());
  ASSERT_EQ(module->customs.size(), 1u);
  EXPECT_EQ(module->customs[0].name, "metadata.code.branch_hint");
  const Bytes hints = module->slice(module->customs[0].contents);
  // one function, number 1, two hints: at byte 5 (locals 3, local.get 2) likely; at byte 10 (if 2, end 1, local.get 2)
  EXPECT_EQ(Binary(hints.begin(), hints.end()), (Binary{1, 1, 2, 5, 1, 1, 10, 1, 0}));
}

TEST(TextParse, DeepNestingNeedsNoHostStack) {
  constexpr size_t kDepth = 200'000;
  std::string text = "(module (func (param i32) (drop ";
  for (size_t i = 0; i < kDepth; ++i) text += "(i32.eqz ";
  text += "(local.get 0)" + std::string(kDepth, ')') + ")))";
  EXPECT_EQ(binary_of(text).size() > kDepth, true);
  std::string blocks = "(module (func ";
  for (size_t i = 0; i < kDepth; ++i) blocks += "(block $l ";
  blocks += std::string(kDepth, ')') + "))";
  EXPECT_TRUE(parse(blocks).has_value());
  EXPECT_FALSE(parse(std::string(kDepth, '(')).has_value());
  EXPECT_FALSE(parse("(module " + std::string(kDepth, '(')).has_value());
}

TEST(TextParse, ErrorsShowThePlace) {
  EXPECT_EQ(error_of("(module\n  (func\n    (i32.ad)))"),
            "unknown operator 'i32.ad'; did you mean 'i32.add'?\n"
            " --> test.wat:3:6\n"
            "3 |     (i32.ad)))\n"
            "  |      ^^^^^^");
  EXPECT_EQ(error_of("(module (func br $x))"),
            "unknown label $x\n"
            " --> test.wat:1:18\n"
            "1 | (module (func br $x))\n"
            "  |                  ^^");
  EXPECT_EQ(error_of("(module"),
            "unexpected end of the text, wanted ')'\n"
            " --> test.wat:1:8\n"
            "1 | (module\n"
            "  |        ^");
  const std::string far =
      error_of("(module (func " + std::string(5000, ' ') + "nope " + std::string(500, ' ') + "))");
  EXPECT_LT(far.size(), 400u) << "a long line is cut";
  EXPECT_NE(far.find("test.wat:1:5015"), std::string::npos);
  EXPECT_EQ(error_of("(module \x1b[31m)").find('\x1b'), std::string::npos) << "nothing that a terminal obeys";
}

// Where the text says to be wrong what its validator finds wrong in the binary: line and column.
std::string place_of_error(std::string_view text) {
  const Source source{.name = "t", .text = text};
  const Result<Binary> binary = parse_module(source);
  if (!binary) return "malformed";
  const Result<wasm::Module> module = wasm::decode_copy(*binary);
  if (!module) return "not decoded";
  Result<> valid = wasm::validate(*module);
  if (valid) return "valid";
  const std::string message = error_in_text(source, std::move(valid).error()).message();
  const size_t begin = message.find("--> t:");
  return begin == std::string::npos ? message
                                    : message.substr(begin + 6, message.find('\n', begin) - begin - 6);
}

TEST(TextParse, ErrorsInTheBinaryAreFoundInTheText) {
  EXPECT_EQ(place_of_error("(func)\n(func (result i32)\n (i32.add (i64.const 1)\n (i32.const 1)))"), "3:3")
      << "the operator, not its operands";
  EXPECT_EQ(place_of_error("(func\n i32.const 1\n i64.const 2\n i32.add drop)"), "4:2");
  EXPECT_EQ(place_of_error("(func\n (block (result i32)\n nop))"), "3:5") << "the end of the block";
  EXPECT_EQ(place_of_error(
                "(func (if (result i32) (i32.const 1) (then (i32.const 1))\n (else (i64.const 1))\n ) drop)"),
            "3:2");
  EXPECT_EQ(place_of_error("(func (if (i64.const 1)\n (then)))"), "1:8");
  EXPECT_EQ(place_of_error("(memory 1)\n(global i32\n (i64.const 1))"), "2:1");
  EXPECT_EQ(place_of_error("(func)\n(export \"a\" (func 0))\n(export \"a\" (func 0))"), "3:1");
  EXPECT_EQ(place_of_error("(type (func))\n(type (sub final (func)))\n(type (sub 1 (func)))"), "3:1");
  EXPECT_EQ(place_of_error("(rec (type (func (param (ref 9)))))"), "1:1");
  EXPECT_EQ(place_of_error("(import \"a\" \"b\" (func))\n(func)\n(func (type 7))"), "3:1");
  EXPECT_EQ(place_of_error("(memory 1)\n(memory 2 1)"), "2:1");
  EXPECT_EQ(place_of_error("(memory 1)\n(import \"a\" \"b\" (memory 2 1))"), "malformed");
  EXPECT_EQ(place_of_error("(import \"a\" \"b\" (memory 1))\n(import \"a\" \"b\" (memory 2 1))"), "2:1");
  EXPECT_EQ(place_of_error("(table 1 funcref)\n(table 2 1 funcref)"), "2:1");
  EXPECT_EQ(place_of_error("(tag)\n(tag (result i32))"), "2:1");
  EXPECT_EQ(place_of_error("(global i32 (i32.const 1))\n(global (ref null 5) (ref.null func))"), "2:1");
  EXPECT_EQ(place_of_error("(func (param i32))\n(start 0)"), "2:1");
  EXPECT_EQ(place_of_error("(elem)\n(elem func 3)"), "2:1");
  EXPECT_EQ(place_of_error("(module quote \"(func (result i32))\")").find("t:"), std::string::npos);
}

TEST(TextParse, WhatIsMalformed) {
  const struct {
    const char* text;
    const char* words;
  } kCases[] = {
      {"(func (nonsense))", "unknown operator"},
      {"(func i32.const)", "unexpected token"},
      {"(func i32.const 0x1_0000_0000)", "i32 constant out of range"},
      {"(func f32.const 1e39)", "f32 constant out of range"},
      {"(func i32.const 1__0)", "unknown operator"},
      {"(memory 1) (func (i32.load align=3 (i32.const 0)))", "alignment must be a power of two"},
      {"(memory 1) (func (i32.load align=0 (i32.const 0)))", "alignment must be a power of two"},
      {"(func (param $x i32) (local $x i32))", "duplicate local"},
      {"(func $f) (func $f)", "duplicate func"},
      {"(type $t (func)) (type $t (func))", "duplicate type"},
      {"(type (struct (field $x i32) (field $x i32)))", "duplicate field"},
      {"(func) (import \"\" \"\" (func))", "import after function"},
      {"(memory 1) (func (import \"\" \"\"))", "import after memory"},
      {"(func $f) (start $f) (start $f)", "multiple start sections"},
      {"(func (call $g))", "unknown func $g"},
      {"(type $t (func (param i32))) (func (type $t) (param i64))", "inline function type"},
      {"(func block $a end $b)", "mismatching label"},
      {"(func (block)", "unexpected end"},
      {"(func block)", "unexpected token ')'"},
      {"(func end)", "unexpected token 'end'"},
      {"(func (else))", "unexpected token 'else'"},
      {"(func (if (i32.const 0)))", "unexpected token ')', wanted '(then'"},
      {"(func (if (i32.const 0) (then) (else) (else)))", "unexpected token"},
      {"(func (i32.add i32.const 0))", "unexpected token"},
      {"(func) )", "unexpected token"},
      {"(module) (module)", "unexpected token"},
      {"(func (block (param $x i32)))", "unexpected token"},
      {"(func (result i32) (param i32))", "unexpected token"},
      {"(func (type 0)) (func)", "unknown type 0"},
      {"(module quote \"(module quote \\\"\\\")\")", "unexpected token"},
      {"(@custom)", "unexpected token"},
      {"(func (@name \"a\") (@name \"b\"))", "unexpected token"},
      {"(func (@metadata.code.branch_hint \"\\00\") nop)", "misplaced annotation"},
      {"(func v128.const i8x16 1 2)", "wrong number of lane literals"},
      {"(func i8x16.shuffle 1 2)", "wrong number of lane indices"},
      {"(func i8x16.extract_lane_s 256)", "malformed lane index"},
      {"(func i8x16.extract_lane_s -1)", "malformed lane index"},
      {"(func br -1)", "unexpected token '-1'"},
      {"(func br 0x)", "unknown operator"},
      {"(memory 1 (pagesize 3))", "invalid custom page size"},
      {"(func \"\xff\")", "malformed UTF-8 encoding"},
      {"(data \"\xff\")", "malformed UTF-8 encoding"},
      {"(import \"\\ff\" \"\" (func))", "malformed UTF-8 encoding"},
      {"(func \"unclosed", "unclosed string"},
      {"(table 1 funcref", "unexpected end"},
      {"(elem (i32.const 0) $f", "unexpected end"},
  };
  for (const auto& row : kCases)
    EXPECT_TRUE(error_of(row.text).starts_with(row.words)) << row.text << "\n" << error_of(row.text);
}

}  // namespace
}  // namespace godwit::text
