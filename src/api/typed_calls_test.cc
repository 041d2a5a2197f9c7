// Tests of typed calls in both directions: what goes over, how they end, and what is left behind.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cfenv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <thread>

#include "api/tiers_of_tests.h"

namespace {

using namespace godwit;

class TypedCalls : public testing::TestWithParam<Tier> {
 protected:
  Instance instantiate(std::string_view text) { return instantiate(store, text); }
  Instance instantiate(Store& into, std::string_view text) {
    auto module = Module::from_text(engine, text, "test.wat");
    EXPECT_TRUE(module) << module.error().message();
    auto instance = linker.instantiate(into, *module);
    EXPECT_TRUE(instance) << instance.error().message();
    return *instance;
  }
  template <class Signature>
  TypedFunc<Signature> typed(const Instance& instance, const char* name) {
    auto found = instance.find_func(store, name)->typed<Signature>(store);
    EXPECT_TRUE(found) << found.error().message();
    return *found;
  }

  Engine engine = *Engine::create(Config{.tier = GetParam()});
  Linker linker;
  Store store{engine};
};
INSTANTIATE_TEST_SUITE_P(Tiers, TypedCalls, testing::ValuesIn(tests::all_tiers()));

constexpr int kTimes = 20;  // the first calls go other ways than those that follow

TEST_P(TypedCalls, TakeAndReturnEveryKindOfNumber) {
  const Instance instance = instantiate(R"(
    (global $calls (mut i32) (i32.const 0))
    (func (export "none") (global.set $calls (i32.add (global.get $calls) (i32.const 1))))
    (func (export "calls") (result i32) (global.get $calls))
    (func (export "i32") (param i32) (result i32) (i32.sub (i32.const 0) (local.get 0)))
    (func (export "i64") (param i64) (result i64) (i64.sub (i64.const 0) (local.get 0)))
    (func (export "f32") (param f32) (result f32) (f32.neg (local.get 0)))
    (func (export "f64") (param f64) (result f64) (f64.neg (local.get 0)))
    (func (export "pair") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0)))");
  const auto none = typed<void()>(instance, "none");
  for (int i = 0; i < kTimes; ++i) {
    ASSERT_TRUE(none.call(store));
    EXPECT_EQ(*typed<int32_t()>(instance, "calls").call(store), i + 1);
    EXPECT_EQ(*typed<int32_t(int32_t)>(instance, "i32").call(store, 7 + i), -7 - i);
    EXPECT_EQ(*typed<uint32_t(uint32_t)>(instance, "i32").call(store, 1), 0xFFFFFFFFu);
    EXPECT_EQ(*typed<int64_t(int64_t)>(instance, "i64").call(store, int64_t{1} << 40), -(int64_t{1} << 40));
    EXPECT_EQ(*typed<float(float)>(instance, "f32").call(store, 0.5f), -0.5f);
    EXPECT_EQ(*typed<double(double)>(instance, "f64").call(store, 0.25), -0.25);
    const auto pair =
        typed<std::tuple<double, int32_t>(int32_t, double)>(instance, "pair").call(store, i, 0.125);
    EXPECT_EQ(*pair, std::make_tuple(0.125, i));
  }
}

// As many as lie in registers, and more.
TEST_P(TypedCalls, TakeManyParameters) {
  linker.define("env", "ten",
                [](int32_t a, int64_t b, int32_t c, int64_t d, int32_t e, int64_t f, int32_t g, float h,
                   double i, int64_t j) {
                  return double(a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7) + double(h) * 8 + i * 9 +
                         double(j * 10);
                });
  const Instance instance = instantiate(R"(
    (import "env" "ten" (func $ten (param i32 i64 i32 i64 i32 i64 i32 f32 f64 i64) (result f64)))
    (func (export "five") (param i32 i64 i32 i64 i32 f32 f64 f64 f64 f64 f64 f64 f64) (result f64)
      (f64.add (f64.convert_i64_s (i64.add (i64.extend_i32_s (local.get 0)) (i64.add (local.get 1)
        (i64.add (i64.extend_i32_s (local.get 2)) (i64.add (local.get 3) (i64.extend_i32_s (local.get 4)))))))
        (f64.add (f64.promote_f32 (local.get 5)) (local.get 12))))
    (func (export "ten") (param i32 i64 i32 i64 i32 i64 i32 f32 f64 i64) (result f64)
      (call $ten (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
        (local.get 6) (local.get 7) (local.get 8) (local.get 9))))");
  const auto five = typed<double(int32_t, int64_t, int32_t, int64_t, int32_t, float, double, double, double,
                                 double, double, double, double)>(instance, "five");
  const auto ten =
      typed<double(int32_t, int64_t, int32_t, int64_t, int32_t, int64_t, int32_t, float, double, int64_t)>(
          instance, "ten");
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*five.call(store, i, 10, 100, 1000, 10000, 0.5f, 9, 9, 9, 9, 9, 9, 0.25), 11110.75 + i);
    EXPECT_EQ(*ten.call(store, 1, 1, 1, 1, 1, 1, 1, 1, 1, i), 45.0 + 10 * i);
  }
}

