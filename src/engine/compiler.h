// Compiler: the optimising compiler's plug-in, loaded when it is first needed.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/work_meter.h"
#include "godwit/abi/compiler.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace godwit::engine {

struct CompileOptions {
  wasm::FeatureSet features;
  uint32_t optimization = 2;
  const char* cpu = nullptr;                         // null: this machine's
  std::span<const uint8_t> is_wanted = {};           // by own function; empty: all are
  std::span<const godwit_compiler_loop> loops = {};  // that get entries
  godwit_compiler_calls calls = GODWIT_COMPILER_CALLS_DIRECT;
  uint64_t max_time_ns = 0;        // of making 64 KiB of bodies faster; 0: no bound
  bool has_precise_traps = false;  // the state at a trap is as the instructions before it have left it
  bool counts_fuel = false;
  uint32_t threads = 1;  // that may work on it at once
  // Told of each function that has no code, and why; may be empty.
  std::function<void(uint32_t defined, std::string_view why)> left_out = {};
  // Told now and then how much of the bodies is compiled; may be empty.
  std::function<void(uint64_t done_bytes, uint64_t all_bytes)> progress = {};
};

// All loops of the module's functions.
std::vector<godwit_compiler_loop> loops_of(const wasm::Module& module, wasm::FeatureSet features);

// @threads any.
class Compiler final {
 public:
  // The plug-in's path.
  // @errors NotFound: none of the directories has it.
  static Result<std::string> find(const std::vector<std::string>& directories);
  // Loads the plug-in from the first of the directories that has it.
  // @errors NotFound: none has. Unsupported: it does not fit this build.
  static Result<Compiler> load(const std::vector<std::string>& directories);

  // A code image of the module, whose bodies are valid.
  // @errors Exhausted: interrupted. Unsupported: the compiler says why.
  Result<std::vector<uint8_t>> compile(Bytes module, const CompileOptions& options,
                                       Interrupt interrupt) const;

 private:
  const godwit_compiler* table_ = nullptr;
};

}  // namespace godwit::engine
