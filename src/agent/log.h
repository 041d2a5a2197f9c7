// Log: the last lines that an agent has written, and how many it must not.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::agent {

enum class Level : uint8_t { Debug, Info, Warning, Error };
std::string_view to_string(Level level);

// Keeps the last lines, 256 KiB of them; lines have at most 8 KiB. Who writes more than a thousand at once, or more than a
// hundred per second from then on, is told how many were left out. @threads any.
class Log final {
 public:
  // @param secrets texts that never come to a log: each becomes "***".
  void write(Level level, std::string_view message, const std::vector<std::string>& secrets);

  struct Lines {
    std::string text;   // JSON objects, one per line: {"seq":…,"time_ms":…,"level":"…","message":"…"}
    uint64_t next = 0;  // to be asked for the next time
  };
  Lines read(uint64_t from) const;

 private:
  struct Line {
    uint64_t number;
    std::string text;
  };
  void append(Level level, std::string_view message);

  mutable std::mutex mutex_;
  std::deque<Line> lines_;
  size_t bytes_ = 0;
  uint64_t next_ = 1;
  double allowance_ = 1000;
  uint64_t allowance_at_ns_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace godwit::agent
