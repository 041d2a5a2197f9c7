// Residents: instances of an agent that stay from one request or event to the next, one for each key.
//
//   awake: a store with an instance ──(idle for long, or too many)──▶ asleep: compressed, in a file ──(next run)──▶ awake
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/agent.h"
#include "agent/asleep.h"
#include "async/signal.h"
#include "godwit/instance.h"
#include "godwit/linker.h"
#include "godwit/snapshot.h"
#include "godwit/store.h"
#include "godwit/wasi.h"
#include "net/server.h"

namespace godwit::agent {

class Bindings;

// Whether a text can name an instance: 200 bytes at most, no control characters.
bool is_instance(std::string_view text);
// Which one a request is for; nothing if it names none. @param route that led to the agent.
std::optional<std::string> instance_of(const ResidentConfig& config, const net::Request& request,
                                       std::string_view route);
// The key of an event for an instance; and back: the instance, and the rest.
std::string event_key(std::string_view instance, std::string_view key);
std::pair<std::string_view, std::string_view> split_event_key(std::string_view key);

// An instance with all that it was linked to. Members go in reverse: the store before what it calls, and before the
// snapshot that it began with, whose idle instances nobody will ask for. @threads one at a time.
class FlowGuest;
struct AwakeInstance {
  AwakeInstance();
  ~AwakeInstance();

  std::shared_ptr<const Agent> agent;
  uint32_t thread = 0;    // of the server's, that it runs on
  std::string event;      // that it was last run for
  bool is_saved = false;  // as it is now
  std::optional<v1::Snapshot> began_with;
  std::optional<v1::Wasi> wasi;
  std::unique_ptr<Bindings> bindings;
  std::unique_ptr<FlowGuest> flow;  // of flows only
  v1::Linker linker;
  std::optional<v1::Store> store;
  std::optional<v1::Instance> instance;

  // What is to be written of it. Nobody runs it. @errors as v1::Instance::snapshot().
  Result<SavedInstance> save() const;
};

// Those of one agent's record. An instance runs for one at a time; who wants it meanwhile waits, in turn.
// @threads any.
class Residents final {
 public:
  // @errors as Asleep::create().
  static Result<std::unique_ptr<Residents>> create(Asleep::Options options);
  ~Residents();

  // The right to run the instance of a key; ends without a new state, unless give() was called.
  class Lease final {
   public:
    Lease(Lease&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {
      awake = std::move(other.awake);
    }
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (owner_) owner_->release(key_, nullptr);
    }
    // The instance; null: it is asleep, or there was none yet. What is left here by give() is awake from then on.
    std::unique_ptr<AwakeInstance> awake;
    void give() { std::exchange(owner_, nullptr)->release(key_, std::move(awake)); }
    const std::string& key() const { return key_; }

   private:
    friend class Residents;
    Lease(Residents* owner, std::string key) : owner_(owner), key_(std::move(key)) {}
    Residents* owner_;
    std::string key_;
  };
  // @errors Exhausted: called off, or `timeout_ns` have passed. Io: the system has no file left for the wait.
  Result<Lease> take(std::string_view key, platform::fs::WaitMode mode, uint64_t timeout_ns);

  Asleep& asleep() { return *asleep_; }

  // Puts those to sleep that nobody has run for `idle_ns`, and those that have waited longest, until no more than
  // `most_awake` are left. What cannot be written is told to the agent's log, and begins anew.
  void put_to_sleep(uint64_t idle_ns, uint32_t most_awake, const State::Wait& wait);
  // Drops those that are awake. Nobody runs them any more.
  void end();

  uint32_t awake() const;

 private:
  struct Place {
    bool is_busy = false;
    std::unique_ptr<AwakeInstance> awake;  // while nobody is busy with it
    uint64_t used_at_ns = 0;
    std::deque<const async::Signal*> waiting;
  };

  Residents() = default;
  void release(const std::string& key, std::unique_ptr<AwakeInstance> awake);
  // One that nobody uses and that has waited for `idle_ns` at least, longest of all.
  std::optional<Lease> take_idle(uint64_t idle_ns, uint32_t most_awake);

  std::unique_ptr<Asleep> asleep_;
  mutable std::mutex mutex_;                          // guards what follows
  std::map<std::string, Place, std::less<>> places_;  // those that are awake or used
  uint32_t awake_ = 0;                                // that nobody uses
};

}  // namespace godwit::agent
