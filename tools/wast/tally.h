// Tally: how many commands passed, failed and were skipped, and why.
#pragma once

#include <cstdint>
#include <string_view>

namespace godwit::wast {

enum class Skip : uint8_t {
  NotExecuted,     // the file is only decoded and validated
  Unsupported,     // needs an instruction that is not executed yet
  OnSkipped,       // uses a module that was skipped
  NotImplemented,  // the file needs a proposal that is not implemented
  Superseded,      // a later version of the standard says otherwise
};
inline constexpr size_t kSkipReasons = 5;

constexpr std::string_view to_string(Skip reason) {
  switch (reason) {
    case Skip::NotExecuted: return "file is only decoded and validated";
    case Skip::Unsupported: return "needs an instruction that is not executed yet";
    case Skip::OnSkipped: return "uses a module that was skipped";
    case Skip::NotImplemented: return "proposal not implemented";
    case Skip::Superseded: return "changed by a later standard";
  }
  return "";
}

// Plain: it lies in memory shared with the process that counts.
struct Tally {
  uint32_t passed = 0;
  uint32_t failed = 0;
  uint32_t known = 0;  // failed, and listed as known to fail
  uint32_t skipped[kSkipReasons] = {};

  uint32_t run() const { return passed + failed + known; }
  uint32_t skipped_total() const {
    uint32_t sum = 0;
    for (uint32_t count : skipped) sum += count;
    return sum;
  }
  uint32_t total() const { return run() + skipped_total(); }
  void add(const Tally& other) {
    passed += other.passed;
    failed += other.failed;
    known += other.known;
    for (size_t i = 0; i < kSkipReasons; ++i) skipped[i] += other.skipped[i];
  }
};

}  // namespace godwit::wast
