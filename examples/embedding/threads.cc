// One module in many threads: the engine and the module are shared, each thread has a store of its own.
#include <array>
#include <cstdio>
#include <thread>

#include "godwit/godwit.h"

namespace {

constexpr const char* kGuest = R"(
  (func (export "sum") (param i32) (result i32) (local i32)
    (loop $more
      (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))";

int32_t sum_of(const godwit::Engine& engine, const godwit::Module& module, int32_t number) {
  godwit::Store store(engine);
  const auto instance = godwit::Linker().instantiate(store, module);
  if (!instance) return -1;
  const auto sum = instance->find_func(store, "sum")->typed<int32_t(int32_t)>(store);
  return *sum->call(store, number);
}

}  // namespace

int main() {
  const auto engine = godwit::Engine::create();
  if (!engine) return 1;
  const auto module = godwit::Module::from_text(*engine, kGuest);
  if (!module) return std::fprintf(stderr, "error: %s\n", module.error().message().c_str()), 1;
  std::array<int32_t, 4> sums{};
  std::array<std::thread, 4> threads;
  for (size_t i = 0; i < threads.size(); ++i)
    threads[i] =
        std::thread([&, i] { sums[i] = sum_of(*engine, *module, 1000 * static_cast<int32_t>(i + 1)); });
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < sums.size(); ++i)
    std::printf("the sum of the first %zu numbers: %d\n", 1000 * (i + 1), sums[i]);
}
