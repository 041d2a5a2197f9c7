// Tests of the instruction reader and the encoder: what one writes, the other reads.
#include "wasm/instruction.h"

#include <gtest/gtest.h>

#include "wasm/encoder.h"

namespace godwit::wasm {
namespace {

// A module that consists of these bytes and has a data count section.
Module module_of(const std::vector<uint8_t>& bytes) {
  Module module;
  module.bytes = bytes;
  module.data_count = 1;
  return module;
}

ByteRange whole(const Module& module) { return {0, static_cast<uint32_t>(module.bytes.size())}; }

Result<> read_one(const std::vector<uint8_t>& bytes, const FeatureSet& features = FeatureSet::all()) {
  const Module module = module_of(bytes);
  InstructionReader reader(module, whole(module), features);
  Instruction instruction;
  return reader.next(instruction);
}

// An instruction whose immediates are all different and need more than a byte.
Instruction with_immediates(Opcode op) {
  Instruction instruction{.op = op};
  const bool one_byte_lane = immediates_of(op) == ImmKind::Lane || immediates_of(op) == ImmKind::MemArgLane;
  instruction.block = {BlockType::Kind::Type, {}, TypeIdx(300)};
  instruction.mem = {2, MemIdx(200), uint64_t{1} << 40};
  instruction.index = 1000;
  instruction.index2 = one_byte_lane ? 7 : 2000;
  const bool is_32_bits = op == Opcode::i32_const || op == Opcode::f32_const;
  instruction.bits = is_32_bits ? 0x1234'5678 : 0xFEDC'BA98'7654'3210;
  for (uint8_t i = 0; i < 16; ++i) instruction.v128[i] = static_cast<uint8_t>(i * 17);
  instruction.type = ValType::ref(HeapType(TypeIdx(400)), op != Opcode::ref_test && op != Opcode::ref_cast);
  instruction.type2 = ValType::ref(HeapType::Abstract::I31, false);
  instruction.labels = {5, 600, 7};
  instruction.types = {ValKind::V128, kExternRef};
  instruction.catches = {{Catch::Kind::CatchRef, TagIdx(300), 1}, {Catch::Kind::CatchAll, {}, 200}};
  return instruction;
}

TEST(InstructionReader, ReadsWhatTheEncoderWrites) {
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    const std::vector<uint8_t> bytes = Encoder().instruction(with_immediates(op)).take();
    const Module module = module_of(bytes);
    InstructionReader reader(module, whole(module));
    Instruction read;
    const auto result = reader.next(read);
    ASSERT_TRUE(result) << text_of(op) << ": " << result.error().describe();
    EXPECT_EQ(read.op, op);
    EXPECT_TRUE(reader.at_end()) << text_of(op);
    EXPECT_EQ(Encoder().instruction(read).bytes(), bytes) << text_of(op);
  }
}

TEST(InstructionReader, RefusesEveryPrefixOfAnInstruction) {
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    const std::vector<uint8_t> bytes = Encoder().instruction(with_immediates(op)).take();
    for (size_t size = 0; size < bytes.size(); ++size) {
      const auto result = read_one({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)});
      ASSERT_FALSE(result) << text_of(op) << " cut to " << size;
      EXPECT_EQ(result.error().kind(), ErrorKind::Malformed);
      EXPECT_LE(result.error().offset(), size);
    }
  }
}

