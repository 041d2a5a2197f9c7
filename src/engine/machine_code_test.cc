// Machine code in an engine: never writable where it is executable, bounded, gone with its module, done without where the
// system forbids it.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "engine/engine.h"
#include "jit/compiler.h"
#include "runtime/instance.h"
#include "wasm/builder.h"

namespace godwit::engine {
namespace {

using runtime::Slot;
using wasm::CodeBuilder;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::ValKind;

constexpr uint32_t kRounds = 10'000;

// Functions f0, f1, …, each of which adds its number to its argument so often that it is hot.
std::vector<uint8_t> adders(uint32_t count) {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I64}, {ValKind::I64}});
  for (uint32_t i = 0; i < count; ++i) {
    CodeBuilder code;
    code.block(Opcode::loop);
    code.op(Opcode::local_get, 0).i64(i).op(Opcode::i64_add).op(Opcode::local_set, 0);
    code.op(Opcode::local_get, 1).i64(1).op(Opcode::i64_add).op(Opcode::local_tee, 1);
    code.i64(kRounds).op(Opcode::i64_lt_u).op(Opcode::br_if, 0).end();
    code.op(Opcode::local_get, 0);
    builder.export_as("f" + std::to_string(i), builder.func(type, {ValKind::I64}, code));
  }
  return builder.build();
}

// Loads the module, calls every function, and drops it. True if all results are right.
bool run_adders(Engine& engine, const std::vector<uint8_t>& bytes, uint32_t count) {
  auto module = engine.compile(Bytes(bytes));
  if (!module) return false;
  runtime::Store store(engine.types(), engine.executor());
  auto instance = runtime::instantiate(store, *module, {});
  if (!instance) return false;
  for (uint32_t i = 0; i < count; ++i) {
    std::array<Slot, 1> slots{5};
    if (!store.call(*(*instance)->find_export("f" + std::to_string(i))->func, slots)) return false;
    if (slots[0] != 5 + kRounds * uint64_t{i}) return false;
  }
  return true;
}

std::unique_ptr<Engine> engine_of(const Config& config) {
  auto engine = Engine::create(config);
  return engine ? std::move(*engine) : nullptr;
}

// A line of the process's mappings that may be written and executed, or nothing.
std::string writable_and_executable() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t rights = line.find(' ') + 1;
    if (line[rights + 1] == 'w' && line[rights + 2] == 'x') return line;
  }
  return {};
}

TEST(MachineCode, IsNeverWritableWhereItIsExecutable) {
  std::atomic<bool> is_done = false;
  std::string found;
  std::thread watcher([&] {
    while (!is_done && found.empty()) found = writable_and_executable();
  });
  const auto bytes = adders(200);
  for (const Tier tier : {Tier::Baseline, Tier::Auto, Tier::Random}) {
    const auto engine = engine_of({.tier = tier});
    ASSERT_NE(engine, nullptr);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(run_adders(*engine, bytes, 200));
    EXPECT_EQ(writable_and_executable(), "");
    EXPECT_EQ(engine->statistics().baseline.functions, jit::Baseline::is_possible() ? 200u * 20 : 0u);
  }
  is_done = true;
  watcher.join();
  EXPECT_EQ(found, "");
}

TEST(MachineCode, GoesWithItsModule) {
  if (!jit::Baseline::is_possible()) GTEST_SKIP();
  // what 10,000 modules have would not fit the limit
  const auto engine = engine_of({.tier = Tier::Baseline, .max_machine_code_bytes = size_t{256} << 10});
  ASSERT_NE(engine, nullptr);
  const auto bytes = adders(3);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(run_adders(*engine, bytes, 3));
    ASSERT_EQ(engine->statistics().live_machine_code_bytes, 0u);
  }
  const Statistics statistics = engine->statistics();
  EXPECT_EQ(statistics.baseline.functions, 30'000u);
  EXPECT_EQ(statistics.functions_without_room, 0u);
  EXPECT_GT(statistics.baseline.bytes, size_t{256} << 10);
}

TEST(MachineCode, HasALimitBeyondWhichFunctionsAreInterpreted) {
  if (!jit::Baseline::is_possible()) GTEST_SKIP();
  for (const Tier tier : {Tier::Baseline, Tier::Auto, Tier::Random}) {
    const auto engine = engine_of({.tier = tier, .max_machine_code_bytes = 4096});
    ASSERT_NE(engine, nullptr);
    EXPECT_TRUE(run_adders(*engine, adders(100), 100));
    const Statistics statistics = engine->statistics();
    EXPECT_GT(statistics.baseline.functions, 0u);
    EXPECT_LE(statistics.baseline.bytes, 4096u);
    EXPECT_EQ(statistics.baseline.functions + statistics.functions_without_room, 100u);
    EXPECT_EQ(statistics.obstacle, "");
  }
}

