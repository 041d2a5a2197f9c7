// JitDump: machine code that is made at run time, with its source lines, in the file that `perf inject` makes libraries of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace godwit::platform {

// The file jit-<process>.dump: a header, then a record for each function, in the order of time. perf finds it because its
// first page is mapped as if it were code. What cannot be written is left out: nothing depends on it. @threads any.
//
//   0   "DTiJ", version 1, bytes of the header 40, ELF's number of the processor, 0, process: 4 bytes each
//   24  time (nanoseconds of CLOCK_MONOTONIC), flags 0: 8 bytes each
//   40  records: kind, bytes (4 each), time (8), then
//       kind 0: process, thread (4 each), address, address, bytes of code, number (8 each), name, 0, the code
//       kind 2: address, count (8 each), count × {address (8), line, 0 (4 each), file, 0}; before the code that it is about
class JitDump final {
 public:
  // @errors Io: the file cannot be made, or not be mapped executable.
  static Result<JitDump> create(const std::string& directory);
  JitDump(JitDump&& other) noexcept;
  JitDump& operator=(JitDump&&) = delete;
  ~JitDump();

  struct Line {
    const uint8_t* begin;  // from here on, up to the next one
    std::string_view file;
    uint32_t line;
  };
  void add(const uint8_t* code, size_t size_bytes, std::string_view name, std::span<const Line> lines);

 private:
  JitDump() = default;

  std::mutex mutex_;
  int file_ = -1;
  void* marker_ = nullptr;
  size_t marker_bytes_ = 0;
  uint64_t next_number_ = 0;
};

}  // namespace godwit::platform
