// Choices: the bytes of a fuzzer's input as the decisions of a generator.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace godwit::fuzz {

// Near inputs make near decisions, so that a fuzzer can steer. When the bytes are used up, every decision is the first
// one: generators put there what leads to an end.
class Choices final {
 public:
  explicit Choices(Bytes bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }
  // In [0, bound); bound > 0. A byte of input, or four where one does not do.
  uint32_t below(size_t bound) {
    const uint64_t number = take(bound <= 256 ? 1 : 4);
    return static_cast<uint32_t>(number % bound);
  }
  bool one_in(uint32_t n) { return below(n) == n - 1; }
  uint64_t bits() { return take(8); }

 private:
  uint64_t take(size_t count) {
    uint64_t number = 0;
    const size_t have = std::min(count, bytes_.size());
    for (size_t i = 0; i < have; ++i) number |= uint64_t{bytes_[i]} << (8 * i);
    bytes_ = bytes_.subspan(have);
    return number;
  }

  Bytes bytes_;
};

}  // namespace godwit::fuzz
