// Engine: from bytes to modules that can run.
#include "engine/engine.h"

#include <utility>

#include "code/effort.h"
#include "code/module_code.h"
#include "engine/code_section.h"
#include "engine/compiler.h"
#include "interp/executor.h"
#include "interp/table.h"
#include "jit/compiler.h"
#include "peak/compiled_module.h"
#include "peak/libcalls.h"
#include "platform/cpu.h"
#include "platform/memory_map.h"
#include "platform/plugins.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::engine {

struct Engine::Impl {
  explicit Impl(const Config& engine_config)
      : config(engine_config),
        obstacle(wants_baseline() ? jit::Baseline::obstacle_of(platform::cpu_features()) : std::string()),
        baseline(make_baseline()),
        executor(baseline.get()) {
    efforts.measures_time = config.measures_time;
    executor.know_compiled_code(&peak::kLibcalls, [this](uintptr_t pc) { return code_map.locate(pc); });
  }

  bool wants_baseline() const { return config.tier != Tier::Interpreter && config.tier != Tier::Peak; }
  std::unique_ptr<jit::Baseline> make_baseline() const {
    if (!wants_baseline() || !obstacle.empty()) return nullptr;
    return std::make_unique<jit::Baseline>(
        interp::handler_table(), interp::stop_code(),
        jit::BaselineOptions{.code_limit_bytes = config.max_machine_code_bytes,
                             .writes_perf_map = config.writes_perf_map,
                             .has_ways_in_chosen = config.tier == Tier::Random});
  }

  bool can_compile() const { return baseline && baseline->obstacle().empty(); }

  Result<> load_compiler() {
    ASSIGN_OR_RETURN(Compiler loaded, Compiler::load(platform::plugin_directories()));
    compiler = std::make_unique<const Compiler>(loaded);
    return {};
  }

  // The code that the module brings along, or that the compiler makes of it; null: there is none.
  Result<std::shared_ptr<const code::CompiledFunctions>> compiled_code_of(const runtime::Module& module,
                                                                          Interrupt interrupt,
                                                                          std::string& remark) {
    // the other tiers are asked for by name: then nothing else is to run
    if (config.tier != Tier::Auto && config.tier != Tier::Peak) return nullptr;
    std::vector<uint8_t> image;
    if (auto brought = code_of(module.declarations); !brought) {
      remark = "the code that the module brings along is not run: " + brought.error().message();
    } else if (*brought) {
      image.assign((*brought)->begin(), (*brought)->end());
    }
    code::EffortMeter meter(peak_effort, config.measures_time);
    if (image.empty() && compiler) {
      ASSIGN_OR_RETURN(
          image, compiler->compile(module.declarations.bytes, {.features = config.features}, interrupt));
    }
    if (image.empty()) return nullptr;
    const size_t image_bytes = image.size();
    auto loaded = peak::CompiledModule::load(code_map, module, std::move(image));
    if (!loaded) {
      remark = "compiled code is not run: " + loaded.error().message();
      return nullptr;
    }
    peak::install_fault_landing();
    meter.done((*loaded)->function_count(), image_bytes);
    return std::move(*loaded);
  }

  Config config;
  runtime::TypeRegistry types;
  std::string obstacle;                     // the processor's; empty: there is none
  std::unique_ptr<jit::Baseline> baseline;  // null: nothing is compiled
  interp::Interpreter executor;
  code::Efforts efforts;
  code::Effort peak_effort;
  std::unique_ptr<const Compiler> compiler;  // null but for Tier::Peak
  peak::CodeMap code_map;
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const Config& config) {
  auto impl = std::make_unique<Impl>(config);
  if (config.tier == Tier::Peak) TRY(impl->load_compiler());
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
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
  statistics.peak = work(impl_->peak_effort);
  statistics.obstacle = impl_->obstacle;
  if (!impl_->baseline) return statistics;
  const jit::Statistics compiled = impl_->baseline->statistics();
  statistics.baseline = {compiled.functions, compiled.code_bytes, compiled.time_ns};
  statistics.live_machine_code_bytes = compiled.live_code_bytes;
  statistics.functions_without_room = compiled.refused_functions;
  statistics.functions_too_large = compiled.too_large_functions;
  statistics.obstacle = impl_->baseline->obstacle();
  return statistics;
}

namespace {

// Validates as much as the engine is asked to before anything runs.
bool validates_all(const Config& config) {
  return config.validation == Validation::Eager || config.tier == Tier::Peak;
}

Result<> validate(const wasm::Module& module, const Config& config, Interrupt interrupt) {
  auto validated = validates_all(config) ? wasm::validate(module, config.features, interrupt)
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
  const bool is_eager = validates_all(impl_->config);
  code::EffortMeter meter(impl_->efforts.validation, is_eager && impl_->config.measures_time);
  TRY(validate(declarations, impl_->config, interrupt));
  if (is_eager) meter.done(declarations.bodies.size(), body_bytes(declarations));
  if (!impl_->types.has_room_for(declarations))
    return fail(ErrorKind::Exhausted, "the engine's limit of " +
                                          std::to_string(runtime::TypeRegistry::kMaxTypes) +
                                          " types is reached: use a new engine");
  auto module = runtime::make_module(std::move(declarations), impl_->types, std::move(name));
  std::string remark;
  ASSIGN_OR_RETURN(auto compiled, impl_->compiled_code_of(*module, interrupt, remark));
  const Tier tier = impl_->config.tier;
  const bool switches = impl_->can_compile() && tier == Tier::Random;
  code::ModuleCodeOptions options{.features = impl_->config.features, .bodies_are_valid = is_eager};
  options.translate.count = switches || (impl_->can_compile() && tier == Tier::Auto);
  options.native = impl_->baseline.get();
  options.compiles_at_once = tier == Tier::Baseline;
  if (switches) options.switch_seed = impl_->config.random_seed;
  options.efforts = &impl_->efforts;
  options.compiled = std::move(compiled);
  options.remark = std::move(remark);
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

Result<std::vector<uint8_t>> compile_ahead(Bytes bytes, const CompileAheadOptions& options,
                                           Interrupt interrupt) {
  ASSIGN_OR_RETURN(const wasm::Module whole, wasm::decode_copy(bytes, options.features));
  TRY(wasm::validate(whole, options.features, interrupt));
  const auto level = cpu_level();
  if (!level) return fail(ErrorKind::Unsupported, "the compiler makes no code for this processor");
  ASSIGN_OR_RETURN(const platform::UserKey key, platform::make_user_key());
  ASSIGN_OR_RETURN(const Compiler compiler, Compiler::load(platform::plugin_directories()));
  const Bytes wasm = without_code(whole);
  ASSIGN_OR_RETURN(
      const auto image,
      compiler.compile(
          wasm, {.features = options.features, .optimization = options.optimization, .cpu = level->name()},
          interrupt));
  return with_code(wasm, *level, image, key);
}

}  // namespace godwit::engine
