// AccTracker: what the accumulators hold while code is being translated.
#pragma once

#include <array>
#include <cstdint>

#include "code/operand.h"

namespace godwit::code {

// What one accumulator holds: the value of `slot`. While it is pending, the slot itself has not been written: the cell
// `producer` writes the accumulator only, and must be turned into its twin that writes the slot too if the value is
// wanted after the accumulator has got another.
struct AccState {
  static constexpr uint32_t kNothing = ~uint32_t{0};
  uint32_t slot = kNothing;
  uint32_t producer = kNothing;  // the cell that made it, if that may be changed
  bool is_pending = false;
};

class AccTracker {
 public:
  static constexpr size_t kClasses = 4;

  AccState& operator[](AccClass acc) { return states_[static_cast<size_t>(acc)]; }

  bool holds(AccClass acc, uint32_t slot) const {
    return acc != AccClass::None && states_[static_cast<size_t>(acc)].slot == slot;
  }
  // `slot` is about to get another value, or another operand.
  void forget(uint32_t slot) {
    for (AccState& state : states_)
      if (state.slot == slot) state = {};
  }
  void forget_all() { states_ = {}; }

 private:
  std::array<AccState, kClasses> states_;
};

}  // namespace godwit::code
