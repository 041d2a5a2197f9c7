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
struct Blueprint;

class Instance final {
 public:
  ~Instance();

  Store& store() const { return *store_; }
  const Module& module() const { return *module_; }
  const std::shared_ptr<const Module>& shared_module() const { return module_; }
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

  // What new instances like this one begin with, if it may be used again; else null.
  const Blueprint* blueprint() const;
  // For the store that goes, if there is a blueprint: brings back the first state, and leaves the store. The second step
  // gives back memory to the system; before it, nobody may use the instance. False if the system refuses.
  bool park();
  bool discard();
  // Of its memories, while it is idle: bytes that stay.
  uint64_t kept_bytes() const;

  // Shows the marker the references in own globals and in element segments.
  void mark_references(GcMarker& marker);

 private:
  friend class Instantiation;
  friend class BlueprintMaker;
  Instance(Store& store, std::shared_ptr<const Module> module);

  VmContext vm_;
  Store* store_;
  std::shared_ptr<const Module> module_;
  struct State;
  std::unique_ptr<State> state_;
};

// Instantiates: checks the imports (one per import of the module, in order) against their types, allocates, runs
// initialisers, segments and the start function. Where the store has a pool, an idle instance may be used.
// @errors Unlinkable: an import's type does not match. Trap: a segment or the start function trapped; what was written
//   to imported objects before stays written, as the specification says. Exhausted: a limit.
Result<Instance*> instantiate(Store& store, const std::shared_ptr<const Module>& module,
                              std::span<const Extern> imports);

// The same, but the new instance begins with the state of a blueprint, which is one of this module's. Initialisers and
// segments have been run.
Result<Instance*> instantiate(Store& store, const std::shared_ptr<const Module>& module,
                              const std::shared_ptr<const Blueprint>& blueprint,
                              std::span<const Extern> imports);

}  // namespace godwit::runtime