TEST_P(TypedCalls, EndWithTrapsAndGoOn) {
  const Instance instance = instantiate(R"(
    (memory 1)
    (func $inner (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "load") (param i32) (result i32) (call $inner (local.get 0)))
    (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 12) (local.get 0)))
    (func $deep (export "deep") (param i32) (result i32)
      (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1))))))");
  const auto load = typed<int32_t(uint32_t)>(instance, "load");
  const auto divide = typed<int32_t(int32_t)>(instance, "divide");
  const auto deep = typed<int32_t(int32_t)>(instance, "deep");
  double kept = 1;  // in a register, as far as this compiler likes
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*load.call(store, 0), 0);
    const auto beyond = load.call(store, 0xFFFFFFF0);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().message(),
              "out of bounds memory access: address 0xfffffff0, memory size 65536 bytes");
    ASSERT_EQ(beyond.error().backtrace().size(), 2u);
    EXPECT_EQ(beyond.error().backtrace()[0].function, "inner");
    EXPECT_EQ(beyond.error().backtrace()[1].function, "load");
    const auto divided = divide.call(store, 0);
    ASSERT_FALSE(divided);
    EXPECT_EQ(divided.error().kind(), ErrorKind::Trap);
    EXPECT_EQ(*divide.call(store, 4), 3);
    if (i < 3) {
      const auto sunk = deep.call(store, 0);
      ASSERT_FALSE(sunk);
      EXPECT_EQ(sunk.error().kind(), ErrorKind::Exhausted);
    }
    kept *= 2;
  }
  EXPECT_EQ(kept, double(1 << kTimes));
}

TEST_P(TypedCalls, NestAndTellWhereTheyAre) {
  std::optional<TypedFunc<int32_t(int32_t)>> count;
  linker.define("env", "again",
                [&](int32_t number) -> Result<int32_t> { return count->call(store, number); });
  const Instance instance = instantiate(R"(
    (import "env" "again" (func $again (param i32) (result i32)))
    (func $count (export "count") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
      (if (i32.eq (local.get 0) (i32.const 1000)) (then (unreachable)))
      (if (i32.gt_u (local.get 0) (i32.const 1000)) (then (return (call $again (i32.sub (local.get 0) (i32.const 1))))))
      (i32.add (i32.const 1) (call $again (i32.sub (local.get 0) (i32.const 1))))))");
  count.emplace(typed<int32_t(int32_t)>(instance, "count"));
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*count->call(store, 30), 30);
    const auto trapped = count->call(store, 1002);
    ASSERT_FALSE(trapped);
    ASSERT_EQ(trapped.error().backtrace().size(), 3u);
    for (const Frame& frame : trapped.error().backtrace()) EXPECT_EQ(frame.function, "count");
  }
}

TEST_P(TypedCalls, EndAsHostFunctionsSay) {
  linker.define("env", "refuse", [](int32_t code) -> Result<int32_t> {
    Error::Parts parts;
    parts.kind = ErrorKind::Exit;
    parts.code = uint32_t(code);
    if (code != 0) return Error(std::move(parts));
    return 5;
  });
  const Instance instance = instantiate(R"(
    (import "env" "refuse" (func $refuse (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (i32.add (call $refuse (local.get 0)) (i32.const 1))))");
  const auto run = typed<int32_t(int32_t)>(instance, "run");
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*run.call(store, 0), 6);
    const auto ended = run.call(store, 7 + i);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind(), ErrorKind::Exit);
    EXPECT_EQ(ended.error().code(), 7u + unsigned(i));
  }
}

