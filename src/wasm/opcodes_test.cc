// Holds opcodes.def against facts that come from the specification and the proposals, not from us.
#include "wasm/opcodes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace godwit::wasm {
namespace {

// A line of a file of facts, by columns.
using Row = std::vector<std::string>;

std::vector<Row> read_table(const std::string& file) {
  std::ifstream in(std::string(GODWIT_SOURCE_DIR "/tests/data/") + file);
  EXPECT_TRUE(in) << file;
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    Row row;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) row.push_back(cell);
    row.resize(6);
    rows.push_back(row);
  }
  return rows;
}

// "FD 80 01" is the prefix 0xFD and the LEB128 number 0x80.
std::optional<Opcode> opcode_of(const std::string& bytes) {
  std::istringstream in(bytes);
  std::vector<uint32_t> values;
  for (uint32_t byte; in >> std::hex >> byte;) values.push_back(byte);
  if (values.size() == 1) return find_opcode(0, values[0]);
  uint32_t code = 0;
  for (size_t i = 1; i < values.size(); ++i) code |= (values[i] & 0x7F) << (7 * (i - 1));
  return find_opcode(static_cast<uint8_t>(values[0]), code);
}

// The specification's source writes names as macros: without dots and underscores between words, vector instructions
// with a `v`, minimum and maximum with an `f`. So names are compared by their letters and digits.
std::string letters(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '_' && c != '.') out += c;
  return out;
}

std::string expected_letters(const std::string& name, const std::string& bytes) {
  std::string text = name;
  const size_t dot = text.find('.');
  if (bytes.starts_with("FD")) text.erase(dot + 1, 1);  // i8x16.vadd
  if (dot != std::string::npos && (text.ends_with(".fmin") || text.ends_with(".fmax")))
    text.erase(dot + 1, 1);
  if (text.find("relaxedtrunc_f64x2") != std::string::npos) text += "_zero";  // the macro leaves it out
  return letters(text);
}

// "[i32 i32] -> [i64]" as opcodes.def writes it, or nothing if the type has variables.
std::optional<std::string> signature_text(const std::string& type) {
  static const std::map<std::string, char> kLetters = {
      {"i32", 'i'}, {"i64", 'l'}, {"f32", 'f'}, {"f64", 'd'}, {"v128", 'v'}, {"xat", 'a'}, {"at", 'a'}};
  std::string text;
  std::istringstream in(type);
  for (std::string word; in >> word;) {
    if (word == "->") {
      text += ':';
      continue;
    }
    std::erase_if(word, [](char c) { return c == '[' || c == ']'; });
    if (word.empty()) continue;
    const auto letter = kLetters.find(word);
    if (letter == kLetters.end()) return std::nullopt;
    text += letter->second;
  }
  return text;
}

std::string signature_text(const Signature& signature) {
  constexpr std::string_view kLetters = "ilfdva";
  std::string text;
  for (const auto type : signature.params()) text += kLetters[static_cast<size_t>(type)];
  text += ':';
  for (const auto type : signature.results()) text += kLetters[static_cast<size_t>(type)];
  return text;
}

// What may follow, for each spelling of the immediates in the facts.
const std::map<std::string, std::set<ImmKind>>& immediates() {
  using enum ImmKind;
  static const std::map<std::string, std::set<ImmKind>> kKinds = {
      {"", {None, Memory, MemoryCopy, ZeroByte}},
      {"Xbt", {Block, TryTable}},
      {"l", {Label}},
      {"l^ast l", {BrTable}},
      {"x", {Func, Type, Local, Global, Table, Elem, Memory, Data, Tag}},
      {"y", {Memory}},
      {"x y",
       {CallIndirect, TableInit, TableCopy, MemoryInit, MemoryCopy, TypeField, TypeData, TypeElem, TypeType}},
      {"x n", {TypeCount}},
      {"t", {SelectTypes}},
      {"x memarg", {MemArg}},
      {"memarg", {MemArg}},
      {"memarg laneidx", {MemArgLane}},
      {"x memarg laneidx", {MemArgLane}},
      {"laneidx", {Lane}},
      {"laneidx^16", {Shuffle}},
      {"i32", {I32}},
      {"i64", {I64}},
      {"f32", {F32}},
      {"f64", {F64}},
      {"i128", {V128}},
      {"Xht", {HeapType}},
      {"(REF t)", {RefType}},
      {"(REF NULL t)", {RefType}},
      {"t_1 t_2", {BrOnCast}},
      {"0x00", {ZeroByte}},
  };
  return kKinds;
}

