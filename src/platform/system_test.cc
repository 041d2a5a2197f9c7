// Clocks, random bytes, processor, process, libraries, watchdog.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/library.h"
#include "platform/process.h"
#include "platform/random.h"
#include "platform/watchdog.h"

namespace godwit::platform {
namespace {

constexpr uint64_t kMillisecondNs = 1'000'000;

TEST(Clock, GoesForward) {
  const uint64_t start_ns = now_ns(Clock::Monotonic);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_GE(now_ns(Clock::Monotonic) - start_ns, 2 * kMillisecondNs);
  EXPECT_GT(now_ns(Clock::Realtime), uint64_t{1'600'000'000} * 1000 * kMillisecondNs);
  EXPECT_GE(now_ns(Clock::ProcessCpu), now_ns(Clock::ThreadCpu) / 2);
  EXPECT_GE(resolution_ns(Clock::Monotonic), 1u);
}

TEST(Random, FillsWithDifferentBytes) {
  std::array<uint8_t, 1024> first{};
  std::array<uint8_t, 1024> second{};
  ASSERT_TRUE(fill_random(first));
  ASSERT_TRUE(fill_random(second));
  EXPECT_NE(first, second);
  EXPECT_TRUE(fill_random({}));
}

TEST(Cpu, NamesItself) {
  const std::string text = to_string(cpu_features());
  EXPECT_TRUE(text.starts_with("x86-64") || text.starts_with("aarch64")) << text;
  EXPECT_GE(usable_cpus(), 1u);
}

TEST(Process, KnowsItsExecutable) {
  auto path = executable_path();
  ASSERT_TRUE(path);
  EXPECT_TRUE(path->ends_with("platform_test")) << *path;
}

TEST(Library, SaysWhatIsMissing) {
  auto absent = Library::open("/nowhere/lib.so");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind(), ErrorKind::NotFound);
  auto not_a_library = Library::open("/proc/self/status");
  ASSERT_FALSE(not_a_library);
  EXPECT_EQ(not_a_library.error().kind(), ErrorKind::Unsupported);
  EXPECT_FALSE(Library().symbol("anything"));
}

TEST(Watchdog, CallsAfterTheTime) {
  std::atomic<int> calls{0};
  auto watchdog = Watchdog::start(kMillisecondNs, [&] { ++calls; });
  ASSERT_TRUE(watchdog);
  for (int i = 0; i < 5000 && calls == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(watchdog->has_fired());
}

TEST(Watchdog, IsCancelledByItsEnd) {
  std::atomic<int> calls{0};
  const uint64_t start_ns = now_ns(Clock::Monotonic);
  {
    auto watchdog = Watchdog::start(~uint64_t{0}, [&] { ++calls; });
    ASSERT_TRUE(watchdog);
    EXPECT_FALSE(watchdog->has_fired());
  }
  EXPECT_EQ(calls, 0);
  EXPECT_LT(now_ns(Clock::Monotonic) - start_ns, 5000 * kMillisecondNs);
}

}  // namespace
}  // namespace godwit::platform
