// BranchHints: which way branches mostly go, as compilers say it in a custom section.
// spec: https://webassembly.github.io/spec/core/appendix/custom.html#branch-hint-section
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wasm/module.h"

namespace godwit::text {

struct BranchHint {
  uint32_t func;
  uint32_t offset;        // of the instruction, in the module
  wasm::ByteRange value;  // the byte that says how likely the branch is
};

// The hints of a module, if they can be printed as annotations of the instructions that they mean.
class BranchHints final {
 public:
  // All or nothing: a section that says anything else is no list of hints, and remains a custom section.
  explicit BranchHints(const wasm::Module& module);

  // Those of one function, in the order of offsets.
  std::span<const BranchHint> of(uint32_t func) const;
  // The position, among the custom sections, of the one that the annotations stand for.
  std::optional<size_t> section() const { return section_; }

 private:
  bool read(const wasm::Module& module, const wasm::CustomSection& section);
  bool all_fit(const wasm::Module& module) const;

  std::vector<BranchHint> hints_;
  std::optional<size_t> section_;
};

}  // namespace godwit::text
