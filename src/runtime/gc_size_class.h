// Size classes: small objects share blocks of 64 KiB that are cut into cells of one size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace godwit::runtime {

inline constexpr uint32_t kGcBlockBytes = uint32_t{64} << 10;

// Steps of 8 bytes up to 128, then four to a doubling, then the largest multiples of 8 of which a block holds 12, 10,
// 8 … 2. Larger objects have blocks of their own.
inline constexpr std::array<uint16_t, 45> kGcCellBytes = {
    8,    16,   24,   32,   40,   48,   56,   64,   72,   80,   88,    96,    104,   112,   120,
    128,  160,  192,  224,  256,  320,  384,  448,  512,  640,  768,   896,   1024,  1280,  1536,
    1792, 2048, 2560, 3072, 3584, 4096, 5456, 6552, 8192, 9360, 10920, 13104, 16384, 21840, 32768};
inline constexpr uint32_t kGcClasses = kGcCellBytes.size();
inline constexpr uint32_t kGcMaxSmallBytes = kGcCellBytes.back();

inline constexpr auto kGcClassOfEighths = [] {
  std::array<uint8_t, kGcMaxSmallBytes / 8 + 1> table{};
  uint8_t size_class = 0;
  for (uint32_t eighths = 0; eighths < table.size(); ++eighths) {
    if (eighths * 8 > kGcCellBytes[size_class]) ++size_class;
    table[eighths] = size_class;
  }
  return table;
}();

// The class of objects of `size_bytes`, at most kGcMaxSmallBytes.
constexpr uint32_t gc_size_class(uint32_t size_bytes) { return kGcClassOfEighths[(size_bytes + 7) / 8]; }

}  // namespace godwit::runtime
