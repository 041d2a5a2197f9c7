// Group random.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#random_get
#include "platform/random.h"

#include <algorithm>

#include "wasi/p1_support.h"

namespace godwit::wasi {

// Fills the buffer with random bytes fit for keys.
Errno P1::random_get(Caller& caller, GuestSpan<uint8_t> buf) {
  constexpr size_t kPiece = size_t{1} << 20;  // so that a huge buffer can be interrupted
  WASI_ASSIGN_OR_RETURN(MutableBytes left, buf.bytes());
  while (!left.empty()) {
    if (caller.interrupted()) return Errno::Intr;
    const MutableBytes piece = left.first(std::min(kPiece, left.size()));
    const runtime::GuestAccess access;
    if (!platform::fill_random(piece)) return Errno::Io;
    left = left.subspan(piece.size());
  }
  return Errno::Success;
}

}  // namespace godwit::wasi
