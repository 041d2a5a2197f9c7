// Vocabulary: what generated modules may use, found out by trying.
#pragma once

#include <string>

#include "module_generator.h"

namespace godwit::fuzz {

class Vocabulary final {
 public:
  // Generates a module for each instruction and runs it: what the translator refuses is left out.
  Vocabulary();

  const GeneratorOptions& options() const { return options_; }
  // Instructions that were executed, and those that stand in the table but were not, by proposal.
  size_t executed() const { return options_.opcodes.count(); }
  std::string summary() const;

 private:
  // True if the instruction was executed: its function returned, or ended where the instruction ends it.
  bool try_out(wasm::Opcode op);

  GeneratorOptions options_;
};

}  // namespace godwit::fuzz
