// Log: a bounded queue of lines.
#include "agent/log.h"

#include <algorithm>
#include <utility>

#include "agent/text.h"
#include "platform/clock.h"

namespace godwit::agent {
namespace {

constexpr size_t kMostBytes = size_t{256} << 10;
constexpr size_t kMostLineBytes = size_t{8} << 10;
constexpr double kBurst = 1000;
constexpr double kPerSecond = 100;

std::string without(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < 4) continue;  // every text would have it
    for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += 3)
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::Debug: return "debug";
    case Level::Info: return "info";
    case Level::Warning: return "warning";
    case Level::Error: return "error";
  }
  return "info";
}

void Log::append(Level level, std::string_view message) {
  Line line = {.number = next_++, .text = {}};
  line.text = "{\"seq\":" + std::to_string(line.number) +
              ",\"time_ms\":" + std::to_string(platform::now_ns(platform::Clock::Realtime) / 1'000'000) +
              ",\"level\":\"" + std::string(to_string(level)) + "\",\"message\":" + json_string(message) +
              "}\n";
  bytes_ += line.text.size();
  lines_.push_back(std::move(line));
  while (bytes_ > kMostBytes) {
    bytes_ -= lines_.front().text.size();
    lines_.pop_front();
  }
}

void Log::write(Level level, std::string_view message, const std::vector<std::string>& secrets) {
  const std::string text = without(std::string(message.substr(0, kMostLineBytes)), secrets);
  const uint64_t now = platform::now_ns(platform::Clock::Monotonic);
  const std::lock_guard lock(mutex_);
  if (allowance_at_ns_ != 0)
    allowance_ =
        std::min(kBurst, allowance_ + static_cast<double>(now - allowance_at_ns_) * kPerSecond / 1e9);
  allowance_at_ns_ = now;
  if (allowance_ < 1) {
    left_out_++;
    return;
  }
  allowance_ -= 1;
  if (left_out_ > 0)
    append(Level::Warning,
           std::to_string(std::exchange(left_out_, 0)) + " lines were left out: too many at once");
  append(level, text);
}

Log::Lines Log::read(uint64_t from) const {
  const std::lock_guard lock(mutex_);
  Lines result = {.text = {}, .next = next_};
  for (const Line& line : lines_)
    if (line.number >= from) result.text += line.text;
  return result;
}

}  // namespace godwit::agent
