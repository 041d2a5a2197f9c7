// Engine: from bytes to modules that can run.
#include "engine/engine.h"

#include <optional>
#include <utility>

#include "code/effort.h"
#include "code/module_code.h"
#include "engine/code_section.h"
#include "engine/compiler.h"
#include "engine/image_cache.h"
#include "engine/left_out.h"
#include "engine/tier_up.h"
#include "interp/executor.h"
#include "interp/table.h"
#include "jit/compiler.h"
#include "peak/compiled_module.h"
#include "peak/direct_calls.h"
#include "peak/libcalls.h"
#include "platform/cpu.h"
#include "platform/memory_map.h"
#include "platform/plugins.h"
#include "platform/user_key.h"
#include "runtime/layout_hash.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::engine {

namespace {

// Of making the code of each 64 KiB of bodies faster: several times what compilers' output takes.
constexpr uint64_t kMaxTimeNs = 4'000'000'000;
// The same where the same code is to come out each time: no module that a compiler has made gets there.
constexpr uint64_t kMaxTimeAheadNs = 60'000'000'000;

}  // namespace

struct Engine::Impl {
  explicit Impl(const Config& engine_config)
      : config(engine_config),
        obstacle(wants_baseline() ? jit::Baseline::obstacle_of(platform::cpu_features()) : std::string()),
        baseline(make_baseline()),
        executor(baseline.get()) {
    if (config.writes_perf_map) log.perf_map.emplace();
    efforts.measures_time = config.measures_time;
    executor.know_compiled_code(
        &peak::kLibcalls, peak::direct_calls(),
        [this](uintptr_t pc, runtime::Lookup lookup) { return code_map.locate(pc, lookup); });
    if (config.pool) pool = std::make_unique<runtime::InstancePool>(*config.pool);
    if (config.tier == Tier::Auto && config.optimizes_hot && baseline && !is_compact())
      tier_up.emplace(TierUpOptions{.features = config.features,
                                    .measures_time = config.measures_time,
                                    .counts_fuel = config.counts_fuel,
                                    .uses_cache = config.uses_cache},
                      code_map, peak_effort, left_out);
  }

  bool wants_baseline() const { return config.tier != Tier::Interpreter && config.tier != Tier::Peak; }
  std::unique_ptr<jit::Baseline> make_baseline() {
    if (!wants_baseline() || !obstacle.empty()) return nullptr;
    return std::make_unique<jit::Baseline>(
        interp::handler_table(), interp::stop_code(),
        jit::BaselineOptions{.code_limit_bytes = config.max_machine_code_bytes,
                             .log = &log,
                             .has_ways_in_chosen = config.tier == Tier::Random});
  }

  // Code checks accesses then; the optimising compiler's does not.
  bool is_compact() const { return config.pool && config.pool->is_compact; }
  bool can_compile() const { return baseline && baseline->obstacle().empty(); }
  bool compiles_ahead() const {
    return config.tier == Tier::Peak || (config.tier == Tier::Random && config.random_has_peak);
  }

  Result<> load_compiler() {
    ASSIGN_OR_RETURN(Compiler loaded, Compiler::load(platform::plugin_directories()));
    compiler = std::make_unique<const Compiler>(loaded);
    return {};
  }

  // The code that the module brings along, or that the compiler makes of it; null: there is none.
  // The code image that the module brings along, where it lies in its file; the seal is looked at, whatever is remembered.
  Result<std::optional<Bytes>> code_brought_by(const runtime::Module& module,
                                               const std::optional<platform::FileIdentity>& file) {
    std::optional<ImageCache> cache;
    if (file && brings_code(module.declarations))
      if (auto directory = platform::CacheDirectory::of_user()) cache.emplace(std::move(*directory));
    std::optional<Digest> digest = cache ? cache->recall_sealed(*file) : std::nullopt;
    const bool was_known = digest.has_value();
    auto code = code_of(module.declarations, config.trusted_keys, config.counts_fuel, &digest);
    if (cache && !was_known && code && digest) cache->remember_sealed(*file, *digest);
    return code;
  }

