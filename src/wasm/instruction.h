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
  // The forms that nearly all code consists of: one opcode byte and immediates of one byte each. False: not such a
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

[[gnu::always_inline]] inline bool InstructionReader::next_short(Instruction& into) {
  const uint8_t* const bytes = reader_.peek(3);
  if (!bytes) [[unlikely]]
    return false;
  const ShortForm form = kShortForms[bytes[0]];
  into.op = form.op;
  if (form.imm == ShortForm::Imm::None) return reader_.advance(1), true;
  const uint8_t first = bytes[1];
  if (first >= 0x80) return false;
  if (form.imm == ShortForm::Imm::Index) {
    into.index = first;
    return reader_.advance(2), true;
  }
  if (form.imm == ShortForm::Imm::Const) {
    // Bit 6 is the sign.
    into.bits = static_cast<uint64_t>(static_cast<int64_t>(uint64_t{first} << 57) >> 57);
    return reader_.advance(2), true;
  }
  if (form.imm == ShortForm::Imm::MemArg) {
    if (first >= 0x20 || bytes[2] >= 0x80) return false;
    into.mem = {first, MemIdx(0), bytes[2]};
    return reader_.advance(3), true;
  }
  if (form.imm == ShortForm::Imm::Block) {
    if (first != 0x40) return false;
    into.block = BlockType();
    return reader_.advance(2), true;
  }
  return false;
}

}  // namespace godwit::wasm
