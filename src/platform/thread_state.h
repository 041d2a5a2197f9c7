// What is known of each thread that runs guests; assembly reads it, too.
#pragma once

#include "platform/trap_handler.h"

namespace godwit::platform {

struct ThreadState {
  Activation* current = nullptr;
  bool is_prepared = false;    // prepare_thread_for_guests() has succeeded
  uint32_t number_plus_1 = 0;  // 0: it has none yet
};
static_assert(offsetof(ThreadState, current) == 0 && offsetof(ThreadState, is_prepared) == 8);

// initial-exec: the signal handler must not allocate to reach it.
extern "C" [[gnu::tls_model("initial-exec"),
             gnu::visibility("hidden")]] constinit thread_local ThreadState godwit_thread_state;

}  // namespace godwit::platform