TEST(MachineCode, IsNotMadeOfEnormousFunctions) {
  if (!jit::Baseline::is_possible()) GTEST_SKIP();
  const auto engine = engine_of({.tier = Tier::Baseline});
  ASSERT_NE(engine, nullptr);
  ModuleBuilder builder;
  CodeBuilder code;
  for (uint32_t i = 0; i < 250'000; ++i)
    code.op(Opcode::local_get, 0).op(Opcode::i64_clz).op(Opcode::local_set, 0);
  code.op(Opcode::local_get, 0).op(Opcode::i64_ctz);
  for (uint32_t i = 0; i < 250'000; ++i) code.op(Opcode::i64_ctz);
  const auto type = builder.type(wasm::FuncType{{ValKind::I64}, {ValKind::I64}});
  builder.export_as("f", builder.func(type, {}, code));
  auto module = engine->compile(Bytes(builder.build()));
  ASSERT_TRUE(module) << module.error().describe();
  runtime::Store store(engine->types(), engine->executor());
  auto instance = runtime::instantiate(store, *module, {});
  ASSERT_TRUE(instance);
  std::array<Slot, 1> slots{1};
  EXPECT_TRUE(store.call(*(*instance)->find_export("f")->func, slots));
  EXPECT_EQ(engine->statistics().functions_too_large, 1u);
  EXPECT_EQ(engine->statistics().baseline.functions, 0u);
}

TEST(MachineCode, NeedsAProcessorOfItsStencils) {
  using platform::CpuArch;
  const bool is_x86 = platform::cpu_features().arch == CpuArch::X86_64;
  EXPECT_EQ(jit::Baseline::obstacle_of({.arch = CpuArch::Aarch64}).empty(), !is_x86);
  EXPECT_EQ(jit::Baseline::obstacle_of({.arch = CpuArch::X86_64, .sse4_2 = true, .popcnt = true}).empty(),
            is_x86);
  EXPECT_NE(jit::Baseline::obstacle_of({.arch = CpuArch::X86_64, .sse4_1 = true, .popcnt = true}), "");
  EXPECT_NE(jit::Baseline::obstacle_of({.arch = CpuArch::X86_64, .sse4_2 = true}), "");
}

// --- Systems that forbid it: a child process under a filter of system calls -----------------------------------------

constexpr uint32_t kArgument2 = offsetof(seccomp_data, args) + 2 * sizeof(uint64_t);

const sock_filter kNoMemfd[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
const sock_filter kNoExecutableMap[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArgument2),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

const sock_filter kNoMemory[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

template <size_t kSize>
bool forbid(const sock_filter (&filter)[kSize]) {
  const sock_fprog program{kSize, const_cast<sock_filter*>(filter)};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum Child { kRight, kWrongResult, kNoFilter, kCompiled, kNothingSaid };

// How a child process ends.
template <class Work>
std::optional<int> run_in_child(Work work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return std::nullopt;
  return WEXITSTATUS(status);
}

// Of one that runs guests under a filter.
template <class Filter>
std::optional<int> run_under(const Filter& filter, Tier tier) {
  return run_in_child([&] {
    if (!forbid(filter)) return kNoFilter;
    const auto engine = engine_of({.tier = tier});
    if (!run_adders(*engine, adders(10), 10)) return kWrongResult;
    if (!run_adders(*engine, adders(10), 10)) return kWrongResult;
    if (engine->statistics().baseline.functions != 0) return kCompiled;
    return engine->statistics().obstacle.empty() ? kNothingSaid : kRight;
  });
}

// Memory for register code runs out: the call fails, the process goes on.
TEST(RegisterCode, IsRefusedWhereTheSystemHasNoMemoryForIt) {
  const auto end = run_in_child([] {
    const auto engine = engine_of({.tier = Tier::Interpreter});
    auto module = engine->compile(Bytes(adders(1)));
    runtime::Store store(engine->types(), engine->executor());
    auto instance = runtime::instantiate(store, *module, {});
    if (!instance) return kWrongResult;
    if (!forbid(kNoMemory)) return kNoFilter;
    std::array<Slot, 1> slots{5};
    const auto called = store.call(*(*instance)->find_export("f0")->func, slots);
    if (called) return kWrongResult;
    return called.error().kind() == ErrorKind::Exhausted ? kRight : kNothingSaid;
  });
  if (end == kNoFilter) GTEST_SKIP() << "no filters of system calls here";
  EXPECT_EQ(end, kRight);
}

TEST(MachineCode, IsDoneWithoutWhereTheSystemForbidsIt) {
  for (const Tier tier : {Tier::Baseline, Tier::Auto, Tier::Random}) {
    const auto without_file = run_under(kNoMemfd, tier), without_map = run_under(kNoExecutableMap, tier);
    if (without_file == kNoFilter) GTEST_SKIP() << "no filters of system calls here";
    EXPECT_EQ(without_file, kRight);
    EXPECT_EQ(without_map, kRight);
  }
}

}  // namespace
}  // namespace godwit::engine
