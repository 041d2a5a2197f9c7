// One case per kind.
#include "api/externs.h"

#include "api/impl.h"

namespace godwit::v1 {

Extern to_public(const runtime::Extern& value, uint64_t store_id) {
  switch (value.kind) {
    case wasm::ExternKind::Func: return Func(store_id, value.func);
    case wasm::ExternKind::Table: return Table(store_id, value.table);
    case wasm::ExternKind::Mem: return Memory(store_id, value.memory);
    case wasm::ExternKind::Global: return Global(store_id, value.global);
    case wasm::ExternKind::Tag: return Tag(store_id, value.tag);
  }
  return Func(store_id, nullptr);
}

namespace {

struct ToRuntime {
  const Store& store;

  runtime::Extern operator()(const Func& func) const {
    runtime::Extern value;
    value.kind = wasm::ExternKind::Func;
    value.func = static_cast<runtime::FuncRecord*>(func.get(store));
    return value;
  }
  runtime::Extern operator()(const Table& table) const {
    runtime::Extern value;
    value.kind = wasm::ExternKind::Table;
    value.table = static_cast<runtime::Table*>(table.object(store));
    return value;
  }
  runtime::Extern operator()(const Memory& memory) const {
    runtime::Extern value;
    value.kind = wasm::ExternKind::Mem;
    value.memory = static_cast<runtime::Memory*>(memory.object(store));
    return value;
  }
  runtime::Extern operator()(const Global& global) const {
    runtime::Extern value;
    value.kind = wasm::ExternKind::Global;
    value.global = static_cast<runtime::Global*>(global.object(store));
    return value;
  }
  runtime::Extern operator()(const Tag& tag) const {
    runtime::Extern value;
    value.kind = wasm::ExternKind::Tag;
    value.tag = static_cast<runtime::Tag*>(tag.get(store));
    return value;
  }
};

}  // namespace

std::optional<runtime::Extern> to_runtime(const Extern& value, const Store& store) {
  const runtime::Extern found = std::visit(ToRuntime{store}, value);
  // every member of the union is a pointer
  return found.func == nullptr ? std::nullopt : std::optional(found);
}

}  // namespace godwit::v1
