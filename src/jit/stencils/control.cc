// The stencils of the ops that change frames. They hand over as the interpreter's handlers do (handlers_control.cc): a
// frame does not know which tier made it. What goes wrong is left to the interpreter's handler, from the beginning.
// Calls of own functions, and how returns find their way, are the emitter's (frames.cc).
#include "jit/stencils/stencil.h"

namespace godwit::jit {

using runtime::FuncRecord;

namespace {

GODWIT_JIT_INLINE inline uint64_t bits_of(uint32_t value) { return value; }
GODWIT_JIT_INLINE inline uint64_t bits_of(uint64_t value) { return value; }
GODWIT_JIT_INLINE inline uint64_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }
GODWIT_JIT_INLINE inline uint64_t bits_of(double value) { return std::bit_cast<uint64_t>(value); }

GODWIT_JIT_INLINE inline Slot* slot_at(Slot* fp, uintptr_t bytes) {
  return reinterpret_cast<Slot*>(reinterpret_cast<uint8_t*>(fp) + bytes);
}

}  // namespace

#define GODWIT_WRITE_HEADER()                                                   \
  do {                                                                          \
    if (is_beyond_entry_limit(slot_at(fp, FieldB{}.slot_bytes()))) [[unlikely]] \
      GODWIT_GO_ON_AT(handler);                                                 \
    Slot* header = slot_at(fp, FieldA{}.slot_bytes());                          \
    header[0] = acc;                                                            \
    header[1] = aux;                                                            \
  } while (false)

GODWIT_STENCIL(enter) {
  GODWIT_WRITE_HEADER();
  GODWIT_GO_ON_AT(next);
}

GODWIT_STENCIL(enter_zeroing) {
  GODWIT_WRITE_HEADER();
  Slot* from = slot_at(fp, (FieldA{} + runtime::kFrameHeaderSlots).slot_bytes());
  Slot* end = slot_at(from, FieldD{}.slot_bytes());
  do {
    *from++ = 0;
    asm volatile("" : "+r"(from) : : "memory");  // stays a loop
  } while (from != end);
  GODWIT_GO_ON_AT(next);
}

// What is left of a return after its value is in place: the way back through the cell in the header. The emitter has a
// shorter one, which it tries first.
GODWIT_STENCIL(return_none) {
  const Slot* header = slot_at(fp, FieldA{}.slot_bytes());
  ip = reinterpret_cast<const Cell*>(header[0]);
  ctx = reinterpret_cast<VmContext*>(header[1]);
  fp -= ip[-1].a;
  mem = ctx->memory0_base;
  GODWIT_GO_ON(ip->handler);
}

#define GODWIT_RETURN_STENCIL(name, T, source)                     \
  GODWIT_STENCIL(name) {                                           \
    Machine m{{fp, ctx, mem, acc, f64_acc, f32_acc, v128_acc}};    \
    T result = code::ops::read<T, code::Source::source>(m, m.d()); \
    m.set_acc(result);                                             \
    fp[0] = bits_of(result);                                       \
    acc = m.int_acc;                                               \
    f64_acc = m.f64_acc;                                           \
    f32_acc = m.f32_acc;                                           \
    GODWIT_GO_ON_AT(next);                                         \
  }
GODWIT_RETURN_STENCIL(return_i32_s, uint32_t, S)
GODWIT_RETURN_STENCIL(return_i32_a, uint32_t, A)
GODWIT_RETURN_STENCIL(return_i32_k, uint32_t, K)
GODWIT_RETURN_STENCIL(return_i64_s, uint64_t, S)
GODWIT_RETURN_STENCIL(return_i64_a, uint64_t, A)
GODWIT_RETURN_STENCIL(return_i64_k, uint64_t, K)
GODWIT_RETURN_STENCIL(return_f32_s, float, S)
GODWIT_RETURN_STENCIL(return_f32_a, float, A)
GODWIT_RETURN_STENCIL(return_f32_k, float, K)
GODWIT_RETURN_STENCIL(return_f64_s, double, S)
GODWIT_RETURN_STENCIL(return_f64_a, double, A)
GODWIT_RETURN_STENCIL(return_f64_k, double, K)

// --- Calls --------------------------------------------------------------------------------------------------------------

#define GODWIT_HAND_OVER()                      \
  do {                                          \
    acc = GODWIT_FAR_HOLE(uint64_t, next_cell); \
    aux = reinterpret_cast<uint64_t>(ctx);      \
    fp = slot_at(fp, FieldA{}.slot_bytes());    \
    ip = entry;                                 \
  } while (false)

#define GODWIT_CALL_RECORD()                                                \
  do {                                                                      \
    const Cell* entry = record->entry.load(std::memory_order_acquire);      \
    VmContext* callee_ctx = record->vmctx != nullptr ? record->vmctx : ctx; \
    GODWIT_HAND_OVER();                                                     \
    ctx = callee_ctx;                                                       \
    mem = ctx->memory0_base;                                                \
    GODWIT_GO_ON(entry->handler);                                           \
  } while (false)

GODWIT_STENCIL(call_imported) {
  const auto* records = reinterpret_cast<const uint8_t*>(ctx->imported_funcs);
  const auto* record = load_unaligned<const FuncRecord*>(records + GODWIT_NUMBER(uint64_t, pointer_b));
  GODWIT_CALL_RECORD();
}

#define GODWIT_CALL_ELEMENT(index, table_at)                                       \
  do {                                                                             \
    const runtime::VmTable& table = *(table_at);                                   \
    const uint32_t element = (index);                                              \
    if (element >= table.size) [[unlikely]]                                        \
      GODWIT_GO_ON_AT(handler);                                                    \
    const auto* record = reinterpret_cast<const FuncRecord*>(table.base[element]); \
    if (record == nullptr || record->type != uint32_t{FieldB{}}) [[unlikely]]      \
      GODWIT_GO_ON_AT(handler);                                                    \
    GODWIT_CALL_RECORD();                                                          \
  } while (false)

GODWIT_STENCIL(call_indirect_s) {
  GODWIT_CALL_ELEMENT(load_unaligned<uint32_t>(slot_at(fp, FieldD{}.slot_bytes())), ctx->tables[0]);
}
GODWIT_STENCIL(call_indirect_a) {
  const auto* tables = reinterpret_cast<const uint8_t*>(ctx->tables);
  GODWIT_CALL_ELEMENT(static_cast<uint32_t>(acc),
                      load_unaligned<const runtime::VmTable*>(tables + GODWIT_NUMBER(uint64_t, pointer_d)));
}

#define GODWIT_CALL_REFERENCE(bits)                                 \
  do {                                                              \
    const auto* record = reinterpret_cast<const FuncRecord*>(bits); \
    if (record == nullptr) [[unlikely]]                             \
      GODWIT_GO_ON_AT(handler);                                     \
    GODWIT_CALL_RECORD();                                           \
  } while (false)

GODWIT_STENCIL(call_ref_s) { GODWIT_CALL_REFERENCE(*slot_at(fp, FieldD{}.slot_bytes())); }
GODWIT_STENCIL(call_ref_a) { GODWIT_CALL_REFERENCE(acc); }

}  // namespace godwit::jit
