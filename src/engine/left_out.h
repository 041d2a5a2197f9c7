// LeftOut: why functions have no optimised code, counted.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace godwit::engine {

// @threads any.
class LeftOut final {
 public:
  void add(std::string_view why);
  // The most frequent reasons, with how many functions each; empty if there is none.
  std::string describe() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> counts_;
};

}  // namespace godwit::engine
