// Doing things at once on a few threads.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <vector>

namespace godwit::llvm_tier {

// Calls work(0) … work(count - 1), each once, on the calling thread and up to `threads` - 1 others, with 8 MiB of stack
// each; where the system has no thread left, on fewer. The order is anybody's.
template <class Work>
void for_each_at_once(size_t count, size_t threads, Work work) {
  struct Shared {
    Work& work;
    size_t count;
    std::atomic<size_t> next{0};
    void run() {
      for (size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i);
    }
  } shared{work, count};
  constexpr size_t kStackBytes = size_t{8} << 20;
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  std::vector<pthread_t> others;
  for (size_t i = 1; i < threads && i < count; ++i) {
    pthread_t other;
    auto run = [](void* with) -> void* {
      static_cast<Shared*>(with)->run();
      return nullptr;
    };
    if (::pthread_create(&other, &attributes, run, &shared) != 0) break;
    others.push_back(other);
  }
  ::pthread_attr_destroy(&attributes);
  shared.run();
  for (const pthread_t other : others) ::pthread_join(other, nullptr);
}

}  // namespace godwit::llvm_tier
