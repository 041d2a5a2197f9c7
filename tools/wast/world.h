// World: the store in which a script's modules live, with the module `spectest` that all of them may import.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "runtime/instance.h"
#include "wasm/features.h"
#include "wast/value.h"

namespace godwit::wast {

class World final {
 public:
  static Result<std::unique_ptr<World>> create(const engine::Config& config,
                                               const runtime::Limits& limits = {});
  ~World();

  // Decodes and validates the whole module.
  Result<std::shared_ptr<const runtime::Module>> compile(Bytes bytes);
  Result<runtime::Instance*> instantiate(std::shared_ptr<const runtime::Module> module,
                                         std::span<const runtime::Extern> imports);
  // Makes a shared memory of another world's this one's as well.
  Result<runtime::Extern> share(std::shared_ptr<runtime::Memory> memory);
  // Ends what runs, with an error; from any thread.
  void interrupt();
  // A field of the module `spectest`.
  // spec: https://github.com/WebAssembly/spec/tree/main/interpreter#spectest-host-module
  std::optional<runtime::Extern> spectest(std::string_view field);

  // Calls an exported function; its results come to `slots`, their types are returned.
  // @errors Usage: there is no such function, or the arguments are not those of its type.
  Result<std::vector<wasm::ValType>> invoke(runtime::Instance& instance, const std::string& field,
                                            const std::vector<Value>& arguments,
                                            std::vector<runtime::Slot>& slots);
  // Reads an exported global into `slots`.
  Result<wasm::ValType> get(runtime::Instance& instance, const std::string& field,
                            std::vector<runtime::Slot>& slots);

  // Why functions have no optimised code though that was wanted; empty if all have.
  std::string left_out() const { return engine_->statistics().left_out; }

  static uint64_t host_number(runtime::Ref slot);

 private:
  World() = default;
  // Appends the slots of an argument for a parameter of type `type`.
  Result<> append(const Value& value, wasm::ValType type, std::vector<runtime::Slot>& slots);
  Result<> make_spectest(const wasm::FeatureSet& features);

  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<runtime::Store> store_;
  std::map<std::string, runtime::Extern, std::less<>> spectest_;
};

}  // namespace godwit::wast
