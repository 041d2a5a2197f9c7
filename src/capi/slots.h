// Calls with arguments and results in slots, and the short notation of their types.
#pragma once

#include <string_view>
#include <vector>

#include "godwit/result.h"
#include "godwit/types.h"

namespace godwit::capi {

// "iI:F": a letter for each parameter, a colon, a letter for each result.
Result<FuncType> parse_type(std::string_view text);

// Slots of 32-bit values have upper halves that C code may leave as they are, but that Godwit wants to be zero.
class SlotMask final {
 public:
  explicit SlotMask(const std::vector<ValType>& types);
  void apply(uint64_t* slots) const {
    for (uint32_t slot : narrow_) slots[slot] &= 0xffffffff;
  }
  // Slots that the values take.
  size_t slots() const { return slots_; }

 private:
  std::vector<uint32_t> narrow_;
  size_t slots_ = 0;
};

}  // namespace godwit::capi
