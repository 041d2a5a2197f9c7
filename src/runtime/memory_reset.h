// MemoryReset: how a memory that is used again gets its first contents back.
#pragma once

#include <cstdint>
#include <vector>

#include "platform/memory_image.h"
#include "platform/page_map.h"

namespace godwit::runtime {

// What the machine takes, measured once for a pool.
struct ResetCosts {
  double copy_page_ns = 80;      // writing a page that is there
  double fault_page_ns = 1000;   // giving a page back, and getting a new one when it is touched again
  double discard_call_ns = 250;  // giving back nothing

  static ResetCosts measure();
};

// What a memory begins with: zeros, and an image from an offset on.
struct MemoryOrigin {
  const platform::MemoryImage* image = nullptr;  // null: zeros alone
  uint64_t image_begin = 0;                      // whole host pages
  bool is_mapped = false;                        // discarded pages of the image come back by themselves
};

// There are two ways. Pages that instances are known to touch stay, and are written: the image's bytes, or zeros. All others
// are discarded, whether anybody has touched them or not: so what is known may be wrong, and only costs time.
//
//   | discarded | written | discarded ………………… | written | discarded |
//
// What instances touch is looked up after the first runs, and then ever more rarely.
class MemoryReset final {
 public:
  // @param max_kept_bytes of pages that stay.
  MemoryReset(const ResetCosts& costs, uint64_t max_kept_bytes)
      : costs_(costs), max_kept_bytes_(max_kept_bytes) {}

  // Writes the pages that stay of [base, base + size_bytes).
  void restore(uint8_t* base, uint64_t size_bytes, const MemoryOrigin& origin);
  // Gives back all others; after restore(). False if the system refuses: nobody may use the memory again.
  bool discard(uint8_t* base, uint64_t size_bytes) const;

  uint64_t kept_bytes() const;

 private:
  bool is_time_to_learn() const;
  void learn(const uint8_t* base, uint64_t size_bytes, const MemoryOrigin& origin);

  const ResetCosts& costs_;
  const uint64_t max_kept_bytes_;
  std::vector<platform::PageRange> kept_;  // in order, with gaps
  uint32_t runs_ = 0;
};

}  // namespace godwit::runtime
