// RunLog: a ring.
#include "agent/run_log.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "agent/text.h"

namespace godwit::agent {
namespace {

uint8_t copy(std::string_view text, char* into, size_t room) {
  const size_t size = std::min(text.size(), room);
  std::memcpy(into, text.data(), size);
  return static_cast<uint8_t>(size);
}

}  // namespace

void RunLog::add(const Entry& entry) {
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_[ended_++ % kMost];
  kept.time_ms = entry.time_ms;
  kept.taken_ns = entry.taken_ns;
  kept.memory_bytes = entry.memory_bytes;
  kept.status = entry.status;
  kept.kind_bytes = copy(entry.kind, kept.kind, sizeof kept.kind);
  kept.target_bytes = copy(entry.target, kept.target, sizeof kept.target);
  kept.error = entry.error;
  peak_bytes_ = std::max(peak_bytes_, entry.memory_bytes);
}

std::string RunLog::to_json() const {
  const std::lock_guard lock(mutex_);
  std::string text = "[";
  for (uint64_t i = ended_ > kMost ? ended_ - kMost : 0; i < ended_; i++) {
    const Kept& kept = kept_[i % kMost];
    if (text.size() > 1) text += ',';
    text += "{\"time_ms\":" + std::to_string(kept.time_ms) +
            ",\"kind\":" + json_string({kept.kind, kept.kind_bytes}) +
            ",\"target\":" + json_string({kept.target, kept.target_bytes}) +
            ",\"status\":" + std::to_string(kept.status) + ",\"error\":" + json_string(kept.error) +
            ",\"us\":" + std::to_string(kept.taken_ns / 1000) +
            ",\"memory_bytes\":" + std::to_string(kept.memory_bytes) + "}";
  }
  return text + "]";
}

RunLog::Summary RunLog::summary() const {
  Summary summary;
  std::vector<uint64_t> times;
  {
    const std::lock_guard lock(mutex_);
    summary.peak_bytes = peak_bytes_;
    if (ended_ == 0) return summary;
    summary.memory_bytes = kept_[(ended_ - 1) % kMost].memory_bytes;
    for (uint64_t i = 0; i < std::min<uint64_t>(ended_, kMost); i++) times.push_back(kept_[i].taken_ns);
  }
  std::ranges::sort(times);
  summary.half_ns = times[(times.size() - 1) / 2];
  summary.most_ns = times[(times.size() - 1) * 99 / 100];
  return summary;
}

}  // namespace godwit::agent
