// Linker: look-up by name, choice by type, and messages that list everything that is wrong.
#include "runtime/linker.h"

#include "runtime/extern_text.h"
#include "runtime/import_match.h"

namespace godwit::runtime {

namespace {

constexpr size_t kMaxListedProblems = 10;

}  // namespace

// Why an import cannot be resolved, as one line.
struct Linker::Problem {
  std::string text;
};

Linker::ModuleEntry& Linker::module_entry(std::string_view module) {
  auto at = modules_.find(module);
  if (at == modules_.end()) at = modules_.emplace(std::string(module), ModuleEntry()).first;
  return at->second;
}

Linker::Entry& Linker::entry(std::string_view module, std::string_view field) {
  auto& fields = module_entry(module).fields;
  auto at = fields.find(field);
  if (at == fields.end()) at = fields.emplace(std::string(field), Entry()).first;
  return at->second;
}

std::optional<Linker::Entry> Linker::find(const ModuleEntry& module, std::string_view field) {
  std::optional<Entry> found;
  if (const auto at = module.fields.find(field); at != module.fields.end()) found = at->second;
  for (const auto& [library, env] : module.libraries) {
    auto definition = library(env, field);
    if (!definition) continue;
    if (!found) found.emplace();
    found->hosts.push_back(std::move(*definition));
  }
  return found;
}

void Linker::define(HostDefinition definition) {
  entry(definition.module, definition.field).hosts.push_back(std::move(definition));
}

void Linker::define(std::string_view module, HostLibrary library, void* env) {
  module_entry(module).libraries.emplace_back(library, env);
}

void Linker::define(std::string_view module, Instance& instance) {
  for (const wasm::Export& exported : instance.module().declarations.exports) {
    Entry& at = entry(module, exported.name);
    at.value = instance.get(exported.kind, exported.index);
    at.owner = &instance.store();
  }
}

void Linker::define(std::string_view module, std::string_view field, Extern value) {
  Entry& at = entry(module, field);
  at.value = value;
  at.owner = nullptr;
}

void Linker::define(std::string_view module, std::string_view field, std::shared_ptr<Memory> memory) {
  entry(module, field).memory = std::move(memory);
}

bool Linker::has(std::string_view module, std::string_view field) const {
  const auto found = modules_.find(module);
  return found != modules_.end() && find(found->second, field).has_value();
}

void Linker::hint(std::string_view module, std::string_view text) {
  std::string& whole = hints_[std::string(module)];
  if (!whole.empty()) whole += "; ";
  whole += text;
}

std::expected<Extern, Linker::Problem> Linker::resolve_one(Store& store, const Module& module,
                                                           const wasm::Import& import) const {
  const auto unknown = [&](std::string reason) {
    const auto hint = hints_.find(import.module);
    if (hint != hints_.end()) reason += "; " + hint->second;
    return std::unexpected(Problem{"unknown import: " + name_of(import) + ": wanted " +
                                   describe_wanted(module, import) + "; " + reason});
  };
  const auto module_found = modules_.find(import.module);
  if (module_found == modules_.end()) return unknown("nothing provides this module");
  const std::optional<Entry> found = find(module_found->second, import.field);
  if (!found) return unknown("the module is there, but it has no such field");

  const Entry& entry = *found;
  std::optional<Extern> value = entry.value;
  if (value && entry.owner && entry.owner != &store)
    return std::unexpected(Problem{"incompatible import: " + name_of(import) +
                                   ": it belongs to an instance of another store; only host functions and "
                                   "shared memories can be used by several stores or threads"});
  if (!value && entry.memory && import.kind == wasm::ExternKind::Mem) {
    auto added = store.add_memory(entry.memory);
    if (!added) return std::unexpected(Problem{name_of(import) + ": " + added.error().message()});
    value = Extern{.kind = wasm::ExternKind::Mem, .memory = *added};
  }
  if (value && matches_import(store.types(), module, import, *value)) return *value;
  if (import.kind == wasm::ExternKind::Func) {
    const uint32_t wanted = module.func_type_id(wasm::FuncIdx(import.index));
    for (const HostDefinition& host : entry.hosts) {
      if (!store.types().is_subtype(store.types().intern(host.type), wanted)) continue;
      return Extern{.kind = wasm::ExternKind::Func,
                    .func = store.new_host_func(host.type, host.function, host.env, host.module, host.field,
                                                host.native)};
    }
  }
  if (value) return std::unexpected(Problem{mismatch_text(store.types(), module, import, *value)});
  std::string text = "incompatible import type: " + name_of(import) + ": wanted " +
                     describe_wanted(module, import) + ", found ";
  for (const HostDefinition& host : entry.hosts) {
    if (&host != &entry.hosts.front()) text += " or ";
    text += describe(host.type);
  }
  if (entry.memory) text += entry.hosts.empty() ? "a shared memory" : " or a shared memory";
  return std::unexpected(Problem{std::move(text)});
}

Result<std::vector<Extern>> Linker::resolve(Store& store, const Module& module) const {
  std::vector<Extern> imports;
  imports.reserve(module.declarations.imports.size());
  std::string text;
  size_t problems = 0;
  for (const wasm::Import& import : module.declarations.imports) {
    auto value = resolve_one(store, module, import);
    if (value) {
      imports.push_back(*value);
      continue;
    }
    if (problems++ < kMaxListedProblems) {
      if (!text.empty()) text += "\n";
      text += value.error().text;
    }
  }
  if (problems > kMaxListedProblems)
    text += "\n… and " + std::to_string(problems - kMaxListedProblems) + " more";
  if (problems != 0) return fail(ErrorKind::Unlinkable, std::move(text));
  return imports;
}

Result<Instance*> Linker::instantiate(Store& store, const std::shared_ptr<const Module>& module) const {
  ASSIGN_OR_RETURN(const auto imports, resolve(store, *module));
  return runtime::instantiate(store, module, imports);
}

}  // namespace godwit::runtime
