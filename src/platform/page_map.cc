// Presence by /proc/self/pagemap.
// docs: https://docs.kernel.org/admin-guide/mm/pagemap.html
#include "platform/page_map.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "platform/memory_map.h"

namespace godwit::platform {

std::vector<PageRange> present_pages(const uint8_t* base, size_t size_bytes) {
  constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;
  std::vector<PageRange> found;
  // Opened each time: the file is of the process that opens it, and processes fork.
  const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return found;
  const size_t pages = round_up_to_page(size_bytes) / page_size();
  std::array<uint64_t, 512> entries;
  for (size_t first = 0; first < pages;) {
    const size_t count = std::min(pages - first, entries.size());
    const auto at =
        static_cast<off_t>((reinterpret_cast<uintptr_t>(base) / page_size() + first) * sizeof entries[0]);
    if (::pread(file, entries.data(), count * sizeof entries[0], at) !=
        static_cast<ssize_t>(count * sizeof entries[0]))
      break;
    for (size_t i = 0; i < count; ++i) {
      if ((entries[i] & kPresentOrSwapped) == 0) continue;
      const auto page = static_cast<uint32_t>(first + i);
      if (found.empty() || found.back().end != page) found.push_back({page, page});
      found.back().end = page + 1;
    }
    first += count;
  }
  ::close(file);
  return found;
}

}  // namespace godwit::platform
