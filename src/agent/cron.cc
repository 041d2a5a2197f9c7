// Cron: sets of minutes, and the search for the next one.
#include "agent/cron.h"

#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace godwit::agent {
namespace {

Error wrong(std::string_view what, std::string_view text) {
  return Error(ErrorKind::Usage,
               "'" + std::string(text) + "' is no " + std::string(what) + " of a cron schedule");
}

std::optional<unsigned> number_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Numbers from `low` to `high` that a field names.
Result<std::bitset<64>> parse_field(std::string_view what, std::string_view field, unsigned low,
                                    unsigned high) {
  std::bitset<64> found;
  for (std::string_view part : split(field, ',')) {
    const std::string_view whole = part;
    unsigned step = 1;
    const size_t slash = part.find('/');
    if (slash != std::string_view::npos) {
      const auto number = number_of(part.substr(slash + 1));
      if (!number || *number == 0) return fail(wrong(what, whole));
      step = *number;
      part = part.substr(0, slash);
    }
    unsigned from = low;
    unsigned to = high;
    if (part != "*") {
      const size_t dash = part.find('-');
      const auto first = number_of(part.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : number_of(part.substr(dash + 1));
      if (!first || !last || *first < low || *last > high || *first > *last) return fail(wrong(what, whole));
      from = *first;
      to = dash == std::string_view::npos && slash != std::string_view::npos ? high : *last;
    }
    for (unsigned i = from; i <= to; i += step) found.set(i);
  }
  return found;
}

std::string_view expanded(std::string_view text) {
  if (text == "@hourly") return "0 * * * *";
  if (text == "@daily") return "0 0 * * *";
  if (text == "@weekly") return "0 0 * * 0";
  if (text == "@monthly") return "0 0 1 * *";
  return text;
}

}  // namespace

Result<CronSchedule> CronSchedule::parse(std::string_view text) {
  std::vector<std::string_view> fields;
  for (const std::string_view part : split(expanded(text), ' '))
    if (!part.empty()) fields.push_back(part);
  if (fields.size() != 5)
    return fail(
        ErrorKind::Usage,
        "a cron schedule has five fields, minute hour day month weekday, or is one of @hourly, @daily, "
        "@weekly, @monthly");
  CronSchedule schedule;
  ASSIGN_OR_RETURN(const auto minutes, parse_field("minute", fields[0], 0, 59));
  ASSIGN_OR_RETURN(const auto hours, parse_field("hour", fields[1], 0, 23));
  ASSIGN_OR_RETURN(const auto days, parse_field("day", fields[2], 1, 31));
  ASSIGN_OR_RETURN(const auto months, parse_field("month", fields[3], 1, 12));
  ASSIGN_OR_RETURN(const auto weekdays, parse_field("weekday", fields[4], 0, 7));
  for (size_t i = 0; i < 60; i++) schedule.minutes_[i] = minutes[i];
  for (size_t i = 0; i < 24; i++) schedule.hours_[i] = hours[i];
  for (size_t i = 0; i < 32; i++) schedule.days_[i] = days[i];
  for (size_t i = 0; i < 13; i++) schedule.months_[i] = months[i];
  for (size_t i = 0; i < 7; i++) schedule.weekdays_[i] = weekdays[i];
  if (weekdays[7]) schedule.weekdays_.set(0);
  schedule.days_restricted_ = fields[2] != "*";
  schedule.weekdays_restricted_ = fields[4] != "*";
  return schedule;
}

std::optional<uint64_t> CronSchedule::next_after(uint64_t unix_s) const {
  using namespace std::chrono;
  constexpr int kMostDays = 5 * 366;
  const sys_seconds first = sys_seconds(seconds(unix_s / 60 * 60 + 60));
  sys_days day = floor<days>(first);
  for (int i = 0; i < kMostDays; i++, day += days(1)) {
    const year_month_day date(day);
    if (!months_[static_cast<unsigned>(date.month())]) continue;
    const bool fits_day = days_[static_cast<unsigned>(date.day())];
    const bool fits_weekday = weekdays_[weekday(day).c_encoding()];
    const bool fits =
        days_restricted_ && weekdays_restricted_ ? fits_day || fits_weekday : fits_day && fits_weekday;
    if (!fits) continue;
    for (unsigned hour = 0; hour < 24; hour++) {
      if (!hours_[hour]) continue;
      for (unsigned minute = 0; minute < 60; minute++) {
        const sys_seconds time = day + hours(hour) + minutes(minute);
        if (minutes_[minute] && time >= first) return static_cast<uint64_t>(time.time_since_epoch().count());
      }
    }
  }
  return std::nullopt;
}

}  // namespace godwit::agent
