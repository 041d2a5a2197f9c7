// Opcode and what opcodes.def says about each: immediates, signature, access size, feature, class.
// spec: https://webassembly.github.io/spec/core/appendix/index-instructions.html
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wasm/features.h"

namespace godwit::wasm {

// Dense: rows of opcodes.def in order.
enum class Opcode : uint16_t {
#define GODWIT_OP(prefix, code, name, text, imm, sig, access, feature, op_class) name,
#include "wasm/opcodes.def"
#undef GODWIT_OP
};

// What follows an opcode in the binary format, in this order. The comment says which members of Instruction
// are set. spec: https://webassembly.github.io/spec/core/binary/instructions.html
enum class ImmKind : uint8_t {
  None,
  Block,         // block type: block
  TryTable,      // block type, catch clauses: block, catches
  Label,         // index
  BrTable,       // labels, the default last
  Func,          // index
  CallIndirect,  // type: index; table: index2
  Type,          // index
  SelectTypes,   // types
  Local,         // index
  Global,        // index
  Table,         // index
  TableInit,     // elem: index; table: index2
  TableCopy,     // destination table: index; source table: index2
  Elem,          // index
  Memory,        // index
  MemoryInit,    // data: index; memory: index2
  MemoryCopy,    // destination memory: index; source memory: index2
  Data,          // index
  MemArg,        // mem
  MemArgLane,    // mem; lane: index2
  Lane,          // lane: index2
  Shuffle,       // 16 lanes: v128
  I32,           // bits, sign-extended
  I64,           // bits
  F32,           // bits
  F64,           // bits
  V128,          // v128
  HeapType,      // type: a nullable reference to it
  RefType,       // heap type: type, nullable as the opcode says
  BrOnCast,      // label: index; source: type; target: type2
  TypeField,     // type: index; field: index2
  TypeCount,     // type: index; count: index2
  TypeData,      // type: index; data: index2
  TypeElem,      // type: index; elem: index2
  TypeType,      // destination type: index; source type: index2
  Tag,           // index
  ZeroByte,      // nothing
};

// What generators (tests, fuzzers, printers, tiers) group instructions by.
enum class OpClass : uint8_t {
  Control,
  Parametric,
  Variable,
  Table,
  Memory,  // size, grow and bulk operations
  Load,
  Store,
  Const,
  Test,     // one operand, i32 result that is 0 or 1
  Compare,  // two operands, i32 result that is 0 or 1
  Unary,    // one operand, result of its type
  Binary,   // two operands, result of their type
  Convert,  // one operand, result of another type or width
  Wide,     // 128-bit integers as pairs of i64
  Ref,
  Gc,
  Exception,
  SimdLoad,
  SimdStore,
  SimdLoadLane,
  SimdStoreLane,
  SimdConst,
  SimdShuffle,
  SimdSplat,
  SimdExtract,
  SimdReplace,
  SimdTest,
  SimdCompare,
  SimdUnary,
  SimdBinary,
  SimdTernary,
  SimdShift,
  SimdConvert,
  AtomicLoad,
  AtomicStore,
  AtomicRmw,
  AtomicCmpxchg,
  AtomicWait,  // wait and notify
  AtomicFence,
};

// Not constexpr, nowhere defined: a call while the tables are computed stops the compiler with the text in
// sight.
void reject_row(const char* why);

// The type of an instruction whose type depends on nothing but, for Addr, the memory it names.
class Signature {
 public:
  enum class Type : uint8_t { I32, I64, F32, F64, V128, Addr };

  constexpr Signature() = default;  // as "*"
  // `text` as in opcodes.def.
  consteval explicit Signature(std::string_view text) {
    if (text == "*") return;
    is_plain_ = true;
    bool after_colon = false;
    for (char c : text) {
      if (c == ':') {
        after_colon = true;
      } else if (after_colon) {
        results_[result_count_++] = type_of(c);
      } else {
        params_[param_count_++] = type_of(c);
      }
    }
    if (!after_colon) reject_row("a signature has a colon");
  }

  // False: the type must be worked out by hand, and params() and results() are empty.
  constexpr bool is_plain() const { return is_plain_; }
  constexpr std::span<const Type> params() const { return {params_.data(), param_count_}; }
  constexpr std::span<const Type> results() const { return {results_.data(), result_count_}; }

