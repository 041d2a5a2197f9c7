// Many guests on one thread: while one waits, here for a clock, the others run.
#include <algorithm>
#include <cstdio>
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

}  // namespace

int main() {
  const auto engine = godwit::Engine::create();
  if (!engine) return report(engine.error());
  const auto module = godwit::Module::from_text(*engine, kGuest);
  if (!module) return report(module.error());
  auto scheduler = godwit::Scheduler::create();
  if (!scheduler) return report(scheduler.error());

  // what happened, in order: each guest's steps among those of the others
  std::string story;
  int running = 0, most_running = 0;
  for (char name : {'a', 'b', 'c'}) {
    auto spawned = scheduler->spawn([&, name] {
      most_running = std::max(most_running, ++running);
      auto wasi = godwit::Wasi::create({.scheduler = &*scheduler});
      godwit::Linker linker;
      linker.define(*wasi);
      linker.define("host", "step", [&, name](int32_t) { story += name; });
      godwit::Store store(*engine);
      const auto instance = linker.instantiate(store, *module);
      if (!instance) return void(report(instance.error()));
      const auto run = instance->find_func(store, "run")->typed<void(int32_t)>(store);
      if (auto done = run->call(store, 3); !done) report(done.error());
      --running;
    });
    if (!spawned) return report(spawned.error());
  }
  if (auto ran = scheduler->run(); !ran) return report(ran.error());
  std::printf("guests at a time: %d; steps: %zu; the first three: %s\n", most_running, story.size(),
              story.substr(0, 3).c_str());
}
