// Module: making and looking at modules.
#include "godwit/module.h"

#include "api/impl.h"
#include "base/bytes.h"
#include "code/module_code.h"
#include "platform/memory_map.h"
#include "text/parse.h"
#include "wasm/debug_line.h"
#include "wasm/validator.h"

namespace godwit::v1 {
namespace {

using Compiled = ::godwit::Result<std::shared_ptr<const runtime::Module>>;

// What is wrong with a text, or with the binary made of it, is said of the text.
Compiled compile_text(engine::Engine& engine, const text::Source& source, Interrupt interrupt = {}) {
  const std::string_view name = source.name.substr(source.name.rfind('/') + 1);
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, text::parse_module(source));
  auto compiled = engine.compile(bytes, std::string(name), interrupt);
  if (!compiled && compiled.error().kind() == ::godwit::ErrorKind::Exhausted) return compiled;
  if (!compiled) return fail(text::error_in_text(source, std::move(compiled).error()));
  const wasm::FeatureSet features = engine.config().features;
  if (auto valid = wasm::validate((*compiled)->declarations, features); !valid)
    return fail(text::error_in_text(source, std::move(valid).error()));
  return compiled;
}

Compiled compile_file(engine::Engine& engine, const std::string& path, Interrupt interrupt = {}) {
  auto compiled = engine.compile_file(path, interrupt);
  if (compiled || compiled.error().kind() != ::godwit::ErrorKind::Malformed) return compiled;
  const auto file = platform::MappedFile::copy(path);  // no binary: perhaps a text
  if (!file || !text::looks_like_text(as_text(file->bytes()))) return compiled;
  return compile_text(engine, {.name = path, .text = as_text(file->bytes())}, interrupt);
}

Result<Module> wrap(const std::shared_ptr<Engine::Impl>& engine, Compiled compiled) {
  if (!compiled) return to_public(std::move(compiled).error());
  return Module(std::make_shared<Module::Impl>(engine, std::move(*compiled)));
}

ExternType type_of(const runtime::Module& module, wasm::ExternKind kind, uint32_t index) {
  const wasm::Module& declarations = module.declarations;
  switch (kind) {
    case wasm::ExternKind::Func: return to_public(declarations.func_type(wasm::FuncIdx(index)));
    case wasm::ExternKind::Table: return to_public(declarations.tables[index].type);
    case wasm::ExternKind::Mem: return to_public(declarations.memories[index]);
    case wasm::ExternKind::Global: return to_public(declarations.globals[index].type);
    case wasm::ExternKind::Tag:
      return TagType{to_public(declarations.types[declarations.tags[index].type.value].func).params};
  }
  return FuncType();
}

Interrupt interrupt_of(Store& store) { return Interrupt(store.impl().store.vm().interrupt); }

// An interruption that ends this is over with it, unless the store has guests that it is meant for, too.
Result<Module> wrap(Store& store, Compiled compiled) {
  auto wrapped = wrap(store.impl().engine, std::move(compiled));
  if (!wrapped && wrapped.error().is_interruption() && store.impl().store.innermost_stay() == nullptr)
    store.impl().store.clear_interrupt();
  return wrapped;
}

}  // namespace

Result<Module> Module::from_text(const Engine& engine, std::string_view text, std::string_view name) {
  return wrap(engine.impl(),
              compile_text(*engine.impl()->engine, {.name = name.empty() ? "module" : name, .text = text}));
}

Result<Module> Module::from_bytes(const Engine& engine, std::span<const uint8_t> bytes,
                                  std::string_view name) {
  return wrap(engine.impl(), engine.impl()->engine->compile(bytes, std::string(name)));
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path) {
  return wrap(engine.impl(), compile_file(*engine.impl()->engine, path));
}

Result<Module> Module::from_bytes(Store& store, std::span<const uint8_t> bytes, std::string_view name) {
  return wrap(store, store.impl().engine->engine->compile(bytes, std::string(name), interrupt_of(store)));
}

Result<Module> Module::from_file(Store& store, const std::string& path) {
  return wrap(store, compile_file(*store.impl().engine->engine, path, interrupt_of(store)));
}

std::vector<ImportType> Module::imports() const {
  std::vector<ImportType> out;
  for (const wasm::Import& entry : impl_->module->declarations.imports)
    out.push_back(
        {entry.module, entry.field, to_public(entry.kind), type_of(*impl_->module, entry.kind, entry.index)});
  return out;
}

std::vector<ExportType> Module::exports() const {
  std::vector<ExportType> out;
  for (const wasm::Export& entry : impl_->module->declarations.exports)
    out.push_back({entry.name, to_public(entry.kind), type_of(*impl_->module, entry.kind, entry.index)});
  return out;
}

std::span<const uint8_t> Module::binary() const { return impl_->module->declarations.bytes; }

std::string_view Module::remark() const {
  return static_cast<const code::ModuleCode&>(*impl_->module->code).remark();  // the only source there is
}

bool Module::imports_from(std::string_view name) const {
  for (const wasm::Import& entry : impl_->module->declarations.imports)
    if (entry.module == name) return true;
  return false;
}

std::vector<std::optional<Module::SourcePlace>> Module::source_places(
    std::span<const uint64_t> offsets) const {
  std::vector<std::optional<SourcePlace>> places(offsets.size());
  auto found = wasm::source_places(impl_->module->declarations, offsets);
  for (size_t i = 0; i < found.size(); ++i)
    if (found[i]) places[i] = {std::move(found[i]->file), found[i]->line, found[i]->column};
  return places;
}

}  // namespace godwit::v1
