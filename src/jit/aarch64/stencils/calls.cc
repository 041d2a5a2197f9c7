// The stencil of calls of own functions. They go through cells, as in the interpreter (interp/handlers_control.cc).
#include "jit/stencils/stencil.h"

namespace godwit::jit {

GODWIT_STENCIL(call) {
  const auto* entries = reinterpret_cast<const uint8_t*>(ctx->entries);
  const auto* entry = load_unaligned<const Cell*>(entries + GODWIT_NUMBER(uint64_t, pointer_b));
  if (entry == nullptr) [[unlikely]]
    GODWIT_GO_ON_AT(handler);  // not translated yet
  acc = GODWIT_FAR_HOLE(uint64_t, next_cell);
  aux = reinterpret_cast<uint64_t>(ctx);
  fp = reinterpret_cast<Slot*>(reinterpret_cast<uint8_t*>(fp) + FieldA{}.slot_bytes());
  ip = entry;
  GODWIT_GO_ON(entry->handler);
}

}  // namespace godwit::jit
