// Bodies of the ops that count fuel (wasm/fuel.h). They leave accumulators and slots alone.
#pragma once

#include "code/machine.h"
#include "wasm/fuel.h"

namespace godwit::code::ops {

namespace detail {

template <class M>
[[gnu::always_inline]] inline Flow take_fuel(M& m, int64_t amount) {
  int64_t& left = m.ctx()->store->fuel;
  left -= amount;
  return left < 0 ? m.trap(Trap::OutOfFuel) : Flow::Next;
}

}  // namespace detail

// b
struct Fuel {
  template <class M>
  static Flow run(M& m) {
    const uint32_t amount = m.b();
    return detail::take_fuel(m, int64_t{amount});
  }
};

// A 64th of the number in slot d.
template <class Length>
struct FuelByLength {
  template <class M>
  static Flow run(M& m) {
    const auto length = m.template slot<Length>(m.d());
    return detail::take_fuel(m, static_cast<int64_t>(uint64_t{length} >> wasm::kFuelLengthShift));
  }
};

}  // namespace godwit::code::ops
