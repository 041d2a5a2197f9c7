// byte_lookup: sixteen bytes picked out of a table of sixteen at once.
#pragma once

#include <cstdint>

namespace godwit::platform {

using ByteVector = uint8_t __attribute__((vector_size(16)));

// The lanes `table[index]`. An index from 0x80 on gives 0; of one below, the low 4 bits count.
[[gnu::always_inline]] inline ByteVector lookup_bytes(ByteVector table, ByteVector index) {
#if defined(__SSSE3__)
  using Chars = char __attribute__((vector_size(16)));
  return __builtin_bit_cast(ByteVector, __builtin_ia32_pshufb128(__builtin_bit_cast(Chars, table),
                                                                 __builtin_bit_cast(Chars, index)));
#elif defined(__x86_64__)
  if (__builtin_cpu_supports("ssse3")) [[likely]] {
    // written in assembly, so that nothing else here is compiled for more than every x86-64 processor
    asm("pshufb %1, %0" : "+x"(table) : "x"(index));
    return table;
  }
#elif defined(__aarch64__)
  ByteVector picked, low = index & 0x8F;  // tbl gives 0 from 16 on
  asm("tbl %0.16b, {%1.16b}, %2.16b" : "=w"(picked) : "w"(table), "w"(low));
  return picked;
#endif
  ByteVector result{};
  for (unsigned lane = 0; lane < 16; ++lane)
    result[lane] = index[lane] < 0x80 ? table[index[lane] & 15] : uint8_t{0};
  return result;
}

}  // namespace godwit::platform
