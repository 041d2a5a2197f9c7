// CronSchedule: "minute hour day-of-month month day-of-week", in UTC.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace godwit::agent {

// Each field: "*", numbers, ranges "a-b", steps "*/n" and "a-b/n", lists "a,b"; days of the week 0 to 7, Sunday is 0 and 7.
// If both days are restricted, either is enough, as in other crons. Also "@hourly", "@daily", "@weekly", "@monthly".
class CronSchedule final {
 public:
  // @errors Usage: says which field is wrong.
  static Result<CronSchedule> parse(std::string_view text);

  // The first minute after `unix_s` that it names, in seconds since 1970; nothing if there is none within five years.
  std::optional<uint64_t> next_after(uint64_t unix_s) const;

 private:
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;     // from 1
  std::bitset<13> months_;   // from 1
  std::bitset<7> weekdays_;  // from Sunday
  bool days_restricted_ = false;
  bool weekdays_restricted_ = false;
};

}  // namespace godwit::agent
