// One write per line, so that a process that ends early has told all it made.
#include "platform/perf_map.h"

#include <fcntl.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <string>

namespace godwit::platform {

PerfMap::PerfMap() {
  // anybody may write to /tmp: neither follow what lies there, nor write into it
  const std::string path = "/tmp/perf-" + std::to_string(::getpid()) + ".map";
  ::unlink(path.c_str());
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
}

PerfMap::~PerfMap() {
  if (file_ >= 0) ::close(file_);
}

void PerfMap::add(const uint8_t* begin, size_t size_bytes, std::string_view name) {
  if (file_ < 0) return;
  constexpr size_t kMostOfAName = 1000;
  char place[40];
  std::snprintf(place, sizeof place, "%" PRIxPTR " %zx ", reinterpret_cast<uintptr_t>(begin), size_bytes);
  std::string line = place;
  for (const char c : name.substr(0, kMostOfAName)) line += c >= ' ' && c < 0x7F ? c : '?';
  line += '\n';
  const std::lock_guard lock(mutex_);
  if (::write(file_, line.data(), line.size()) < 0) return;
}

}  // namespace godwit::platform
