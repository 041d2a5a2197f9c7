// Arities: how many operands an instruction takes and how many results it leaves, for folding.
#pragma once

#include <optional>
#include <vector>

#include "wasm/instruction.h"

namespace godwit::text {

struct Arity {
  uint32_t operands;
  uint32_t results;
};

// What instructions take and leave within one function. A wrong number would only fold differently: the text means the
// same instructions in the same order however they are folded.
class Arities final {
 public:
  explicit Arities(const wasm::Module& module) : module_(module) {}

  // From now on in a function with this many results.
  void begin(size_t results);
  void open(const wasm::Instruction& block);
  void close() {
    if (labels_.size() > 1) labels_.pop_back();
  }

  // Nothing for instructions that structure code.
  std::optional<Arity> of(const wasm::Instruction& ins) const;
  Arity of(const wasm::BlockType& type) const;

 private:
  Arity of_type(uint32_t type) const;
  uint32_t of_label(uint32_t depth) const;

  const wasm::Module& module_;
  std::vector<uint32_t> labels_;  // what a branch to each takes
};

// True if the table of stack effects has a row for `op`; for a test.
bool has_arity(wasm::Opcode op);

}  // namespace godwit::text
