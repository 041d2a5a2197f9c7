// Compiler: the optimising compiler's plug-in, loaded when it is first needed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/work_meter.h"
#include "godwit/abi/compiler.h"
#include "wasm/features.h"

namespace godwit::engine {

struct CompileOptions {
  wasm::FeatureSet features;
  uint32_t optimization = 2;
  const char* cpu = nullptr;  // null: this machine's
};

// @threads any.
class Compiler final {
 public:
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
