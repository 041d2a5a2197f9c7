// RunLog: the latest runs of an agent, for who looks at it.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace godwit::agent {

// @threads any.
class RunLog final {
 public:
  static constexpr size_t kMost = 256;

  struct Entry {
    uint64_t time_ms = 0;  // when it ended, since 1970
    uint64_t taken_ns = 0;
    uint64_t memory_bytes = 0;   // of its instance, at its end
    uint32_t status = 0;         // of the response; 0: there is none
    std::string_view kind = {};  // of the trigger
    std::string_view target =
        {};  // the request's method and path, or the event's key; kMostTargetBytes of it are kept
    std::string_view error = {};  // what kind of failure; empty: none. @lifetime the program's
  };
  static constexpr size_t kMostTargetBytes = 96;

  void add(const Entry& entry);

  // [{"time_ms":…,"kind":"http","target":"GET /a","status":200,"error":"","us":…,"memory_bytes":…}], oldest first.
  std::string to_json() const;

  // Of the runs that are kept.
  struct Summary {
    uint64_t half_ns = 0;       // half of them took this long at most
    uint64_t most_ns = 0;       // 99 of 100
    uint64_t memory_bytes = 0;  // of the latest
    uint64_t peak_bytes = 0;    // of all since the server began
  };
  Summary summary() const;

 private:
  struct Kept {
    uint64_t time_ms, taken_ns, memory_bytes;
    uint32_t status;
    uint8_t kind_bytes, target_bytes;
    char kind[16];
    char target[kMostTargetBytes];
    std::string_view error;
  };
  // The newest is at (ended_ - 1) % kMost. Guarded by mutex_.
  mutable std::mutex mutex_;
  std::array<Kept, kMost> kept_;
  uint64_t ended_ = 0;
  uint64_t peak_bytes_ = 0;
};

}  // namespace godwit::agent