TEST(InstructionReader, ReadsShortFormsAsLongOnes) {
  // The same numbers, once in their shortest form and once padded.
  const std::vector<std::pair<std::vector<uint8_t>, std::vector<uint8_t>>> pairs = {
      {{0x20, 0x05}, {0x20, 0x85, 0x00}},              // local.get
      {{0x41, 0x7F}, {0x41, 0xFF, 0x7F}},              // i32.const -1
      {{0x41, 0x3F}, {0x41, 0xBF, 0x00}},              // i32.const 63
      {{0x42, 0x40}, {0x42, 0xC0, 0x7F}},              // i64.const -64
      {{0x28, 0x02, 0x08}, {0x28, 0x82, 0x00, 0x08}},  // i32.load
      {{0x28, 0x02, 0x08}, {0x28, 0x02, 0x88, 0x00}},
  };
  for (auto [shortest, padded] : pairs) {
    shortest.insert(shortest.end(), {0x0B, 0x0B, 0x0B});
    padded.insert(padded.end(), {0x0B, 0x0B, 0x0B});
    const Module a = module_of(shortest), b = module_of(padded);
    InstructionReader reader_a(a, whole(a)), reader_b(b, whole(b));
    Instruction from_a, from_b;
    ASSERT_TRUE(reader_a.next(from_a));
    ASSERT_TRUE(reader_b.next(from_b));
    EXPECT_EQ(from_a.op, from_b.op);
    EXPECT_EQ(from_a.index, from_b.index);
    EXPECT_EQ(from_a.bits, from_b.bits);
    EXPECT_EQ(from_a.mem.offset, from_b.mem.offset);
    EXPECT_EQ(from_a.mem.align_log2, from_b.mem.align_log2);
    ASSERT_TRUE(reader_a.next(from_a));
    EXPECT_EQ(from_a.op, Opcode::end);
  }
}

TEST(InstructionReader, RefusesInstructionsWhoseFeatureIsOff) {
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    if (feature_of(op) == Feature::Mvp || op == Opcode::throw_) continue;
    FeatureSet features = FeatureSet::all();
    features.disable(feature_of(op));
    const auto result = read_one(Encoder().instruction(with_immediates(op)).take(), features);
    ASSERT_FALSE(result) << text_of(op);
    EXPECT_TRUE(result.error().message().starts_with("illegal opcode")) << result.error().message();
  }
}

TEST(InstructionReader, SaysWhatIsMalformed) {
  const std::vector<std::pair<std::vector<uint8_t>, std::string_view>> cases = {
      {{0xFF}, "illegal opcode ff"},
      {{0xFD, 0x9A, 0x01}, "illegal opcode fd 9a"},
      {{0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, "integer representation too long"},
      {{0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x00}, ""},
      {{0x41, 0x80, 0x80, 0x80, 0x80, 0x0F, 0x00}, "integer too large"},
      {{0x28, 0x80, 0x01, 0x00}, "malformed memop flags"},
      {{0xFE, 0x03, 0x01}, "zero byte expected"},
      {{0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00}, "length out of bounds"},
      {{0xD0, 0x7F}, "malformed heap type"},
      {{0x02, 0x50}, "malformed value type"},
      {{0x1F, 0x40, 0x01, 0x04, 0x00}, "malformed catch clause"},
      {{0xFB, 0x18, 0x04, 0x00, 0x6E, 0x6E}, "malformed br_on_cast flags"},
  };
  for (const auto& [bytes, message] : cases) {
    const auto result = read_one(bytes);
    EXPECT_EQ(result.has_value(), message.empty());
    if (!result) EXPECT_TRUE(result.error().message().starts_with(message)) << result.error().message();
  }
}

TEST(InstructionReader, NeedsADataCountInBodiesOnly) {
  const std::vector<uint8_t> data_drop = Encoder().instruction({.op = Opcode::data_drop}).take();
  Module module = module_of(data_drop);
  module.data_count.reset();
  Instruction instruction;
  const auto in_body = InstructionReader(module, whole(module)).next(instruction);
  ASSERT_FALSE(in_body);
  EXPECT_EQ(in_body.error().message(), "data count section required");
  InstructionReader elsewhere(module, whole(module), FeatureSet::all(), InstructionReader::Place::ConstExpr);
  EXPECT_TRUE(elsewhere.next(instruction));
}

TEST(InstructionReader, ReadsLocals) {
  const std::vector<uint8_t> bytes = {2, 3, 0x7F, 0x80, 0x01, 0x63, 0x70};
  const Module module = module_of(bytes);
  const auto groups = InstructionReader(module, whole(module)).locals();
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->size(), 2u);
  EXPECT_EQ((*groups)[1].count, 128u);
  EXPECT_EQ((*groups)[1].type, kFuncRef);

  const std::vector<uint8_t> many = {1, 0xD1, 0x86, 0x03, 0x7F};  // 50,001
  const Module too_many = module_of(many);
  const auto refused = InstructionReader(too_many, whole(too_many)).locals();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message().starts_with("too many locals")) << refused.error().message();
}

}  // namespace
}  // namespace godwit::wasm
