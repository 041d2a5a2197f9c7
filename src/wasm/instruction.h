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
  MemIdx memory;
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
  BlockType block;
  MemArg mem;
  uint32_t index = 0;              // first index: label, function, local, global, table, type, field …
  uint32_t index2 = 0;             // second index, lane
  uint64_t bits = 0;               // i32.const and i64.const sign-extended, f32.const and f64.const as bits
  std::array<uint8_t, 16> v128{};  // v128.const, i8x16.shuffle
  ValType type;                    // ref.null, ref.test, ref.cast, br_on_cast: source
  ValType type2;                   // br_on_cast: target
  std::vector<uint32_t> labels;    // br_table (default last)
  std::vector<ValType> types;      // select t*
  std::vector<Catch> catches;      // try_table
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
  uint32_t offset() const { return reader_.offset(); }
  // The features that were needed so far, as FeatureSet::bits.
  uint64_t used_features() const { return reader_.used_features(); }

  // Reads the next instruction into `into`, whose vectors are reused from call to call. At the end of the range it is
  // an error.
  Result<> next(Instruction& into);

  // Reads the declarations of locals at the start of a function body.
  struct LocalGroup {
    uint32_t count;
    ValType type;
  };
  Result<std::vector<LocalGroup>> locals();
  // The same, into a vector that is reused from call to call.
  Result<> locals(std::vector<LocalGroup>& into);

 private:
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

}  // namespace godwit::wasm
