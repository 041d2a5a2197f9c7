// What an instance has beyond what compiled code sees.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "runtime/blueprint.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/stable_list.h"

namespace godwit::runtime {

// The arrays lie in one zeroed block:
//
//   | own globals | imported functions | imported globals | vm tables | vm memories | tables | memories | globals |
//   | tags | records |
struct Instance::State {
  struct Free {
    void operator()(void* memory_block) const { std::free(memory_block); }
  };
  std::unique_ptr<void, Free> block;
  std::span<VmGlobal> own_globals;
  std::span<FuncRecord*> imported_funcs;
  std::span<VmGlobal*> imported_globals;
  std::span<VmTable*> vm_tables;
  std::span<VmMemory*> vm_memories;
  std::span<Table*> tables;
  std::span<Memory*> memories;
  std::span<Global*> globals;  // own ones at first use
  std::span<Tag*> tags;
  std::span<FuncRecord*> records;  // by Module::record_slots; at first use

  StableList<WasmRecord> wasm_records;
  std::map<uint32_t, FuncRecord*> other_records;  // of functions that code cannot take references to

  // Of an instance that may be used again; others' are the store's.
  std::vector<std::unique_ptr<Memory>> own_memories;
  std::vector<std::unique_ptr<Table>> own_tables;
  std::shared_ptr<const Blueprint> blueprint;  // null: it is used once

  std::vector<std::vector<Ref>> elem_values;  // by segment, of those that are given as expressions
  std::vector<bool> dropped_elems, dropped_datas;

  // The first elements of own tables, where a blueprint says what they are and no import is among them.
  std::vector<std::vector<Ref>> first_elements;

  // @errors Exhausted: out of memory.
  Result<> allocate(const Module& module);
};

}  // namespace godwit::runtime
