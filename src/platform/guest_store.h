// Words of the store that a guest runs in, by the register that points to it (guest_entry.h). Only where that register
// is surely not a frame pointer: in functions that call nobody and are compiled with -momit-leaf-frame-pointer. In others
// the words are those of the native stack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace godwit::platform {

// The word at this offset is not 0.
template <size_t kOffset>
[[gnu::always_inline]] inline bool is_store_word_set() {
#if defined(__x86_64__)
  bool is_set;
  asm volatile("cmpq $0, %c1(%%rbp)" : "=@ccne"(is_set) : "i"(kOffset));
  return is_set;
#else
  uint64_t word;
  asm volatile("ldr %0, [x29, %1]" : "=r"(word) : "i"(kOffset));
  return word != 0;
#endif
}

// The number is above the word.
template <size_t kOffset>
[[gnu::always_inline]] inline bool is_above_store_word(uint64_t number) {
#if defined(__x86_64__)
  bool is_above;
  asm volatile("cmpq %c2(%%rbp), %1" : "=@cca"(is_above) : "r"(number), "i"(kOffset));
  return is_above;
#else
  uint64_t word;
  asm volatile("ldr %0, [x29, %1]" : "=r"(word) : "i"(kOffset));
  return number > word;
#endif
}

}  // namespace godwit::platform
