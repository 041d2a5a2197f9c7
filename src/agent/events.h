// Events: what agents are to be told later, at least once, whatever happens in between.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/database.h"
#include "agent/manifest.h"
#include "async/blocking_pool.h"
#include "async/signal.h"
#include "base/sha256.h"

namespace godwit::agent {

struct Event {
  int64_t id = 0;
  std::string agent;
  std::string kind;  // "timer", "cron", "queue"
  std::string key;  // tells one event of an agent's and kind from another: a timer's name, an idempotency key
  std::string payload;
  int64_t attempts = 0;    // that failed
  std::string trace = {};  // "traceparent" of who made it; empty: nobody is told
};

// What a call of a run's was answered.
struct Told {
  int32_t code = 0;  // less than 0: a Failure, and why in `bytes`
  std::string bytes = {};
  Digest call = {};      // which call, with which arguments
  uint64_t time_ns = 0;  // when, since 1970
};

// The file `events.db`. An event is there from the moment that add() has returned until done() has; who dies in between
// finds it again. @threads any; each call parks its fiber.
class Events final {
 public:
  // @errors Io. Unsupported: a newer godwit has written the file.
  static Result<std::unique_ptr<Events>> open(const std::string& directory,
                                              platform::fs::Parker* parker = nullptr);

  // Whether what has the same key replaces it, or is the same event.
  enum class IfKnown : uint8_t { Replace, Keep };
  // @returns whether it is new. An event that was done within a day is known, too.
  // @errors Exhausted: the agent has ten thousand already.
  Result<bool> add(const Event& event, uint64_t due_ms, IfKnown if_known, platform::fs::Parker* parker);
  // @returns whether it was there.
  Result<bool> cancel(std::string_view agent, std::string_view kind, std::string_view key,
                      platform::fs::Parker* parker);

  struct Due {
    std::vector<Event> events;
    uint64_t next_ms = UINT64_MAX;  // when there is something to do again
  };
  // What is due now and is not in `running`, those that wait longest first.
  Result<Due> due(uint64_t now_ms, size_t most, const std::vector<int64_t>& running,
                  platform::fs::Parker* parker);
  Result<> done(int64_t id, uint64_t now_ms, platform::fs::Parker* parker);
  // It is tried again later, each time twice as late; after kMostAttempts it is kept as dead.
  Result<> failed(const Event& event, std::string_view why, uint64_t now_ms, platform::fs::Parker* parker);
  static constexpr int64_t kMostAttempts = 8;

  // What runs for this event were told so far, in order; of one that is done or has failed: nothing.
  Result<std::vector<Told>> told(int64_t id, platform::fs::Parker* parker);
  // @param number from 0, one more each time.
  Result<> note(int64_t id, int64_t number, const Told& told, platform::fs::Parker* parker);

  // From now on these cron jobs are due; what was missed while nobody served is due once.
  Result<> set_cron(const std::vector<AgentConfig>& agents, uint64_t now_ms, platform::fs::Parker* parker);

  // Whether a webhook's delivery was answered already, and that it is now. What is older than a day is forgotten.
  Result<bool> is_seen(std::string_view agent, std::string_view delivery, platform::fs::Parker* parker);
  Result<> set_seen(std::string_view agent, std::string_view delivery, uint64_t now_ms,
                    platform::fs::Parker* parker);

  struct Count {
    int64_t pending = 0;
    int64_t dead = 0;
  };
  Result<Count> count(platform::fs::Parker* parker);

  // Raised when something new may be due.
  async::Signal& changed() { return changed_; }

 private:
  explicit Events(async::Signal changed) : changed_(std::move(changed)) {}
  Result<> migrate();
  // On the thread only: cron jobs that are due become events.
  Result<> ring(uint64_t now_ms);
  template <class T, class Function>
  Result<T> on_thread(platform::fs::Parker* parker, Function function);

  async::Signal changed_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<async::BlockingPool> pool_;  // ends before what it uses
};

}  // namespace godwit::agent
