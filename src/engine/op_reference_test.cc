// The meaning of plain instructions, instruction by instruction of opcodes.def.
#include "engine/op_reference.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "code/ops_simd.h"
#include "code/shuffle.h"

namespace godwit::engine {

using runtime::V128;
using wasm::OpClass;
using wasm::Opcode;
using wasm::ValKind;

namespace {

namespace ops = code::ops;

template <class T>
T as(Value value) {
  if constexpr (sizeof(T) == 16) return T{value.low, value.high};
  else if constexpr (sizeof(T) == 8) return std::bit_cast<T>(value.low);
  else return std::bit_cast<T>(static_cast<uint32_t>(value.low));
}

Value to_value(bool x) { return {x ? 1u : 0u}; }
Value to_value(uint32_t x) { return {x}; }
Value to_value(uint64_t x) { return {x}; }
Value to_value(float x) { return {std::bit_cast<uint32_t>(x)}; }
Value to_value(double x) { return {std::bit_cast<uint64_t>(x)}; }
Value to_value(V128 x) { return {x[0], x[1]}; }

template <class T>
Expected to_expected(T result) {
  if constexpr (requires { result.trap; }) return {result.trap, {to_value(result.value)}};
  else if constexpr (requires { result.high; }) return {{}, {to_value(result.low), to_value(result.high)}};
  else return {{}, {to_value(result)}};
}

template <Opcode op>
concept HasMeaning = requires { sizeof(ops::Meaning<op>); };
template <Opcode op>
concept HasSimdMeaning = requires { sizeof(ops::SimdMeaning<op>); };

template <Opcode op, class Meaning, size_t... index>
Expected apply(const Value* operands, std::index_sequence<index...>) {
  return to_expected(Meaning::apply(as<ops::ParamOf<op, index>>(operands[index])...));
}

template <Opcode op>
Expected evaluate(const Value* operands) {
  constexpr size_t kOperands = wasm::kOpcodes[static_cast<size_t>(op)].signature.params().size();
  using Indices = std::make_index_sequence<kOperands>;
  if constexpr (HasMeaning<op>) return apply<op, ops::Meaning<op>>(operands, Indices());
  else return apply<op, ops::SimdMeaning<op>>(operands, Indices());
}

using Evaluate = Expected (*)(const Value*);
template <Opcode op>
constexpr Evaluate evaluate_of() {
  if constexpr (HasMeaning<op> || HasSimdMeaning<op>) return &evaluate<op>;
  else return nullptr;
}

constexpr Evaluate kEvaluate[] = {
#define GODWIT_OP(prefix, code, name, text, imm, sig, access, feature, op_class) evaluate_of<Opcode::name>(),
#include "wasm/opcodes.def"
#undef GODWIT_OP
};

std::array<uint8_t, 16> bytes_of(Value value) { return std::bit_cast<std::array<uint8_t, 16>>(value); }
Value of_bytes(const std::array<uint8_t, 16>& bytes) { return std::bit_cast<Value>(bytes); }

// Bytes of a lane of "i16x8.…".
uint32_t lane_bytes(Opcode op) {
  uint32_t bits = 8;
  std::string_view text = wasm::text_of(op);
  std::from_chars(text.data() + 1, text.data() + text.size(), bits);
  return bits / 8;
}

Value extract_lane(const wasm::Instruction& in, Value vector) {
  const uint32_t size = lane_bytes(in.op);
  Value lane;
  std::memcpy(&lane, bytes_of(vector).data() + size_t{size} * in.index2, size);
  if (!wasm::text_of(in.op).ends_with("_s")) return lane;
  const uint32_t above = 64 - 8 * size;
  return {static_cast<uint32_t>(static_cast<int64_t>(lane.low << above) >> above)};
}

Value replace_lane(const wasm::Instruction& in, Value vector, Value lane) {
  const uint32_t size = lane_bytes(in.op);
  std::array<uint8_t, 16> bytes = bytes_of(vector);
  std::memcpy(bytes.data() + size_t{size} * in.index2, &lane, size);
  return of_bytes(bytes);
}

Value shuffle(const wasm::Instruction& in, Value x, Value y) {
  std::array<uint8_t, 16> picked;
  for (size_t i = 0; i < 16; ++i)
    picked[i] = in.v128[i] < 16 ? bytes_of(x)[in.v128[i]] : bytes_of(y)[in.v128[i] - 16u];
  return of_bytes(picked);
}

template <class Unsigned>
std::vector<Value> values(std::initializer_list<Unsigned> bits) {
  std::vector<Value> made;
  for (const Unsigned one : bits) made.push_back({one});
  return made;
}
template <class Float>
std::vector<Value> float_edges(std::initializer_list<Float> numbers) {
  std::vector<Value> made;
  for (const Float one : numbers) made.push_back(to_value(one));
  return made;
}

// 16 bytes at a time.
template <class T>
void add_vectors(std::vector<Value>& vectors, std::vector<T> lanes) {
  constexpr size_t kLanes = 16 / sizeof(T);
  while (lanes.size() % kLanes != 0) lanes.push_back(lanes[lanes.size() % 3]);
  for (size_t i = 0; i < lanes.size(); i += kLanes) {
    Value vector;
    std::memcpy(&vector, &lanes[i], 16);
    vectors.push_back(vector);
  }
}

std::vector<Value> vector_edges() {
  std::vector<Value> vectors = {{0, 0}, {~uint64_t{0}, ~uint64_t{0}}};
  add_vectors<uint8_t>(vectors, {0, 1, 127, 128, 129, 255, 254, 2, 16, 15, 31, 64, 100, 200, 8, 7});
  add_vectors<uint16_t>(vectors,
                        {0, 1, 32767, 32768, 32769, 65535, 255, 256, 127, 128, 16, 15, 0x7FFF, 40000, 2, 3});
  add_vectors<uint32_t>(vectors,
                        {0, 1, 0x7FFF'FFFF, 0x8000'0000, 0xFFFF'FFFF, 0x8000'0001, 0xFFFF, 0x1'0000});
  add_vectors<uint64_t>(vectors,
                        {0, uint64_t{1} << 63, ~uint64_t{0} >> 1, 0xFFFF'FFFF, 1, uint64_t{1} << 32});
  std::vector<uint32_t> floats;
  std::vector<uint64_t> doubles;
  for (const Value& one : edges(OperandType::F32)) floats.push_back(static_cast<uint32_t>(one.low));
  for (const Value& one : edges(OperandType::F64)) doubles.push_back(one.low);
  add_vectors(vectors, floats);
  add_vectors(vectors, doubles);
  return vectors;
}

template <class Unsigned>
bool is_nan(Unsigned bits) {
  using Float = std::conditional_t<sizeof(Unsigned) == 4, float, double>;
  return std::isnan(std::bit_cast<Float>(bits));
}

// Lane by lane; a number is a vector of which only the first lane counts.
template <class Unsigned>
bool are_lanes_same(size_t lanes, size_t operand_count, Value got, Value wanted, const Value* operands) {
  constexpr Unsigned kSign = Unsigned{1} << (8 * sizeof(Unsigned) - 1);
  constexpr Unsigned kQuiet = Unsigned{1} << (sizeof(Unsigned) == 4 ? 22 : 51);
  const auto lane_of = [](const Value& value, size_t lane) {
    Unsigned bits;
    std::memcpy(&bits, reinterpret_cast<const uint8_t*>(&value) + lane * sizeof bits, sizeof bits);
    return bits;
  };
  for (size_t lane = 0; lane < lanes; ++lane) {
    const Unsigned have = lane_of(got, lane), want = lane_of(wanted, lane);
    if (have == want) continue;
    if (!is_nan(have) || !is_nan(want)) return false;
    size_t nans = 0;
    bool is_one_of_them = false;
    for (size_t i = 0; i < operand_count; ++i) {
      const Unsigned operand = lane_of(operands[i], lane);
      nans += is_nan(operand);
      is_one_of_them |= is_nan(operand) && ((operand | kQuiet | kSign) == (have | kSign));
    }
    // with three operands the first two may have made one, too
    const bool is_new = (have | kSign) == (~(kQuiet - 1) | kSign);
    const bool may_be_any =
        operand_count > 2 ? nans >= 1 && (is_one_of_them || is_new) : nans >= 2 && is_one_of_them;
    if (!may_be_any) return false;
  }
  return true;
}

}  // namespace

bool has_reference(Opcode op) {
  switch (wasm::class_of(op)) {
    case OpClass::SimdExtract:
    case OpClass::SimdReplace:
    case OpClass::SimdShuffle: return true;
    default: return kEvaluate[static_cast<size_t>(op)] != nullptr;
  }
}

Expected reference(const wasm::Instruction& in, const Value* operands) {
  switch (wasm::class_of(in.op)) {
    case OpClass::SimdExtract: return {{}, {extract_lane(in, operands[0])}};
    case OpClass::SimdReplace: return {{}, {replace_lane(in, operands[0], operands[1])}};
    case OpClass::SimdShuffle: return {{}, {shuffle(in, operands[0], operands[1])}};
    default: return kEvaluate[static_cast<size_t>(in.op)](operands);
  }
}

std::vector<wasm::Instruction> variants(Opcode op) {
  std::vector<wasm::Instruction> made;
  if (wasm::immediates_of(op) == wasm::ImmKind::Lane) {
    for (uint32_t lane = 0; lane < 16 / lane_bytes(op); ++lane) made.push_back({.op = op, .index2 = lane});
  } else if (wasm::immediates_of(op) == wasm::ImmKind::Shuffle) {
    for (uint32_t step : {0u, 1u, 3u, 5u, 16u, 17u, 31u}) {
      wasm::Instruction shuffle{.op = op};
      for (uint32_t i = 0; i < 16; ++i) shuffle.v128[i] = static_cast<uint8_t>((i * step + 2 * step) % 32);
      made.push_back(shuffle);
    }
    for (const code::ShuffleLanes& lanes : code::kShuffles) {
      // as it is, with the operands changed about, of the left one only, of the right one only, and nearly it
      for (const uint8_t change : {uint8_t{0}, uint8_t{16}}) {
        wasm::Instruction shuffle{.op = op, .v128 = lanes};
        for (uint8_t& lane : shuffle.v128) lane ^= change;
        made.push_back(shuffle);
        shuffle.v128[15] ^= 1;
        made.push_back(shuffle);
        for (uint8_t& lane : shuffle.v128) lane = static_cast<uint8_t>(lane % 16 + change);
        made.push_back(shuffle);
      }
    }
  } else {
    made.push_back({.op = op});
  }
  return made;
}

bool is_same(Opcode op, OperandType type, Value got, Value wanted, const Value* operands) {
  const size_t count = wasm::signature_of(op).params().size();
  switch (type) {
    case OperandType::I32: return static_cast<uint32_t>(got.low) == static_cast<uint32_t>(wanted.low);
    case OperandType::F32: return are_lanes_same<uint32_t>(1, count, got, wanted, operands);
    case OperandType::F64: return are_lanes_same<uint64_t>(1, count, got, wanted, operands);
    case OperandType::V128:
      if (got == wanted) return true;
      if (wasm::text_of(op).starts_with("f32x4."))
        return are_lanes_same<uint32_t>(4, count, got, wanted, operands);
      return wasm::text_of(op).starts_with("f64x2.") &&
             are_lanes_same<uint64_t>(2, count, got, wanted, operands);
    default: return got.low == wanted.low;
  }
}

const std::vector<Value>& edges(OperandType type) {
  static const std::vector<Value> kI32 =
      values<uint32_t>({0, 1, 2, 31, 32, 33, 127, 128, 255, 32767, 32768, 65535, 0x7FFF'FFFF, 0x8000'0000,
                        0xFFFF'8000, 0xFFFF'FFFF});
  static const std::vector<Value> kI64 =
      values<uint64_t>({0, 1, 2, 63, 64, 255, 32768, 0x7FFF'FFFF, 0x8000'0000, 0xFFFF'FFFF, 0x1'0000'0000,
                        0xFFFF'FFFF'8000'0000, 0xFFFF'FFFF'FFFF'8000, 0x7FFF'FFFF'FFFF'FFFF,
                        0x8000'0000'0000'0000, ~uint64_t{0}});
  static const std::vector<Value> kF32 = [] {
    constexpr float kInf = std::numeric_limits<float>::infinity();
    std::vector<Value> all =
        float_edges<float>({0.0f, -0.0f, 1.0f, -1.5f, 2.5f, 0.49999997f, -0.99f, 1e-40f, 8388607.5f,
                            2147483520.0f, 2147483648.0f, -2147483648.0f, 4294967296.0f, 9.223372e18f,
                            -9.223372e18f, 1.8446744e19f, 3.4028235e38f, kInf, -kInf});
    // canonical, quiet with more bits, signalling
    for (const uint32_t nan : {0x7FC0'0000u, 0xFFC1'2345u, 0x7F80'0001u}) all.push_back({nan});
    return all;
  }();
  static const std::vector<Value> kF64 = [] {
    constexpr double kInf = std::numeric_limits<double>::infinity();
    std::vector<Value> all = float_edges<double>({0.0,
                                                  -0.0,
                                                  1.0,
                                                  -1.5,
                                                  2.5,
                                                  0.49999999999999994,
                                                  -0.99,
                                                  5e-324,
                                                  4503599627370495.5,
                                                  2147483647.9,
                                                  -2147483648.9,
                                                  2147483648.0,
                                                  4294967295.9,
                                                  4294967296.0,
                                                  9223372036854774784.0,
                                                  9223372036854775808.0,
                                                  -9223372036854775808.0,
                                                  18446744073709551616.0,
                                                  3.5e38,
                                                  1.7976931348623157e308,
                                                  kInf,
                                                  -kInf});
    for (const uint64_t nan : {0x7FF8'0000'0000'0000u, 0xFFF8'1234'5678'9ABCu, 0x7FF0'0000'0000'0001u})
      all.push_back({nan});
    return all;
  }();
  switch (type) {
    case OperandType::I64: return kI64;
    case OperandType::F32: return kF32;
    case OperandType::F64: return kF64;
    case OperandType::V128: {
      static const std::vector<Value> kV128 = vector_edges();
      return kV128;
    }
    default: return kI32;
  }
}

ValKind kind_of(OperandType type) {
  switch (type) {
    case OperandType::I64: return ValKind::I64;
    case OperandType::F32: return ValKind::F32;
    case OperandType::F64: return ValKind::F64;
    case OperandType::V128: return ValKind::V128;
    default: return ValKind::I32;
  }
}

std::string text_of(OperandType type, Value value) {
  char text[64];
  const auto low = static_cast<unsigned long long>(value.low),
             high = static_cast<unsigned long long>(value.high);
  if (type == OperandType::V128) std::snprintf(text, sizeof text, "0x%016llx'%016llx", high, low);
  else std::snprintf(text, sizeof text, "0x%llx", low);
  return text;
}

}  // namespace godwit::engine
