// Entering guest code, faults inside it, and faults that are not the guest's.
#include "platform/guest_entry.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "platform/memory_map.h"
#include "platform/stack.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Handlers written by hand stand for guest code: a section of their own, no instrumentation.
#define GUEST                                                             \
  [[clang::preserve_none, gnu::section("test_guest_text"), gnu::noinline, \
    clang::disable_sanitizer_instrumentation]]
extern "C" const char __start_test_guest_text[];
extern "C" const char __stop_test_guest_text[];

namespace godwit::platform {
namespace {

struct Seen {
  const void* ip;
  void* fp;
  void* memory;
  uint64_t acc;
  double facc;
  uint64_t aux;
  void (*callback)();
};

GUEST void record(const void* ip, void* fp, void* ctx, uint8_t* memory, uint64_t acc, double facc,
                  uint64_t aux) {
  auto* seen = static_cast<Seen*>(ctx);
  *seen = {ip, fp, memory, acc, facc, aux, nullptr};
}

GUEST void load(const void*, void* fp, void*, uint8_t* memory, uint64_t acc, double, uint64_t) {
  *static_cast<volatile uint8_t*>(fp) = static_cast<volatile uint8_t*>(memory)[acc];
}

GUEST void call_out(const void*, void*, void* ctx, uint8_t*, uint64_t, double, uint64_t) {
  static_cast<Seen*>(ctx)->callback();
}

class GuestEntry : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(prepare_thread_for_guests());
    auto range = Reservation::reserve(16 * page_size());
    ASSERT_TRUE(range && range->commit(0, page_size()));
    memory_ = std::move(*range);
    memory_.base()[5] = 99;
  }

  GuestRegisters load_at(uint64_t index) {
    return {.handler = reinterpret_cast<const void*>(&load),
            .ip = this,
            .fp = &loaded_,
            .memory = memory_.base(),
            .acc = index};
  }

  Reservation memory_;
  uint8_t loaded_ = 0;
  GuestCodeRange code_{__start_test_guest_text, __stop_test_guest_text};
};

TEST_F(GuestEntry, PassesTheRegisters) {
  Seen seen{};
  int a = 0;
  int b = 0;
  Activation activation;
  const GuestExit exit = enter_guest({.handler = reinterpret_cast<const void*>(&record),
                                      .ip = &a,
                                      .fp = &b,
                                      .ctx = &seen,
                                      .memory = &loaded_,
                                      .acc = 11,
                                      .facc = 2.5,
                                      .aux = 13},
                                     activation);
  EXPECT_EQ(exit, GuestExit::Returned);
  EXPECT_EQ(seen.ip, &a);
  EXPECT_EQ(seen.fp, &b);
  EXPECT_EQ(seen.memory, &loaded_);
  EXPECT_EQ(seen.acc, 11u);
  EXPECT_EQ(seen.facc, 2.5);
  EXPECT_EQ(seen.aux, 13u);
  EXPECT_EQ(current_activation(), nullptr);
}

TEST_F(GuestEntry, AFaultInGuestMemoryLands) {
  const GuestMemoryRange memory(memory_.base(), memory_.size_bytes());
  Activation activation;
  ASSERT_EQ(enter_guest(load_at(5), activation), GuestExit::Returned);
  EXPECT_EQ(loaded_, 99);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(enter_guest(load_at(page_size() + 3), activation), GuestExit::Faulted);
    EXPECT_EQ(activation.fault.address, reinterpret_cast<uintptr_t>(memory_.base()) + page_size() + 3);
    EXPECT_EQ(activation.fault.ip, reinterpret_cast<uintptr_t>(this));
    EXPECT_EQ(activation.fault.fp, reinterpret_cast<uintptr_t>(&loaded_));
    EXPECT_GE(activation.fault.pc, reinterpret_cast<uintptr_t>(__start_test_guest_text));
    EXPECT_LT(activation.fault.pc, reinterpret_cast<uintptr_t>(__stop_test_guest_text));
    EXPECT_EQ(current_activation(), nullptr);
  }
}

TEST_F(GuestEntry, LandsOnASwitchedStackToo) {
  const GuestMemoryRange memory(memory_.base(), memory_.size_bytes());
  auto stack = SwitchedStack::create(size_t{128} << 10);
  ASSERT_TRUE(stack);
  GuestExit exit = GuestExit::Returned;
  run_on(*stack, [&] {
    Activation activation;
    exit = enter_guest(load_at(page_size()), activation);
  });
  EXPECT_EQ(exit, GuestExit::Faulted);
}

GuestExit nested_exit;
GuestRegisters nested_registers;
void enter_again() {
  Activation inner;
  nested_exit = enter_guest(nested_registers, inner);
}

