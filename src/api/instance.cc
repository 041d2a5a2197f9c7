// Instance: looking up exports.
#include "godwit/instance.h"

#include "api/externs.h"
#include "api/impl.h"
#include "runtime/core_dump.h"
#include "runtime/instance.h"

namespace godwit::v1 {

// The runtime::Instance, or null if it is not of this store.
void* Instance::get(const Store& store) const { return store.impl().id == store_id_ ? instance_ : nullptr; }

namespace {

std::optional<runtime::Extern> find_kind(void* instance, std::string_view name, wasm::ExternKind kind) {
  if (instance == nullptr) return std::nullopt;
  const auto found = static_cast<runtime::Instance*>(instance)->find_export(name);
  return found && found->kind == kind ? found : std::nullopt;
}

}  // namespace

Result<Instance> instantiate_with(Store& store, const Module& module, std::span<const Extern> imports,
                                  const std::shared_ptr<const runtime::Blueprint>* blueprint) {
  if (auto error = check_engine(store, module)) return std::move(*error);
  const std::shared_ptr<const runtime::Module>& inner = module.impl()->module;
  const size_t wanted = inner->declarations.imports.size();
  if (imports.size() != wanted)
    return usage_error("the module has " + std::to_string(wanted) + " imports, not " +
                       std::to_string(imports.size()));
  std::vector<runtime::Extern> values;
  values.reserve(imports.size());
  for (const Extern& import : imports) {
    const auto value = to_runtime(import, store);
    if (!value) return usage_error("import " + std::to_string(values.size()) + " belongs to another store");
    values.push_back(*value);
  }
  runtime::Store& own = store.impl().store;
  auto made = blueprint ? runtime::instantiate(own, inner, *blueprint, values)
                        : runtime::instantiate(own, inner, values);
  if (!made) return to_public(std::move(made).error());
  return Instance(store.impl().id, *made);
}

Result<Instance> Instance::create(Store& store, const Module& module, std::span<const Extern> imports) {
  return instantiate_with(store, module, imports, nullptr);
}

std::optional<Extern> Instance::find(Store& store, std::string_view name) const {
  auto* instance = static_cast<runtime::Instance*>(get(store));
  if (instance == nullptr) return std::nullopt;
  const auto found = instance->find_export(name);
  return found ? std::optional(to_public(*found, store_id_)) : std::nullopt;
}

std::vector<Export> Instance::exports(Store& store) const {
  std::vector<Export> out;
  auto* instance = static_cast<runtime::Instance*>(get(store));
  if (instance == nullptr) return out;
  for (const wasm::Export& entry : instance->module().declarations.exports)
    out.push_back({entry.name, to_public(instance->get(entry.kind, entry.index), store_id_)});
  return out;
}

Result<std::vector<uint8_t>> Instance::core_dump(Store& store, const Error& error,
                                                 std::string_view program) const {
  auto* instance = static_cast<runtime::Instance*>(get(store));
  if (instance == nullptr) return usage_error("the instance belongs to another store");
  std::vector<runtime::CoreFrame> frames;
  for (const Frame& frame : error.backtrace()) {
    // one that stands for those that are left out
    if (frame.function_offset == Error::kNoOffset) continue;
    const bool is_known = frame.offset != Error::kNoOffset && frame.offset >= frame.function_offset;
    frames.push_back(
        {frame.module, frame.function_index, is_known ? frame.offset - frame.function_offset : 0});
  }
  return runtime::core_dump(*instance, frames, program);
}

std::optional<Memory> Instance::find_memory(Store& store, std::string_view name) const {
  const auto found = find_kind(get(store), name, wasm::ExternKind::Mem);
  if (!found) return std::nullopt;
  return Memory(store_id_, found->memory);
}

std::optional<Table> Instance::find_table(Store& store, std::string_view name) const {
  const auto found = find_kind(get(store), name, wasm::ExternKind::Table);
  if (!found) return std::nullopt;
  return Table(store_id_, found->table);
}

std::optional<Global> Instance::find_global(Store& store, std::string_view name) const {
  const auto found = find_kind(get(store), name, wasm::ExternKind::Global);
  if (!found) return std::nullopt;
  return Global(store_id_, found->global);
}

std::optional<Func> Instance::find_func(Store& store, std::string_view name) const {
  const auto found = find_kind(get(store), name, wasm::ExternKind::Func);
  if (!found) return std::nullopt;
  return Func(store_id_, found->func);
}

std::optional<Tag> Instance::find_tag(Store& store, std::string_view name) const {
  const auto found = find_kind(get(store), name, wasm::ExternKind::Tag);
  if (!found) return std::nullopt;
  return Tag(store_id_, found->tag);
}

}  // namespace godwit::v1
