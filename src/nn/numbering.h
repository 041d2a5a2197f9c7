// Numbering: what a guest's numbers of element types mean. WASI-NN's first drafts had u8 = 2 and i32 = 3, where today f64 = 2
// and u8 = 3; guests of both kinds are about.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

namespace godwit::nn {

// One for each guest: what one tensor tells holds for those after it. @threads any
class Numbering final {
 public:
  // Today's number of a tensor's type. A tensor of the number 2 with one byte for each element is of u8 in the old
  // numbering (f64 has eight), one of the number 3 with four is of i32 (u8 has one).
  uint32_t type_of(uint32_t number, std::span<const uint32_t> dimensions, uint64_t size_bytes);

 private:
  enum class Kind : uint8_t { Unknown, Old, New };
  std::atomic<Kind> kind_ = Kind::Unknown;
};

}  // namespace godwit::nn
