// Fields and elements of objects as slots of a frame: for those who have no op of their own for each type.
#pragma once

#include <span>

#include "runtime/gc_type.h"
#include "runtime/store.h"

namespace godwit::runtime {

// The function that a word in the heap stands for: null for 0, and for what is no handle.
[[gnu::always_inline]] inline Ref func_of_word(const VmStore& vm, RefWord word) {
  const uint32_t handle = func_handle(word);
  return handle < vm.gc_func_count ? reinterpret_cast<Ref>(vm.gc_funcs[handle]) : 0;
}
inline RefWord word_of_func(Store& store, Ref func) {
  return func == 0 ? 0 : func_word(store.func_handle(*reinterpret_cast<FuncRecord*>(func)));
}

// Writes the value in `from`, which for a v128 are two slots.
inline void store_slot(Store& store, Ref object, uint32_t offset, GcStorage storage, const Slot* from) {
  switch (storage) {
    case GcStorage::I8: return gc_store(object, offset, static_cast<uint8_t>(*from));
    case GcStorage::I16: return gc_store(object, offset, static_cast<uint16_t>(*from));
    case GcStorage::I64:
    case GcStorage::F64: return gc_store(object, offset, *from);
    case GcStorage::V128: gc_store(object, offset, from[0]); return gc_store(object, offset + 8, from[1]);
    case GcStorage::Func: return gc_store(object, offset, word_of_func(store, *from));
    case GcStorage::I32:
    case GcStorage::F32:
    case GcStorage::Ref: return gc_store(object, offset, static_cast<uint32_t>(*from));
  }
}

// Reads a value that is not packed.
inline void load_slot(const VmStore& vm, Ref object, uint32_t offset, GcStorage storage, Slot* into) {
  switch (storage) {
    case GcStorage::I64:
    case GcStorage::F64: *into = gc_load<uint64_t>(object, offset); return;
    case GcStorage::V128:
      into[0] = gc_load<uint64_t>(object, offset);
      into[1] = gc_load<uint64_t>(object, offset + 8);
      return;
    case GcStorage::Func: *into = func_of_word(vm, gc_load<RefWord>(object, offset)); return;
    case GcStorage::Ref: *into = ref_of_word(gc_load<RefWord>(object, offset), object); return;
    default: *into = gc_load<uint32_t>(object, offset); return;
  }
}

constexpr uint32_t slots_of(GcStorage storage) { return storage == GcStorage::V128 ? 2 : 1; }

}  // namespace godwit::runtime
