// State: what one agent keeps.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/database.h"
#include "agent/manifest.h"
#include "async/blocking_pool.h"

namespace godwit::agent {

// Two files in the agent's directory, `kv.db` and `sql.db`, and one thread that reads and writes them: who waits for them is
// parked, and what one agent asks for delays no other. Opened when they are first needed. What a call has answered survives
// the process, however it ends.
// @threads any.
class State final {
 public:
  // @param directory is made when it is needed.
  // @errors Exhausted: no thread.
  static Result<std::unique_ptr<State>> create(std::string directory, const AgentLimits& limits);

  // Of SQLite's: what statements sort and build; a statement that would need more fails.
  static constexpr uint64_t kMostMemoryBytes = uint64_t{64} << 20;

  struct Wait {
    platform::fs::Parker* parker = nullptr;
    const std::atomic<uint64_t>* stop = nullptr;  // other than 0: what takes long ends soon
  };
  // @errors of all: Io, Exhausted: the disk, or the agent's part of it, is full.
  Result<std::optional<std::string>> get(std::string_view key, const Wait& wait);
  Result<> set(std::string_view key, std::string_view value, const Wait& wait);
  // @returns whether it was there.
  Result<bool> remove(std::string_view key, const Wait& wait);
  // The keys that begin so, in order, after `after`; a hundred at most.
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, const Wait& wait);
  // @errors Usage: as Database::run().
  Result<SqlResult> sql(std::string_view statement, std::span<const SqlValue> parameters, const Wait& wait);

 private:
  State(std::string directory, const AgentLimits& limits)
      : directory_(std::move(directory)), limits_(limits), memory_(MemoryBudget::create(kMostMemoryBytes)) {}
  // On the thread only:
  Result<Database*> kv();
  Result<Database*> sql_database();
  Result<std::unique_ptr<Database>> open(const std::string& name, bool is_for_guests);
  template <class T, class Function>
  Result<T> on_thread(const Wait& wait, Function function);

  const std::string directory_;
  const AgentLimits limits_;
  MemoryBudget& memory_;  // of both databases
  std::unique_ptr<Database> kv_, sql_;
  std::unique_ptr<async::BlockingPool> pool_;  // ends before what it uses
};

}  // namespace godwit::agent
