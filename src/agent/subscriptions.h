// Subscriptions: channels of Redis and PostgreSQL whose messages become events.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/events.h"
#include "agent/outbound.h"
#include "async/scheduler.h"

namespace godwit::agent {

// A connection for each channel that an agent's manifest names, made anew when it is lost. From a message's coming on it is an
// event, with all that events are promised; what is sent while there is no connection is lost, as these servers keep nothing.
// @threads one, that of `scheduler`.
class Subscriptions final {
 public:
  // @lifetime all three outlive it, and it the fibers: the scheduler has run until end() was called and they returned.
  Subscriptions(async::Scheduler& scheduler, TlsConnector& connector, Events& events)
      : scheduler_(scheduler), connector_(connector), events_(events) {}

  // From now on these agents listen, and nobody else.
  void set(const std::vector<std::shared_ptr<const Agent>>& agents);
  void end() { set({}); }

 private:
  struct Listener {
    std::shared_ptr<const Agent> agent;
    Subscription what;
    DatabaseGrant grant;
    std::string password;
    std::atomic<uint64_t> stop = 0;

    bool is_same(const Listener& other) const;
  };

  void listen(const std::shared_ptr<Listener>& listener);
  // Until the connection is lost, or nobody wants to listen any more. @returns why.
  Result<> listen_once(Listener& listener, bool& has_connected);
  Result<> tell(const Listener& listener, std::string_view payload);

  async::Scheduler& scheduler_;
  TlsConnector& connector_;
  Events& events_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace godwit::agent
