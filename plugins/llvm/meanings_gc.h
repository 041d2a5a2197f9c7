// What instructions do with objects, for the compiler: the op bodies' parts as functions godwit_gc_<name>, which are put
// in the place of every use. Allocating and everything that may take long is behind libcalls.def.
#pragma once

#include "code/ops_gc.h"

namespace godwit::llvm_tier {
namespace {

// As much of a machine as is needed where a field is read.
struct ContextMachine {
  runtime::VmContext* context;
  [[gnu::always_inline]] runtime::VmContext* ctx() { return context; }
};

}  // namespace

#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#define GODWIT_GC_MEANING [[gnu::always_inline]] auto

#define GODWIT_GC_READ(how)                                                                       \
  extern "C" GODWIT_GC_MEANING godwit_gc_read_##how(runtime::VmContext* ctx, runtime::Ref object, \
                                                    uint32_t offset) {                            \
    ContextMachine machine{ctx};                                                                  \
    return code::ops::detail::read_heap<code::ops::GcRead::how>(machine, object, offset);         \
  }
GODWIT_GC_READ(I8S)
GODWIT_GC_READ(I8U)
GODWIT_GC_READ(I16S)
GODWIT_GC_READ(I16U)
GODWIT_GC_READ(I32)
GODWIT_GC_READ(I64)
GODWIT_GC_READ(F32)
GODWIT_GC_READ(F64)
GODWIT_GC_READ(V128)
GODWIT_GC_READ(Ref)
GODWIT_GC_READ(Func)

#define GODWIT_GC_WRITE(how)                                                                \
  extern "C" GODWIT_GC_MEANING godwit_gc_write_##how(                                       \
      runtime::Ref object, uint32_t offset,                                                 \
      decltype(code::ops::detail::written<code::ops::GcWrite::how>()) value) {              \
    ContextMachine machine{nullptr};                                                        \
    code::ops::detail::write_heap<code::ops::GcWrite::how>(machine, object, offset, value); \
  }
GODWIT_GC_WRITE(I8)
GODWIT_GC_WRITE(I16)
GODWIT_GC_WRITE(I32)
GODWIT_GC_WRITE(I64)
GODWIT_GC_WRITE(F32)
GODWIT_GC_WRITE(F64)
GODWIT_GC_WRITE(V128)

extern "C" GODWIT_GC_MEANING godwit_gc_length(runtime::Ref array) { return runtime::gc_array_length(array); }

extern "C" GODWIT_GC_MEANING godwit_gc_i31(uint32_t value) { return runtime::make_i31(value); }
extern "C" GODWIT_GC_MEANING godwit_gc_i31_s(runtime::Ref ref) { return runtime::i31_signed(ref); }
extern "C" GODWIT_GC_MEANING godwit_gc_i31_u(runtime::Ref ref) { return runtime::i31_unsigned(ref); }

// A new object if there is room ready for one of its size class, else null.
extern "C" GODWIT_GC_MEANING godwit_gc_bump(runtime::VmStore* store, uint32_t header, uint32_t size_class) {
  runtime::GcBump& bump = store->gc_bumps[size_class];
  uint8_t* const at = bump.cursor;
  if (at == bump.limit) [[unlikely]]
    return runtime::Ref{0};
  bump.cursor = at + bump.cell_bytes;
  store_unaligned(at, header);
  return reinterpret_cast<runtime::Ref>(at);
}

// Of references that are not null: 1 or 0.
extern "C" GODWIT_GC_MEANING godwit_gc_is_instance(runtime::VmStore* store, runtime::Ref ref, uint32_t wanted,
                                                   uint32_t depth) {
  return static_cast<uint32_t>(
      !runtime::is_i31(ref) &&
      runtime::is_instance_of(store->gc_types, runtime::gc_header_of(ref), wanted, depth));
}
extern "C" GODWIT_GC_MEANING godwit_gc_is_abstract(runtime::Ref ref, uint32_t wanted) {
  return static_cast<uint32_t>(
      code::ops::detail::is_abstract(ref, static_cast<wasm::HeapType::Abstract>(wanted)));
}

#undef GODWIT_GC_READ
#undef GODWIT_GC_WRITE
#undef GODWIT_GC_MEANING

}  // namespace godwit::llvm_tier