TEST_F(GuestEntry, NestsAndTheInnerFaultEndsTheInnerEntryOnly) {
  const GuestMemoryRange memory(memory_.base(), memory_.size_bytes());
  Seen seen{};
  seen.callback = &enter_again;
  nested_registers = load_at(page_size());
  Activation outer;
  EXPECT_EQ(enter_guest({.handler = reinterpret_cast<const void*>(&call_out), .ctx = &seen}, outer),
            GuestExit::Returned);
  EXPECT_EQ(nested_exit, GuestExit::Faulted);
}

TEST_F(GuestEntry, EveryThreadHasItsOwnActivation) {
  const GuestMemoryRange memory(memory_.base(), memory_.size_bytes());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      ASSERT_TRUE(prepare_thread_for_guests());
      uint8_t loaded = 0;
      for (int n = 0; n < 50; ++n) {
        GuestRegisters registers = load_at(page_size() + static_cast<size_t>(n));
        registers.fp = &loaded;
        Activation activation;
        ASSERT_EQ(enter_guest(registers, activation), GuestExit::Faulted);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(GuestEntry, RangesComeAndGoWhileOthersFault) {
  const GuestMemoryRange memory(memory_.base(), memory_.size_bytes());
  std::atomic<bool> stop{false};
  std::thread churn([&] {
    while (!stop.load()) {
      std::vector<GuestMemoryRange> ranges;
      for (uintptr_t i = 1; i < 300; ++i) ranges.emplace_back(reinterpret_cast<void*>(i << 20), 4096);
    }
  });
  Activation activation;
  for (int i = 0; i < 200; ++i) EXPECT_EQ(enter_guest(load_at(page_size()), activation), GuestExit::Faulted);
  stop = true;
  churn.join();
}

#if defined(__x86_64__)
void set_rounding(unsigned mode) { _mm_setcsr((_mm_getcsr() & ~0x6000u) | mode); }
unsigned seen_csr = 0;

TEST_F(GuestEntry, GivesTheGuestItsFloatingPointStateAndRestoresTheCallers) {
  Seen seen{};
  seen.callback = [] { seen_csr = _mm_getcsr() & 0xFFC0u; };
  set_rounding(0x6000);
  Activation activation;
  enter_guest({.handler = reinterpret_cast<const void*>(&call_out), .ctx = &seen}, activation);
  const unsigned after = _mm_getcsr() & 0x6000u;
  set_rounding(0);
  EXPECT_EQ(seen_csr, 0x1F80u);
  EXPECT_EQ(after, 0x6000u);
}
#endif

using GuestEntryDeathTest = GuestEntry;

TEST_F(GuestEntryDeathTest, AFaultOutsideGuestMemoryIsABugAndKills) {
  Activation activation;
  EXPECT_DEATH(enter_guest(load_at(page_size()), activation), "");
}

TEST_F(GuestEntryDeathTest, AFaultOutsideGuestCodeIsABugAndKills) {
  const GuestMemoryRange memory(memory_.base(), memory_.size_bytes());
  volatile uint8_t* base = memory_.base();
  EXPECT_DEATH(base[page_size()] = 1, "");
}

TEST_F(GuestEntryDeathTest, AFaultOfAHostFunctionThatAGuestCalledKills) {
  const GuestMemoryRange memory(memory_.base(), memory_.size_bytes());
  static volatile uint8_t* base;
  base = memory_.base();
  Seen seen{};
  seen.callback = [] { base[page_size()] = 1; };
  Activation activation;
  EXPECT_DEATH(enter_guest({.handler = reinterpret_cast<const void*>(&call_out), .ctx = &seen}, activation),
               "");
}

// In a child: a handler that was installed before ours is called for the host's faults, and only for those.
void fault_with_an_earlier_handler() {
  struct sigaction action{};
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  action.sa_sigaction = [](int, siginfo_t*, void*) {
    constexpr char kText[] = "the earlier handler was called\n";
    [[maybe_unused]] const auto written = ::write(2, kText, sizeof kText - 1);
    ::_exit(7);
  };
  ::sigaction(SIGSEGV, &action, nullptr);
  if (!prepare_thread_for_guests()) ::_exit(1);
  volatile uintptr_t nowhere = 16;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

TEST(TrapHandlerDeathTest, ChainsToTheEarlierHandler) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";  // a fresh process, where ours is not installed yet
  EXPECT_EXIT(fault_with_an_earlier_handler(), testing::ExitedWithCode(7), "the earlier handler was called");
}

TEST(TrapHandlerDeathTest, ASignalThatSomebodySentKillsAsItWould) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        if (!prepare_thread_for_guests()) ::_exit(0);
        ::raise(SIGSEGV);
        ::_exit(0);
      },
      "");
}

}  // namespace
}  // namespace godwit::platform
