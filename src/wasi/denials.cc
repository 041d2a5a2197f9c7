// Denials: what was told, so that it is not told again.
#include "wasi/denials.h"

#include <algorithm>

namespace godwit::wasi {

void Denials::tell(Topic topic, std::string message) {
  if (!sink_) return;
  const std::lock_guard lock(mutex_);
  std::vector<std::string>& told = told_[static_cast<size_t>(topic)];
  if (told.size() >= kMostOfTopic || std::ranges::find(told, message) != told.end()) return;
  sink_(message);
  told.push_back(std::move(message));
}

}  // namespace godwit::wasi
