// Journal: what a run was told by the world, so that one which was interrupted is told the same again and goes on.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/events.h"
#include "base/sha256.h"

namespace godwit::agent {

// Of the runs for one event, one after the other. A guest is told the same time until its next call, and draws numbers from
// a seed of the event's, so that between calls it does the same again.
// @threads one; calls park their fiber.
class Journal final {
 public:
  static constexpr size_t kMostCalls = 10'000;
  static constexpr size_t kMostBytes = size_t{64} << 20;  // of all answers

  // What earlier runs for the event were told. @errors Io.
  static Result<std::unique_ptr<Journal>> open(Events& events, int64_t event, platform::fs::Parker* parker);

  // The next call's answer, if an earlier run was told it.
  // @errors Usage: that run made another call here: what the guest does depends on more than what it is told.
  Result<std::optional<Told>> replay(std::string_view name,
                                     std::initializer_list<std::string_view> arguments);
  // Notes the answer of the call that was asked for last. Once it returns, the call is not made again.
  // @errors Exhausted: more than kMostCalls or kMostBytes. Io.
  Result<> note(Told told);

  uint64_t now_ns();  // since 1970, ever later
  void draw(std::span<uint8_t> bytes);
  // Names the call that was asked for last: the same in each run for the event.
  std::string call_id() const;

 private:
  Journal(Events& events, int64_t event, platform::fs::Parker* parker)
      : events_(events), event_(event), parker_(parker) {}

  Events& events_;
  const int64_t event_;
  platform::fs::Parker* const parker_;
  std::vector<Told> told_;  // from the beginning; the first is the seed
  size_t at_ = 0;           // of those the next to be told
  Digest call_{};           // that was asked for last
  size_t bytes_ = 0;
  uint64_t now_ns_ = 0;
  uint64_t drawn_ = 0;
};

}  // namespace godwit::agent
