// Subscriptions: a fiber for each.
#include "agent/subscriptions.h"

#include <algorithm>
#include <tuple>

#include "agent/remotes.h"
#include "agent/text.h"
#include "platform/clock.h"
#include "platform/random.h"

namespace godwit::agent {
namespace {

constexpr uint64_t kConnectPatience_ns = 10'000'000'000;
constexpr uint64_t kFirstRetry_ns = 250'000'000;
constexpr uint64_t kLastRetry_ns = 30'000'000'000;

uint64_t now_ms() { return platform::now_ns(platform::Clock::Realtime) / 1'000'000; }

}  // namespace

bool Subscriptions::Listener::is_same(const Listener& other) const {
  const auto of = [](const Listener& listener) {
    return std::tie(listener.agent->config.name, listener.what, listener.grant, listener.password);
  };
  return of(*this) == of(other);
}

void Subscriptions::set(const std::vector<std::shared_ptr<const Agent>>& agents) {
  std::vector<std::shared_ptr<Listener>> wanted;
  for (const auto& agent : agents) {
    for (const Subscription& subscription : agent->config.subscriptions) {
      const auto& grants = subscription.is_redis ? agent->config.redis : agent->config.postgres;
      const auto grant = std::ranges::find(grants, subscription.database, &DatabaseGrant::name);
      if (grant == grants.end()) continue;  // the manifest was checked
      auto listener = std::make_shared<Listener>();
      listener->agent = agent;
      listener->what = subscription;
      listener->grant = *grant;
      const auto secret = std::ranges::find(agent->config.secrets, grant->secret, &SecretGrant::name);
      if (secret != agent->config.secrets.end()) listener->password = secret->value;
      wanted.push_back(std::move(listener));
    }
  }
  const auto is_among = [](const std::vector<std::shared_ptr<Listener>>& all, const Listener& one) {
    return std::ranges::any_of(all, [&](const auto& other) { return other->is_same(one); });
  };
  std::erase_if(listeners_, [&](const auto& old) {
    if (is_among(wanted, *old)) return false;
    old->stop.store(1, std::memory_order_relaxed);
    return true;
  });
  for (const auto& fresh : wanted) {
    if (is_among(listeners_, *fresh)) continue;
    if (scheduler_.spawn([this, fresh] { listen(fresh); })) listeners_.push_back(fresh);
  }
}

void Subscriptions::listen(const std::shared_ptr<Listener>& listener) {
  const platform::fs::StopWord stop(&listener->stop);
  uint64_t wait_ns = kFirstRetry_ns;
  bool has_said = false;
  while (!stop.requested()) {
    bool has_connected = false;
    const auto ended = listen_once(*listener, has_connected);
    if (stop.requested()) return;
    if (has_connected) {
      wait_ns = kFirstRetry_ns;
      has_said = false;
    }
    if (!ended && !std::exchange(has_said, true))
      listener->agent->record->log.write(Level::Warning,
                                         "nothing is heard of channel '" + listener->what.channel +
                                             "': " + ended.error().message() + ": trying again",
                                         listener->agent->secrets);
    std::ignore = platform::fs::wait_for({}, wait_ns, {.stop = stop, .parker = &scheduler_});
    wait_ns = std::min(2 * wait_ns, kLastRetry_ns);
  }
}

Result<> Subscriptions::listen_once(Listener& listener, bool& has_connected) {
  const net::Patience patience = {
      .mode = {.stop = platform::fs::StopWord(&listener.stop), .parker = &scheduler_},
      .timeout_ns = kConnectPatience_ns};
  // a message comes when it comes; a server that is gone without a word is found out by the system
  const net::Patience for_ever = {.mode = patience.mode};
  const std::string& channel = listener.what.channel;
  if (listener.what.is_redis) {
    ASSIGN_OR_RETURN(auto redis, connect_redis(connector_, listener.grant, listener.password, patience));
    TRY(redis->subscribe(channel, patience));
    for (has_connected = true;;) {
      ASSIGN_OR_RETURN(const std::string payload, redis->next_message(for_ever));
      TRY(tell(listener, payload));
    }
  }
  ASSIGN_OR_RETURN(auto postgres, connect_postgres(connector_, listener.grant, listener.password, patience));
  TRY(postgres->listen(channel, patience));
  for (has_connected = true;;) {
    ASSIGN_OR_RETURN(const std::string payload, postgres->next_notification(for_ever));
    TRY(tell(listener, payload));
  }
}

Result<> Subscriptions::tell(const Listener& listener, std::string_view payload) {
  uint8_t random[16];
  TRY(platform::fill_random(random));
  const auto added = events_.add({.agent = listener.agent->config.name,
                                  .kind = listener.what.is_redis ? "redis" : "postgres",
                                  .key = listener.what.channel + ":" + to_hex(random),
                                  .payload = std::string(payload)},
                                 now_ms(), Events::IfKnown::Keep, &scheduler_);
  // one that there is no room for is lost, those after it may not be
  if (!added)
    listener.agent->record->log.write(
        Level::Error,
        "a message of channel '" + listener.what.channel + "' is lost: " + added.error().message(),
        listener.agent->secrets);
  return {};
}

}  // namespace godwit::agent