TEST_P(TypedCalls, AreInterrupted) {
  linker.define("env", "stop", [this](int32_t is_time) {
    if (is_time != 0) store.interrupt();
  });
  const Instance instance = instantiate(R"(
    (import "env" "stop" (func $stop (param i32)))
    (func (export "run") (param i32) (result i32) (call $stop (local.get 0)) (i32.const 3))
    (func (export "for_ever") (loop (br 0))))");
  const auto run = typed<int32_t(int32_t)>(instance, "run");
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*run.call(store, 0), 3);
    const auto stopped = run.call(store, 1);
    ASSERT_FALSE(stopped);
    EXPECT_TRUE(stopped.error().is_interruption());
  }
  store.interrupt();
  const auto stopped = typed<void()>(instance, "for_ever").call(store);
  ASSERT_FALSE(stopped);
  EXPECT_TRUE(stopped.error().is_interruption());
  EXPECT_EQ(*run.call(store, 0), 3);
}

TEST_P(TypedCalls, PassOnExceptionsAndTailCalls) {
  const Instance instance = instantiate(R"(
    (tag $tag (export "tag") (param i32))
    (table funcref (elem $square))
    (type $unary (func (param i32) (result i32)))
    (func $square (type $unary) (i32.mul (local.get 0) (local.get 0)))
    (func $thrower (param i32) (throw $tag (local.get 0)))
    (func (export "throw") (param i32) (result i32) (call $thrower (local.get 0)) (i32.const 1))
    (func (export "square") (param i64) (result i32)
      (return_call_indirect (type $unary) (i32.wrap_i64 (local.get 0)) (i32.const 0)))
    (func (export "nowhere") (param i64) (result i32)
      (return_call_indirect (type $unary) (i32.wrap_i64 (local.get 0)) (i32.const 1))))");
  const auto thrower = typed<int32_t(int32_t)>(instance, "throw");
  const auto square = typed<int32_t(int64_t)>(instance, "square");
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*square.call(store, i), i * i);
    const auto thrown = thrower.call(store, i);
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().kind(), ErrorKind::Exception);
    ASSERT_NE(thrown.error().exception(), nullptr);
    ASSERT_FALSE(thrown.error().backtrace().empty());
    EXPECT_EQ(thrown.error().backtrace()[0].function, "thrower");
    EXPECT_FALSE(typed<int32_t(int64_t)>(instance, "nowhere").call(store, i));
  }
}

// A host that computes with another rounding finds it as it was; the guest does not see it.
TEST_P(TypedCalls, ComputeAsTheGuestExpects) {
  const Instance instance = instantiate(
      R"((func (export "third") (param f64) (result f64) (f64.div (f64.const 1) (local.get 0))))");
  const auto third = typed<double(double)>(instance, "third");
  const double to_nearest = *third.call(store, 3.0);
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  for (int i = 0; i < kTimes; ++i) EXPECT_EQ(*third.call(store, 3.0), to_nearest);
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
}

TEST_P(TypedCalls, GoFromStoreToStore) {
  Store other(engine);
  std::optional<TypedFunc<int32_t(int32_t)>> inner;
  linker.define("env", "ask", [&](int32_t number) -> Result<int32_t> { return inner->call(other, number); });
  const char* text = R"(
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory 1)
    (func (export "ask") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (i32.const 1)))
    (func (export "load") (param i32) (result i32) (i32.add (i32.load (local.get 0)) (i32.const 10))))";
  const Instance outer = instantiate(text);
  const Instance behind = instantiate(other, text);
  inner.emplace(*behind.find_func(other, "load")->typed<int32_t(int32_t)>(other));
  const auto ask = typed<int32_t(int32_t)>(outer, "ask");
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*ask.call(store, 0), 11);
    const auto trapped = ask.call(store, -16);
    ASSERT_FALSE(trapped);
    EXPECT_EQ(trapped.error().kind(), ErrorKind::Trap);
    EXPECT_FALSE(inner->call(store, 0)) << "the function is another store's";
  }
}

TEST_P(TypedCalls, MoveToOtherThreads) {
  const Instance instance = instantiate(R"(
    (memory 1) (func (export "load") (param i32) (result i32) (i32.add (i32.load (local.get 0)) (i32.const 1))))");
  const auto load = typed<int32_t(int32_t)>(instance, "load");
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(*load.call(store, 0), 1);
    std::thread([&] {
      EXPECT_EQ(*load.call(store, 0), 1);
      EXPECT_FALSE(load.call(store, -4));
    }).join();
  }
}

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