  Result<std::shared_ptr<const code::CompiledFunctions>> compiled_code_of(
      const runtime::Module& module, const std::optional<platform::FileIdentity>& file, Interrupt interrupt,
      std::string& remark) {
    // the other tiers are asked for by name: then nothing else is to run
    if ((config.tier != Tier::Auto && !compiles_ahead()) || is_compact()) return nullptr;
    std::optional<peak::OwnedImage> image;
    if (config.tier == Tier::Random) {
      // made to be switched
    } else if (auto brought = code_brought_by(module, file); !brought) {
      remark = "the code that the module brings along is not run: " + brought.error().message();
    } else if (*brought) {
      const bool can_stay = reinterpret_cast<uintptr_t>((*brought)->data()) % 8 == 0;
      if (can_stay) image.emplace(module.declarations.storage, **brought);
      else image.emplace(std::vector<uint8_t>((*brought)->begin(), (*brought)->end()));
    }
    code::EffortMeter meter(peak_effort, config.measures_time);
    if (!image && compiler) {
      CompileOptions options{.features = config.features,
                             .max_time_ns = kMaxTimeNs,
                             .counts_fuel = config.counts_fuel,
                             .threads = platform::usable_cpus()};
      options.left_out = [this](uint32_t, std::string_view why) { left_out.add(why); };
      std::vector<godwit_compiler_loop> loops;
      if (config.tier == Tier::Random) {
        options.calls = GODWIT_COMPILER_CALLS_BY_TABLE;
        options.loops = loops = loops_of(module.declarations, config.features);
      }
      ASSIGN_OR_RETURN(auto made, compiler->compile(module.declarations.bytes, options, interrupt));
      image.emplace(std::move(made));
    }
    if (!image) return nullptr;
    const size_t image_bytes = image->bytes.size();
    auto loaded = peak::CompiledModule::load(code_map, module, *std::move(image),
                                             runtime::layout_of_code(config.counts_fuel));
    if (!loaded) {
      remark = "compiled code is not run: " + loaded.error().message();
      return nullptr;
    }
    peak::install_fault_landing();
    meter.done((*loaded)->function_count(), image_bytes);
    return std::move(*loaded);
  }

  Config config;
  platform::CodeLog log;
  runtime::TypeRegistry types;
  std::string obstacle;                     // the processor's; empty: there is none
  std::unique_ptr<jit::Baseline> baseline;  // null: nothing is compiled
  interp::Interpreter executor;
  code::Efforts efforts;
  code::Effort peak_effort;
  std::unique_ptr<const Compiler> compiler;  // null unless modules are compiled before they run
  peak::CodeMap code_map{&log};
  LeftOut left_out;
  std::optional<TierUp> tier_up;                // of Tier::Auto
  std::unique_ptr<runtime::InstancePool> pool;  // goes before all that its instances' modules need
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const Config& config) {
  auto impl = std::make_unique<Impl>(config);
  if (impl->compiles_ahead() && impl->is_compact())
    return fail(ErrorKind::Unsupported,
                "a compact pool's memories are checked by code of the interpreter and the baseline compiler "
                "only: choose "
                "another tier, or a pool that is not compact");
  if (impl->compiles_ahead()) TRY(impl->load_compiler());
  if (!config.jit_dump_directory.empty()) {
    ASSIGN_OR_RETURN(auto dump, platform::JitDump::create(config.jit_dump_directory));
    impl->log.jit_dump.emplace(std::move(dump));
  }
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

runtime::TypeRegistry& Engine::types() { return impl_->types; }
runtime::Executor& Engine::executor() { return impl_->executor; }
runtime::InstancePool* Engine::pool() { return impl_->pool.get(); }
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
  statistics.left_out = impl_->left_out.describe();
  if (impl_->pool) statistics.pool = impl_->pool->statistics();
  if (impl_->tier_up) {
    statistics.peak_obstacle = impl_->tier_up->obstacle();
    statistics.cache_remark = impl_->tier_up->cache_remark();
  }
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
  return config.validation == Validation::Eager || config.tier == Tier::Peak || config.random_has_peak;
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
  return compile(std::move(storage), bytes, std::move(name), interrupt, std::nullopt);
}

