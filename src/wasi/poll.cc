// Group poll: waiting for clocks and descriptors.
//
//   in    | Subscription 48 bytes | Subscription | …
//   out   | Event 32 bytes | Event | …                 room for as many
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#poll_oneoff
#include <algorithm>
#include <vector>

#include "wasi/clock.h"
#include "wasi/p0.h"
#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

// More subscriptions in one call are refused: the host would have to allocate for them.
constexpr Size kMaxSubscriptions = 65536;
// A wait for an absolute time of day looks at the clock that often, since it may be set meanwhile.
constexpr uint64_t kRealtimeCheck_ns = 1'000'000'000;

enum class State : uint8_t {
  Failed,   // answer at once, with `error`
  Ready,    // answer at once
  Timer,    // until `deadline_ns` on `clock`
  Waiting,  // for files[file_idx]
};

struct Waiter {
  Subscription subscription;
  State state = State::Failed;
  Errno error = Errno::Success;
  platform::Clock clock = platform::Clock::Monotonic;
  uint64_t deadline_ns = 0;
  DescriptorPtr file = {};
  size_t file_idx = 0;
};

uint64_t saturating_add(uint64_t a, uint64_t b) { return a > fs::kForever - b ? fs::kForever : a + b; }

class Poll final {
 public:
  Poll(const DescriptorTable& descriptors, fs::WaitMode mode) : descriptors_(descriptors), mode_(mode) {}

  void add(const Subscription& subscription) {
    Waiter waiter{.subscription = subscription};
    auto added =
        subscription.tag == static_cast<uint8_t>(EventType::Clock) ? add_timer(waiter) : add_file(waiter);
    if (!added) waiter.error = added.error();
    waiters_.push_back(waiter);
  }

  // Waits until at least one subscription has an answer. @errors Intr: told to stop. Nomem.
  Expected<> wait() {
    for (;;) {
      const uint64_t wait_ns = time_to_wait();
      WASI_TRY(fs::wait_for(files_, wait_ns, mode_));
      if (std::any_of(waiters_.begin(), waiters_.end(), [this](const Waiter& w) { return has_answer(w); }))
        return {};
    }
  }

  // Writes the answers; returns how many. `events` has room for one per subscription.
  Size report(const host::CheckedSpan<Event>& events) const {
    Size count = 0;
    for (const Waiter& waiter : waiters_)
      if (has_answer(waiter)) events.set(count++, event_of(waiter));
    return count;
  }

 private:
  Expected<> add_timer(Waiter& waiter) {
    const Subscription& asked = waiter.subscription;
    WASI_ASSIGN_OR_RETURN(waiter.clock, to_clock(asked.id_or_fd));
    if (asked.flags & ~kSubscriptionClockAbstime) return std::unexpected(Errno::Inval);
    if (waiter.clock != platform::Clock::Realtime && waiter.clock != platform::Clock::Monotonic)
      return std::unexpected(Errno::Notsup);  // time that the CPU spends does not pass while waiting
    if (asked.flags & kSubscriptionClockAbstime) {
      waiter.deadline_ns = asked.timeout;
    } else {
      // a span of time is the same on both, and this one never jumps
      waiter.clock = platform::Clock::Monotonic;
      waiter.deadline_ns = saturating_add(platform::now_ns(waiter.clock), asked.timeout);
    }
    waiter.state = State::Timer;
    return {};
  }

  Expected<> add_file(Waiter& waiter) {
    const Subscription& asked = waiter.subscription;
    const bool reads = asked.tag == static_cast<uint8_t>(EventType::FdRead);
    if (!reads && asked.tag != static_cast<uint8_t>(EventType::FdWrite)) return std::unexpected(Errno::Inval);
    WASI_ASSIGN_OR_RETURN(waiter.file, descriptors_.find_file(asked.id_or_fd, right::kPollFdReadwrite));
    WASI_TRY(reads ? check_readable(*waiter.file) : check_writable(*waiter.file));
    if (waiter.file->kind == FileKind::Regular || waiter.file->kind == FileKind::BlockDevice) {
      waiter.state = State::Ready;
      return {};
    }
    waiter.state = State::Waiting;
    waiter.file_idx = files_.size();
    files_.push_back({.fd = waiter.file->fd, .wants_read = reads});
    return {};
  }

  static uint64_t time_left(const Waiter& timer) {
    const uint64_t now = platform::now_ns(timer.clock);
    return timer.deadline_ns > now ? timer.deadline_ns - now : 0;
  }

