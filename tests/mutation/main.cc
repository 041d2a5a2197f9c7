// The mutation test: damaged modules must end as errors that say where, or run; nothing may crash.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <string_view>
#include <vector>

#include "mutator.h"
#include "playground.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::mutation {
namespace {

struct Options {
  std::vector<std::filesystem::path> seeds;
  uint64_t count = 10'000;
  uint64_t first = 0;  // number of the first mutant
  uint32_t jobs = 2;
  size_t min_bytes = 96, max_bytes = 64 << 10;  // of a seed module
  std::filesystem::path output;                 // where to write the mutant, if only one is made
};

// What a child process tells its parent; lies in shared memory.
struct Progress {
  uint64_t number = 0;  // of the mutant at work
  uint64_t malformed = 0, invalid = 0, refused = 0, instantiated = 0, called = 0;
  uint64_t failures = 0;
};

Result<> check(Bytes bytes) {
  ASSIGN_OR_RETURN(wasm::Module module, wasm::decode_copy(bytes));
  return wasm::validate(module);
}

// What is wrong with how `mutant` was treated; empty if nothing is.
std::string complaint(const Mutant& mutant, Playground& playground, Progress& progress) {
  const Result<> checked = check(mutant.bytes);
  if (!checked) {
    const Error& error = checked.error();
    if (error.kind() == ErrorKind::Malformed) ++progress.malformed;
    else if (error.kind() == ErrorKind::Invalid) ++progress.invalid;
    else return "neither malformed nor invalid: " + error.describe();
    if (error.offset() == kNoOffset) return "an error without offset: " + error.describe();
    if (error.offset() > mutant.bytes.size()) return "an offset beyond the module: " + error.describe();
    return error.message().empty() ? "an error without words" : "";
  }
  const Result<Reached> reached = playground.play(mutant.bytes);
  if (!reached) {
    const ErrorKind kind = reached.error().kind();
    if (kind == ErrorKind::Malformed || kind == ErrorKind::Invalid)
      return "valid when validated, but not when loaded: " + reached.error().describe();
    ++progress.refused;
  } else {
    ++(*reached == Reached::Refused  ? progress.refused
       : *reached == Reached::Called ? progress.called
                                     : progress.instantiated);
  }
  return {};
}

[[noreturn]] void run_child(const Mutator& mutator, const Options& options, uint32_t part,
                            Progress& progress) {
  Playground playground;
  for (uint64_t i = part; i < options.count; i += options.jobs) {
    progress.number = options.first + i;
    const Mutant mutant = mutator.make(progress.number);
    const std::string wrong = complaint(mutant, playground, progress);
    if (wrong.empty()) continue;
    ++progress.failures;
    fmt::print("FAIL mutant {} ({}): {}\n", progress.number, mutant.origin, wrong);
  }
  std::fflush(stdout);
  _exit(0);
}

// True if all children ended well.
bool run(const Mutator& mutator, const Options& options) {
  void* shared = mmap(nullptr, sizeof(Progress) * options.jobs, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return false;
  auto* progress = new (shared) Progress[options.jobs];
  std::vector<pid_t> children(options.jobs);
  std::fflush(nullptr);
  for (uint32_t part = 0; part < options.jobs; ++part) {
    children[part] = fork();
    if (children[part] == 0) run_child(mutator, options, part, progress[part]);
  }
  Progress sum;
  bool is_well = true;
  for (uint32_t part = 0; part < options.jobs; ++part) {
    int status = 0;
    waitpid(children[part], &status, 0);
    const Progress& its = progress[part];
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      fmt::print("FAIL mutant {} crashed ({}); --first {} --count 1 --output FILE writes it\n", its.number,
                 mutator.make(its.number).origin, its.number);
      is_well = false;
    }
    sum.malformed += its.malformed;
    sum.invalid += its.invalid;
    sum.refused += its.refused;
    sum.instantiated += its.instantiated;
    sum.called += its.called;
    sum.failures += its.failures;
  }
  fmt::print(
      "{} mutants of {} modules: {} malformed, {} invalid, {} valid ({} not instantiated, {} without a call, "
      "{} called); {} failures\n",
      options.count, mutator.seeds(), sum.malformed, sum.invalid, sum.refused + sum.instantiated + sum.called,
      sum.refused, sum.instantiated, sum.called, sum.failures);
  munmap(shared, sizeof(Progress) * options.jobs);
  return is_well && sum.failures == 0;
}

constexpr std::string_view kUsage =
    "usage: mutation_test [--count N] [--first NUMBER] [--jobs N] [--min-bytes N] [--max-bytes N] [--output "
    "FILE] <folder "
    "with .wasm or .wast files>...\n";

Result<Options> parse(std::span<char*> arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (!name.starts_with("--")) {
      options.seeds.emplace_back(name);
      continue;
    }
    if (i + 1 == arguments.size()) return fail(ErrorKind::Usage, std::string(kUsage));
    const std::string_view value = arguments[++i];
    if (name == "--output") {
      options.output = value;
      continue;
    }
    uint64_t number = 0;
    auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || stop != value.data() + value.size())
      return fail(ErrorKind::Usage, std::string(kUsage));
    if (name == "--count") options.count = number;
    else if (name == "--first") options.first = number;
    else if (name == "--jobs" && number > 0) options.jobs = static_cast<uint32_t>(number);
    else if (name == "--min-bytes") options.min_bytes = number;
    else if (name == "--max-bytes") options.max_bytes = number;
    else return fail(ErrorKind::Usage, std::string(kUsage));
  }
  if (options.seeds.empty()) return fail(ErrorKind::Usage, std::string(kUsage));
  return options;
}

int run_main(std::span<char*> arguments) {
  const Result<Options> options = parse(arguments);
  if (!options) {
    fmt::print(stderr, "{}", options.error().message());
    return 2;
  }
  const Mutator mutator(options->seeds, options->min_bytes, options->max_bytes,
                        [](Bytes bytes) { return check(bytes).has_value(); });
  if (mutator.seeds() == 0) {
    fmt::print(stderr, "error: no .wasm and no .wast file in the folders given\n");
    return 2;
  }
  if (!options->output.empty()) {
    const Mutant mutant = mutator.make(options->first);
    std::ofstream(options->output, std::ios::binary)
        .write(reinterpret_cast<const char*>(mutant.bytes.data()),
               static_cast<std::streamsize>(mutant.bytes.size()));
    fmt::print("{}: mutant {} of {}\n", options->output.string(), options->first, mutant.origin);
  }
  return run(mutator, *options) ? 0 : 1;
}

}  // namespace
}  // namespace godwit::mutation

int main(int count, char** arguments) {
  return godwit::mutation::run_main({arguments + 1, static_cast<size_t>(count - 1)});
}
