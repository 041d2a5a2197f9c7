// Tests of fibers.
#include "platform/fiber.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <memory>
#include <vector>

namespace godwit::platform {
namespace {

SwitchedStack make_stack() { return std::move(*SwitchedStack::create(64 << 10)); }

struct Counting {
  Fiber* fiber = nullptr;
  std::vector<int> seen;
};

TEST(Fiber, GoesOnWhereItWasLeft) {
  SwitchedStack stack = make_stack();
  Counting counting;
  Fiber fiber(
      stack,
      [](void* argument) {
        auto& own = *static_cast<Counting*>(argument);
        for (int i = 0; i < 3; i++) {
          own.seen.push_back(i);
          own.fiber->suspend();
        }
      },
      &counting);
  counting.fiber = &fiber;
  for (int i = 0; i < 3; i++) {
    EXPECT_FALSE(fiber.is_done());
    fiber.resume();
    EXPECT_EQ(counting.seen.size(), static_cast<size_t>(i) + 1);
  }
  fiber.resume();
  EXPECT_TRUE(fiber.is_done());
}

// Takes a stack frame of some size on every level, so that what lies there would show if it were lost.
int deep(Fiber& fiber, int depth) {
  volatile char room[256];
  room[0] = static_cast<char>(depth);
  if (depth == 0) {
    fiber.suspend();
    return 0;
  }
  const int below = deep(fiber, depth - 1);
  return below + room[0];
}

struct Deep {
  Fiber* fiber = nullptr;
  SwitchedStack* inner = nullptr;
  int sum = 0;
};

TEST(Fiber, IsLeftOnAnyStack) {
  SwitchedStack stack = make_stack(), inner = make_stack();
  Deep state{.inner = &inner};
  Fiber fiber(
      stack,
      [](void* argument) {
        auto& own = *static_cast<Deep*>(argument);
        run_on(*own.inner, [&own] { own.sum = deep(*own.fiber, 50); });
        own.fiber->suspend();
      },
      &state);
  state.fiber = &fiber;
  fiber.resume();
  EXPECT_EQ(state.sum, 0) << "it is left in the depth";
  fiber.resume();
  EXPECT_EQ(state.sum, 50 * 51 / 2);
  fiber.resume();
  EXPECT_TRUE(fiber.is_done());
}

TEST(Fiber, ManyTakeTurns) {
  constexpr size_t kFibers = 200;
  struct Turn {
    SwitchedStack stack;
    std::unique_ptr<Fiber> fiber;
    int count = 0;
  };
  std::vector<Turn> turns(kFibers);
  for (Turn& turn : turns) {
    turn.stack = make_stack();
    turn.fiber = std::make_unique<Fiber>(
        turn.stack,
        [](void* argument) {
          auto& own = *static_cast<Turn*>(argument);
          for (; own.count < 50; own.count++) own.fiber->suspend();
        },
        &turn);
  }
  for (int round = 0; round <= 50; round++)
    for (Turn& turn : turns) turn.fiber->resume();
  for (const Turn& turn : turns) {
    EXPECT_EQ(turn.count, 50);
    EXPECT_TRUE(turn.fiber->is_done());
  }
}

TEST(Fiber, KeepsItsRounding) {
  SwitchedStack stack = make_stack();
  Counting counting;
  Fiber fiber(
      stack,
      [](void* argument) {
        auto& own = *static_cast<Counting*>(argument);
        std::fesetround(FE_UPWARD);
        own.fiber->suspend();
        own.seen.push_back(std::fegetround());
      },
      &counting);
  counting.fiber = &fiber;
  fiber.resume();
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  fiber.resume();
  EXPECT_EQ(counting.seen.at(0), FE_UPWARD);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

}  // namespace
}  // namespace godwit::platform
