// TypeTable: the type section as it grows, with the types that type uses imply.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "wasm/encoder.h"

namespace godwit::text {

class TypeTable final {
 public:
  // A type as it is written; the text may name several supertypes, though no valid module does.
  struct Definition {
    wasm::SubType type;
    std::vector<wasm::TypeIdx> supers = {};
  };

  // Types that are defined together; `is_rec`: in `(rec …)`, of whatever number.
  void define(const std::vector<Definition>& group, bool is_rec);
  uint32_t size() const { return static_cast<uint32_t>(funcs_.size()); }
  // The function type with this index; null if there is none (yet), or it is of another kind.
  const wasm::FuncType* func(uint32_t index) const {
    return index < funcs_.size() && is_func_[index] ? &funcs_[index] : nullptr;
  }
  // The first type that is exactly `(func …)` with these parameters and results; one is added if there is none.
  // spec: https://webassembly.github.io/spec/core/text/modules.html#type-uses
  uint32_t index_of(const wasm::FuncType& type);

  // Of the type section.
  uint32_t entries() const { return entries_; }
  const wasm::Encoder& body() const { return body_; }

 private:
  void add(const Definition& definition);
  static std::string key_of(const wasm::FuncType& type);

  std::vector<wasm::FuncType> funcs_;  // by type index
  std::vector<bool> is_func_;
  std::unordered_map<std::string, uint32_t> plain_;  // by key_of
  wasm::Encoder body_;
  uint32_t entries_ = 0;
};

}  // namespace godwit::text
