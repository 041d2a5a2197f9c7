// Instance: one instantiation of a module in a store.
// spec: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/store.h"

namespace godwit::runtime {

class GcMarker;

class Instance final {
 public:
  ~Instance();

  Store& store() const { return store_; }
  const Module& module() const { return *module_; }
  VmContext* vmctx() { return &vm_; }

  // An export by name; nothing if there is none.
  std::optional<Extern> find_export(std::string_view name);
  // The extern of an index space entry of this instance.
  Extern get(wasm::ExternKind kind, uint32_t index);
  // The record of a function of this instance (made at first use).
  FuncRecord* func(wasm::FuncIdx idx);

  // Bulk operations whose operands are module state; each checks and traps by returning the trap.
  Trap memory_init(uint32_t data, uint32_t memory, uint64_t to, uint64_t from, uint64_t size);
  void data_drop(uint32_t data);
  Trap table_init(uint32_t elem, uint32_t table, uint64_t to, uint64_t from, uint64_t size);
  void elem_drop(uint32_t elem);

  // What is left of a segment: nothing once it was dropped.
  Bytes data_segment(uint32_t data) const;
  uint64_t elem_size(uint32_t elem) const;
  Ref elem_value(uint32_t elem, uint32_t index);

  // Shows the marker the references in own globals and in element segments.
  void mark_references(GcMarker& marker);

 private:
  friend class Instantiation;
  Instance(Store& store, std::shared_ptr<const Module> module);

  VmContext vm_;
  Store& store_;
  std::shared_ptr<const Module> module_;
  struct State;
  std::unique_ptr<State> state_;
};

// Instantiates: checks the imports (one per import of the module, in order) against their types, allocates, runs
// initialisers, segments and the start function.
// @errors Unlinkable: an import's type does not match. Trap: a segment or the start function trapped; what was written
//   to imported objects before stays written, as the specification says. Exhausted: a limit.
Result<Instance*> instantiate(Store& store, std::shared_ptr<const Module> module,
                              std::span<const Extern> imports);

}  // namespace godwit::runtime
