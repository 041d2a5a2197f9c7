// Native stacks: bounds, creation, and what sanitizers are told when a thread changes its stack.
#include "platform/stack.h"

#include <pthread.h>

#include "platform/sanitizers.h"

namespace godwit::platform {

// In stack_<cpu>.S: calls function(argument) with the stack pointer at `top` (16-byte aligned).
extern "C" [[gnu::visibility("hidden")]] void godwit_call_on_stack(void* argument, void (*function)(void*),
                                                                   void* top);

StackBounds thread_stack_bounds() {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return {};
  void* low = nullptr;
  size_t size_bytes = 0;
  ::pthread_attr_getstack(&attributes, &low, &size_bytes);
  ::pthread_attr_destroy(&attributes);
  return {static_cast<uint8_t*>(low), static_cast<uint8_t*>(low) + size_bytes};
}

[[gnu::noinline]] void with_registers_on_stack(void (*function)(void*), void* argument) {
  __builtin_unwind_init();
  function(argument);
  asm volatile("" : : : "memory");  // no tail call: this frame holds the registers
}

SwitchedStack::~SwitchedStack() {
  if (!bounds_.low) return;
  sanitizer::forget_stack(bounds_.low, static_cast<size_t>(bounds_.high - bounds_.low));
  sanitizer::delete_fiber(sanitizer_fiber_);
}

SwitchedStack::SwitchedStack(SwitchedStack&& other) noexcept
    : mapping_(std::move(other.mapping_)),
      bounds_(std::exchange(other.bounds_, {})),
      kept_bytes_(std::exchange(other.kept_bytes_, 0)),
      sanitizer_fiber_(std::exchange(other.sanitizer_fiber_, nullptr)) {}

SwitchedStack& SwitchedStack::operator=(SwitchedStack&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(bounds_, other.bounds_);
  std::swap(kept_bytes_, other.kept_bytes_);
  std::swap(sanitizer_fiber_, other.sanitizer_fiber_);
  return *this;
}

Result<SwitchedStack> SwitchedStack::create(size_t size_bytes) {
  size_bytes = round_up_to_page(size_bytes);
  const size_t guard_bytes = page_size();
  SwitchedStack stack;
  ASSIGN_OR_RETURN(stack.mapping_, Reservation::reserve(guard_bytes + size_bytes));
  TRY(stack.mapping_.commit(guard_bytes, size_bytes));
  stack.bounds_ = {stack.mapping_.base() + guard_bytes, stack.mapping_.base() + guard_bytes + size_bytes};
  stack.sanitizer_fiber_ = sanitizer::new_fiber();
  return stack;
}

void run_on(SwitchedStack& stack, void (*function)(void*), void* argument) {
  const StackBounds& bounds = stack.bounds_;
  sanitizer::StackSwitch way;
  void* const own_fiber = sanitizer::current_fiber();
  sanitizer::enter_stack(way, bounds.low, static_cast<size_t>(bounds.high - bounds.low));
  sanitizer::switch_to_fiber(stack.sanitizer_fiber_);
  godwit_call_on_stack(argument, function, bounds.high - stack.kept_bytes_);
  sanitizer::switch_to_fiber(own_fiber);
  sanitizer::leave_stack(way);
}

}  // namespace godwit::platform
