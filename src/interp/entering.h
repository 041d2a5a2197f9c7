// What happens at a function's entry, for the handlers of `enter` and of what follows it.
#pragma once

#include "interp/handlers.h"
#include "platform/guest_store.h"

namespace godwit::interp::handlers {

// Moves ip, fp and ctx from a callee that has no frame yet to the call in its caller, to report a trap there.
#define GODWIT_BACK_TO_CALL()                    \
  do {                                           \
    ip = reinterpret_cast<const Cell*>(acc) - 1; \
    fp -= ip->a;                                 \
    ctx = reinterpret_cast<VmContext*>(aux);     \
  } while (false)

[[gnu::always_inline]] inline void zero(Slot* from, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    from[i] = 0;
    asm volatile("" : : : "memory");
  }
}

#define GODWIT_ENTER()                                                                              \
  do {                                                                                              \
    const uint64_t end = reinterpret_cast<uintptr_t>(fp) + 8 * uint64_t{ip->b};                     \
    if (platform::is_above_store_word<offsetof(runtime::VmStore, entry_limit)>(end)) [[unlikely]] { \
      const runtime::VmStore& vm = *ctx->store;                                                     \
      const bool is_interrupted = vm.interrupt.load(std::memory_order_relaxed) != 0;                \
      if (is_interrupted || end > reinterpret_cast<uintptr_t>(vm.stack_limit)) {                    \
        GODWIT_BACK_TO_CALL();                                                                      \
        GODWIT_STOP(is_interrupted ? Trap::Interrupted : Trap::StackExhausted);                     \
      }                                                                                             \
    }                                                                                               \
    fp[ip->a] = acc;                                                                                \
    fp[ip->a + 1] = aux;                                                                            \
  } while (false)

#define GODWIT_ENTER_ZEROING()                            \
  do {                                                    \
    GODWIT_ENTER();                                       \
    zero(fp + ip->a + runtime::kFrameHeaderSlots, ip->d); \
  } while (false)

}  // namespace godwit::interp::handlers
