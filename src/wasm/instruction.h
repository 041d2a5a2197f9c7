// Instruction: one decoded instruction with its immediates, and the reader that yields them.
// Everything that walks code (validator, translators, constant evaluator, printer) uses this one reader,
// which switches over immediate kinds, never over opcodes.
#pragma once

#include <array>
#include <vector>

#include "base/error.h"
#include "wasm/module.h"
#include "wasm/opcodes.h"

namespace godwit::wasm {

// spec: https://webassembly.github.io/spec/core/binary/instructions.html#control-instructions
struct BlockType {
  enum class Kind : uint8_t { Empty, Value, Type } kind = Kind::Empty;
  ValType value;  // Kind::Value: no parameters, one result
  TypeIdx type;   // Kind::Type
};

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
  uint32_t index = 0;     // first index: label, function, local, global, table, type, field …
  uint32_t index2 = 0;    // second index, lane
  uint64_t bits = 0;      // i32.const and i64.const sign-extended, f32.const and f64.const as bits
  std::array<uint8_t, 16> v128{};  // v128.const, i8x16.shuffle
  ValType type;           // ref.null, ref.test, ref.cast, br_on_cast: source
  ValType type2;          // br_on_cast: target
  std::vector<uint32_t> labels;   // br_table (default last)
  std::vector<ValType> types;     // select t*
  std::vector<Catch> catches;     // try_table
};

// Reads instructions from a range of a module's bytes. Malformed input is an Error of kind Malformed with the
// byte offset; the reader never leaves the range.
class InstructionReader {
 public:
  InstructionReader(const Module& module, ByteRange range)
      : begin_(module.bytes.data()), pos_(begin_ + range.offset), end_(pos_ + range.size) {}

  bool at_end() const { return pos_ == end_; }
  uint32_t offset() const { return static_cast<uint32_t>(pos_ - begin_); }

  // Reads the next instruction into `into`, whose vectors are reused from call to call.
  Result<> next(Instruction& into);

  // Reads the declarations of locals at the start of a function body.
  struct LocalGroup {
    uint32_t count;
    ValType type;
  };
  Result<std::vector<LocalGroup>> locals();

 private:
  const uint8_t* begin_;
  const uint8_t* pos_;
  const uint8_t* end_;
};

}  // namespace godwit::wasm
