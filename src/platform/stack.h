// Native stacks that guests run on, and the switch to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/error.h"
#include "platform/memory_map.h"

namespace godwit::platform {

// Lowest address and one past the highest of a stack that grows downwards.
struct StackBounds {
  uint8_t* low = nullptr;
  uint8_t* high = nullptr;

  bool contains(const void* address) const {
    const auto value = reinterpret_cast<uintptr_t>(address);
    return value >= reinterpret_cast<uintptr_t>(low) && value < reinterpret_cast<uintptr_t>(high);
  }
};

// The bounds of the calling thread's own stack. @cost microseconds; not for every call.
StackBounds thread_stack_bounds();

// An address in the current frame: near the stack pointer, never below it.
[[gnu::always_inline]] inline uint8_t* current_stack_address() {
  return static_cast<uint8_t*>(__builtin_frame_address(0));
}

// Calls function(argument) after it has put the registers that functions preserve onto the stack, above what
// current_stack_address() says in there: for those who look through stacks for references.
void with_registers_on_stack(void (*function)(void*), void* argument);

// A native stack of its own, with an inaccessible guard page below it. Sanitizers are told of it. Move-only.
//
//   mapping:  | guard page | low … grows down … high |
class SwitchedStack final {
 public:
  SwitchedStack() = default;  // empty: cannot be run on
  ~SwitchedStack();
  SwitchedStack(SwitchedStack&& other) noexcept;
  SwitchedStack& operator=(SwitchedStack&& other) noexcept;

  // Makes a stack of at least `size_bytes` usable bytes. Pages cost memory only when touched.
  // @errors Exhausted: no address space.
  static Result<SwitchedStack> create(size_t size_bytes);

  const StackBounds& bounds() const { return bounds_; }
  // Keeps so much at the upper end, a multiple of 16 bytes, for something else than frames: run_on() begins below. Returns
  // its address.
  uint8_t* keep_top(size_t size_bytes) {
    kept_bytes_ = size_bytes;
    return bounds_.high - size_bytes;
  }
  // True if the caller runs on this stack now.
  bool is_current() const { return bounds_.contains(current_stack_address()); }

 private:
  friend class Fiber;
  friend void run_on(SwitchedStack& stack, void (*function)(void*), void* argument);

  Reservation mapping_;
  StackBounds bounds_;
  size_t kept_bytes_ = 0;
  void* sanitizer_fiber_ = nullptr;  // ThreadSanitizer's name for this stack
};

// Calls function(argument) on `stack`, from its top, and returns when it has returned. `stack` must not be in use;
// code that runs on it may run_on other stacks. Debuggers and unwinders see through the switch.
void run_on(SwitchedStack& stack, void (*function)(void*), void* argument);

// The same for any callable: run_on(stack, [&] { … }).
template <class Function>
void run_on(SwitchedStack& stack, Function&& function) {
  run_on(
      stack, [](void* argument) { (*static_cast<std::remove_reference_t<Function>*>(argument))(); },
      const_cast<void*>(static_cast<const void*>(&function)));
}

}  // namespace godwit::platform
