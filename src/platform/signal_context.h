// The machine state that a signal handler gets, by the names Godwit uses.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace godwit::platform {

#if defined(__x86_64__)
inline uintptr_t context_pc(const ucontext_t& c) {
  return static_cast<uintptr_t>(c.uc_mcontext.gregs[REG_RIP]);
}
inline uintptr_t context_ip(const ucontext_t& c) {
  return static_cast<uintptr_t>(c.uc_mcontext.gregs[REG_R12]);
}
inline uintptr_t context_fp(const ucontext_t& c) {
  return static_cast<uintptr_t>(c.uc_mcontext.gregs[REG_R13]);
}
inline uintptr_t context_ctx(const ucontext_t& c) {
  return static_cast<uintptr_t>(c.uc_mcontext.gregs[REG_R14]);
}
inline uintptr_t context_frame(const ucontext_t& c) {
  return static_cast<uintptr_t>(c.uc_mcontext.gregs[REG_RBP]);
}
// Execution goes on in `function`, which does not return, above all that the stack holds, when the handler returns.
inline void call_from_context(ucontext_t& c, uintptr_t function) {
  constexpr greg_t kRedZoneBytes = 128, kReturnAddressBytes = 8;
  c.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(function);
  c.uc_mcontext.gregs[REG_RSP] =
      ((c.uc_mcontext.gregs[REG_RSP] - kRedZoneBytes) & ~greg_t{15}) - kReturnAddressBytes;
}
// Execution goes on at `pc` with the stack pointer `sp` when the handler returns.
inline void set_context(ucontext_t& c, uintptr_t pc, uintptr_t sp) {
  c.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(pc);
  c.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(sp);
}
#elif defined(__aarch64__)
inline uintptr_t context_pc(const ucontext_t& c) { return c.uc_mcontext.pc; }
inline uintptr_t context_ip(const ucontext_t& c) { return c.uc_mcontext.regs[20]; }
inline uintptr_t context_fp(const ucontext_t& c) { return c.uc_mcontext.regs[21]; }
inline uintptr_t context_ctx(const ucontext_t& c) { return c.uc_mcontext.regs[22]; }
inline uintptr_t context_frame(const ucontext_t& c) { return c.uc_mcontext.regs[29]; }
inline void call_from_context(ucontext_t& c, uintptr_t function) {
  c.uc_mcontext.pc = function;
  c.uc_mcontext.sp &= ~uint64_t{15};
}
inline void set_context(ucontext_t& c, uintptr_t pc, uintptr_t sp) {
  c.uc_mcontext.pc = pc;
  c.uc_mcontext.sp = sp;
}
#else
#error \
    "Godwit runs on x86-64 and aarch64; another CPU needs its registers here and in guest_entry_*.S, stack_*.S"
#endif

}  // namespace godwit::platform
