// Waiting for files and for time, in a way that can be called off.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <span>

#include "platform/fs_handle.h"

namespace godwit::platform::fs {

// A word that somebody sets to other than 0 to call a wait off; null: nobody will.
// @threads set by any thread.
class StopWord final {
 public:
  StopWord() = default;
  explicit StopWord(const std::atomic<uint64_t>* word) : word_(word) {}
  bool requested() const { return word_ && word_->load(std::memory_order_relaxed) != 0; }

 private:
  const std::atomic<uint64_t>* word_ = nullptr;
};

// How soon a wait notices that it was called off.
inline constexpr uint64_t kStopLatency_ns = 50'000'000;

struct Waited {
  int fd = -1;
  bool wants_read = false;  // otherwise: wants to write
  bool is_ready = false;    // set by wait_for()
  bool is_hung_up = false;  // set by wait_for(): the other side is gone
  bool is_invalid = false;  // set by wait_for(): not an open file
};

inline constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();

// Somebody who does other things while a call waits: a scheduler that parks the caller and runs others.
class Parker {
 public:
  // As wait_for() below.
  virtual OsResult<uint32_t> wait_for(std::span<Waited> files, uint64_t timeout_ns, StopWord stop) = 0;

 protected:
  ~Parker() = default;
};

// How a call waits.
struct WaitMode {
  StopWord stop;             // calls it off
  Parker* parker = nullptr;  // does it; null: the calling thread sleeps
};

// Waits until one of `files` is ready or `timeout_ns` have passed; returns how many are ready (or invalid).
// @errors EINTR: told to stop. ENOMEM.
OsResult<uint32_t> wait_for(std::span<Waited> files, uint64_t timeout_ns, WaitMode mode);

// Waits until `fd` can be read (or written) without blocking.
// @errors EINTR: told to stop. EAGAIN: `timeout_ns` have passed.
OsResult<> wait_readable(int fd, WaitMode mode, uint64_t timeout_ns = kForever);
OsResult<> wait_writable(int fd, WaitMode mode, uint64_t timeout_ns = kForever);

}  // namespace godwit::platform::fs
