// Engine: from bytes to modules that can run.
#include "engine/engine.h"

#include <utility>

#include "code/effort.h"
#include "code/module_code.h"
#include "interp/executor.h"
#include "interp/table.h"
#include "jit/compiler.h"
#include "platform/cpu.h"
#include "platform/memory_map.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::engine {

struct Engine::Impl {
  explicit Impl(const Config& engine_config)
      : config(engine_config),
        obstacle(config.tier == Tier::Interpreter ? std::string()
                                                  : jit::Baseline::obstacle_of(platform::cpu_features())),
        baseline(make_baseline()),
        executor(baseline.get()) {
    efforts.measures_time = config.measures_time;
  }

  std::unique_ptr<jit::Baseline> make_baseline() const {
    if (config.tier == Tier::Interpreter || !obstacle.empty()) return nullptr;
    return std::make_unique<jit::Baseline>(
        interp::handler_table(), interp::stop_code(),
        jit::BaselineOptions{.code_limit_bytes = config.max_machine_code_bytes,
                             .writes_perf_map = config.writes_perf_map,
                             .has_ways_in_chosen = config.tier == Tier::Random});
  }

  bool can_compile() const { return baseline && baseline->obstacle().empty(); }

  Config config;
  runtime::TypeRegistry types;
  std::string obstacle;                     // the processor's; empty: there is none
  std::unique_ptr<jit::Baseline> baseline;  // null: nothing is compiled
  interp::Interpreter executor;
  code::Efforts efforts;
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const Config& config) {
  return std::unique_ptr<Engine>(new Engine(std::make_unique<Impl>(config)));
}

runtime::TypeRegistry& Engine::types() { return impl_->types; }
runtime::Executor& Engine::executor() { return impl_->executor; }
const Config& Engine::config() const { return impl_->config; }

Statistics Engine::statistics() const {
  auto work = [](const code::Effort& effort) {
    return Statistics::Work{effort.functions.load(std::memory_order_relaxed),
                            effort.bytes.load(std::memory_order_relaxed),
                            effort.time_ns.load(std::memory_order_relaxed)};
  };
  Statistics statistics;
  statistics.validation = work(impl_->efforts.validation);
  statistics.interpreter = work(impl_->efforts.translation);
  statistics.obstacle = impl_->obstacle;
  if (!impl_->baseline) return statistics;
  const jit::Statistics compiled = impl_->baseline->statistics();
  statistics.baseline = {compiled.functions, compiled.code_bytes, compiled.time_ns};
  statistics.live_machine_code_bytes = compiled.live_code_bytes;
  statistics.functions_without_room = compiled.refused_functions;
  statistics.obstacle = impl_->baseline->obstacle();
  return statistics;
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

uint64_t body_bytes(const wasm::Module& module) {
  uint64_t bytes = 0;
  for (const wasm::FuncBody& body : module.bodies) bytes += body.range.size;
  return bytes;
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
  code::EffortMeter meter(impl_->efforts.validation, is_eager && impl_->config.measures_time);
  TRY(validate(declarations, impl_->config, interrupt));
  if (is_eager) meter.done(declarations.bodies.size(), body_bytes(declarations));
  if (!impl_->types.has_room_for(declarations))
    return fail(ErrorKind::Exhausted, "the engine's limit of " +
                                          std::to_string(runtime::TypeRegistry::kMaxTypes) +
                                          " types is reached: use a new engine");
  auto module = runtime::make_module(std::move(declarations), impl_->types, std::move(name));
  const Tier tier = impl_->config.tier;
  const bool switches = impl_->can_compile() && tier == Tier::Random;
  code::ModuleCodeOptions options{.features = impl_->config.features, .bodies_are_valid = is_eager};
  options.translate.count = switches || (impl_->can_compile() && tier == Tier::Auto);
  options.native = impl_->baseline.get();
  options.compiles_at_once = tier == Tier::Baseline;
  if (switches) options.switch_seed = impl_->config.random_seed;
  options.efforts = &impl_->efforts;
  module->code = std::make_unique<code::ModuleCode>(*module, interp::handler_table(), options);
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
