// Module: making and looking at modules.
#include "godwit/module.h"

#include "api/impl.h"
#include "base/bytes.h"
#include "platform/memory_map.h"
#include "text/parse.h"
#include "wasm/validator.h"

namespace godwit::v1 {
namespace {

Result<Module> wrap(const Engine& engine, ::godwit::Result<std::shared_ptr<const runtime::Module>> compiled) {
  if (!compiled) return to_public(std::move(compiled).error());
  return Module(std::make_shared<Module::Impl>(engine.impl(), std::move(*compiled)));
}

// What is wrong with a text, or with the binary made of it, is said of the text.
::godwit::Result<std::shared_ptr<const runtime::Module>> compile_text(const Engine& engine,
                                                                      const text::Source& source) {
  const std::string_view name = source.name.substr(source.name.rfind('/') + 1);
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, text::parse_module(source));
  auto compiled = engine.impl()->engine->compile(bytes, std::string(name));
  if (!compiled) return fail(text::error_in_text(source, std::move(compiled).error()));
  const wasm::FeatureSet features = engine.impl()->engine->config().features;
  if (auto valid = wasm::validate((*compiled)->declarations, features); !valid)
    return fail(text::error_in_text(source, std::move(valid).error()));
  return compiled;
}

}  // namespace

Result<Module> Module::from_text(const Engine& engine, std::string_view text, std::string_view name) {
  return wrap(engine, compile_text(engine, {.name = name.empty() ? "module" : name, .text = text}));
}

Result<Module> Module::from_bytes(const Engine& engine, std::span<const uint8_t> bytes,
                                  std::string_view name) {
  return wrap(engine, engine.impl()->engine->compile(bytes, std::string(name)));
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path) {
  auto compiled = engine.impl()->engine->compile_file(path);
  if (compiled || compiled.error().kind() != ::godwit::ErrorKind::Malformed)
    return wrap(engine, std::move(compiled));
  const auto file = platform::MappedFile::copy(path);  // no binary: perhaps a text
  if (!file || !text::looks_like_text(as_text(file->bytes()))) return wrap(engine, std::move(compiled));
  return wrap(engine, compile_text(engine, {.name = path, .text = as_text(file->bytes())}));
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
