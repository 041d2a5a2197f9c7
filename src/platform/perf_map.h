// PerfMap: tells Linux's `perf` the names of machine code that is made at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace godwit::platform {

// The file /tmp/perf-<process>.map, a line per function: begin and size in hexadecimal, name. What cannot be written is
// left out: nothing depends on it. @threads any.
class PerfMap final {
 public:
  PerfMap();
  ~PerfMap();
  PerfMap(const PerfMap&) = delete;
  PerfMap& operator=(const PerfMap&) = delete;

  bool is_open() const { return file_ >= 0; }
  // @param name of a guest's choice: what would end the line, or is no printable ASCII, becomes '?'.
  void add(const uint8_t* begin, size_t size_bytes, std::string_view name);

 private:
  std::mutex mutex_;
  int file_ = -1;
};

}  // namespace godwit::platform
