// Threads of a guest: ids, limits, and ending together. What they do is a function; no guest runs.
#include "runtime/thread_group.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "runtime/test_support.h"

namespace godwit::runtime {

namespace {

class Nobody final : public Executor {
 public:
  Result<> invoke(Store&, FuncRecord&, std::span<Slot>) override { return fail(ErrorKind::Usage, "nobody"); }
  const Cell* make_record_entry(void*, uint32_t) override { return nullptr; }
  const Cell* make_host_entry(void*) override { return nullptr; }
};

struct Group {
  explicit Group(uint32_t max_threads = 100)
      : main(types, executor),
        threads(main.own_threads(
            std::make_unique<ThreadGroup>(main, std::vector<std::shared_ptr<Memory>>{}, max_threads))) {}
  std::optional<uint32_t> start(ThreadGroup::Body body) {
    return threads.start(std::make_unique<Store>(types, executor), std::move(body));
  }
  void wait_until_none_runs() const {
    while (threads.running() != 0) std::this_thread::yield();
  }
  bool is_interrupted() { return main.vm().interrupt.load() != 0; }

  TypeRegistry types;
  Nobody executor;
  Store main;
  ThreadGroup& threads;
};

// Runs until its store is interrupted.
Result<> until_interrupted(Store& store, uint32_t) {
  while (store.vm().interrupt.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
  return fail(ErrorKind::Exhausted, "interrupted");
}

TEST(ThreadGroup, GivesEachRunningThreadAnIdOfItsOwn) {
  Group group;
  std::set<uint32_t> ids;
  for (int i = 0; i < 20; ++i) {
    const auto id = group.start(until_interrupted);
    ASSERT_TRUE(id);
    EXPECT_TRUE(*id > 0 && *id <= ThreadGroup::kMaxId);
    EXPECT_TRUE(ids.insert(*id).second);
  }
  EXPECT_EQ(group.threads.running(), 20u);
  group.threads.end();
  EXPECT_EQ(group.threads.running(), 0u);
  EXPECT_FALSE(group.is_interrupted());  // what ends because it was told to is no error
}

TEST(ThreadGroup, StartsNoMoreThanItMay) {
  Group group(2);
  EXPECT_TRUE(group.start(until_interrupted));
  EXPECT_TRUE(group.start(until_interrupted));
  EXPECT_FALSE(group.threads.has_room());
  EXPECT_FALSE(group.start(until_interrupted));
  group.threads.end();
  EXPECT_TRUE(group.threads.has_room());
  EXPECT_TRUE(group.start([](Store&, uint32_t) { return Result<>(); }));  // there is room again
  group.wait_until_none_runs();
  EXPECT_TRUE(group.start(until_interrupted));
}

TEST(ThreadGroup, TheFirstErrorInterruptsAll) {
  Group group;
  ASSERT_TRUE(group.start(until_interrupted));
  ASSERT_TRUE(
      group.start([](Store&, uint32_t) -> Result<> { return fail(Error(ErrorKind::Exit, 7, "first")); }));
  group.wait_until_none_runs();
  EXPECT_TRUE(group.is_interrupted());
  EXPECT_FALSE(group.start(until_interrupted));  // it is ending
  group.main.vm().trap = static_cast<uint64_t>(Trap::Interrupted);
  const Error error = group.main.take_trap();
  EXPECT_EQ(error.kind(), ErrorKind::Exit);
  EXPECT_EQ(error.code(), 7u);
  // A call of the main store's that fails has them all ended; then there may be new ones.
  FuncRecord nothing{};
  EXPECT_FALSE(group.main.call(nothing, {}));
  EXPECT_FALSE(group.is_interrupted());
  EXPECT_TRUE(group.start(until_interrupted));
}

TEST(ThreadGroup, ThreadsMayStartThreads) {
  Group group;
  std::atomic<int> ran{0};
  ThreadGroup::Body body = [&](Store& store, uint32_t) -> Result<> {
    ++ran;
    store.threads()->start(std::make_unique<Store>(group.types, group.executor), [&](Store&, uint32_t) {
      ++ran;
      return Result<>();
    });
    return {};
  };
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(group.start(body));
  group.wait_until_none_runs();
  EXPECT_EQ(ran, 20);
}

TEST(ThreadGroup, WhatThreadsHoldCountsTogether) {
  Group group;
  std::atomic<bool> is_shared{false};
  ASSERT_TRUE(group.start([&](Store& store, uint32_t) {
    is_shared = store.memory_budget() == group.main.memory_budget();
    return Result<>();
  }));
  group.wait_until_none_runs();
  EXPECT_TRUE(is_shared);
}

TEST(ThreadGroup, EndsWithItsStore) {
  std::atomic<bool> ended{false};
  {
    Group group;
    ASSERT_TRUE(group.start([&](Store& store, uint32_t id) {
      auto result = until_interrupted(store, id);
      ended = true;
      return result;
    }));
  }
  EXPECT_TRUE(ended);
}

}  // namespace

}  // namespace godwit::runtime
