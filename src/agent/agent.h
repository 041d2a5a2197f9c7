// Agent: one agent of the manifest's, loaded; and what outlives its being loaded anew.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/log.h"
#include "agent/manifest.h"
#include "agent/run_log.h"
#include "agent/state.h"
#include "base/sha256.h"
#include "godwit/module.h"

namespace godwit::agent {

// The module whose functions guests import.
inline constexpr std::string_view kAbi = "godwit:agent/v1";

// How long runs took, in classes: kBounds_ms, and longer.
struct Counters {
  static constexpr uint64_t kBounds_ms[] = {1, 5, 25, 100, 500, 2500, 10'000};
  std::atomic<uint64_t> runs = 0;
  std::atomic<uint64_t> failures = 0;  // trapped, limited, called off
  std::atomic<uint64_t> refused = 0;   // too many at a time
  std::atomic<uint64_t> denials = 0;   // of what is not granted
  std::atomic<uint64_t> requests_out = 0;
  std::atomic<uint64_t> time_ns = 0;
  std::atomic<uint64_t> cpu_ns = 0;     // the processor's, host functions included
  std::atomic<uint64_t> tokens_in = 0;  // that models said they read
  std::atomic<uint64_t> tokens_out = 0;
  std::atomic<uint64_t> by_time[std::size(kBounds_ms) + 1] = {};
};

class Residents;

// Of an agent's name: stays while the server runs.
struct AgentRecord {
  AgentRecord();
  ~AgentRecord();

  std::string name;
  uint64_t number = 0;  // a partition of connections
  Log log;
  RunLog run_log;
  Counters counters;
  std::unique_ptr<State> state;
  std::unique_ptr<Residents> residents;  // null until a manifest says that it has some
  std::atomic<uint32_t> running = 0;
  std::atomic<bool> is_stopped = false;
};

// Immutable; kept as long as somebody runs it. @threads any.
struct Agent {
  AgentConfig config;
  std::shared_ptr<AgentRecord> record;
  v1::Module module;
  Digest digest = {};                     // of the module's bytes
  std::vector<std::string> imports = {};  // of kAbi; of a flow: of "env"
  std::vector<std::string> secrets = {};  // that never come to a log
  bool has_on_http = false;
  bool has_on_event = false;
  bool has_on_tool = false;
  std::vector<std::string> exports = {};  // functions, of a flow
  bool has_initialize = false;
  bool uses_wasi = false;
};

// @errors as v1::Module::from_file. Unlinkable: it has no entry point, or imports what this ABI has not.
Result<std::shared_ptr<const Agent>> load_agent(const v1::Engine& engine, const AgentConfig& config,
                                                std::shared_ptr<AgentRecord> record);

// The public error as one of ours, and in words with its backtrace.
Error from_public(const v1::Error& error);

}  // namespace godwit::agent
