// Engine: from bytes to modules that can run.
#include "engine/engine.h"

#include <utility>

#include "code/module_code.h"
#include "interp/executor.h"
#include "interp/table.h"
#include "jit/compiler.h"
#include "platform/memory_map.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::engine {

namespace {

// Machine code of all modules together.
constexpr size_t kCodeBytes = size_t{256} << 20;

}  // namespace

struct Engine::Impl {
  explicit Impl(const Config& engine_config)
      : config(engine_config),
        baseline(
            config.tier == Tier::Interpreter || !jit::Baseline::is_possible()
                ? nullptr
                : std::make_unique<jit::Baseline>(interp::handler_table(), interp::stop_code(), kCodeBytes)),
        executor(baseline.get()) {}

  Config config;
  runtime::TypeRegistry types;
  std::unique_ptr<jit::Baseline> baseline;  // null: nothing is compiled
  interp::Interpreter executor;
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const Config& config) {
  return std::unique_ptr<Engine>(new Engine(std::make_unique<Impl>(config)));
}

runtime::TypeRegistry& Engine::types() { return impl_->types; }
runtime::Executor& Engine::executor() { return impl_->executor; }
const Config& Engine::config() const { return impl_->config; }
uint64_t Engine::compiled_functions() const {
  return impl_->baseline ? impl_->baseline->statistics().functions : 0;
}

namespace {

// Validates as much as the engine is asked to before anything runs.
Result<> validate(const wasm::Module& module, const Config& config, Interrupt interrupt) {
  auto validated = config.validation == Validation::Eager
                       ? wasm::validate(module, config.features, interrupt)
                       : wasm::validate_declarations(module, config.features);
  if (interrupt.is_requested() && (validated || validated.error().kind() == ErrorKind::Exhausted))
    return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(runtime::Trap::Interrupted),
                      std::string(to_string(runtime::Trap::Interrupted))));
  return validated;
}

}  // namespace

Result<std::shared_ptr<const runtime::Module>> Engine::compile(Bytes bytes, std::string name,
                                                               Interrupt interrupt) {
  auto copy = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
  const Bytes copied = *copy;
  return compile(std::move(copy), copied, std::move(name), interrupt);
}

Result<std::shared_ptr<const runtime::Module>> Engine::compile(std::shared_ptr<const void> storage,
                                                               Bytes bytes, std::string name,
                                                               Interrupt interrupt) {
  ASSIGN_OR_RETURN(wasm::Module declarations,
                   wasm::decode(std::move(storage), bytes, impl_->config.features));
  const bool is_eager = impl_->config.validation == Validation::Eager;
  TRY(validate(declarations, impl_->config, interrupt));
  if (!impl_->types.has_room_for(declarations))
    return fail(ErrorKind::Exhausted, "the engine's limit of " +
                                          std::to_string(runtime::TypeRegistry::kMaxTypes) +
                                          " types is reached: use a new engine");
  auto module = runtime::make_module(std::move(declarations), impl_->types, std::move(name));
  module->code = std::make_unique<code::ModuleCode>(
      *module, interp::handler_table(),
      code::ModuleCodeOptions{.features = impl_->config.features,
                              .bodies_are_valid = is_eager,
                              .translate = {.count = impl_->config.tier == Tier::Auto},
                              .native = impl_->baseline.get(),
                              .compiles_at_once = impl_->config.tier == Tier::Baseline});
  return module;
}

Result<std::shared_ptr<const runtime::Module>> Engine::compile_file(const std::string& path,
                                                                    Interrupt interrupt) {
  // A copy: bodies are read again long after they were validated, and the guest itself may be able to write the file.
  ASSIGN_OR_RETURN(auto copied, platform::MappedFile::copy(path));
  auto file = std::make_shared<const platform::MappedFile>(std::move(copied));
  const Bytes bytes = file->bytes();
  return compile(std::move(file), bytes, path.substr(path.rfind('/') + 1), interrupt);
}

}  // namespace godwit::engine
