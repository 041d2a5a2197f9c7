// A guest that takes long to get ready does so once: every later one begins where that one was.
#include <cstdio>

#include "godwit/godwit.h"

namespace {

// Its table of squares takes a while; what it is asked changes only what is its own.
constexpr const char* kGuest = R"(
  (memory 16)
  (global $asked (mut i32) (i32.const 0))
  (func (export "prepare") (local $i i32)
    (loop $more
      (i32.store (i32.mul (local.get $i) (i32.const 4)) (i32.mul (local.get $i) (local.get $i)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))))
  (func (export "square") (param i32) (result i32)
    (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
    (i32.load (i32.mul (local.get 0) (i32.const 4))))
  (func (export "asked") (result i32) (global.get $asked)))";

int report(const godwit::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main() {
  // With a pool, each new instance takes the place of one that is gone: then it costs a microsecond.
  godwit::Config config;
  config.pool.is_used = true;
  const auto engine = godwit::Engine::create(config);
  if (!engine) return report(engine.error());
  const auto module = godwit::Module::from_text(*engine, kGuest);
  if (!module) return report(module.error());
  const godwit::Linker linker;

  godwit::Store first(*engine);
  const auto ready = linker.instantiate(first, *module);
  if (!ready) return report(ready.error());
  if (auto done = ready->find_func(first, "prepare")->call(first); !done) return report(done.error());
  const auto snapshot = ready->snapshot(first);
  if (!snapshot) return report(snapshot.error());

  int32_t sum = 0, asked = 0;
  for (int32_t i = 1; i <= 3; ++i) {
    godwit::Store store(*engine);
    const auto fork = linker.instantiate(store, *snapshot);
    if (!fork) return report(fork.error());
    const auto square = fork->find_func(store, "square")->typed<int32_t(int32_t)>(store);
    for (int32_t k = 0; k < i; ++k) sum += *square->call(store, i);
    asked = *fork->find_func(store, "asked")->typed<int32_t()>(store)->call(store);
  }
  std::printf("1 + 2 * 4 + 3 * 9 = %d; the last one was asked %d times\n", sum, asked);
}
