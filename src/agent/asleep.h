// Asleep: the file in which the instances of an agent lie while nobody needs them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/database.h"
#include "agent/state.h"
#include "async/blocking_pool.h"
#include "base/sha256.h"

namespace godwit::agent {

// The state of an instance, as v1::Snapshot writes it, and what it belongs to.
struct SavedInstance {
  std::vector<uint8_t> state;
  Digest module{};    // of whose instance it is
  std::string event;  // that it was last run for; empty: none, or a request
};

// `resident.db` in the agent's directory: compressed. Opened when it is first needed. @threads any; calls park their fiber.
class Asleep final {
 public:
  struct Options {
    std::string directory;
    uint64_t max_bytes = 0;       // of the file
    uint64_t most_instances = 0;  // in the file
    bool is_kept = false;         // what an earlier server has left is taken over; otherwise it is removed
  };
  // @errors Exhausted: no thread.
  static Result<std::unique_ptr<Asleep>> create(Options options);

  // @param most_bytes of the state.
  // @returns nothing if there is none of that key, but may be.
  // @errors of all: Io, Exhausted: the disk is full, or the agent's part of it; there are as many as may be.
  Result<std::optional<SavedInstance>> load(std::string_view key, uint64_t most_bytes,
                                            const State::Wait& wait);
  Result<> save(std::string_view key, const SavedInstance& saved, const State::Wait& wait);
  // How many are in the file, as far as it was opened.
  uint64_t count() const { return instances_.load(std::memory_order_relaxed); }

 private:
  explicit Asleep(Options options) : options_(std::move(options)) {}
  Result<Database*> database();  // on the thread only
  Result<> check_room() const;
  template <class T, class Function>
  Result<T> on_thread(const State::Wait& wait, Function function);

  const Options options_;
  std::atomic<uint64_t> instances_ = 0;
  std::unique_ptr<Database> database_;
  std::unique_ptr<async::BlockingPool> pool_;  // ends before what it uses
};

}  // namespace godwit::agent
