// Many guests on one thread, awaited by coroutines: while one waits, here for a clock, the others run.
#include "godwit/async.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "godwit/godwit.h"

namespace {

// Waits 10 ms for each step, by WASI's poll_oneoff, and tells the host before each.
constexpr const char* kGuest = R"(
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "host" "step" (func $step (param i32)))
  (memory (export "memory") 1)
  (func (export "run") (param $steps i32)
    (i32.store (i32.const 16) (i32.const 1))          ;; the monotonic clock
    (i64.store (i32.const 24) (i64.const 10000000))   ;; nanoseconds from now
    (loop $next
      (call $step (local.get $steps))
      (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)) (then unreachable))
      (br_if $next (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))))";

int report(const godwit::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message().c_str());
  return 1;
}

// A coroutine that nobody waits for. Any other type does, too: those of the library that a program has.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

// What happened, in order: each guest's steps among those of the others.
struct Story {
  std::string steps;
  int running = 0, most_running = 0, done = 0;
};

Detached tell(const godwit::Engine& engine, const godwit::Module& module, godwit::Scheduler& scheduler,
              char name, Story& story) {
  story.most_running = std::max(story.most_running, ++story.running);
  auto wasi = godwit::Wasi::create({.scheduler = &scheduler});
  if (!wasi) co_return void(report(wasi.error()));
  godwit::Linker linker;
  linker.define(*wasi);
  linker.define("host", "step", [&story, name](int32_t) { story.steps += name; });
  godwit::Store store(engine);
  const auto instance = linker.instantiate(store, module);
  if (!instance) co_return void(report(instance.error()));
  const auto run = instance->find_func(store, "run")->typed<void(int32_t)>(store);
  for (int32_t steps : {2, 1})
    if (auto ran = co_await godwit::async(scheduler, store, *run, steps); !ran) report(ran.error());
  --story.running;
  ++story.done;
}

}  // namespace

int main() {
  const auto engine = godwit::Engine::create();
  if (!engine) return report(engine.error());
  const auto module = godwit::Module::from_text(*engine, kGuest);
  if (!module) return report(module.error());
  auto scheduler = godwit::Scheduler::create();
  if (!scheduler) return report(scheduler.error());

  Story story;
  for (char name : {'a', 'b', 'c'}) tell(*engine, *module, *scheduler, name, story);
  if (auto ran = scheduler->run(); !ran) return report(ran.error());
  std::printf("guests at a time: %d, %d done; steps: %zu; the first three: %s\n", story.most_running,
              story.done, story.steps.size(), story.steps.substr(0, 3).c_str());
}
