// Which pages of memory there are: what the system has given a page to since it was last taken back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace godwit::platform {

struct PageRange {
  uint32_t begin = 0;  // in pages from where one looked
  uint32_t end = 0;
};

// The pages of [base, base + size_bytes) that are there, in order. A hint, and no more: empty if the system does not say,
// and wrong by the time it is looked at.
// @cost microseconds.
std::vector<PageRange> present_pages(const uint8_t* base, size_t size_bytes);

}  // namespace godwit::platform
