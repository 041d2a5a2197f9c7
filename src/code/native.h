// What the register code's owner and a tier that makes machine code of it know of each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string_view>

#include "code/cell.h"
#include "runtime/module.h"

namespace godwit::code {

// The machine code of one function; gone with this object.
class NativeCode {
 public:
  virtual ~NativeCode() = default;
  // For tests: chooses anew for each place where control comes to the machine code whether it does, or goes on in the
  // interpreter. Frames of both are the same, so any choice is right at any time. Of code that was made to allow it.
  virtual void choose_ways_in(std::minstd_rand& random) = 0;
  // The first cell leads elsewhere from now on: calls that the code makes of itself go there, too. @threads any, while others
  // run the code
  virtual void begin_elsewhere() = 0;
};

// Whether exceptions may be caught in a function: then control may come to cells that nothing branches to, with the values
// of all slots in memory as they were at the call.
enum class MayCatch : uint8_t { No, Yes };

// How machine code is asked where it is, and told to stop, in one comparison: it looks whether the time is another one than the
// one that its store has seen (VmStore::seen_time), which an interruption sets to 0.
struct Look {
  std::atomic<uint32_t> time{1};       // never 0
  std::atomic<uint32_t> is_wanted{0};  // by whoever sees another time first
  // The tier's own copy of the time, near its code; null as long as it has none.
  std::atomic<std::atomic<uint32_t>*> near{nullptr};

  void ask() {
    is_wanted.store(1, std::memory_order_relaxed);
    uint32_t next = time.load(std::memory_order_relaxed) + 1;
    if (next == 0) next = 1;
    time.store(next, std::memory_order_relaxed);
    if (std::atomic<uint32_t>* copy = near.load(std::memory_order_acquire))
      copy->store(next, std::memory_order_release);
  }
};

// A function to compile.
struct NativeSource {
  std::span<Cell> cells;
  MayCatch may_catch = MayCatch::No;
  std::string_view module_name = {}, name = {};  // for people; of the guest's choice, may be empty
  uint32_t index = 0;                            // among the module's functions, imported ones first
  // Machine code looks here where `count` cells stand, and leaves them to their handlers as if they had counted to the end
  // if that is wanted. Null: they are left out.
  Look* look = nullptr;
  uint32_t defined = 0;  // among the module's own
  // By slot, as far as it goes: not 0 if it only ever holds numbers of 32 bits.
  std::span<const uint8_t> narrow_slots = {};
  // Of all its own functions, as they come: a cell that calls may lead to as long as the module lives. Null: not known.
  const std::atomic<const Cell*>* entries = nullptr;
};

// A tier that makes machine code of register code. Once a function has such code, its cells lead there: the handler of
// its first cell, of loops' first cells and of the cells that calls return to. @threads any.
class NativeTier {
 public:
  virtual ~NativeTier() = default;
  // Compiles a function; null if there is no room or no way (it goes on as it is).
  virtual std::unique_ptr<NativeCode> compile(const NativeSource& source) = 0;
  // The cell whose machine code `pc` lies in; null if it is none of this tier's, or if the look-up would have to wait and
  // must not.
  virtual const Cell* cell_at(uintptr_t pc, runtime::Lookup lookup = runtime::Lookup::Whole) const = 0;
};

// Functions of one module that were compiled from its bytes, not from register code. @threads any.
class CompiledFunctions {
 public:
  struct Code {
    const void* function = nullptr;  // null: this one was not compiled
    const void* thunk = nullptr;     // by which register code calls it (image::Thunk)
  };
  virtual ~CompiledFunctions() = default;
  virtual Code find(uint32_t defined) const = 0;
  // void loop(VmContext*, Slot* frame): goes on in a frame of register code at the loop whose instruction is at `offset`
  // in the module, and leaves the function's results in the frame. Null: there is no such entry.
  virtual const void* find_loop(uint32_t defined, uint32_t offset) const = 0;
};

// A place of a module's code that runs so often that an optimising compiler may pay.
struct HotPlace {
  static constexpr uint32_t kNoLoop = ~uint32_t{0};
  uint32_t defined;
  uint32_t loop = kNoLoop;  // the offset of the loop instruction in the module
};

class ModuleCode;

// Machine code is asked so often where it is.
inline constexpr uint64_t kLookEveryNs = 10'000'000;

// Whoever makes code of hot places, in the background. @threads any.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Whether places are taken at all. Cheap.
  virtual bool is_there() = 0;
  // What machine code looks at: wanted every kLookEveryNs, until looked() is called.
  virtual Look* look() = 0;
  virtual void looked() = 0;
  // Takes a place whose function has run for so long, if code of it is likely to pay: `code` gets an answer by and by then, by install() or refuse(). False:
  // not yet; it may be asked for again when it has run on.
  virtual bool improve(ModuleCode& code, const runtime::Module& module, const HotPlace& place,
                       uint64_t run_ns) = 0;
  // Nothing is called of `code` any more when this returns.
  virtual void forget(ModuleCode& code) = 0;
};

// What the entry of a compiled function is in place of cells of its own.
struct CompiledEntry {
  Cell cell;  // native_entry
  CompiledFunctions::Code code;
};
static_assert(sizeof(CompiledEntry) == 2 * sizeof(Cell));

}  // namespace godwit::code
