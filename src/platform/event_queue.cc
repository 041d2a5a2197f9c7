// EventQueue by epoll.
#include "platform/event_queue.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace godwit::platform {
namespace {

constexpr uint64_t kMillisecond_ns = 1'000'000;
constexpr size_t kMostEvents = 256;  // at a time

}  // namespace

fs::OsResult<EventQueue> EventQueue::create() {
  fs::FileHandle queue(::epoll_create1(EPOLL_CLOEXEC));
  if (!queue) return fs::os_fail(errno);
  return EventQueue(std::move(queue));
}

fs::OsResult<> EventQueue::watch(int fd, bool reading, bool writing) {
  epoll_event event = {};
  event.events = (reading ? EPOLLIN : 0u) | (writing ? EPOLLOUT : 0u);
  event.data.fd = fd;
  if (::epoll_ctl(queue_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  if (errno == EEXIST && ::epoll_ctl(queue_.get(), EPOLL_CTL_MOD, fd, &event) == 0) return {};
  return fs::os_fail(errno);
}

fs::OsResult<> EventQueue::watch_queue(int fd) {
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLET;
  event.data.fd = fd;
  if (::epoll_ctl(queue_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fs::os_fail(errno);
  return {};
}

fs::OsResult<uint32_t> EventQueue::wait_precisely(std::span<Event> events, uint64_t timeout_ns) {
  pollfd queue = {.fd = queue_.get(), .events = POLLIN, .revents = 0};
  const timespec timeout = {.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000),
                            .tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000)};
  const int ready = ::ppoll(&queue, 1, &timeout, nullptr);
  if (ready < 0) return fs::os_fail(errno);
  return ready == 0 ? 0 : wait(events, 0);
}

void EventQueue::forget(int fd) { ::epoll_ctl(queue_.get(), EPOLL_CTL_DEL, fd, nullptr); }

fs::OsResult<uint32_t> EventQueue::wait(std::span<Event> events, uint64_t timeout_ns) {
  epoll_event host[kMostEvents];
  const size_t most = std::min(events.size(), kMostEvents);
  // rounded up: who wakes too early would have to wait again
  const uint64_t timeout_ms = timeout_ns / kMillisecond_ns + (timeout_ns % kMillisecond_ns != 0);
  const int count = ::epoll_wait(queue_.get(), host, static_cast<int>(most),
                                 static_cast<int>(std::min<uint64_t>(timeout_ms, 60'000)));
  if (count < 0) return fs::os_fail(errno);
  for (int i = 0; i < count; i++)
    events[static_cast<size_t>(i)] = {.fd = host[i].data.fd,
                                      .readable = (host[i].events & EPOLLIN) != 0,
                                      .writable = (host[i].events & EPOLLOUT) != 0,
                                      .hung_up = (host[i].events & (EPOLLHUP | EPOLLERR)) != 0};
  return static_cast<uint32_t>(count);
}

}  // namespace godwit::platform
