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
inline void set_context(ucontext_t& c, uintptr_t pc, uintptr_t sp) {
  c.uc_mcontext.pc = pc;
  c.uc_mcontext.sp = sp;
}
#else
#error \
    "Godwit runs on x86-64 and aarch64; another CPU needs its registers here and in guest_entry_*.S, stack_*.S"
#endif

}  // namespace godwit::platform
