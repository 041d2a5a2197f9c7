// Instances: what making, calling and dropping them costs, against wasmtime with its pooling allocator.
//
//   bench_instances [--what once,fork,calls,threads,resident,swarm] [--wasmtime lib…so] [--keep BYTES] [--rounds 15]
//                   [--tiers interp,baseline,auto,peak] [--compact]
//   bench_instances --count N --what once|touch|medium|medium-touch|call|out   that often, for instruction counts
//
// Times are the minimum of several rounds, in each of which all runtimes run once, one after the other. Resident bytes
// and page tables are the process's, with many live instances less those without.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "runtime.h"

namespace {

using namespace bench;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string what = "once,fork,calls,threads,resident,swarm";
  std::string tiers = "interp,baseline,auto";
  WasmtimeOptions wasmtime;
  GodwitOptions godwit;
  unsigned rounds = 15;
  unsigned count = 0;
};

bool names(const std::string& list, const std::string& word) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, ',');)
    if (each == word) return true;
  return false;
}

double nanoseconds_of(uint32_t times, const std::function<void()>& action) {
  const auto begin = Clock::now();
  action();
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / times;
}

struct Subject {
  std::string name;
  std::unique_ptr<Runtime> runtime;
};

void print(const char* what, const std::vector<double>& values, const std::vector<Subject>& subjects,
           const char* unit) {
  std::printf("%-34s", what);
  for (size_t i = 0; i < values.size(); ++i)
    std::printf("  %s %.1f %s", subjects[i].name.c_str(), values[i], unit);
  for (size_t i = 0; i + 1 < values.size() && subjects.back().name == "wasmtime"; ++i)
    std::printf("  %.2f x", values[i] / values.back());
  std::printf("\n");
}

// Runs `measure` for each subject in every round; the smallest of each.
std::vector<double> interleaved(size_t subjects, unsigned rounds,
                                const std::function<double(size_t)>& measure) {
  std::vector<double> least(subjects, 1e18);
  for (unsigned round = 0; round < rounds; ++round)
    for (size_t i = 0; i < subjects; ++i) least[i] = std::min(least[i], measure(i));
  return least;
}

void bench_once(const std::vector<Subject>& subjects, unsigned rounds) {
  constexpr uint32_t kTimes = 1000;
  const auto compare = [&](const char* what, const Shape& shape, const char* name) {
    std::vector<std::unique_ptr<Program>> programs;
    for (const Subject& subject : subjects) programs.push_back(subject.runtime->load(shape));
    print(what,
          interleaved(subjects.size(), rounds,
                      [&](size_t i) {
                        return nanoseconds_of(kTimes, [&] {
                          for (uint32_t n = 0; n < kTimes; ++n)
                            if (name[0] == 't' && programs[i]->once(name) != 0)
                              stop("an instance reads what another wrote");
                            else if (name[0] == 'r' && programs[i]->once(name) != 1) stop("a wrong result");
                        });
                      }),
          subjects, "ns");
  };
  compare("1 page: make, call, drop", kSmall, "run");
  compare("1 page, writes 3 host pages", kSmall, "touch");
  compare("32 pages, 96 KiB, 200 functions", kMedium, "run");
  compare("the same, writes 3 host pages", kMedium, "touch");
}

void bench_fork(const Options& options) {
  for (const bool is_pooled : {false, true}) {
    GodwitOptions godwit = options.godwit;
    godwit.is_pooled = is_pooled;
    const auto runtime = make_godwit(godwit);
    const auto program = runtime->load(kLarge);
    if (!program->warm_up()) stop("no snapshots");
    constexpr uint32_t kTimes = 200;
    for (const char* name : {"run", "touch"}) {
      const auto least = interleaved(1, options.rounds, [&](size_t) {
        return nanoseconds_of(kTimes, [&] {
          for (uint32_t n = 0; n < kTimes; ++n) (void)program->fork_once(name);
        });
      });
      std::printf("fork of 16 MiB, call %-6s, drop  godwit, %s %.2f us\n", name,
                  is_pooled ? "pooled" : "not pooled", least[0] / 1000);
    }
  }
}