void check_row(const Row& row, const OpInfo& info) {
  const std::string& imm = row[3];
  const auto kinds = immediates().find(imm);
  ASSERT_NE(kinds, immediates().end()) << info.text << ": no such immediates: " << imm;
  EXPECT_TRUE(kinds->second.contains(info.imm)) << info.text << ": immediates " << imm;
  if (!info.signature.is_plain()) return;
  const auto expected = signature_text(row[4]);
  ASSERT_TRUE(expected) << info.text << " has variables in its type: " << row[4];
  EXPECT_EQ(signature_text(info.signature), *expected) << info.text;
}

TEST(Opcodes, AreThoseOfTheSpecification) {
  size_t count = 0;
  for (const Row& row : read_table("wasm-instructions.tsv")) {
    const auto op = opcode_of(row[1]);
    ASSERT_TRUE(op) << row[1] << " " << row[2];
    EXPECT_EQ(letters(text_of(*op)), expected_letters(row[2], row[1])) << row[1];
    // 2.0 and 3.0 stand for the version that a feature came with, 1.0 for Mvp.
    const std::string_view version = info_of(feature_of(*op)).version;
    EXPECT_EQ(version, row[0]) << text_of(*op);
    // The type of memory.init and its kin has an address type that the facts write as in any other instruction, and
    // some types have no variables but more than the letters of the table can say.
    check_row(row, info_of(*op));
    ++count;
  }
  EXPECT_EQ(count, 499u);
}

TEST(Opcodes, AreThoseOfTheProposals) {
  size_t count = 0;
  for (const Row& row : read_table("wasm-instructions-proposals.tsv")) {
    const auto op = opcode_of(row[1]);
    ASSERT_TRUE(op) << row[1] << " " << row[2];
    EXPECT_EQ(text_of(*op), row[2]);
    EXPECT_EQ(info_of(feature_of(*op)).option, row[0]);
    EXPECT_EQ(access_bytes_of(*op), row[5].empty() ? 0 : std::stoul(row[5])) << row[2];
    if (row[2] == "catch") continue;  // its x is a tag, its type that of the tag
    check_row(row, info_of(*op));
    ++count;
  }
  EXPECT_EQ(count, 75u);
}

TEST(Opcodes, HaveARowInTheFactsEach) {
  EXPECT_EQ(kOpcodeCount, read_table("wasm-instructions.tsv").size() +
                              read_table("wasm-instructions-proposals.tsv").size());
}

