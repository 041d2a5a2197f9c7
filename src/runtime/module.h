// Module: a decoded module ready to be instantiated, with its canonical types and its code.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/vm.h"
#include "wasm/module.h"

namespace godwit::runtime {

// Where the code of a module comes from: the tiers stand behind this.
class CodeSource {
 public:
  virtual ~CodeSource() = default;

  // Entry cells of the own functions (VmContext::entries); null entries are made by prepare().
  virtual std::atomic<const Cell*>* entries() = 0;

  // Makes the entry of own function `defined` (function index less imports): validates the body if that was not yet
  // done, translates it, publishes it in entries(). @threads any.
  virtual Result<const Cell*> prepare(uint32_t defined) = 0;

  // What `cell` belongs to, for backtraces: function index, offset in the module of the instruction, the frame's
  // header position. False if the cell is not this module's.
  struct Location {
    uint32_t function_index;
    uint32_t offset;
    uint32_t header_slot;
  };
  virtual bool locate(const Cell* cell, Location& into) const = 0;
};

// @threads shared and immutable, but for what CodeSource publishes.
class Module final {
 public:
  wasm::Module declarations;
  std::vector<uint32_t> type_ids;  // canonical, by type index
  std::unique_ptr<CodeSource> code;
  std::string name;  // for messages: name section, else file name, else empty

  uint32_t func_type_id(wasm::FuncIdx func) const { return type_ids[declarations.funcs[func.value].value]; }
};

}  // namespace godwit::runtime