// A signal stops the guest in the middle of a call, and what its handler calls there, on the guest's stack, is another store's
// function. Not where the guest has things made meanwhile: the handler would be in the middle of that.
struct Meanwhile {
  Store& store;
  TypedFunc<int32_t(int32_t)> sum, load;
  std::atomic<bool> is_on = false;
  char *stack_begin, *stack_end;  // the thread's own
  int times = 0, wrong = 0;
};
Meanwhile* meanwhile;

void on_signal(int) {
  const char* const here = static_cast<const char*>(__builtin_frame_address(0));
  if (!meanwhile->is_on || (here >= meanwhile->stack_begin && here < meanwhile->stack_end)) return;
  ++meanwhile->times;
  const auto added = meanwhile->sum.call(meanwhile->store, 10);
  if (!added || *added != 55 || meanwhile->load.call(meanwhile->store, -4)) ++meanwhile->wrong;
}

TEST_P(TypedCalls, ArePreempted) {
  if (kIsSanitized) GTEST_SKIP() << "a sanitizer must not be interrupted while it is told of another stack";
  if (GetParam() == Tier::Auto) GTEST_SKIP() << "its guests have code made";
  const char* text = R"(
    (memory 1)
    (func (export "sum") (param i32) (result i32) (local i32)
      (loop
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (i32.store (i32.const 8) (local.get 1))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))";
  const Instance outer = instantiate(text);
  Store other(engine);
  const Instance inner = instantiate(other, text);
  const auto sum = typed<int32_t(int32_t)>(outer, "sum");
  pthread_attr_t attributes;
  ASSERT_EQ(::pthread_getattr_np(::pthread_self(), &attributes), 0);
  void* begin = nullptr;
  size_t size_bytes = 0;
  ::pthread_attr_getstack(&attributes, &begin, &size_bytes);
  ::pthread_attr_destroy(&attributes);
  Meanwhile what{.store = other,
                 .sum = *inner.find_func(other, "sum")->typed<int32_t(int32_t)>(other),
                 .load = *inner.find_func(other, "load")->typed<int32_t(int32_t)>(other),
                 .stack_begin = static_cast<char*>(begin),
                 .stack_end = static_cast<char*>(begin) + size_bytes};
  meanwhile = &what;
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(*what.sum.call(other, 10), 55);
    EXPECT_FALSE(what.load.call(other, -4));
    EXPECT_EQ(*sum.call(store, 10), 55);
  }
  struct sigaction action{}, before{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGURG, &action, &before);
  std::atomic<bool> is_over = false;
  std::thread asker([&is_over, asked = ::pthread_self()] {
    while (!is_over) {
      ::pthread_kill(asked, SIGURG);
      std::this_thread::yield();
    }
  });
  what.is_on = true;
  int wrong = 0;
  while (what.times < 20) {
    const auto added = sum.call(store, 60'000);
    if (!added || *added != 1'800'030'000) ++wrong;
  }
  what.is_on = false;
  is_over = true;
  asker.join();
  ::sigaction(SIGURG, &before, nullptr);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(what.wrong, 0);
}

// Where it ends is not where the call ends, nor what comes between.
TEST_P(TypedCalls, EndForWantOfFuel) {
  const Engine counting = *Engine::create(Config{.tier = GetParam(), .counts_fuel = true});
  Store fuelled(counting);
  int asked = 0;
  linker.define("env", "ask", [&asked](int32_t number) { return number + ++asked; });
  const auto module = Module::from_text(counting, R"(
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (func $burn (param i32)
      (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "run") (param i32) (result i32)
      (call $ask (i32.const 40))
      (call $burn (local.get 0))))",
                                        "test.wat");
  ASSERT_TRUE(module) << module.error().message();
  const auto instance = linker.instantiate(fuelled, *module);
  ASSERT_TRUE(instance);
  const auto run = *instance->find_func(fuelled, "run")->typed<int32_t(int32_t)>(fuelled);
  for (int i = 1; i <= kTimes; ++i) {
    fuelled.set_fuel(1'000'000);
    ASSERT_EQ(*run.call(fuelled, 1000), 40 + 2 * i - 1);
    EXPECT_GT(fuelled.fuel(), 0u);
    fuelled.set_fuel(500);
    const auto ended = run.call(fuelled, 1000);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind(), ErrorKind::Exhausted);
    ASSERT_FALSE(ended.error().backtrace().empty());
    EXPECT_EQ(ended.error().backtrace()[0].function, "burn");
    EXPECT_EQ(fuelled.fuel(), 0u);
    EXPECT_EQ(asked, 2 * i);
  }
}

}  // namespace
