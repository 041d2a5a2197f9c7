// Module: a decoded module ready to be instantiated, with its canonical types and its code.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/work_meter.h"
#include "runtime/type_registry.h"
#include "runtime/vm.h"
#include "wasm/module.h"

namespace godwit::runtime {

struct Blueprint;
struct UnwindSite;

// How places in code are looked up.
enum class Lookup : uint8_t {
  Whole,
  Now,          // for signal handlers: waits for no lock and allocates nothing; then nothing is found
  FunctionNow,  // the same; the offset, which takes time, is not wanted
};

// Where the code of a module comes from: the tiers stand behind this.
class CodeSource {
 public:
  virtual ~CodeSource() = default;

  // Entry cells of the own functions (VmContext::entries); null entries are made by prepare().
  virtual std::atomic<const Cell*>* entries() = 0;
  // Compiled code of the own functions (VmContext::natives).
  virtual std::atomic<const void*>* natives() { return nullptr; }

  // Makes the entry of own function `defined` (function index less imports): validates the body if that was not yet
  // done, translates it, publishes it in entries(). @threads any.
  // @errors Exhausted, if interrupted; those of the body.
  virtual Result<const Cell*> prepare(uint32_t defined, Interrupt interrupt) = 0;

  // The function that this cell belongs to has run often: it may be given faster code, from the next cell on that is
  // entered. @threads any.
  virtual void make_faster(const Cell* /*cell*/) {}

  // The code of own function `defined` that other compiled code may call (FuncRecord::native); null if there is none.
  virtual const void* compiled_code(uint32_t /*defined*/) const { return nullptr; }

  // The same with the function that calls it with arguments and results in slots.
  struct CompiledCall {
    const void* function = nullptr;  // null: there is none
    const void* thunk = nullptr;     // void thunk(function, VmContext*, Slot*)
  };
  virtual CompiledCall compiled_call(uint32_t /*defined*/) const { return {}; }

  // The code that goes on from a native_loop cell, and where its frames have their header. @threads any.
  struct LoopCode {
    const void* code = nullptr;
    uint32_t header_slot = 0;
  };
  virtual LoopCode loop_at(const Cell* /*cell*/) const { return {}; }

  // What a cell belongs to, for backtraces.
  struct Location {
    uint32_t function_index;
    uint32_t offset;        // of the instruction in the module, in bytes
    uint32_t header_slot;   // of this function's frames
    uint32_t callee_slots;  // for a return cell: slots from this frame's fp up to its callee's; else 0
  };
  enum class CellRole : uint8_t {
    Executing,  // the frame stands at this cell
    Return,     // the frame waits for a call to return to this cell; the location is the call's
  };
  // False if the cell is not this module's, or if the look-up would have to wait and must not. @threads any.
  virtual bool locate(const Cell* cell, CellRole role, Location& into,
                      Lookup lookup = Lookup::Whole) const = 0;

  // What an unwinder wants to know of a frame that stands at `cell`, or waits for the call there; what `into` points
  // to lives as long as the module. False if the cell is not this module's. @threads any.
  virtual bool find_unwind_site(const Cell* cell, UnwindSite& into) const = 0;
};

// @threads shared and immutable, but for what CodeSource publishes and blueprint().
class Module final {
 public:
  Module() = default;
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  wasm::Module declarations;
  std::vector<uint32_t> type_ids;  // canonical, by type index
  // By canonical id; null if the module has no types of structs or arrays and no tags, or if there was no memory.
  const GcType* gc_types = nullptr;
  std::unique_ptr<CodeSource> code;
  std::string name;  // for messages: name section, else file name, else empty
  // Indices into declarations.exports, sorted by name.
  std::vector<uint32_t> exports_by_name;
  // The place of an own function's record among an instance's records, by function index less the imported ones.
  // Functions that code cannot take references to have none.
  static constexpr uint32_t kNoRecordSlot = ~uint32_t{0};
  std::vector<uint32_t> record_slots;
  uint32_t record_count = 0;

  // What its instances begin with, once that is known to be the same for all; null before, and if it is not. Made by the
  // first instance in a store with a pool. @threads any.
  const std::shared_ptr<const Blueprint>* blueprint() const {
    return first_state_.is_ready.load(std::memory_order_acquire) ? &first_state_.blueprint : nullptr;
  }
  // Keeps what `make` returns, unless there is one or there can be none; null from `make`: there can be none.
  void know_blueprint(const std::function<std::shared_ptr<const Blueprint>()>& make) const;

  uint32_t func_type_id(wasm::FuncIdx func) const { return type_ids[declarations.funcs[func.value].value]; }
  // The export of this name, or null.
  const wasm::Export* find_export(std::string_view export_name) const;

 private:
  struct FirstState {
    std::once_flag once;
    std::shared_ptr<const Blueprint> blueprint;
    std::atomic<bool> is_ready{false};
  };
  mutable FirstState first_state_;
};

// A module with everything but its code. `declarations` has passed validation.
std::shared_ptr<Module> make_module(wasm::Module declarations, TypeRegistry& types, std::string name);

}  // namespace godwit::runtime
