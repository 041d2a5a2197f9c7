// Module: making and looking at modules.
#include "godwit/module.h"

#include "api/impl.h"

namespace godwit::v1 {
namespace {

Result<Module> wrap(const Engine& engine, ::godwit::Result<std::shared_ptr<const runtime::Module>> compiled) {
  if (!compiled) return to_public(std::move(compiled).error());
  return Module(std::make_shared<Module::Impl>(engine.impl(), std::move(*compiled)));
}

}  // namespace

Result<Module> Module::from_bytes(const Engine& engine, std::span<const uint8_t> bytes,
                                  std::string_view name) {
  return wrap(engine, engine.impl()->engine->compile(bytes, std::string(name)));
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path) {
  return wrap(engine, engine.impl()->engine->compile_file(path));
}

std::vector<ImportType> Module::imports() const {
  std::vector<ImportType> out;
  for (const wasm::Import& entry : impl_->module->declarations.imports)
    out.push_back({entry.module, entry.field, to_public(entry.kind)});
  return out;
}

std::vector<ExportType> Module::exports() const {
  std::vector<ExportType> out;
  for (const wasm::Export& entry : impl_->module->declarations.exports)
    out.push_back({entry.name, to_public(entry.kind)});
  return out;
}

bool Module::imports_from(std::string_view name) const {
  for (const wasm::Import& entry : impl_->module->declarations.imports)
    if (entry.module == name) return true;
  return false;
}

}  // namespace godwit::v1
