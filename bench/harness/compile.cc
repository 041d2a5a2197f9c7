// Decodes, validates and translates every function of a module, makes machine code of it, and prints the CPU seconds that
// each took:
//
//   bench_compile MODULE [ROUNDS]    →    decode 0.004 validate 0.085 translate 0.21 baseline 0.5 code_bytes 13034214 …
//
// Each figure is the least of the rounds. `baseline` is all that is done when every function is called for the first
// time with the baseline compiler: validation, translation, laying out, machine code.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "code/module_code.h"
#include "code/translator.h"
#include "interp/executor.h"
#include "interp/table.h"
#include "jit/compiler.h"
#include "platform/memory_map.h"
#include "runtime/module.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace {

using namespace godwit;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The CPU time since the last call.
double lap() {
  static double last = cpu_seconds();
  const double now = cpu_seconds();
  return now - std::exchange(last, now);
}

struct Figures {
  double decode = std::numeric_limits<double>::infinity();
  double validate = decode;
  double translate = decode;
  double baseline = decode;
  uint64_t code_bytes = 0;
  uint64_t cells = 0;
  uint64_t machine_bytes = 0;
};

constexpr size_t kMostMachineCodeBytes = size_t{1} << 30;

// Makes every function ready to run as machine code.
Result<> compile(const runtime::Module& module, Figures& best) {
  jit::Baseline baseline(interp::handler_table(), interp::stop_code(),
                         {.code_limit_bytes = kMostMachineCodeBytes});
  lap();
  code::ModuleCode code(module, interp::handler_table(), {.native = &baseline, .compiles_at_once = true});
  for (size_t i = 0; i < module.declarations.bodies.size(); ++i)
    TRY(code.prepare(static_cast<uint32_t>(i), {}));
  best.baseline = std::min(best.baseline, lap());
  best.machine_bytes = baseline.statistics().code_bytes;
  return {};
}

Result<> measure(const std::string& path, Figures& best) {
  ASSIGN_OR_RETURN(auto copied, platform::MappedFile::copy(path));
  auto file = std::make_shared<const platform::MappedFile>(std::move(copied));
  const Bytes bytes = file->bytes();
  lap();
  ASSIGN_OR_RETURN(wasm::Module declarations, wasm::decode(std::move(file), bytes));
  best.decode = std::min(best.decode, lap());
  TRY(wasm::validate(declarations));
  best.validate = std::min(best.validate, lap());
  runtime::TypeRegistry types;
  const auto module = runtime::make_module(std::move(declarations), types, {});
  code::Translator::Buffers buffers;
  best.code_bytes = best.cells = 0;
  lap();
  for (size_t i = module->declarations.imported_funcs; i < module->declarations.funcs.size(); ++i) {
    ASSIGN_OR_RETURN(auto translation, code::Translator(*module, wasm::FuncIdx(i), {}, buffers).run());
    best.code_bytes += module->declarations.body(wasm::FuncIdx(i)).range.size;
    best.cells += translation.cells.size();
    buffers.code.take_back(translation);
  }
  best.translate = std::min(best.translate, lap());
  if (jit::Baseline::is_possible()) TRY(compile(*module, best));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: bench_compile MODULE [ROUNDS]\n"), 2;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 1;
  Figures best;
  for (int round = 0; round < rounds; ++round) {
    if (auto measured = measure(argv[1], best); !measured)
      return std::fprintf(stderr, "%s\n", measured.error().describe().c_str()), 1;
  }
  std::printf("decode %.5f validate %.5f translate %.5f ", best.decode, best.validate, best.translate);
  if (best.machine_bytes != 0) std::printf("baseline %.5f ", best.baseline);
  std::printf("code_bytes %llu cells %llu machine_bytes %llu\n",
              static_cast<unsigned long long>(best.code_bytes), static_cast<unsigned long long>(best.cells),
              static_cast<unsigned long long>(best.machine_bytes));
  return 0;
}
