// Godwit, by its public API.
#include "godwit/godwit.h"

#include <optional>

#include "runtime.h"

namespace bench {
namespace {

template <class T>
T want(godwit::Result<T> result) {
  if (!result) stop(result.error().message());
  return std::move(*result);
}

godwit::Tier tier_of(const std::string& name) {
  if (name == "interp") return godwit::Tier::Interpreter;
  if (name == "baseline") return godwit::Tier::Baseline;
  if (name == "peak") return godwit::Tier::Peak;
  return godwit::Tier::Auto;
}

class GodwitGuest final : public Guest {
 public:
  GodwitGuest(const godwit::Engine& engine, const godwit::Linker& linker, const godwit::Module& module)
      : store_(engine), instance_(want(linker.instantiate(store_, module))) {
    run_.emplace(want(instance_.find_func(store_, "run")->typed<int32_t(int32_t)>(store_)));
  }
  void run(uint32_t times) override {
    for (uint32_t i = 0; i < times; ++i)
      if (!run_->call(store_, 1)) stop("run");
  }
  int32_t poke() override {
    return want(want(instance_.find_func(store_, "poke")->typed<int32_t()>(store_)).call(store_));
  }
  void loop(uint32_t times) override {
    const auto function = want(instance_.find_func(store_, "loop")->typed<int32_t(int32_t)>(store_));
    if (!function.call(store_, static_cast<int32_t>(times))) stop("loop");
  }

 private:
  godwit::Store store_;
  godwit::Instance instance_;
  std::optional<godwit::TypedFunc<int32_t(int32_t)>> run_;
};

class GodwitProgram final : public Program {
 public:
  GodwitProgram(const godwit::Engine& engine, const Shape& shape)
      : engine_(engine), module_(want(godwit::Module::from_text(engine, text_of(shape)))) {
    linker_.define("env", "out", [](int32_t value) { return value + 1; });
  }
  int32_t once(const char* name) override {
    godwit::Store store(engine_);
    const godwit::Instance instance = want(linker_.instantiate(store, module_));
    const godwit::Func function = *instance.find_func(store, name);
    if (name[0] == 'r') return want(want(function.typed<int32_t(int32_t)>(store)).call(store, 0));
    return want(want(function.typed<int32_t()>(store)).call(store));
  }
  bool warm_up() override {
    godwit::Store store(engine_);
    const godwit::Instance instance = want(linker_.instantiate(store, module_));
    const auto warm = want(instance.find_func(store, "warm")->typed<int32_t()>(store));
    if (want(warm.call(store)) == 0) stop("warm");
    snapshot_.emplace(want(instance.snapshot(store)));
    return true;
  }
  int32_t fork_once(const char* name) override {
    godwit::Store store(engine_);
    const godwit::Instance instance = want(linker_.instantiate(store, *snapshot_));
    const godwit::Func function = *instance.find_func(store, name);
    if (name[0] == 'r') return want(want(function.typed<int32_t(int32_t)>(store)).call(store, 0));
    return want(want(function.typed<int32_t()>(store)).call(store));
  }
  std::unique_ptr<Guest> live() override { return std::make_unique<GodwitGuest>(engine_, linker_, module_); }

 private:
  const godwit::Engine& engine_;
  godwit::Module module_;
  godwit::Linker linker_;
  std::optional<godwit::Snapshot> snapshot_;
};

class GodwitRuntime final : public Runtime {
 public:
  explicit GodwitRuntime(const GodwitOptions& options) {
    godwit::Config config;
    config.tier = tier_of(options.tier);
    config.pool.is_used = options.is_pooled;
    config.pool.is_compact = options.is_compact;
    engine_.emplace(want(godwit::Engine::create(config)));
  }
  std::unique_ptr<Program> load(const Shape& shape) override {
    return std::make_unique<GodwitProgram>(*engine_, shape);
  }

 private:
  std::optional<godwit::Engine> engine_;
};

}  // namespace

std::unique_ptr<Runtime> make_godwit(const GodwitOptions& options) {
  return std::make_unique<GodwitRuntime>(options);
}

}  // namespace bench
