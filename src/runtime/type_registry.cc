// TypeRegistry: the wasm room's TypeCanon behind a lock, and matching of value types.
#include "runtime/type_registry.h"

#include <mutex>
#include <shared_mutex>
#include <tuple>

#include "runtime/gc_type.h"
#include "wasm/type_canon.h"

namespace godwit::runtime {

namespace {

using wasm::CompositeKind;
using wasm::HeapType;
using wasm::ValType;
using Abstract = wasm::HeapType::Abstract;

// spec: https://webassembly.github.io/spec/core/valid/matching.html#heap-types, abstract types only
bool abstract_matches(Abstract sub, Abstract super) {
  if (sub == super) return true;
  switch (super) {
    case Abstract::Func: return sub == Abstract::NoFunc;
    case Abstract::Extern: return sub == Abstract::NoExtern;
    case Abstract::Exn: return sub == Abstract::NoExn;
    case Abstract::Any:
      return sub == Abstract::Eq || sub == Abstract::I31 || sub == Abstract::Struct ||
             sub == Abstract::Array || sub == Abstract::None;
    case Abstract::Eq:
      return sub == Abstract::I31 || sub == Abstract::Struct || sub == Abstract::Array ||
             sub == Abstract::None;
    case Abstract::I31:
    case Abstract::Struct:
    case Abstract::Array: return sub == Abstract::None;
    case Abstract::NoFunc:
    case Abstract::NoExtern:
    case Abstract::None:
    case Abstract::NoExn: return false;
  }
  return false;
}

// The abstract type right above the defined types of a kind.
Abstract abstract_of(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::Func: return Abstract::Func;
    case CompositeKind::Struct: return Abstract::Struct;
    case CompositeKind::Array: return Abstract::Array;
  }
  return Abstract::Func;
}

Abstract bottom_of(CompositeKind kind) {
  return kind == CompositeKind::Func ? Abstract::NoFunc : Abstract::None;
}

}  // namespace

struct TypeRegistry::Impl {
  mutable std::shared_mutex mutex;
  wasm::TypeCanon canon;  // guarded by mutex; the types it hands out stay where they are
  GcTypeTable gc;         // filled under the mutex, read without
};

TypeRegistry::TypeRegistry() : impl_(std::make_unique<Impl>()) {}
TypeRegistry::~TypeRegistry() = default;

bool TypeRegistry::has_room_for(const wasm::Module& module, size_t max_types) const {
  const std::shared_lock lock(impl_->mutex);
  const size_t used = impl_->canon.size();
  return used <= max_types && module.types.size() <= max_types - used;
}

std::vector<uint32_t> TypeRegistry::intern(const wasm::Module& module) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->canon.intern(module.types, module.rec_groups);
}

uint32_t TypeRegistry::intern(const wasm::FuncType& type) {
  wasm::SubType whole;
  whole.func = type;
  const std::lock_guard lock(impl_->mutex);
  const uint32_t id = impl_->canon.intern(std::span(&whole, 1), wasm::TypeIdx(0), {});
  // Exceptions of a host's tag are laid out by its type. If there is no memory, make_module() finds out.
  if (impl_->gc.types() != nullptr) std::ignore = impl_->gc.extend(impl_->canon);
  return id;
}

bool TypeRegistry::is_subtype(uint32_t sub, uint32_t super) const {
  if (sub == super) return true;
  const std::shared_lock lock(impl_->mutex);
  return impl_->canon.is_subtype(sub, super);
}

bool TypeRegistry::matches(ValType sub, ValType super) const {
  if (sub == super) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.nullable() && !super.nullable()) return false;
  const HeapType from = sub.heap();
  const HeapType to = super.heap();
  if (from.is_abstract() && to.is_abstract()) return abstract_matches(from.abstract(), to.abstract());
  if (!from.is_abstract() && !to.is_abstract()) return is_subtype(from.index().value, to.index().value);
  const std::shared_lock lock(impl_->mutex);
  if (to.is_abstract()) {
    return abstract_matches(abstract_of(impl_->canon.type(from.index().value).kind), to.abstract());
  }
  return from.abstract() == bottom_of(impl_->canon.type(to.index().value).kind);
}

const wasm::FuncType& TypeRegistry::func_type(uint32_t id) const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->canon.type(id).func;
}

Result<const GcType*> TypeRegistry::gc_types() {
  const std::lock_guard lock(impl_->mutex);
  TRY(impl_->gc.extend(impl_->canon));
  return impl_->gc.types();
}

ValType canonical(ValType type, std::span<const uint32_t> ids) {
  if (!type.is_ref() || type.heap().is_abstract()) return type;
  return ValType::ref(HeapType(wasm::TypeIdx(ids[type.heap().index().value])), type.nullable());
}

}  // namespace godwit::runtime
