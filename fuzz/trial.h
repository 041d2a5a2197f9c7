// Trial: loading a module for a fuzz target, running all that it exports, and what can be seen of that.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "code/module_code.h"
#include "engine/compiler.h"
#include "interp/executor.h"
#include "jit/compiler.h"
#include "peak/compiled_module.h"
#include "runtime/instance.h"
#include "runtime/memory.h"

namespace godwit::fuzz {

enum class Tier : uint8_t {
  Interpreter,
  Baseline,  // every function is compiled when it is first called
  Random,    // functions and loops go over to machine code and back by chance
  Peak,      // every function is the optimising compiler's, with exact state at traps
};

// Whether there is an optimising compiler (GODWIT_PLUGIN_PATH).
bool has_optimizing_compiler();

// Everything a module needs, made for it alone.
class Trial final {
 public:
  // @param translate how its functions are translated
  // @param collects_always garbage is collected at every allocation
  explicit Trial(code::TranslateOptions translate = {}, bool collects_always = false,
                 Tier tier = Tier::Interpreter);

  // Decodes, validates and prepares.
  // @errors Malformed, Invalid; Unsupported: Tier::Peak, and the compiler gives up
  Result<std::shared_ptr<runtime::Module>> load(Bytes bytes);
  // Tier::Peak: why functions of the last module were left out, a line each.
  const std::string& left_out() const { return left_out_; }
  // Instantiates a generated module (ModuleGenerator) and calls each function that it exports with a few arguments.
  // @returns one line per call and per object: results, traps with their backtraces, bytes of memories as a hash. NaNs
  //   are alike, and so are references that are not null. Errors of functions that cannot be translated are lines too.
  std::string run(const std::shared_ptr<runtime::Module>& module);

  static constexpr uint32_t kCallsPerFunction = 3;

  // Of the last run: calls that came to an end, by results or a trap, those of them that returned results, and calls
  // that did not end (Unsupported, Exhausted).
  uint32_t ended() const { return ended_; }
  uint32_t returned() const { return returned_; }
  uint32_t refused() const { return refused_; }

 private:
  Result<std::vector<runtime::Extern>> imports(const runtime::Module& module);
  void call(runtime::Instance& instance, const wasm::Export& item, std::string& trace);

  interp::Interpreter& know_compiled_code();
  Result<std::shared_ptr<const code::CompiledFunctions>> compile(const runtime::Module& module);

  peak::CodeMap code_map_;
  std::string left_out_;
  runtime::TypeRegistry types_;
  std::unique_ptr<jit::Baseline> baseline_;  // or null
  interp::Interpreter interpreter_;
  runtime::Store store_;
  code::TranslateOptions translate_;
  Tier tier_;
  uint64_t fuel_ = 0;        // for each call
  uint64_t host_calls_ = 0;  // a hash of what the host function was given
  uint32_t ended_ = 0, returned_ = 0, refused_ = 0;
};

}  // namespace godwit::fuzz
