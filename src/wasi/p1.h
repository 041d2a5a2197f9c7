// P1: the functions of wasi_snapshot_preview1, as members with their exact names; one file per group.
#pragma once

#include "host/caller.h"
#include "host/guest_pointer.h"
#include "wasi/core.h"
#include "wasi/errno.h"
#include "wasi/types.h"

namespace godwit::wasi {

using host::Caller;
using host::GuestPtr;
using host::GuestSpan;
using host::GuestString;

// All results of a call are written only if it succeeds, but for buffers that were filled in part when an error came.
// A wait ends with Errno::Intr when the guest is interrupted; the guest then stops at its next loop or call.
class P1 final {
 public:
  // @lifetime `core` outlives this.
  explicit P1(Core& core) : core_(core) {}
  P1(const P1&) = delete;
  P1& operator=(const P1&) = delete;

#define GODWIT_WASI_P1(result, name, parameters) result name parameters;
#include "wasi/p1.def"

 private:
  Core& core_;
};

}  // namespace godwit::wasi