TEST(Opcodes, AreFoundByTheirBytes) {
  for (size_t i = 0; i < kOpcodeCount; ++i)
    EXPECT_EQ(find_opcode(kOpcodes[i].prefix, kOpcodes[i].code), static_cast<Opcode>(i)) << kOpcodes[i].text;
  EXPECT_FALSE(find_opcode(0, 0xFF));
  EXPECT_FALSE(find_opcode(0, 0x1'0001));
  EXPECT_FALSE(find_opcode(0xFD, 0xFFFF'FFFF));
  EXPECT_FALSE(find_opcode(0xFE, 0x4F));
}

TEST(Opcodes, AreNamedByTheirText) {
  // What C++ cannot have as a name, and what shares its text with another instruction.
  const std::map<std::string_view, std::string_view> special = {{"if_", "if"},
                                                                {"else_", "else"},
                                                                {"return_", "return"},
                                                                {"throw_", "throw"},
                                                                {"try_", "try"},
                                                                {"catch_", "catch"},
                                                                {"select_t", "select"},
                                                                {"ref_test_null", "ref.test"},
                                                                {"ref_cast_null", "ref.cast"}};
  for (const OpInfo& row : kOpcodes) {
    if (const auto known = special.find(row.name); known != special.end()) {
      EXPECT_EQ(row.text, known->second);
      continue;
    }
    std::string name(row.text);
    for (char& c : name)
      if (c == '.') c = '_';
    EXPECT_EQ(row.name, name);
  }
}

TEST(Opcodes, AccessTheBytesThatTheirNamesSay) {
  const std::map<std::string_view, uint32_t> bytes = {
      {"i32.load", 4},         {"i64.load", 8},         {"f32.load", 4},          {"f64.load", 8},
      {"i32.load8_s", 1},      {"i32.load16_u", 2},     {"i64.load32_u", 4},      {"i64.store8", 1},
      {"f64.store", 8},        {"v128.load", 16},       {"v128.load8x8_s", 8},    {"v128.load16x4_u", 8},
      {"v128.load32x2_s", 8},  {"v128.load8_splat", 1}, {"v128.load64_splat", 8}, {"v128.load32_zero", 4},
      {"v128.load64_zero", 8}, {"v128.load16_lane", 2}, {"v128.store64_lane", 8}, {"v128.store", 16}};
  size_t seen = 0;
  for (const OpInfo& row : kOpcodes) {
    const bool has_mem_arg = row.imm == ImmKind::MemArg || row.imm == ImmKind::MemArgLane;
    EXPECT_EQ(has_mem_arg, row.access_bytes != 0) << row.text;
    if (const auto known = bytes.find(row.text); known != bytes.end()) {
      EXPECT_EQ(row.access_bytes, known->second) << row.text;
      ++seen;
    }
  }
  EXPECT_EQ(seen, bytes.size());
}

TEST(Opcodes, HaveSignaturesThatFitTheirClass) {
  for (const OpInfo& row : kOpcodes) {
    const auto params = row.signature.params();
    const auto results = row.signature.results();
    const auto shape = [&](size_t param_count, size_t result_count) {
      EXPECT_TRUE(row.signature.is_plain()) << row.text;
      EXPECT_EQ(params.size(), param_count) << row.text;
      EXPECT_EQ(results.size(), result_count) << row.text;
    };
    switch (row.op_class) {
      case OpClass::Load:
      case OpClass::SimdLoad:
      case OpClass::AtomicLoad:
      case OpClass::Test:
      case OpClass::Unary:
      case OpClass::Convert:
      case OpClass::SimdUnary:
      case OpClass::SimdConvert:
      case OpClass::SimdSplat:
      case OpClass::SimdExtract:
      case OpClass::SimdTest: shape(1, 1); break;
      case OpClass::Compare:
      case OpClass::Binary:
      case OpClass::SimdBinary:
      case OpClass::SimdCompare:
      case OpClass::SimdShift:
      case OpClass::SimdReplace:
      case OpClass::SimdShuffle:
      case OpClass::SimdLoadLane:
      case OpClass::AtomicRmw: shape(2, 1); break;
      case OpClass::SimdTernary:
      case OpClass::AtomicCmpxchg: shape(3, 1); break;
      case OpClass::Store:
      case OpClass::SimdStore:
      case OpClass::SimdStoreLane:
      case OpClass::AtomicStore: shape(2, 0); break;
      case OpClass::Const:
      case OpClass::SimdConst: shape(0, 1); break;
      case OpClass::AtomicFence: shape(0, 0); break;
      default: break;
    }
    if (row.op_class == OpClass::Compare || row.op_class == OpClass::Test)
      EXPECT_EQ(results[0], Signature::Type::I32) << row.text;
    if (row.op_class == OpClass::Unary) EXPECT_EQ(params[0], results[0]) << row.text;
  }
}

TEST(Features, AreSets) {
  FeatureSet features;
  EXPECT_TRUE(features.has(Feature::Gc));
  features.disable(Feature::Gc).disable(Feature::Mvp);
  EXPECT_FALSE(features.has(Feature::Gc));
  EXPECT_TRUE(features.has(Feature::Mvp));
  EXPECT_EQ(features.enable(Feature::Gc), FeatureSet());
  EXPECT_EQ(feature_of_option("relaxed-simd"), Feature::RelaxedSimd);
  EXPECT_FALSE(feature_of_option("no-such-feature"));
  EXPECT_TRUE(FeatureSet::all().has(Feature::CustomPageSizes));
}

}  // namespace
}  // namespace godwit::wasm
