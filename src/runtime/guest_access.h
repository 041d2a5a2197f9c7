// GuestAccess: marks where the host touches guest memory, whose races are the guest's own.
#pragma once

#include "platform/sanitizers.h"

namespace godwit::runtime {

// What lies in a shared memory may change at any time, and guests order their accesses by atomic instructions that
// ThreadSanitizer does not see: while one of these lives, it watches no access of this thread's. The host must be
// right whatever it reads. Nothing without ThreadSanitizer.
class [[maybe_unused]] GuestAccess final {
 public:
  GuestAccess() { platform::sanitizer::ignore_accesses(); }
  ~GuestAccess() { platform::sanitizer::watch_accesses(); }
  GuestAccess(const GuestAccess&) = delete;
  GuestAccess& operator=(const GuestAccess&) = delete;
};

}  // namespace godwit::runtime
