// PrintNames: the identifiers that a module's text uses, made from its names.
// spec: https://webassembly.github.io/spec/core/appendix/custom.html#name-section
// spec: https://github.com/WebAssembly/extended-name-section/blob/main/proposals/extended-name-section/Overview.md
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/print_writer.h"
#include "wasm/module.h"

namespace godwit::text {

// Names by index, in increasing order of indices.
using NameList = std::vector<std::pair<uint32_t, std::string_view>>;
// Lists of names by an outer index, each as the bytes that hold it.
using NameLists = std::vector<std::pair<uint32_t, wasm::ByteRange>>;

// All of a name section. What follows the first error in it is ignored, as are the errors.
struct NameSection {
  NameList types, funcs, tables, memories, globals, tags, elems, datas;
  NameLists locals, labels;  // by function
  NameLists fields;          // by type

  static NameSection read(const wasm::Module& module);
};

// The list that `lists` has for `index`.
NameList names_of(const wasm::Module& module, const NameLists& lists, uint32_t index);

// The identifiers of one index space: different ones for different indices, ready to be printed. An index without one
// is printed as a number.
class Identifiers final {
 public:
  // What an index without a name is called.
  enum class Unnamed : uint8_t {
    Number,
    Invented,  // `prefix` and the index
  };

  Identifiers() = default;
  // @param candidates by index, or empty: what to call something without a name, if nothing else is called so.
  Identifiers(std::string_view prefix, uint32_t count, Unnamed unnamed, const NameList& names,
              const std::vector<std::string_view>& candidates = {});

  void put(PrintWriter& writer, uint32_t index) const;
  // Nothing if the index is printed as a number.
  std::string text(uint32_t index) const;
  bool has(uint32_t index) const {
    return index < count_ && (ids_.empty() ? unnamed_ == Unnamed::Invented : !ids_[index].empty());
  }
  // True if the name section has a name for `index`.
  bool is_named(uint32_t index) const { return index < is_named_.size() && is_named_[index]; }

 private:
  std::string_view prefix_;
  uint32_t count_ = 0;
  Unnamed unnamed_ = Unnamed::Number;
  std::vector<std::string> ids_;  // by index; empty: nothing has a name
  std::vector<bool> is_named_;    // by index, as long as ids_
};

// Those of a module.
struct PrintNames {
  explicit PrintNames(const wasm::Module& module);

  // The identifiers of a function's locals and labels, of which there are `count`.
  Identifiers locals_of(uint32_t func, uint32_t count) const;
  Identifiers labels_of(uint32_t func, uint32_t count) const;
  void put_field(PrintWriter& writer, uint32_t type, uint32_t field) const;
  // A blank and the identifier of a field, if it has one.
  void put_field_id(PrintWriter& writer, uint32_t type, uint32_t field) const;

  const wasm::Module& module;
  NameSection section;
  Identifiers types, funcs, tables, memories, globals, tags, elems, datas;
  std::vector<Identifiers> fields;  // by type; empty: no field has a name
};

}  // namespace godwit::text
