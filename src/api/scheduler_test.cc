// Tests of many guests on one thread, written as users write.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>

#include "godwit/godwit.h"

namespace {

using namespace godwit;

// Sleeps 20 ms, `times` times; deep in its own stack, and with a trap behind it if `times` is 0.
constexpr std::string_view kSleeper = R"((module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $deep (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))
  (func (export "run") (param $times i32) (result i32)
    (if (i32.eqz (local.get $times)) (then unreachable))
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 20000000))
    (loop (result i32)
      (drop (call $deep (i32.const 100)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if 0 (local.get $times))
      (i32.load (i32.const 128))))))";

class ApiScheduler : public testing::Test {
 protected:
  ApiScheduler()
      : engine_(*Engine::create()),
        module_(*Module::from_text(engine_, kSleeper, "sleeper")),
        scheduler_(*Scheduler::create()) {}

  // One guest, with all that belongs to it.
  struct Guest {
    Guest(const Engine& engine, Scheduler& scheduler)
        : wasi(*Wasi::create({.scheduler = &scheduler})), store(engine) {
      linker.define(wasi);
    }
    Wasi wasi;
    Linker linker;
    Store store;
  };
  // The number of events that the last wait brought; -1 after a trap.
  int32_t run_guest(int32_t times) {
    Guest& guest = guests_.emplace_back(engine_, scheduler_);
    auto instance = guest.linker.instantiate(guest.store, module_);
    EXPECT_TRUE(instance);
    auto results = instance->find_func(guest.store, "run")->call(guest.store, std::array{Value::i32(times)});
    return results ? (*results)[0].as_i32() : -1;
  }

  Engine engine_;
  Module module_;
  Scheduler scheduler_;
  std::deque<Guest> guests_;
};

TEST_F(ApiScheduler, GuestsSleepAtTheSameTime) {
  constexpr int kGuests = 50;
  int done = 0;
  for (int i = 0; i < kGuests; i++)
    ASSERT_TRUE(scheduler_.spawn([&] {
      EXPECT_EQ(run_guest(3), 1);
      done++;
    }));
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(scheduler_.run());
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(done, kGuests);
  EXPECT_GE(took, std::chrono::milliseconds(60));
  EXPECT_LT(took, std::chrono::milliseconds(kGuests * 60)) << "as long as one after the other";
}

TEST_F(ApiScheduler, OneThatTrapsEndsAlone) {
  std::string results;
  for (const int32_t times : {2, 0, 1})
    ASSERT_TRUE(
        scheduler_.spawn([this, times, &results] { results += std::to_string(run_guest(times)) + ","; }));
  ASSERT_TRUE(scheduler_.run());
  EXPECT_EQ(results, "-1,1,1,");
}

TEST_F(ApiScheduler, WaitsAsAThreadOutside) { EXPECT_EQ(run_guest(1), 1); }

TEST_F(ApiScheduler, GuestsAreStoppedWhileTheyWait) {
  ASSERT_TRUE(scheduler_.spawn([&] {
    Guest& guest = guests_.emplace_back(engine_, scheduler_);
    EXPECT_TRUE(guest.store.set_timeout(std::chrono::milliseconds(30)));
    auto instance = guest.linker.instantiate(guest.store, module_);
    auto results =
        instance->find_func(guest.store, "run")->call(guest.store, std::array{Value::i32(1'000'000)});
    ASSERT_FALSE(results);
    EXPECT_TRUE(results.error().is_interruption());
  }));
  ASSERT_TRUE(scheduler_.run());
}

}  // namespace