Result<std::shared_ptr<const runtime::Module>> Engine::compile(
    std::shared_ptr<const void> storage, Bytes bytes, std::string name, Interrupt interrupt,
    const std::optional<platform::FileIdentity>& file) {
  ASSIGN_OR_RETURN(wasm::Module declarations,
                   wasm::decode(std::move(storage), bytes, impl_->config.features));
  if (impl_->is_compact())
    for (wasm::MemType& memory : declarations.memories) memory.is_checked = !memory.is_shared;
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
  ASSIGN_OR_RETURN(auto compiled, impl_->compiled_code_of(*module, file, interrupt, remark));
  const Tier tier = impl_->config.tier;
  const bool switches = impl_->can_compile() && tier == Tier::Random;
  code::ModuleCodeOptions options{.features = impl_->config.features, .bodies_are_valid = is_eager};
  options.translate.count = switches || (impl_->can_compile() && tier == Tier::Auto);
  options.translate.charge = impl_->config.counts_fuel;
  options.native = impl_->baseline.get();
  options.compiles_at_once = tier == Tier::Baseline;
  if (switches) options.switch_seed = impl_->config.random_seed;
  options.efforts = &impl_->efforts;
  options.compiled = std::move(compiled);
  if (options.translate.count && impl_->tier_up) options.optimizer = &*impl_->tier_up;
  options.remark = std::move(remark);
  auto code = std::make_unique<code::ModuleCode>(*module, interp::handler_table(), options);
  if (options.optimizer) impl_->tier_up->adopt(*code, *module, file);
  module->code = std::move(code);
  return module;
}

Result<std::shared_ptr<const runtime::Module>> Engine::compile_file(const std::string& path,
                                                                    Interrupt interrupt) {
  // A copy: bodies are read again long after they were validated, and the guest itself may be able to write the file.
  platform::KnownFile known;
  if (impl_->config.uses_cache) {
    ASSIGN_OR_RETURN(known, platform::copy_known_file(path));
  } else {
    ASSIGN_OR_RETURN(known.file, platform::MappedFile::copy(path));
  }
  auto file = std::make_shared<const platform::MappedFile>(std::move(known.file));
  const Bytes bytes = file->bytes();
  return compile(std::move(file), bytes, path.substr(path.rfind('/') + 1), interrupt, known.identity);
}

bool is_target(std::string_view name) { return target_of(name).has_value(); }

Result<std::vector<uint8_t>> compile_ahead(Bytes bytes, const CompileAheadOptions& options,
                                           Interrupt interrupt) {
  ASSIGN_OR_RETURN(const wasm::Module whole, wasm::decode_copy(bytes, options.features));
  TRY(wasm::validate(whole, options.features, interrupt));
  std::vector<CodeTarget> targets;
  for (const std::string& name : options.targets)
    if (const auto target = target_of(name)) targets.push_back(*target);
  if (targets.empty()) {
    const auto best = best_target();
    if (!best) return fail(ErrorKind::Unsupported, "the compiler makes no code for this processor");
    targets.push_back(*best);
  }
  SealMaker seal{.private_key = options.signing_key};
  if (options.signing_key.empty()) {
    ASSIGN_OR_RETURN(seal.user_key, platform::make_user_key());
  }
  ASSIGN_OR_RETURN(const Compiler compiler, Compiler::load(platform::plugin_directories()));
  const Bytes wasm = without_code(whole);
  std::vector<CodePart> parts;
  for (const CodeTarget& target : targets) {
    CompileOptions how{.features = options.features,
                       .optimization = options.optimization,
                       .cpu = target.compiler_name(),
                       .max_time_ns = kMaxTimeAheadNs,
                       .has_precise_traps = options.has_precise_traps,
                       .counts_fuel = options.counts_fuel,
                       .threads = platform::usable_cpus()};
    const size_t before = parts.size();
    if (options.progress)
      how.progress = [&, before](uint64_t done, uint64_t all) {
        options.progress(before * all + done, targets.size() * all);
      };
    ASSIGN_OR_RETURN(auto image, compiler.compile(wasm, how, interrupt));
    parts.push_back({target, runtime::layout_of_code(options.counts_fuel), std::move(image)});
  }
  return with_code(wasm, parts, seal);
}

}  // namespace godwit::engine
