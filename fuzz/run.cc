// Fuzz target: modules generated from the input run, and folded code, compiled code, and code that is now
// compiled and now interpreted, do what unfolded code does.
#include <cstdlib>
#include <numeric>

#include "finding.h"
#include "module_generator.h"
#include "target.h"
#include "trial.h"
#include "vocabulary.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::fuzz {
namespace {

// What has been generated in the life of the process.
struct Statistics {
  OpcodeSet opcodes;
  uint64_t modules = 0, instructions = 0, calls = 0, returned = 0;

  // True if there are instructions that allocate objects.
  bool count(const wasm::Module& module) {
    ++modules;
    bool allocates = false;
    wasm::Instruction instruction;
    for (const wasm::FuncBody& body : module.bodies) {
      wasm::InstructionReader reader(module, body.range);
      if (!reader.locals()) continue;
      for (; !reader.at_end() && reader.next(instruction); ++instructions) {
        opcodes.set(static_cast<size_t>(instruction.op));
        const wasm::OpClass op_class = wasm::class_of(instruction.op);
        allocates |= op_class == wasm::OpClass::Gc || op_class == wasm::OpClass::Exception;
      }
    }
    return allocates;
  }
};

Statistics statistics;

// LLVM takes a hundred times as long for a module as all else together: one module in so many is given to it.
constexpr uint32_t kModulesPerOptimised = 24;

std::string run(Bytes module, bool fold, bool collects_always = false, Tier tier = Tier::Interpreter) {
  Trial trial({.fold = fold}, collects_always, tier);
  const auto loaded = trial.load(module);
  if (!loaded) report_finding("the generated module: " + loaded.error().describe(), module);
  if (!trial.left_out().empty()) report_finding("not all is optimised: " + trial.left_out(), module);
  std::string trace = trial.run(*loaded);
  statistics.calls += trial.ended() + trial.refused();
  statistics.returned += trial.returned();
  return trace;
}

// Modules of all instructions are valid, whatever the tier can run.
void check_validity(Bytes input) {
  GeneratorOptions everything{.opcodes = {}, .memory64 = true};
  everything.opcodes.set();
  const std::vector<uint8_t> module = ModuleGenerator(input, everything).build();
  const auto decoded = wasm::decode_copy(module);
  if (!decoded) report_finding("the generated module: " + decoded.error().describe(), module);
  if (const auto valid = wasm::validate(*decoded); !valid)
    report_finding("the generated module: " + valid.error().describe(), module);
}

// The first line that differs.
std::string difference(const std::string& one, const std::string& other) {
  size_t at = 0;
  while (at < one.size() && at < other.size() && one[at] == other[at]) ++at;
  const size_t start = at == 0 ? 0 : one.rfind('\n', at - 1) + 1;
  const auto line = [start](const std::string& text) {
    return text.substr(start, text.find('\n', start) - start);
  };
  return line(one) + "\n  instead of  " + line(other);
}

}  // namespace

const Vocabulary& vocabulary() {
  static const Vocabulary the_vocabulary;
  return the_vocabulary;
}

void start_target() {
  std::fprintf(stderr, "%s\n", vocabulary().summary().c_str());
  std::atexit([] {
    std::fprintf(
        stderr,
        "%llu modules of %llu instructions ran; %zu different ones of %zu; %llu of %llu calls returned\n",
        static_cast<unsigned long long>(statistics.modules),
        static_cast<unsigned long long>(statistics.instructions), statistics.opcodes.count(),
        vocabulary().executed(), static_cast<unsigned long long>(statistics.returned),
        static_cast<unsigned long long>(statistics.calls));
  });
}

// Where accesses were out of bounds is not said exactly by optimised code: an instruction of the processor's may do two of them.
std::string without_places(const std::string& trace) {
  static constexpr std::string_view kTrap = "out of bounds memory access";
  std::string result;
  for (size_t at = 0; at < trace.size();) {
    size_t end = trace.find('\n', at);
    end = end == std::string::npos ? trace.size() : end + 1;
    std::string line = trace.substr(at, end - at);
    at = end;
    const size_t trap = line.find(kTrap);
    if (trap != std::string::npos) {
      const size_t place = line.find('@', trap), after = line.find_first_of(" \n", place);
      if (place != std::string::npos) line.erase(place, after - place);
    }
    result += line;
  }
  return result;
}

void run_target(Bytes input) {
  const std::vector<uint8_t> module = ModuleGenerator(input, vocabulary().options()).build();
  bool allocates = false;
  if (const auto decoded = wasm::decode_copy(module)) allocates = statistics.count(*decoded);
  check_validity(input);
  const std::string unfolded = run(module, false), folded = run(module, true);
  if (folded != unfolded) report_finding("folded code differs: " + difference(folded, unfolded), module);
  for (const bool fold : {false, true}) {
    const std::string compiled = run(module, fold, false, Tier::Baseline);
    if (compiled != folded) report_finding("compiled code differs: " + difference(compiled, folded), module);
    const std::string switched = run(module, fold, false, Tier::Random);
    if (switched != folded)
      report_finding("code that switches tiers differs: " + difference(switched, folded), module);
  }
  const bool is_optimised = has_optimizing_compiler() &&
                            std::accumulate(module.begin(), module.end(), 0u) % kModulesPerOptimised == 0;
  if (is_optimised) {
    const std::string optimised = run(module, true, allocates, Tier::Peak);
    if (without_places(optimised) != without_places(folded))
      report_finding("optimised code differs: " + difference(optimised, folded), module);
  }
  if (!allocates) return;
  for (const bool fold : {false, true}) {
    const std::string collected = run(module, fold, true);
    if (collected != folded)
      report_finding("collecting garbage always differs: " + difference(collected, folded), module);
  }
}

}  // namespace godwit::fuzz
