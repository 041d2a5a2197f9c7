// Denials: what a guest was refused, told to whoever runs it: each once, and not for ever.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::wasi {

// Told what was refused, and the option that would allow it.
using DenialSink = std::function<void(std::string_view)>;

// @threads any.
class Denials final {
 public:
  // What the bound on how much is told counts apart, so that one does not silence another.
  enum class Topic : uint8_t { Network, Files, Tls };
  static constexpr size_t kMostOfTopic = 8;

  explicit Denials(DenialSink sink) : sink_(std::move(sink)) {}

  // Unless it was told before, or enough was told of this topic.
  void tell(Topic topic, std::string message);

 private:
  const DenialSink sink_;
  std::mutex mutex_;  // guards what follows, and lets one thread tell at a time
  std::array<std::vector<std::string>, 3> told_;
};

}  // namespace godwit::wasi
