// Waiting and waking between real threads.
#include "runtime/wait_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace godwit::runtime {

namespace {

using Outcome = WaitQueue::Outcome;
using std::chrono::steady_clock;

constexpr int64_t kEndless = -1;
constexpr int64_t kSecond_ns = 1'000'000'000;

TEST(WaitQueue, ReturnsAtOnceIfTheValueDiffers) {
  WaitQueue queue;
  const std::atomic<uint64_t> interrupt{0};
  const uint32_t narrow = 5;
  const uint64_t wide = uint64_t{5} << 32;
  EXPECT_EQ(queue.wait(&narrow, 6u, kEndless, interrupt), Outcome::NotEqual);
  EXPECT_EQ(queue.wait(&wide, uint64_t{0}, kEndless, interrupt), Outcome::NotEqual);
}

TEST(WaitQueue, TimesOut) {
  WaitQueue queue;
  const std::atomic<uint64_t> interrupt{0};
  const uint32_t value = 5;
  EXPECT_EQ(queue.wait(&value, 5u, 0, interrupt), Outcome::TimedOut);
  const auto begin = steady_clock::now();
  EXPECT_EQ(queue.wait(&value, 5u, 120'000'000, interrupt), Outcome::TimedOut);
  EXPECT_GE(steady_clock::now() - begin, std::chrono::milliseconds(120));
  EXPECT_EQ(queue.notify(&value, 10), 0u);  // it waits no longer
}

TEST(WaitQueue, WakesAsManyAsAskedForAndOnlyAtThatAddress) {
  WaitQueue queue;
  const std::atomic<uint64_t> interrupt{0};
  uint32_t values[2] = {};
  std::atomic<int> woken{0}, other{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      EXPECT_EQ(queue.wait(&values[0], 0u, 60 * kSecond_ns, interrupt), Outcome::Woken);
      ++woken;
    });
  threads.emplace_back([&] {
    EXPECT_EQ(queue.wait(&values[1], 0u, 60 * kSecond_ns, interrupt), Outcome::Woken);
    ++other;
  });
  for (uint32_t total = 0; total < 1;) total += queue.notify(&values[0], 1);
  while (woken != 1) std::this_thread::yield();
  EXPECT_EQ(queue.notify(&values[0], 0), 0u);
  for (uint32_t total = 1; total < 3;) total += queue.notify(&values[0], 5);
  while (woken != 3) std::this_thread::yield();
  EXPECT_EQ(other, 0);
  while (queue.notify(&values[1], 1) == 0) std::this_thread::yield();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(other, 1);
}

TEST(WaitQueue, WakesInTheOrderOfArrival) {
  WaitQueue queue;
  const std::atomic<uint64_t> interrupt{0};
  uint32_t value = 0;
  std::atomic<int> last{-1};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_EQ(queue.wait(&value, 0u, 60 * kSecond_ns, interrupt), Outcome::Woken);
      last = i;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // so that it waits before the next one does
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(queue.notify(&value, 1), 1u);
    while (last != i) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(WaitQueue, EndsWhenInterrupted) {
  WaitQueue queue;
  std::atomic<uint64_t> interrupt{0};
  const uint32_t value = 0;
  std::thread waiting([&] { EXPECT_EQ(queue.wait(&value, 0u, kEndless, interrupt), Outcome::Interrupted); });
  interrupt = 1;  // announced to nobody
  waiting.join();
  interrupt = 0;
  std::thread again([&] { EXPECT_EQ(queue.wait(&value, 0u, kEndless, interrupt), Outcome::Interrupted); });
  interrupt = 1;
  queue.wake_interrupted();
  again.join();
}

}  // namespace

}  // namespace godwit::runtime
