// Guests that want too much: each limit ends the guest with an error, and the host goes on.
#include <chrono>
#include <cstdio>

#include "godwit/godwit.h"

namespace {

constexpr const char* kGuest = R"(
  (memory 1)
  (func (export "spin") (loop $again (br $again)))
  (func $deep (export "recurse") (call $deep))
  (func (export "hoard") (result i32) (memory.grow (i32.const 1000))))";

}  // namespace

int main() {
  const auto engine = godwit::Engine::create();
  const auto module = godwit::Module::from_text(*engine, kGuest);
  if (!module) return std::fprintf(stderr, "error: %s\n", module.error().message().c_str()), 1;
  for (const char* name : {"spin", "recurse", "hoard"}) {
    godwit::Store store(*engine, {.max_memory_bytes = 16 << 20, .stack_bytes = 256 << 10});
    if (auto started = store.set_timeout(std::chrono::milliseconds(100)); !started) return 1;
    const auto instance = godwit::Linker().instantiate(store, *module);
    const auto result = instance->find_func(store, name)->call(store);
    if (!result) std::printf("%s: %s\n", name, result.error().message().c_str());
    else std::printf("%s: memory.grow gives %d\n", name, result->front().as_i32());
  }
}
