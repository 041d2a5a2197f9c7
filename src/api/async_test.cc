// Tests of guests in coroutines.
#include "godwit/async.h"

#include <gtest/gtest.h>

#include <string>

#include "godwit/godwit.h"

namespace {

using namespace godwit;

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

class Async : public testing::Test {
 protected:
  Instance instantiate(const char* text) {
    linker.define(wasi);
    return *linker.instantiate(store, *Module::from_text(engine, text));
  }
  Engine engine = *Engine::create();
  Scheduler scheduler = *Scheduler::create();
  Wasi wasi = *Wasi::create({.scheduler = &scheduler});
  Linker linker;
  Store store{engine};
};

// Of 1 ms for each.
constexpr const char* kSleeper = R"(
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "sleep") (param $times i32) (result i32) (local $slept i32)
    (if (i32.eqz (local.get $times)) (then unreachable))
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 1000000))
    (loop
      (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)))
      (local.set $slept (i32.add (local.get $slept) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get $slept) (local.get $times))))
    (local.get $slept)))";

Detached sleep_and_tell(Scheduler& scheduler, Store& store, TypedFunc<int32_t(int32_t)> sleep,
                        std::string& told) {
  for (const int32_t times : {2, 0, 3}) {
    const Result<int32_t> slept = co_await async(scheduler, store, sleep, times);
    told += slept ? std::to_string(*slept) : slept.error().message();
    told += ';';
  }
}

TEST_F(Async, CallsAreAwaitedOneAfterTheOther) {
  const Instance instance = instantiate(kSleeper);
  std::string told;
  sleep_and_tell(scheduler, store, *instance.find_func(store, "sleep")->typed<int32_t(int32_t)>(store), told);
  EXPECT_EQ(told, "") << "it waits for its turn";
  ASSERT_TRUE(scheduler.run());
  EXPECT_EQ(told, "2;unreachable;3;");
}

Detached tell(Scheduler& scheduler, std::string& told) {
  const Result<int> number = co_await async(scheduler, [] { return 7; });
  told += std::to_string(*number);
  const Result<void> nothing = co_await async(scheduler, [&] { told += "nothing"; });
  told += nothing ? "!" : "?";
}

TEST_F(Async, WhateverIsCalledBecomesAResult) {
  std::string told;
  tell(scheduler, told);
  ASSERT_TRUE(scheduler.run());
  EXPECT_EQ(told, "7nothing!");
}

}  // namespace
