// Module: what is derived once from the declarations.
#include "runtime/module.h"

#include <algorithm>
#include <numeric>

#include "runtime/gc_store.h"
#include "runtime/profile.h"

namespace godwit::runtime {

namespace {

std::vector<uint32_t> sorted_exports(const wasm::Module& module) {
  std::vector<uint32_t> order(module.exports.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&module](uint32_t a, uint32_t b) { return module.exports[a].name < module.exports[b].name; });
  return order;
}

void number_records(Module& module) {
  const wasm::Module& declarations = module.declarations;
  module.record_slots.assign(declarations.funcs.size() - declarations.imported_funcs, Module::kNoRecordSlot);
  const size_t declared = std::min(declarations.declared_funcs.size(), declarations.funcs.size());
  for (size_t i = declarations.imported_funcs; i < declared; ++i)
    if (declarations.declared_funcs[i])
      module.record_slots[i - declarations.imported_funcs] = module.record_count++;
}

}  // namespace

const wasm::Export* Module::find_export(std::string_view export_name) const {
  const auto at = std::lower_bound(
      exports_by_name.begin(), exports_by_name.end(), export_name,
      [this](uint32_t index, std::string_view wanted) { return declarations.exports[index].name < wanted; });
  if (at == exports_by_name.end() || declarations.exports[*at].name != export_name) return nullptr;
  return &declarations.exports[*at];
}

void Module::know_blueprint(const std::function<std::shared_ptr<const Blueprint>()>& make) const {
  std::call_once(first_state_.once, [&] {
    first_state_.blueprint = make();
    if (first_state_.blueprint) first_state_.is_ready.store(true, std::memory_order_release);
  });
}

Module::~Module() { Profile::forget(*this); }

std::shared_ptr<Module> make_module(wasm::Module declarations, TypeRegistry& types, std::string name) {
  auto module = std::make_shared<Module>();
  module->type_ids = types.intern(declarations);
  module->exports_by_name = sorted_exports(declarations);
  if (!declarations.names.module.empty()) name = declarations.names.module;
  module->name = std::move(name);
  module->declarations = std::move(declarations);
  if (needs_gc_heap(module->declarations)) module->gc_types = types.gc_types().value_or(nullptr);
  number_records(*module);
  return module;
}

}  // namespace godwit::runtime
