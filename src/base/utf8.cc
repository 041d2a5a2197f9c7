// UTF-8 validation.
#include "base/utf8.h"

namespace godwit {

bool is_utf8(Bytes bytes) {
  const uint8_t* p = bytes.data();
  const uint8_t* const end = p + bytes.size();
  const auto is_tail = [](uint8_t byte) { return (byte & 0xC0) == 0x80; };
  while (p != end) {
    // mostly letters of ASCII
    constexpr uint64_t kHighBits = 0x8080808080808080;
    while (end - p >= 8 && (load_unaligned<uint64_t>(p) & kHighBits) == 0) p += 8;
    if (p == end) break;
    const uint8_t lead = *p++;
    if (lead < 0x80) continue;
    int tails;
    uint8_t low = 0x80, high = 0xBF;  // bounds of the first tail byte
    if (lead >= 0xC2 && lead <= 0xDF) tails = 1;
    else if (lead >= 0xE0 && lead <= 0xEF) {
      tails = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      tails = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else return false;
    if (end - p < tails || *p < low || *p > high) return false;
    for (int i = 1; i < tails; ++i)
      if (!is_tail(p[i])) return false;
    p += tails;
  }
  return true;
}

}  // namespace godwit
