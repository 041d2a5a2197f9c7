// Encoding types and instructions: what Reader and InstructionReader read, written.
// spec: https://webassembly.github.io/spec/core/binary/index.html
#pragma once

#include <string_view>
#include <vector>

#include "wasm/instruction.h"

namespace godwit::wasm {

// Appends to a vector of bytes. Numbers take their shortest form; nothing is checked, so that tests can write
// modules that are wrong.
class Encoder final {
 public:
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  std::vector<uint8_t> take() { return std::move(bytes_); }

  Encoder& u8(uint8_t value);
  Encoder& u32(uint64_t value);  // any unsigned LEB128
  Encoder& s64(int64_t value);   // any signed LEB128
  Encoder& fixed32(uint32_t value);
  Encoder& fixed64(uint64_t value);
  Encoder& raw(Bytes bytes);
  // A length, then the bytes.
  Encoder& sized(Bytes bytes);
  Encoder& name(std::string_view text);
  // Takes back all but the first `size` bytes.
  Encoder& truncate(size_t size);

  Encoder& heap_type(HeapType type);
  Encoder& val_type(ValType type);  // storage types too
  Encoder& val_types(const std::vector<ValType>& types);
  Encoder& sub_type(const SubType& type);
  Encoder& block_type(const BlockType& type);
  Encoder& memory_type(const MemType& type);
  Encoder& table_type(const TableType& type);
  Encoder& global_type(const GlobalType& type);

  // The opcode alone.
  Encoder& opcode(Opcode op);
  // The opcode and its immediates, of which the members that immediates_of(op) asks for are used.
  Encoder& instruction(const Instruction& instruction);

 private:
  Encoder& limits(const Limits& limits, uint8_t more_flags);
  void mem_arg(const MemArg& mem);

  std::vector<uint8_t> bytes_;
};

}  // namespace godwit::wasm
