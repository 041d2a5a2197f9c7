// What the sanitizers want to know about stacks. Without them, every function here is empty.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GODWIT_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define GODWIT_TSAN 1
#endif
#endif

#if GODWIT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if GODWIT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace godwit::platform::sanitizer {

// Whether stacks must not change without a word to a sanitizer.
#if GODWIT_ASAN || GODWIT_TSAN
inline constexpr bool kWatchesStacks = true;
#else
inline constexpr bool kWatchesStacks = false;
#endif

// A thread's way onto another stack and back, as AddressSanitizer sees it.
struct StackSwitch {
  void* fake_stack = nullptr;
  const void* old_low = nullptr;
  size_t old_size_bytes = 0;
};

#if GODWIT_ASAN
inline void enter_stack(StackSwitch& way, const void* low, size_t size_bytes) {
  __sanitizer_start_switch_fiber(&way.fake_stack, low, size_bytes);
  __sanitizer_finish_switch_fiber(nullptr, &way.old_low, &way.old_size_bytes);
}
inline void leave_stack(StackSwitch& way) {
  __sanitizer_start_switch_fiber(nullptr, way.old_low, way.old_size_bytes);
  __sanitizer_finish_switch_fiber(way.fake_stack, nullptr, nullptr);
}
// The two halves of such a switch, for stacks that are left in the middle: before it, on the old stack (`fake_stack`: null
// if that is never gone on with), and after it, on the new one; the latter says what the old one was.
inline void before_switch(void** fake_stack, const void* low, size_t size_bytes) {
  __sanitizer_start_switch_fiber(fake_stack, low, size_bytes);
}
inline void after_switch(void* fake_stack, const void** old_low, size_t* old_size_bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, old_low, old_size_bytes);
}
// The bytes may be used for other frames now.
inline void forget_stack(const void* low, size_t size_bytes) {
  __asan_unpoison_memory_region(low, size_bytes);
}
#else
inline void enter_stack(StackSwitch&, const void*, size_t) {}
inline void leave_stack(StackSwitch&) {}
inline void before_switch(void**, const void*, size_t) {}
inline void after_switch(void*, const void**, size_t*) {}
inline void forget_stack(const void*, size_t) {}
#endif

#if GODWIT_TSAN
// ThreadSanitizer's own, in no header of its.
extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
// Between both, the calling thread's accesses are nobody's races.
inline void ignore_accesses() {
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}
inline void watch_accesses() {
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#else
inline void ignore_accesses() {}
inline void watch_accesses() {}
#endif

#if GODWIT_TSAN
inline void* new_fiber() { return __tsan_create_fiber(0); }
inline void delete_fiber(void* fiber) {
  if (fiber) __tsan_destroy_fiber(fiber);
}
inline void* current_fiber() { return __tsan_get_current_fiber(); }
// Inlined always: a function of its own would be entered on one fiber, and left on the other.
[[gnu::always_inline]] inline void switch_to_fiber(void* fiber) { __tsan_switch_to_fiber(fiber, 0); }
#else
inline void* new_fiber() { return nullptr; }
inline void delete_fiber(void*) {}
inline void* current_fiber() { return nullptr; }
inline void switch_to_fiber(void*) {}
#endif

}  // namespace godwit::platform::sanitizer