void bench_calls(const Options& options) {
  std::istringstream tiers(options.tiers);
  for (std::string tier; std::getline(tiers, tier, ',');) {
    std::vector<Subject> subjects;
    GodwitOptions godwit = options.godwit;
    godwit.tier = tier;
    subjects.push_back({"godwit-" + tier, make_godwit(godwit)});
    if (!options.wasmtime.library.empty()) subjects.push_back({"wasmtime", make_wasmtime(options.wasmtime)});
    std::vector<std::unique_ptr<Program>> with, without;
    std::vector<std::unique_ptr<Guest>> calling, looping;
    for (const Subject& subject : subjects) {
      calling.push_back(with.emplace_back(subject.runtime->load(kCalling))->live());
      looping.push_back(without.emplace_back(subject.runtime->load(kSmall))->live());
      calling.back()->loop(200'000);  // hot
      looping.back()->loop(200'000);
      calling.back()->run(200'000);
    }
    constexpr uint32_t kTimes = 100000;
    print("call into the guest",
          interleaved(subjects.size(), options.rounds,
                      [&](size_t i) { return nanoseconds_of(kTimes, [&] { calling[i]->run(kTimes); }); }),
          subjects, "ns");
    const auto empty = interleaved(subjects.size(), options.rounds, [&](size_t i) {
      return nanoseconds_of(kTimes, [&] { looping[i]->loop(kTimes); });
    });
    auto out = interleaved(subjects.size(), options.rounds, [&](size_t i) {
      return nanoseconds_of(kTimes, [&] { calling[i]->loop(kTimes); });
    });
    for (size_t i = 0; i < out.size(); ++i) out[i] -= empty[i];
    print("call out to the host", out, subjects, "ns");
  }
}

void bench_threads(const std::vector<Subject>& subjects, unsigned rounds) {
  constexpr uint32_t kTimes = 20'000;
  std::vector<std::unique_ptr<Program>> programs;
  for (const Subject& subject : subjects) programs.push_back(subject.runtime->load(kSmall));
  const auto with = [&](unsigned threads) {
    return interleaved(subjects.size(), rounds, [&](size_t i) {
      return nanoseconds_of(kTimes * threads, [&] {
        std::vector<std::thread> running;
        for (unsigned t = 0; t < threads; ++t)
          running.emplace_back([&programs, i] {
            for (uint32_t n = 0; n < kTimes; ++n) (void)programs[i]->once("run");
          });
        for (std::thread& each : running) each.join();
      });
    });
  };
  const auto one = with(1);
  const auto two = with(2);
  print("1 thread: make, call, drop", one, subjects, "ns");
  print("2 threads, each of both", two, subjects, "ns");
  std::printf("%-34s", "throughput of 2 against 1");
  for (size_t i = 0; i < one.size(); ++i)
    std::printf("  %s %.2f x", subjects[i].name.c_str(), one[i] / two[i]);
  std::printf("\n");
}

// KiB of the process.
struct Usage {
  long resident = 0, page_tables = 0;
};
Usage usage() {
  std::ifstream status("/proc/self/status");
  Usage found;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) found.resident = std::atol(line.c_str() + 6);
    if (line.starts_with("VmPTE:")) found.page_tables = std::atol(line.c_str() + 6);
  }
  return found;
}

// In a process of its own: what was freed before would hide what is taken.
void in_child(const std::function<void()>& action) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    action();
    std::fflush(stdout);
    std::_Exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) std::printf("the process ended with status %d\n", status);
}

void bench_live(const char* name, const std::function<std::unique_ptr<Runtime>()>& make, size_t count) {
  for (const char* state : {"made", "called", "one page touched"}) {
    in_child([&] {
      const auto runtime = make();
      const auto program = runtime->load(kSmall);
      const auto enter = [&state](Guest& guest) {
        if (state[0] == 'c') guest.run(1);
        if (state[0] == 'o') (void)guest.poke();
      };
      std::vector<std::unique_ptr<Guest>> guests;
      guests.reserve(count);
      enter(*guests.emplace_back(program->live()));
      const Usage before = usage();
      const auto begin = Clock::now();
      for (size_t i = 1; i < count; ++i) enter(*guests.emplace_back(program->live()));
      const double each =
          std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / static_cast<double>(count);
      const Usage after = usage();
      const auto per = [count](long kib) { return static_cast<double>(kib) / static_cast<double>(count); };
      std::printf(
          "%zu live, %-16s  %s %.2f KiB resident, %.2f KiB of page tables each; %.0f ns to make each\n",
          count, state, name, per(after.resident - before.resident),
          per(after.page_tables - before.page_tables), each);
    });
  }
}

void count(const Options& options) {
  const auto runtime =
      options.wasmtime.library.empty() ? make_godwit(options.godwit) : make_wasmtime(options.wasmtime);
  const std::string& what = options.what;
  const auto program = runtime->load(what.starts_with("medium")        ? kMedium
                                     : what == "call" || what == "out" ? kCalling
                                                                       : kSmall);
  if (what == "call") return program->live()->run(options.count);
  if (what == "out") return program->live()->loop(options.count);
  for (unsigned i = 0; i < options.count; ++i) (void)program->once(what.ends_with("touch") ? "touch" : "run");
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--compact") {
      options.godwit.is_compact = true;
      continue;
    }
    if (i + 1 == argc) stop("an option that is unknown or lacks its value: " + name);
    const char* value = argv[++i];
    if (name == "--what") options.what = value;
    else if (name == "--wasmtime") options.wasmtime.library = value;
    else if (name == "--keep") options.wasmtime.keep_bytes = std::strtoull(value, nullptr, 10);
    else if (name == "--rounds") options.rounds = static_cast<unsigned>(std::atoi(value));
    else if (name == "--count") options.count = static_cast<unsigned>(std::atoi(value));
    else if (name == "--tiers") options.tiers = value;
    else if (name == "--tier") options.godwit.tier = value;
    else stop("unknown option: " + name);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.count != 0) {
    count(options);
    return 0;
  }
  {
    std::vector<Subject> subjects;
    subjects.push_back({"godwit", make_godwit(options.godwit)});
    if (!options.wasmtime.library.empty()) subjects.push_back({"wasmtime", make_wasmtime(options.wasmtime)});
    if (names(options.what, "once")) bench_once(subjects, options.rounds);
    if (names(options.what, "threads")) bench_threads(subjects, std::min(options.rounds, 7u));
  }
  if (names(options.what, "fork")) bench_fork(options);
  if (names(options.what, "calls")) bench_calls(options);
  if (names(options.what, "resident")) {
    bench_live("godwit", [&] { return make_godwit(options.godwit); }, 1000);
    if (!options.wasmtime.library.empty())
      bench_live("wasmtime", [&] { return make_wasmtime(options.wasmtime); }, 1000);
  }
  if (names(options.what, "swarm")) {
    GodwitOptions compact = options.godwit;
    compact.is_compact = true;
    bench_live("godwit, compact,", [&] { return make_godwit(compact); }, 100'000);
  }
  return 0;
}
