// EventQueue: waits for many files at a time.
#pragma once

#include <cstdint>
#include <span>

#include "platform/fs_handle.h"

namespace godwit::platform {

// By epoll. @threads one at a time.
class EventQueue final {
 public:
  // @errors EMFILE, ENOMEM.
  static fs::OsResult<EventQueue> create();

  // From now on wait() tells when `fd` can be read or written (or both), or is hung up; that many replaces what was asked
  // for before.
  // @errors EPERM: a file that never has to be waited for. EBADF: not open.
  fs::OsResult<> watch(int fd, bool reading, bool writing);
  // The same for another queue: wait() tells once each time that something new has happened there, whether or not anybody
  // has looked at what happened before.
  fs::OsResult<> watch_queue(int fd);
  // Of the queue itself, as a file: can be read while there are events.
  int fd() const { return queue_.get(); }
  // No longer. Closed files are forgotten by themselves.
  void forget(int fd);

  struct Event {
    int fd = -1;
    bool readable = false;
    bool writable = false;
    bool hung_up = false;
  };
  // Waits until there are events or `timeout_ns` have passed; returns how many of `events` were filled.
  // @errors EINTR: a signal came.
  fs::OsResult<uint32_t> wait(std::span<Event> events, uint64_t timeout_ns);
  // The same, not rounded up to a millisecond: for less than that.
  fs::OsResult<uint32_t> wait_precisely(std::span<Event> events, uint64_t timeout_ns);

 private:
  explicit EventQueue(fs::FileHandle queue) : queue_(std::move(queue)) {}

  fs::FileHandle queue_;
};

}  // namespace godwit::platform
