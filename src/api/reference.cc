// Keeping references.
#include "api/reference.h"

namespace godwit::v1 {

namespace {

runtime::GcHandleCell* cell_of(uint64_t reference) {
  return reinterpret_cast<runtime::GcHandleCell*>(reference);
}

}  // namespace

namespace detail {

void retain_reference(uint64_t reference) noexcept { cell_of(reference)->retain(); }
void release_reference(uint64_t reference) noexcept { cell_of(reference)->release(); }

}  // namespace detail

Value keep(Store::Impl& store, ValType type, runtime::Ref ref) {
  return Value::from_reference(type, reinterpret_cast<uint64_t>(store.store.new_handle(ref).give_away()),
                               store.id);
}

runtime::Ref ref_of(const Value& reference) {
  if (reference.is_null()) return 0;
  return reference.type() == ValType::FuncRef ? reference.bits()[0] : cell_of(reference.bits()[0])->ref;
}

}  // namespace godwit::v1
