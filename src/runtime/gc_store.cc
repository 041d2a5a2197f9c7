// The store's heap: making it, its roots, handles and functions.
#include "runtime/gc_store.h"

#include <algorithm>

#include "runtime/gc_marker.h"
#include "runtime/instance_state.h"
#include "runtime/store_objects.h"

namespace godwit::runtime {

namespace {

constexpr size_t kFewHandles = 1024;

// False for types whose references are no business of the collector's.
bool may_refer(wasm::ValType type, const TypeRegistry& types) {
  return type.is_ref() && !types.matches(type, wasm::kFuncRef);
}

struct NativeStack {
  GcMarker* marker;
  const uint8_t* end;
};

void mark_native_stack(void* argument) {
  const auto& stack = *static_cast<NativeStack*>(argument);
  stack.marker->conservative(reinterpret_cast<const Slot*>(platform::current_stack_address()),
                             reinterpret_cast<const Slot*>(stack.end));
}

}  // namespace

bool needs_gc_heap(const wasm::Module& module) {
  return !module.tags.empty() || std::ranges::any_of(module.types, [](const wasm::SubType& type) {
    return type.kind != wasm::CompositeKind::Func;
  });
}

Store::Gc::~Gc() {
  for (GcHandleCell* cell : handles) cell->release();
}

void StoreRoots::mark_roots(GcMarker& marker, const Slot* frames_end) {
  Store& store = store_;
  const auto* frames = reinterpret_cast<const Slot*>(store.frame_stack_.base());
  if (frames != nullptr && frames_end != nullptr) marker.conservative(frames, frames_end);
  if (store.native_stack_.is_current()) {
    NativeStack stack{&marker, store.native_stack_.bounds().high};
    platform::with_registers_on_stack(mark_native_stack, &stack);
  }
  marker.ref(store.vm_.pending_exception);
  for (const GcHandleCell* cell : store.gc_->handles) marker.ref(cell->ref);
  const TypeRegistry& types = store.types_;
  store.objects_->globals.for_each([&](const Global& global) {
    if (may_refer(global.type().val, types)) marker.ref(global.vm()->value[0]);
  });
  for (const auto& table : store.objects_->tables)
    if (may_refer(table->type().elem, types)) marker.refs(table->elements());
  for (const auto& instance : store.objects_->instances) instance->mark_references(marker);
}

void Instance::mark_references(GcMarker& marker) {
  const wasm::Module& declarations = module_->declarations;
  for (size_t i = 0; i < state_->own_globals.size(); ++i)
    if (declarations.globals[declarations.imported_globals + i].type.val.is_ref())
      marker.ref(state_->own_globals[i].value[0]);
  for (const std::vector<Ref>& values : state_->elem_values) marker.refs(values);
  for (const auto& table : state_->own_tables)
    if (may_refer(table->type().elem, store_->types())) marker.refs(table->elements());
}

Result<GcHeap*> Store::make_gc_heap() {
  ASSIGN_OR_RETURN(vm_.gc_types, types_.gc_types());
  gc_->roots = std::make_unique<StoreRoots>(*this);
  ASSIGN_OR_RETURN(gc_->heap, GcHeap::create(vm_, *gc_->roots,
                                             {.max_bytes = limits_.max_gc_heap_bytes,
                                              .collects_always = limits_.gc_collects_always,
                                              .budget = memory_budget_}));
  return gc_heap_ = gc_->heap.get();
}

Result<Ref> Store::new_extern(uint64_t value) {
  ASSIGN_OR_RETURN(GcHeap* const heap, ensure_gc_heap());
  const GcAllocation made = heap->allocate_for_host(gc_header(GcKind::Extern, 0), kGcExternBytes);
  if (made.trap != Trap::None)
    return fail(
        Error(ErrorKind::Exhausted, static_cast<uint32_t>(made.trap), std::string(to_string(made.trap))));
  gc_store(made.object, kGcExternValue, value);
  return made.object;
}

std::optional<uint64_t> Store::extern_value(Ref ref) {
  if (ref == 0 || is_i31(ref) || gc_kind(gc_header_of(ref)) != GcKind::Extern) return std::nullopt;
  return gc_load<uint64_t>(ref, kGcExternValue);
}

bool Store::is_of(Ref ref, wasm::ValType type) const {
  using Abstract = wasm::HeapType::Abstract;
  auto matches = [&](wasm::HeapType found) { return types_.matches(wasm::ValType::ref(found, false), type); };
  auto matches_id = [&](uint32_t id) { return matches(wasm::HeapType(wasm::TypeIdx(id))); };
  if (is_i31(ref)) return matches(Abstract::I31) || matches(Abstract::Extern);
  const bool is_object = vm_.gc_base != nullptr && gc_base_of(ref) == reinterpret_cast<uint64_t>(vm_.gc_base);
  if (!is_object) return matches_id(reinterpret_cast<const FuncRecord*>(ref)->type);
  const uint32_t header = gc_header_of(ref);
  switch (gc_kind(header)) {
    case GcKind::Struct:
    case GcKind::Array: return matches_id(gc_type_id(header)) || matches(Abstract::Extern);
    case GcKind::Extern: return matches(Abstract::Extern) || type.heap() == Abstract::Any;
    case GcKind::Exception: return matches(Abstract::Exn);
    case GcKind::None: break;
  }
  return false;
}

GcHandle Store::new_handle(Ref ref) {
  if (gc_->handles.size() >= gc_->handles_to_look_at) {
    drop_unused_handles();
    gc_->handles_to_look_at = std::max(kFewHandles, 2 * gc_->handles.size());
  }
  auto* cell = new GcHandleCell{2, ref};  // the handle's and the store's
  gc_->handles.push_back(cell);
  return GcHandle(cell);
}

void Store::drop_unused_handles() {
  std::erase_if(gc_->handles, [](GcHandleCell* cell) {
    const bool is_unused = cell->count.load(std::memory_order_acquire) == 1;
    if (is_unused) cell->release();
    return is_unused;
  });
}

Result<> Store::collect_garbage() {
  if (!gc_heap_) return {};
  drop_unused_handles();
  if (gc_heap_->collect(vm_.stack_top)) return {};
  return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(Trap::Interrupted),
                    std::string(to_string(Trap::Interrupted))));
}

uint32_t Store::func_handle(FuncRecord& func) {
  Gc& gc = *gc_;
  if (gc.last_func == &func) return gc.last_func_handle;
  if (gc.funcs.empty()) gc.funcs.push_back(nullptr);
  const auto [found, is_new] = gc.func_handles.try_emplace(&func, static_cast<uint32_t>(gc.funcs.size()));
  if (is_new) {
    gc.funcs.push_back(&func);
    vm_.gc_funcs = gc.funcs.data();
    vm_.gc_func_count = gc.funcs.size();
  }
  gc.last_func = &func;
  gc.last_func_handle = found->second;
  return found->second;
}

}  // namespace godwit::runtime
