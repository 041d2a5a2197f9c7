// Profiles of guests in every tier: the stacks are those that there are.
#include "runtime/profile.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "platform/clock.h"
#include "platform/sanitizers.h"
#include "runtime/instance.h"
#include "wasm/builder.h"

namespace godwit::engine {
namespace {

using runtime::Profile;
using runtime::Slot;
using runtime::VmContext;
using wasm::CodeBuilder;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::ValKind;

// work(n): calls `middle` by a table, which calls `spin` by a table, n rounds of arithmetic, and `host`.
std::vector<uint8_t> program() {
  ModuleBuilder builder;
  const auto type = builder.type(wasm::FuncType{{ValKind::I32}, {ValKind::I32}});
  const auto host = builder.import_func("env", "host", type);
  CodeBuilder spin;
  spin.block(Opcode::loop);
  spin.op(Opcode::local_get, 1).i32(1664525).op(Opcode::i32_mul).i32(1013904223).op(Opcode::i32_add);
  spin.op(Opcode::local_set, 1);
  spin.op(Opcode::local_get, 0)
      .i32(1)
      .op(Opcode::i32_sub)
      .op(Opcode::local_tee, 0)
      .op(Opcode::br_if, 0)
      .end();
  spin.op(Opcode::local_get, 1).op(Opcode::call, host.value);
  CodeBuilder middle;
  middle.op(Opcode::local_get, 0).i32(0).op(Opcode::call_indirect, type.value, 0).i32(1).op(Opcode::i32_add);
  CodeBuilder work;
  work.op(Opcode::local_get, 0).i32(1).op(Opcode::call_indirect, type.value, 0).i32(1).op(Opcode::i32_add);
  const auto first = builder.func(type, {ValKind::I32}, spin);
  const auto second = builder.func(type, {}, middle);
  builder.export_as("spin", first);
  builder.export_as("middle", second);
  builder.export_as("work", builder.func(type, {}, work));
  const auto table = builder.table({wasm::kFuncRef, {.min = 2, .max = {}}});
  CodeBuilder offset;
  builder.elem(table, offset.i32(0), {first, second});
  return builder.build();
}

// Burns some time itself.
bool host(void* /*env*/, VmContext* /*caller*/, Slot* slots) {
  volatile uint32_t sink = 0;
  for (int i = 0; i < 20'000; ++i) sink = sink + 1;
  slots[0] = sink != 0 ? 7 : 0;
  return true;
}

struct Guest {
  Guest(Engine& engine, const std::shared_ptr<const runtime::Module>& module)
      : store(engine.types(), engine.executor()) {
    runtime::Extern import;
    import.func = store.new_host_func({{ValKind::I32}, {ValKind::I32}}, host, nullptr, "env", "host");
    auto made = runtime::instantiate(store, module, std::span(&import, 1));
    EXPECT_TRUE(made) << made.error().message();
    work = (*made)->find_export("work")->func;
  }
  void run(uint64_t rounds) {
    std::array<Slot, 1> slots{rounds};
    EXPECT_TRUE(store.call(*work, slots));
    EXPECT_EQ(static_cast<uint32_t>(slots[0]), 9u);
  }

  runtime::Store store;
  runtime::FuncRecord* work;
};

class Profiles : public testing::TestWithParam<Tier> {};
INSTANTIATE_TEST_SUITE_P(Tiers, Profiles,
                         testing::Values(Tier::Interpreter, Tier::Baseline, Tier::Auto, Tier::Peak));

std::map<std::string, uint64_t> stacks_of(const Profile& profile) {
  std::map<std::string, uint64_t> stacks;
  profile.for_each_stack(
      [&](std::string_view stack, uint64_t count) { stacks[std::string(stack)] += count; });
  return stacks;
}

constexpr const char* kSpin = "work;middle;spin";
constexpr const char* kHost = "work;middle;spin;env.host";

TEST_P(Profiles, HaveWholeStacks) {
  if (platform::sanitizer::kWatchesStacks) GTEST_SKIP() << "sanitizers deliver signals in ways of their own";
  auto engine = Engine::create({.tier = GetParam()});
  if (!engine) GTEST_SKIP() << engine.error().message();
  const auto bytes = program();
  // Systems with slow clocks look a hundred times in a second, and see whom they meet: so it is tried until both were met.
  std::unique_ptr<Profile> profile;
  std::map<std::string, uint64_t> seen;
  for (int tries = 0; tries < 50 && (seen[kSpin] <= 20 || seen[kHost] <= 20); ++tries) {
    profile.reset();
    auto started = Profile::start(100'000);
    ASSERT_TRUE(started) << started.error().message();
    profile = std::move(*started);
    EXPECT_FALSE(Profile::start(100'000)) << "there is one";
    {
      const auto module = (*engine)->compile(Bytes(bytes));
      ASSERT_TRUE(module) << module.error().message();
      Guest guest(**engine, *module);
      std::thread other([&] { Guest(**engine, *module).run(1'000'000); });
      const auto used_ns = [] { return platform::now_ns(platform::Clock::ThreadCpu); };
      for (const uint64_t begin = used_ns(); used_ns() - begin < 200'000'000;) guest.run(20'000);
      other.join();
    }
    // the names are kept when their module goes
    profile->stop();
    seen = stacks_of(*profile);
  }
  EXPECT_GT(seen[kSpin], 20u);
  EXPECT_GT(seen[kHost], 20u);
  const Profile::Counts counts = profile->counts();
  EXPECT_GT(counts.in_host, 20u);
  EXPECT_LT(counts.cut + counts.lost, counts.all / 4 + 10);
  if (HasFailure())
    for (const auto& [stack, count] : seen) ADD_FAILURE() << stack << " " << count;
  uint64_t all = 0;
  for (const auto& [stack, count] : seen) all += count;
  EXPECT_EQ(all + counts.outside + counts.lost, counts.all);
}

}  // namespace
}  // namespace godwit::engine
