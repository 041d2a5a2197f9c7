// Instruction: one decoded instruction with its immediates, and the reader that yields them.
// Everything that walks code (validator, translators, constant evaluator, printer) uses this one reader,
// which switches over immediate kinds, never over opcodes.
#pragma once

#include <array>
#include <vector>

#include "base/error.h"
#include "wasm/module.h"
#include "wasm/opcodes.h"
#include "wasm/reader.h"

namespace godwit::wasm {

struct MemArg {
  uint32_t align_log2 = 0;
  MemIdx memory = {};
  uint64_t offset = 0;
};

struct Catch {
  enum class Kind : uint8_t { Catch, CatchRef, CatchAll, CatchAllRef } kind = Kind::Catch;
  TagIdx tag;
  uint32_t label = 0;
};

// Which members are set follows from immediates_of(op).
struct Instruction {
  Opcode op = Opcode::unreachable;
  uint32_t offset = 0;  // of the first opcode byte, from the start of the module
  BlockType block = {};
  MemArg mem = {};
  uint32_t index = 0;              // first index: label, function, local, global, table, type, field …
  uint32_t index2 = 0;             // second index, lane
  uint64_t bits = 0;               // i32.const and i64.const sign-extended, f32.const and f64.const as bits
  std::array<uint8_t, 16> v128{};  // v128.const, i8x16.shuffle
  ValType type = {};               // ref.null, ref.test, ref.cast, br_on_cast: source
  ValType type2 = {};              // br_on_cast: target
  std::vector<uint32_t> labels = {};  // br_table (default last)
  std::vector<ValType> types = {};    // select t*
  std::vector<Catch> catches = {};    // try_table
};

// Reads instructions from a range of a module's bytes. Malformed input is an Error of kind Malformed with the
// byte offset; the reader never leaves the range. Instructions and types whose feature is off are malformed.
class InstructionReader {
 public:
  // Function bodies that name data segments need a data count section; constant expressions do not.
  enum class Place : uint8_t { Body, ConstExpr };

  InstructionReader(const Module& module, ByteRange range, FeatureSet features = FeatureSet::all(),
                    Place place = Place::Body)
      : reader_(module.bytes, range, features),
        may_name_data_(module.data_count.has_value() || place == Place::ConstExpr) {}

  bool at_end() const { return reader_.at_end(); }
  uint32_t remaining() const { return reader_.remaining(); }
  uint32_t offset() const { return reader_.offset(); }
  // The features that were needed so far, as FeatureSet::bits.
  uint64_t used_features() const { return reader_.used_features(); }

  // Reads the next instruction into `into`, whose vectors are reused from call to call. At the end of the range it is
  // an error.
  Result<> next(Instruction& into) {
    into.offset = reader_.offset();
    if (next_short(into)) [[likely]]
      return {};
    return next_any(into);
  }

  // Reads the declarations of locals at the start of a function body.
  struct LocalGroup {
    uint32_t count;
    ValType type;
  };
  Result<std::vector<LocalGroup>> locals();
  // The same, into a vector that is reused from call to call.
  Result<> locals(std::vector<LocalGroup>& into);

 private:
  // The forms that nearly all code consists of: one opcode byte and immediates of at most four bytes. False: not such a
  // form, and nothing is read.
  bool next_short(Instruction& into);
  Result<> next_any(Instruction& into);
  void read_opcode(Instruction& into);
  void read_immediates(Instruction& into);
  void read_mem_arg(Instruction& into);
  void read_br_table(Instruction& into);
  void read_select_types(Instruction& into);
  void read_try_table(Instruction& into);
  void read_br_on_cast(Instruction& into);
  MemIdx read_memory_index();

  Reader reader_;
  bool may_name_data_;
};

// What next_short needs to know of a one-byte opcode.
struct ShortForm {
  enum class Imm : uint8_t { Other, None, Index, Const, MemArg, Block };
  Opcode op;
  Imm imm;
};

inline constexpr auto kShortForms = [] {
  std::array<ShortForm, 256> table{};
  for (const OpInfo& row : kOpcodes) {
    if (row.prefix != 0 || row.feature != Feature::Mvp) continue;
    auto imm = ShortForm::Imm::Other;
    switch (row.imm) {
      case ImmKind::None: imm = ShortForm::Imm::None; break;
      case ImmKind::Label:
      case ImmKind::Func:
      case ImmKind::Local:
      case ImmKind::Global: imm = ShortForm::Imm::Index; break;
      case ImmKind::I32:
      case ImmKind::I64: imm = ShortForm::Imm::Const; break;
      case ImmKind::MemArg: imm = ShortForm::Imm::MemArg; break;
      case ImmKind::Block: imm = ShortForm::Imm::Block; break;
      default: break;
    }
    table[row.code] = {*find_opcode(0, row.code), imm};
  }
  return table;
}();

// What read_short_leb() reads, but with branches: the processor guesses where an instruction ends, mostly rightly, and
// works on the next one before the length of this one is known.
[[gnu::always_inline]] inline ShortLeb read_likely_short_leb(const uint8_t* bytes) {
  uint32_t bits = bytes[0];
  if (bits < 0x80) [[likely]]
    return {bits, 1};
  bits = (bits & 0x7F) | uint32_t{bytes[1]} << 7;
  if (bytes[1] < 0x80) [[likely]]
    return {bits, 2};
  bits = (bits & 0x3FFF) | uint32_t{bytes[2]} << 14;
  if (bytes[2] < 0x80) return {bits, 3};
  bits = (bits & 0x1FFFFF) | uint32_t{bytes[3]} << 21;
  return {bits, bytes[3] < 0x80 ? 4u : 0u};
}

[[gnu::always_inline]] inline bool InstructionReader::next_short(Instruction& into) {
  constexpr uint32_t kLongest = 6;  // opcode, alignment, offset
  const uint8_t* const bytes = reader_.peek(kLongest);
  if (!bytes) [[unlikely]]
    return false;
  const ShortForm form = kShortForms[bytes[0]];
  into.op = form.op;
  switch (form.imm) {
    case ShortForm::Imm::None: return reader_.advance(1), true;
    case ShortForm::Imm::Index: {
      const ShortLeb index = read_likely_short_leb(bytes + 1);
      if (index.size == 0) [[unlikely]]
        return false;
      into.index = index.bits;
      return reader_.advance(1 + index.size), true;
    }
    case ShortForm::Imm::Const: {
      const ShortLeb value = read_likely_short_leb(bytes + 1);
      if (value.size == 0) [[unlikely]]
        return false;
      into.bits = static_cast<uint64_t>(value.as_signed());
      return reader_.advance(1 + value.size), true;
    }
    case ShortForm::Imm::MemArg: {
      if (bytes[1] >= 0x20) [[unlikely]]
        return false;
      const ShortLeb offset = read_likely_short_leb(bytes + 2);
      if (offset.size == 0) [[unlikely]]
        return false;
      into.mem = {bytes[1], MemIdx(0), offset.bits};
      return reader_.advance(2 + offset.size), true;
    }
    case ShortForm::Imm::Block: {
      constexpr uint8_t kEmpty = 0x40, kF64 = 0x7C, kI32 = 0x7F;
      if (bytes[1] == kEmpty) into.block = BlockType();
      else if (bytes[1] >= kF64 && bytes[1] <= kI32)
        into.block = {BlockType::Kind::Value, static_cast<ValKind>(kI32 - bytes[1]), {}};
      else return false;
      return reader_.advance(2), true;
    }
    case ShortForm::Imm::Other: break;
  }
  return false;
}

}  // namespace godwit::wasm
