// Group sched.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sched_yield
#include <thread>

#include "wasi/p1_support.h"

namespace godwit::wasi {

// Lets others run.
Errno P1::sched_yield() {
  std::this_thread::yield();
  return Errno::Success;
}

}  // namespace godwit::wasi