 private:
  static consteval Type type_of(char c) {
    switch (c) {
      case 'i': return Type::I32;
      case 'l': return Type::I64;
      case 'f': return Type::F32;
      case 'd': return Type::F64;
      case 'v': return Type::V128;
      case 'a': return Type::Addr;
      default: reject_row("no such type letter"); return Type::I32;
    }
  }

  std::array<Type, 4> params_{};
  std::array<Type, 2> results_{};
  uint8_t param_count_ = 0;
  uint8_t result_count_ = 0;
  bool is_plain_ = false;
};

// A row of opcodes.def.
struct OpInfo {
  uint8_t prefix;  // 0: none
  uint16_t code;
  ImmKind imm;
  OpClass op_class;
  Feature feature;
  uint8_t access_bytes;  // 0: accesses no memory
  Signature signature;
  std::string_view text;  // in the text format
  std::string_view name;  // the enumerator
};

inline constexpr OpInfo kOpcodes[] = {
#define GODWIT_OP(prefix, code, name, text, imm, sig, access, feature, op_class) \
  {prefix, code, ImmKind::imm, OpClass::op_class, Feature::feature, access, Signature(sig), text, #name},
#include "wasm/opcodes.def"
#undef GODWIT_OP
};
inline constexpr size_t kOpcodeCount = sizeof kOpcodes / sizeof kOpcodes[0];

// The row of `op`.
constexpr const OpInfo& info_of(Opcode op) { return kOpcodes[static_cast<size_t>(op)]; }
constexpr std::string_view text_of(Opcode op) { return info_of(op).text; }
constexpr ImmKind immediates_of(Opcode op) { return info_of(op).imm; }
constexpr const Signature& signature_of(Opcode op) { return info_of(op).signature; }
constexpr OpClass class_of(Opcode op) { return info_of(op).op_class; }
constexpr Feature feature_of(Opcode op) { return info_of(op).feature; }
// Bytes of memory that `op` reads or writes; 0 if none.
constexpr uint32_t access_bytes_of(Opcode op) { return info_of(op).access_bytes; }

inline constexpr uint8_t kFirstPrefix = 0xFB;
inline constexpr uint8_t kLastPrefix = 0xFE;
constexpr bool is_prefix(uint8_t byte) { return byte >= kFirstPrefix && byte <= kLastPrefix; }

// Opcodes by their bytes. Built once, at compile time; use find_opcode.
class OpcodeIndex {
 public:
  static constexpr uint16_t kNone = 0xFFFF;

  consteval OpcodeIndex() {
    for (auto& entry : one_byte_) entry = kNone;
    for (auto& entry : prefixed_) entry = kNone;
    for (size_t i = 0; i < kOpcodeCount; ++i) {
      uint16_t& entry = kOpcodes[i].prefix == 0 ? one_byte_[kOpcodes[i].code]
                                                : prefixed_[slot(kOpcodes[i].prefix, kOpcodes[i].code)];
      if (entry != kNone) reject_row("two rows of opcodes.def have the same bytes");
      entry = static_cast<uint16_t>(i);
    }
  }

  constexpr uint16_t one_byte(uint8_t code) const { return one_byte_[code]; }
  constexpr uint16_t prefixed(uint8_t prefix, uint32_t code) const {
    return code < kCodesPerPrefix ? prefixed_[slot(prefix, code)] : kNone;
  }

 private:
  static constexpr uint32_t kCodesPerPrefix = 0x120;
  static constexpr size_t slot(uint8_t prefix, uint32_t code) {
    return static_cast<size_t>(prefix - kFirstPrefix) * kCodesPerPrefix + code;
  }

  std::array<uint16_t, 256> one_byte_{};
  std::array<uint16_t, (kLastPrefix - kFirstPrefix + 1) * kCodesPerPrefix> prefixed_{};
};

inline constexpr OpcodeIndex kOpcodeIndex;

// The instruction with these bytes, or nothing. `prefix` is 0 or satisfies is_prefix.
constexpr std::optional<Opcode> find_opcode(uint8_t prefix, uint32_t code) {
  uint16_t index = OpcodeIndex::kNone;
  if (prefix != 0) index = kOpcodeIndex.prefixed(prefix, code);
  else if (code < 256) index = kOpcodeIndex.one_byte(static_cast<uint8_t>(code));
  if (index == OpcodeIndex::kNone) return std::nullopt;
  return static_cast<Opcode>(index);
}

}  // namespace godwit::wasm
