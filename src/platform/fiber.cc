// Fibers: the switch, and what trap handling and sanitizers are told of it.
#include "platform/fiber.h"

#include <cstring>

#include "platform/sanitizers.h"

namespace godwit::platform {

// In stack_<cpu>.S.
extern "C" [[gnu::visibility("hidden")]] void godwit_switch_stack(void** from, void* to);
extern "C" [[gnu::visibility("hidden")]] void godwit_begin_on_stack();

namespace {

// What godwit_switch_stack finds on a stack that nothing has run on yet.
#if defined(__x86_64__)
struct FirstFrame {
  uint32_t mxcsr = 0x1F80;
  uint32_t x87_control_word = 0x037F;
  void* r15 = nullptr;
  void* r14 = nullptr;
  void* r13 = nullptr;  // the argument
  void* r12 = nullptr;  // the function
  void* rbx = nullptr;
  void* rbp = nullptr;
  void (*return_address)() = godwit_begin_on_stack;
};
static_assert(sizeof(FirstFrame) == 64);  // leaves the stack pointer on 16 bytes for the call
FirstFrame first_frame(void (*function)(void*), void* argument) {
  return {.r13 = argument, .r12 = reinterpret_cast<void*>(function)};
}
#else
struct FirstFrame {
  void* x19 = nullptr;  // the function
  void* x20 = nullptr;  // the argument
  void* x21_to_x29[9] = {};
  void (*x30)() = godwit_begin_on_stack;
  uint64_t d8_to_d15[8] = {};
  uint64_t fpcr = 0;
  uint64_t unused = 0;
};
static_assert(sizeof(FirstFrame) == 176);
FirstFrame first_frame(void (*function)(void*), void* argument) {
  return {.x19 = reinterpret_cast<void*>(function), .x20 = argument};
}
#endif

}  // namespace

Fiber::Fiber(SwitchedStack& stack, void (*function)(void*), void* argument)
    : function_(function), argument_(argument) {
  const FirstFrame frame = first_frame(run, this);
  own_sp_ = stack.bounds_.high - sizeof frame;
  std::memcpy(own_sp_, &frame, sizeof frame);
  own_.low = stack.bounds_.low;
  own_.size_bytes = static_cast<size_t>(stack.bounds_.high - stack.bounds_.low);
  own_.fiber = stack.sanitizer_fiber_;
}

void Fiber::resume() {
  Activation* const outer = exchange_activation(activation_);
  resumer_.fiber = sanitizer::current_fiber();
  sanitizer::before_switch(&resumer_.fake_stack, own_.low, own_.size_bytes);
  sanitizer::switch_to_fiber(own_.fiber);
  godwit_switch_stack(&resumer_sp_, own_sp_);
  sanitizer::after_switch(resumer_.fake_stack, &own_.low, &own_.size_bytes);
  activation_ = exchange_activation(outer);
}

void Fiber::suspend() {
  own_.fiber = sanitizer::current_fiber();
  sanitizer::before_switch(&own_.fake_stack, resumer_.low, resumer_.size_bytes);
  sanitizer::switch_to_fiber(resumer_.fiber);
  godwit_switch_stack(&own_sp_, resumer_sp_);
  sanitizer::after_switch(own_.fake_stack, &resumer_.low, &resumer_.size_bytes);
}

void Fiber::run(void* self) {
  auto& fiber = *static_cast<Fiber*>(self);
  sanitizer::after_switch(nullptr, &fiber.resumer_.low, &fiber.resumer_.size_bytes);
  fiber.function_(fiber.argument_);
  fiber.is_done_ = true;
  sanitizer::before_switch(nullptr, fiber.resumer_.low, fiber.resumer_.size_bytes);
  sanitizer::switch_to_fiber(fiber.resumer_.fiber);
  godwit_switch_stack(&fiber.own_sp_, fiber.resumer_sp_);
  __builtin_unreachable();
}

}  // namespace godwit::platform
