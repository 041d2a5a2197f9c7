// Waiting: ppoll in slices, so that a stop word is noticed without a signal.
#include "platform/fs_wait.h"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <memory>
#include <new>

namespace godwit::platform::fs {
namespace {

constexpr uint64_t kSecond_ns = 1'000'000'000;
// Most waits are for a few files: no allocation then.
constexpr size_t kFewFiles = 16;

uint64_t monotonic_ns() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * kSecond_ns + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t saturating_add(uint64_t a, uint64_t b) { return a > kForever - b ? kForever : a + b; }

OsResult<uint32_t> poll_until(std::span<pollfd> polled, uint64_t deadline, StopWord stop) {
  for (;;) {
    if (stop.requested()) return os_fail(EINTR);
    const uint64_t now = monotonic_ns();
    const uint64_t left = deadline > now ? deadline - now : 0;
    const uint64_t slice = std::min(left, kStopLatency_ns);
    const timespec timeout = {.tv_sec = 0, .tv_nsec = static_cast<long>(slice)};
    static_assert(kStopLatency_ns < kSecond_ns);
    const int ready = ::ppoll(polled.data(), polled.size(), &timeout, nullptr);
    if (ready > 0) return static_cast<uint32_t>(ready);
    if (ready < 0 && errno != EINTR) return os_fail(errno);
    if (left <= slice && ready == 0) return 0u;
  }
}

OsResult<> wait_one(Waited file, uint64_t timeout_ns, WaitMode mode) {
  OS_ASSIGN_OR_RETURN(const uint32_t ready, wait_for({&file, 1}, timeout_ns, mode));
  if (ready == 0) return os_fail(EAGAIN);
  return {};
}

}  // namespace

OsResult<uint32_t> wait_for(std::span<Waited> files, uint64_t timeout_ns, WaitMode mode) {
  if (mode.parker) return mode.parker->wait_for(files, timeout_ns, mode.stop);
  pollfd few[kFewFiles];
  std::unique_ptr<pollfd[]> many;
  std::span<pollfd> polled(few, std::min(files.size(), kFewFiles));
  if (files.size() > kFewFiles) {
    many.reset(new (std::nothrow) pollfd[files.size()]);
    if (!many) return os_fail(ENOMEM);
    polled = {many.get(), files.size()};
  }
  for (size_t i = 0; i < files.size(); i++)
    polled[i] = {
        .fd = files[i].fd, .events = files[i].wants_read ? short{POLLIN} : short{POLLOUT}, .revents = 0};
  const uint64_t deadline = timeout_ns == kForever ? kForever : saturating_add(monotonic_ns(), timeout_ns);
  OS_ASSIGN_OR_RETURN(const uint32_t ready, poll_until(polled, deadline, mode.stop));
  for (size_t i = 0; i < files.size(); i++) {
    files[i].is_ready = polled[i].revents != 0;
    files[i].is_hung_up = (polled[i].revents & (POLLHUP | POLLERR)) != 0;
    files[i].is_invalid = (polled[i].revents & POLLNVAL) != 0;
  }
  return ready;
}

OsResult<> wait_readable(int fd, WaitMode mode, uint64_t timeout_ns) {
  return wait_one({.fd = fd, .wants_read = true}, timeout_ns, mode);
}
OsResult<> wait_writable(int fd, WaitMode mode, uint64_t timeout_ns) {
  return wait_one({.fd = fd}, timeout_ns, mode);
}

}  // namespace godwit::platform::fs
