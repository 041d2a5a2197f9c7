// Tests of preemption, with a function of the test's own in place of a guest.
#include "platform/preemption.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "platform/fiber.h"
#include "platform/guest_entry.h"

namespace godwit::platform {
namespace {

std::atomic<bool> may_end{false}, has_ended{false};

// Computes with integers and vectors, and tells whether anything was lost on the way.
[[gnu::section("preempted_guest_text"), gnu::noinline]] double compute() {
  double sum = 0;
  uint64_t count = 0;
  while (!may_end.load(std::memory_order_relaxed)) {
    sum += 0.5;
    count++;
  }
  return sum - static_cast<double>(count) / 2;
}

struct Running {
  Fiber* fiber = nullptr;
  double rest = 1;
  int preempted = 0;
};

}  // namespace

extern "C" const char __start_preempted_guest_text[];  // NOLINT: the linker's names
extern "C" const char __stop_preempted_guest_text[];   // NOLINT

namespace {

TEST(Preemption, LeavesAGuestThatComputesAndGoesOnWithIt) {
  const GuestCodeRange code(__start_preempted_guest_text, __stop_preempted_guest_text);
  SwitchedStack stack = std::move(*SwitchedStack::create(256 << 10));
  Running running;
  Fiber fiber(
      stack,
      [](void* argument) {
        auto& own = *static_cast<Running*>(argument);
        Activation activation;
        Activation* const before = exchange_activation(&activation);
        own.rest = compute();
        exchange_activation(before);
      },
      &running);
  running.fiber = &fiber;
  auto thread = PreemptibleThread::create(
      [](void* argument) {
        auto& own = *static_cast<Running*>(argument);
        own.preempted++;
        own.fiber->suspend();
      },
      &running);
  ASSERT_TRUE(thread);
  EXPECT_FALSE(PreemptibleThread::create([](void*) {}, nullptr)) << "one per thread";
  thread->request();  // nobody is in guest code
  EXPECT_EQ(running.preempted, 0);
  std::thread other([&] {
    while (!has_ended) {
      thread->request();
      std::this_thread::yield();
    }
  });
  for (int round = 1; round <= 50; round++) {
    fiber.resume();
    thread->release();
    EXPECT_EQ(running.preempted, round);
    EXPECT_FALSE(fiber.is_done());
  }
  may_end = true;
  while (!fiber.is_done()) {
    fiber.resume();
    thread->release();
  }
  has_ended = true;
  other.join();
  EXPECT_EQ(running.rest, 0);
}

TEST(Preemption, IsAskedForByThreadsThatHaveEnded) {
  std::thread other([] { EXPECT_TRUE(PreemptibleThread::create([](void*) {}, nullptr)); });
  other.join();
  EXPECT_TRUE(PreemptibleThread::create([](void*) {}, nullptr)) << "the one before is gone";
}

}  // namespace
}  // namespace godwit::platform