  uint64_t time_to_wait() const {
    uint64_t shortest = fs::kForever;
    for (const Waiter& waiter : waiters_) {
      if (waiter.state == State::Waiting) continue;
      if (waiter.state != State::Timer) return 0;
      shortest = std::min(shortest, time_left(waiter));
      if (waiter.clock == platform::Clock::Realtime) shortest = std::min(shortest, kRealtimeCheck_ns);
    }
    return shortest;
  }

  bool has_answer(const Waiter& waiter) const {
    switch (waiter.state) {
      case State::Failed:
      case State::Ready: return true;
      case State::Timer: return time_left(waiter) == 0;
      case State::Waiting: return files_[waiter.file_idx].is_ready;
    }
    return false;
  }

  Event event_of(const Waiter& waiter) const {
    Event event{.userdata = waiter.subscription.userdata,
                .error = static_cast<uint16_t>(waiter.error),
                .type = static_cast<EventType>(waiter.subscription.tag)};
    if (waiter.state == State::Waiting) {
      const fs::Waited& file = files_[waiter.file_idx];
      if (file.is_invalid) event.error = static_cast<uint16_t>(Errno::Badf);
      if (file.is_hung_up) event.flags = kEventFdReadwriteHangup;
    }
    const bool reads = event.type == EventType::FdRead;
    if (reads && event.error == 0) event.nbytes = fs::readable_bytes(waiter.file->fd, waiter.file->kind);
    return event;
  }

  const DescriptorTable& descriptors_;
  fs::WaitMode mode_;
  std::vector<Waiter> waiters_;
  std::vector<fs::Waited> files_;
};

// `to_subscription` turns a `Layout` of the guest's into a Subscription.
template <class Layout, class Convert>
Errno poll_all(const Core& core, const Caller& caller, GuestPtr<Layout> in, GuestPtr<Event> out,
               Size nsubscriptions, GuestPtr<Size> nevents, Convert to_subscription) {
  if (nsubscriptions == 0 || nsubscriptions > kMaxSubscriptions) return Errno::Inval;
  WASI_ASSIGN_OR_RETURN(const auto subscriptions,
                        GuestSpan<Layout>(in.memory(), in.address(), nsubscriptions).check());
  WASI_ASSIGN_OR_RETURN(const auto events,
                        GuestSpan<Event>(out.memory(), out.address(), nsubscriptions).check());
  WASI_TRY(nevents.check());
  Poll poll(core.descriptors, wait_mode(core, caller));
  for (Size i = 0; i < subscriptions.size(); i++) poll.add(to_subscription(subscriptions[i]));
  WASI_TRY(poll.wait());
  return put(nevents, poll.report(events));
}

}  // namespace

// Waits until at least one of the subscriptions has something to tell; writes one event for each that has, and their
// number to `nevents`. A subscription that makes no sense is answered at once, by an event with an error.
Errno P1::poll_oneoff(Caller& caller, GuestPtr<Subscription> in, GuestPtr<Event> out, Size nsubscriptions,
                      GuestPtr<Size> nevents) {
  return poll_all(core_, caller, in, out, nsubscriptions, nevents,
                  [](const Subscription& subscription) { return subscription; });
}

// The same under WasmEdge's name.
Errno P1::epoll_oneoff(Caller& caller, GuestPtr<Subscription> in, GuestPtr<Event> out, Size nsubscriptions,
                       GuestPtr<Size> nevents) {
  return poll_oneoff(caller, in, out, nsubscriptions, nevents);
}

// The same for the older layout of subscriptions.
Errno P0::poll_oneoff(Caller& caller, GuestPtr<Subscription0> in, GuestPtr<Event> out, Size nsubscriptions,
                      GuestPtr<Size> nevents) {
  return poll_all(core_, caller, in, out, nsubscriptions, nevents, [](const Subscription0& old) {
    Subscription subscription{};
    subscription.userdata = old.userdata;
    subscription.tag = old.tag;
    const bool is_clock = old.tag == static_cast<uint8_t>(EventType::Clock);
    subscription.id_or_fd = is_clock ? old.clock_id : static_cast<uint32_t>(old.identifier_or_fd);
    subscription.timeout = old.timeout;
    subscription.precision = old.precision;
    subscription.flags = old.flags;
    return subscription;
  });
}

}  // namespace godwit::wasi
