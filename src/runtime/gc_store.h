// A store's part of garbage collection: its heap, roots, and what stands for functions.
#pragma once

#include <unordered_map>
#include <vector>

#include "runtime/gc_heap.h"
#include "runtime/store.h"

namespace godwit::runtime {

// The roots of a store: frames and the native stack of guests, globals, tables, segments, handles.
class StoreRoots final : public GcRoots {
 public:
  explicit StoreRoots(Store& store) : store_(store) {}
  void mark_roots(GcMarker& marker, const Slot* frames_end) override;

 private:
  Store& store_;
};

struct Store::Gc {
  ~Gc();
  std::unique_ptr<StoreRoots> roots;
  std::unique_ptr<GcHeap> heap;
  std::vector<FuncRecord*> funcs;  // by handle
  // Not in the record: a host function's may be known to several stores.
  std::unordered_map<const FuncRecord*, uint32_t> func_handles;
  const FuncRecord* last_func = nullptr;  // the handle that was asked for last
  uint32_t last_func_handle = 0;
  std::vector<GcHandleCell*> handles;
  size_t handles_to_look_at = 0;  // when there are so many, unused ones are looked for
};

// True if the module's code may make objects.
bool needs_gc_heap(const wasm::Module& module);

}  // namespace godwit::runtime
