// BodyScan: what must be known of a function body before its first line is printed.
#pragma once

#include <vector>

#include "base/error.h"
#include "wasm/instruction.h"

namespace godwit::text {

struct BodyScan {
  std::vector<wasm::InstructionReader::LocalGroup> locals;
  uint32_t local_count = 0;  // without parameters
  uint32_t label_count = 0;  // of blocks, in the order in which they begin; the body's own is not counted
  std::vector<bool> is_targeted;  // by label: some instruction names it
  std::vector<uint32_t> offsets;  // of `wanted` instructions that were found

  // Scans the body of `func`, a function defined in `module`; vectors are reused.
  // @param wanted offsets in the module, increasing
  // @errors Malformed: an instruction is, or blocks and their ends do not match.
  Result<> scan(const wasm::Module& module, wasm::FuncIdx func, const std::vector<uint32_t>& wanted = {});

 private:
  struct Open {
    wasm::Opcode op;
    uint32_t label;
  };
  void target(uint32_t depth);
  Result<> structure(const wasm::Instruction& instruction);

  std::vector<Open> open_;
  bool is_done_ = false;
};

// True if `op` begins a block.
constexpr bool opens_block(wasm::Opcode op) {
  const wasm::ImmKind imm = wasm::immediates_of(op);
  return imm == wasm::ImmKind::Block || imm == wasm::ImmKind::TryTable;
}

}  // namespace godwit::text
