// Engine: what all modules and stores of a process share. The only place that knows which tiers there are.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/work_meter.h"
#include "platform/file_identity.h"
#include "runtime/instance_pool.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasm/features.h"

namespace godwit::engine {

// When function bodies are validated. Declarations always are, at compile().
enum class Validation : uint8_t {
  Lazy,   // before their first translation: an invalid body that is never called is never noticed
  Eager,  // all of them, at compile()
};

// How functions are run. Where there can be no machine code, all are run as register code.
enum class Tier : uint8_t {
  Interpreter,  // register code
  Baseline,     // machine code made of it, from the first call on
  Auto,    // register code at first, machine code once a function is hot; code that the module brings along
  Peak,    // the optimising compiler's code, made at compile(); functions that it leaves out: register code
  Random,  // for tests: each function and loop goes over to machine code and back every few rounds, by chance
};

struct Config {
  wasm::FeatureSet features = {};
  Validation validation = Validation::Eager;
  Tier tier = Tier::Auto;
  uint32_t random_seed = 1;  // of Tier::Random
  size_t max_machine_code_bytes = size_t{256}
                                  << 20;  // of all functions together; what has no room is interpreted
  bool measures_time = false;             // fills Statistics' times, which costs a little
  bool writes_perf_map = false;           // names of machine code for `perf`
  std::string jit_dump_directory =
      {};  // where to write machine code, names and lines for `perf inject`; empty: nowhere
  bool optimizes_hot = true;  // Tier::Auto: by the optimising compiler, if it is installed, in the background
  bool uses_cache = false;    // what that makes is kept for later runs, in the user's cache directory
  bool counts_fuel = false;   // all code takes fuel for what it runs (Limits::fuel)
  bool random_has_peak = false;  // Tier::Random: optimised code is one of the ways
  // Public Ed25519 keys (PEM) of those whose code in modules is run.
  std::vector<std::string> trusted_keys = {};
  std::optional<runtime::PoolOptions> pool = {};  // where instances wait to be used again
};

// What an engine has done so far, for all its modules.
struct Statistics {
  struct Work {
    uint64_t functions = 0;
    uint64_t bytes = 0;
    uint64_t time_ns = 0;  // 0 unless Config::measures_time
  };
  Work validation;   // of function bodies
  Work interpreter;  // bytes of register code
  Work baseline;     // bytes of machine code
  Work peak;         // the optimising compiler's, and what modules brought along: bytes of images
  uint64_t live_machine_code_bytes = 0;  // which the limit is compared with
  uint64_t functions_without_room = 0;   // for machine code: they are interpreted
  uint64_t functions_too_large = 0;      // to be compiled: the same
  // Why there is no machine code, though the tier asks for it; empty if there is, or if the system was not yet asked.
  std::string obstacle;
  // Why hot functions are not optimised, though the tier asks for it; empty if they are.
  std::string peak_obstacle;
  // Why something in the cache is not run, in words; empty if there is no reason to worry.
  std::string cache_remark;
  // Why functions have no optimised code though that was wanted: the most frequent reasons, with the number of functions.
  std::string left_out;
  runtime::InstancePool::Statistics pool;  // zeros without a pool
};

// Outlives the stores and modules made with it. @threads any.
class Engine final {
 public:
  // @errors Unsupported, Io: this machine cannot run guests; Tier::Peak with a compact pool, whose code must check
  //   accesses, which the compiler's does not. NotFound: Tier::Peak, and there is no compiler.
  static Result<std::unique_ptr<Engine>> create(const Config& config = {});
  ~Engine();

  runtime::TypeRegistry& types();
  runtime::Executor& executor();
  // For stores; null: there is none.
  runtime::InstancePool* pool();
  const Config& config() const;
  Statistics statistics() const;

  // Decodes, validates and prepares a module; no code is translated yet. The bytes are copied.
  // `name` is for messages, unless the module names itself.
  // @errors Malformed, Invalid (with the byte offset); Exhausted: a limit, or Trap::Interrupted if `interrupt` asks.
  Result<std::shared_ptr<const runtime::Module>> compile(Bytes bytes, std::string name = {},
                                                         Interrupt interrupt = {});
  // The same without a copy: `storage` keeps `bytes` alive and unchanged.
  Result<std::shared_ptr<const runtime::Module>> compile(std::shared_ptr<const void> storage, Bytes bytes,
                                                         std::string name = {}, Interrupt interrupt = {});
  // The same from a file; what becomes of the file later does not matter.
  // @errors NotFound, Io: the file cannot be read.
  Result<std::shared_ptr<const runtime::Module>> compile_file(const std::string& path,
                                                              Interrupt interrupt = {});

 private:
  struct Impl;
  Result<std::shared_ptr<const runtime::Module>> compile(std::shared_ptr<const void> storage, Bytes bytes,
                                                         std::string name, Interrupt interrupt,
                                                         const std::optional<platform::FileIdentity>& file);
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct CompileAheadOptions {
  wasm::FeatureSet features;
  uint32_t optimization = 2;              // 0 to 3
  std::vector<std::string> targets = {};  // as is_target() has them; none: the highest level of this machine
  bool has_precise_traps = false;         // see CompileOptions
  bool counts_fuel = false;               // for engines with Config::counts_fuel, and those only
  std::string signing_key =
      {};  // a private Ed25519 key (PEM); empty: only this user runs the code, on this machine
  // Told now and then how much of the work is done; may be empty.
  std::function<void(uint64_t done_bytes, uint64_t all_bytes)> progress = {};
};

// Whether code can be made for what is called so: "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "native".
bool is_target(std::string_view name);

// The module with optimised code in a custom section, which engines of this user, or those that trust the signer, run
// without compiling.
// @errors those of Engine::compile; NotFound, Unsupported: there is no compiler, or no library for signatures. Io: the
//   user's key cannot be kept. Usage: that is no key.
// @cost seconds for each megabyte of code.
Result<std::vector<uint8_t>> compile_ahead(Bytes bytes, const CompileAheadOptions& options = {},
                                           Interrupt interrupt = {});

}  // namespace godwit::engine
