// Running on other stacks: nesting, threads, guard pages.
#include "platform/stack.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace godwit::platform {
namespace {

SwitchedStack make_stack(size_t size_bytes = size_t{256} << 10) {
  auto stack = SwitchedStack::create(size_bytes);
  EXPECT_TRUE(stack);
  return std::move(*stack);
}

TEST(ThreadStack, ContainsTheCurrentFrame) {
  const StackBounds bounds = thread_stack_bounds();
  EXPECT_TRUE(bounds.contains(current_stack_address()));
  std::thread([&bounds] {
    EXPECT_FALSE(bounds.contains(current_stack_address()));
    EXPECT_TRUE(thread_stack_bounds().contains(current_stack_address()));
  }).join();
}

TEST(SwitchedStack, RunsOnItAndComesBack) {
  SwitchedStack stack = make_stack();
  EXPECT_FALSE(stack.is_current());
  int calls = 0;
  for (int i = 0; i < 1000; ++i) {
    run_on(stack, [&] {
      EXPECT_TRUE(stack.is_current());
      ++calls;
    });
  }
  EXPECT_FALSE(stack.is_current());
  EXPECT_EQ(calls, 1000);
}

TEST(SwitchedStack, Nests) {
  SwitchedStack outer = make_stack();
  SwitchedStack inner = make_stack();
  std::vector<int> order;
  run_on(outer, [&] {
    order.push_back(1);
    run_on(inner, [&] {
      EXPECT_TRUE(inner.is_current());
      EXPECT_FALSE(outer.is_current());
      order.push_back(2);
    });
    EXPECT_TRUE(outer.is_current());
    order.push_back(3);
  });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

// Uses `depth` frames of a few hundred bytes.
[[gnu::noinline]] uint64_t recurse(uint64_t depth, volatile uint8_t* outer) {
  volatile uint8_t frame[256] = {};
  frame[depth % 256] = static_cast<uint8_t>(depth + outer[0]);
  return depth == 0 ? frame[0] : recurse(depth - 1, frame) + frame[depth % 256];
}

TEST(SwitchedStack, HasAllTheRoomThatWasAskedFor) {
  SwitchedStack stack = make_stack(size_t{4} << 20);
  uint64_t sum = 0;
  uint8_t zero = 0;
  run_on(stack, [&] { sum = recurse(2000, &zero); });
  EXPECT_NE(sum, 0u);
}

TEST(SwitchedStack, ServesThreadsOneAfterAnother) {
  SwitchedStack stack = make_stack();
  int value = 0;
  for (int i = 0; i < 4; ++i) std::thread([&] { run_on(stack, [&] { value += i; }); }).join();
  EXPECT_EQ(value, 6);
}

TEST(SwitchedStack, EachThreadItsOwnAtTheSameTime) {
  std::vector<std::thread> threads;
  std::vector<uint64_t> sums(4);
  for (size_t i = 0; i < sums.size(); ++i) {
    threads.emplace_back([&sums, i] {
      SwitchedStack stack = make_stack();
      for (uint64_t n = 0; n < 200; ++n) run_on(stack, [&] { sums[i] += n; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const uint64_t sum : sums) EXPECT_EQ(sum, 19900u);
}

TEST(SwitchedStackDeathTest, OverflowHitsTheGuardPage) {
  EXPECT_DEATH(
      {
        SwitchedStack stack = make_stack(size_t{64} << 10);
        uint8_t zero = 0;
        run_on(stack, [&] { recurse(1'000'000, &zero); });
      },
      "");
}

}  // namespace
}  // namespace godwit::platform
