// Linker: finds what a module imports, by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/instance.h"

namespace godwit::runtime {

// A host function as a library offers it, before it belongs to any store.
struct HostDefinition {
  std::string_view module, field;  // static or as long as the linker
  wasm::FuncType type;
  HostFunction function;
  void* env;                     // outlives every store it is linked into
  const void* native = nullptr;  // Store::new_host_func
};

// Finds the function `field` of a library; nothing if it has none of that name. `env` is what it was given with.
using HostLibrary = std::optional<HostDefinition> (*)(void* env, std::string_view field);

// Resolving changes nothing: several threads may do so at a time, each for a store of its own.
// Several definitions may share a name if their types differ: the import's type chooses.
class Linker final {
 public:
  void define(HostDefinition definition);
  // A module's whole library, whose functions are asked for when they are imported: most guests want few of many.
  void define(std::string_view module, HostLibrary library, void* env);
  // All exports of an instance under a module name; or one extern.
  void define(std::string_view module, Instance& instance);
  void define(std::string_view module, std::string_view field, Extern value);
  // A shared memory, for any store.
  void define(std::string_view module, std::string_view field, std::shared_ptr<Memory> memory);
  // True if there is something of that name.
  bool has(std::string_view module, std::string_view field) const;
  // A sentence for errors about a missing import of this module: what provides it ("--nn-preload …", a plug-in).
  void hint(std::string_view module, std::string_view text);

  // Resolves all imports of a module.
  // @errors Unlinkable: names every missing or mismatching import (module, field, type wanted, type found, hint).
  Result<std::vector<Extern>> resolve(Store& store, const Module& module) const;
  Result<Instance*> instantiate(Store& store, const std::shared_ptr<const Module>& module) const;

 private:
  struct Entry {
    std::vector<HostDefinition> hosts;
    std::optional<Extern> value;
    const Store* owner = nullptr;  // of `value`, if known
    std::shared_ptr<Memory> memory;
  };
  struct ModuleEntry {
    std::map<std::string, Entry, std::less<>> fields;
    std::vector<std::pair<HostLibrary, void*>> libraries;
  };
  struct Problem;

  ModuleEntry& module_entry(std::string_view module);
  Entry& entry(std::string_view module, std::string_view field);
  // Everything that is called `field`; nothing if the module has none.
  static std::optional<Entry> find(const ModuleEntry& module, std::string_view field);
  std::expected<Extern, Problem> resolve_one(Store& store, const Module& module,
                                             const wasm::Import& import) const;

  std::map<std::string, ModuleEntry, std::less<>> modules_;
  std::map<std::string, std::string, std::less<>> hints_;
};

}  // namespace godwit::runtime
