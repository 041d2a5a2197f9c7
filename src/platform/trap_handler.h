// Faults of guest code become traps: one signal handler per process, installed once, that recognises them.
//
// A SIGSEGV or SIGBUS is a guest's fault only if the thread is inside enter_guest(), the pc lies in registered guest
// code *and* the address lies in a registered guest memory. Everything else is a bug of the host's and goes to the
// handler that was there before (or kills the process, as it would have without us).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace godwit::platform {

// What the processor was doing when guest code faulted.
struct Fault {
  uintptr_t pc = 0;
  uintptr_t address = 0;  // that could not be accessed
  // The handler registers of guest_entry.h at that moment.
  uintptr_t ip = 0;
  uintptr_t fp = 0;
  uintptr_t ctx = 0;
  uintptr_t frame = 0;  // the frame pointer of compiled code
};

// One stay of a thread inside guest code; activations of nested entries form a chain. Filled by enter_guest().
struct Activation {
  void* landing_sp =
      nullptr;  // where the native stack stands when the guest is left; offset 0, assembly knows
  Activation* outer = nullptr;  // the activation that was current before
  void* owner = nullptr;        // whatever the one who enters wants to find again
  Fault fault;                  // valid after GuestExit::Faulted
};

// Installs the signal handler; does nothing if it is installed.
// @errors Io: the system refuses. @threads any.
Result<> install_trap_handler();

// Gives the calling thread what it needs to receive faults: an alternate signal stack, unless it has one that is
// large enough. Cheap from the second call on. Freed when the thread ends. Installs the handler too.
// @errors Exhausted, Io.
Result<> prepare_thread_for_guests();

// True if guest code is registered there. @threads any; safe in signal handlers.
bool is_guest_code(uintptr_t pc);
// True if it is of GuestCodeKind::Compiled.
bool is_compiled_code(uintptr_t pc);

// Whose frames guest code has on the native stack.
enum class GuestCodeKind : uint8_t {
  Handlers,  // none: the handlers' registers are all there is
  Compiled,  // its own: they are looked at before they are left (on_compiled_fault)
};

// Makes [begin, end) known as guest code for as long as the object lives; the interpreter registers its handlers'
// section, compilers their code.
// @threads any.
class GuestCodeRange final {
 public:
  GuestCodeRange() = default;
  GuestCodeRange(const void* begin, const void* end, GuestCodeKind kind = GuestCodeKind::Handlers);
  ~GuestCodeRange();
  GuestCodeRange(GuestCodeRange&& other) noexcept : slot_(other.slot_), kind_(other.kind_) {
    other.slot_ = nullptr;
  }
  GuestCodeRange& operator=(GuestCodeRange&& other) noexcept;

 private:
  struct RangeSlot* slot_ = nullptr;
  GuestCodeKind kind_ = GuestCodeKind::Handlers;
};

// Makes [base, base + size) known as guest memory for as long as the object lives: inaccessible pages in it are
// meant to be hit. @threads any.
class GuestMemoryRange final {
 public:
  GuestMemoryRange() = default;
  GuestMemoryRange(const void* base, size_t size_bytes);
  ~GuestMemoryRange();
  GuestMemoryRange(GuestMemoryRange&& other) noexcept : slot_(other.slot_) { other.slot_ = nullptr; }
  GuestMemoryRange& operator=(GuestMemoryRange&& other) noexcept;

 private:
  struct RangeSlot* slot_ = nullptr;
};

// What runs on the guest's stack, above the frames of compiled code, after that has faulted: it gets the current
// activation with its fault filled in, and must leave the guest (guest_entry.h). Set once, by whoever knows such code.
void on_compiled_fault(void (*function)(Activation&));

// The innermost activation of the calling thread, or null.
Activation* current_activation();
// Puts another in its place: for a thread that goes on on another stack. Returns the one before.
Activation* exchange_activation(Activation* activation);

}  // namespace godwit::platform
