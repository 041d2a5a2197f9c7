// What goes into the holes that are numbers.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "code/cell.h"
#include "jit/hole_kind.h"
#include "runtime/vm.h"

namespace godwit::jit {

// @param cell  the function's own: its address is a number, too.
inline uint64_t value_of(HoleKind kind, const code::Cell& cell) {
  const uint32_t low = cell.b & 0xFFFF, high = cell.b >> 16;
  auto literal = [&](uint32_t index) {
    return load_unaligned<uint64_t>(reinterpret_cast<const uint8_t*>(&cell) + static_cast<int32_t>(cell.b) +
                                    8 * index);
  };
  switch (kind) {
    case HoleKind::slot_a: return 8 * uint64_t{cell.a};
    case HoleKind::slot_d: return 8 * uint64_t{cell.d};
    case HoleKind::slot_b: return 8 * uint64_t{cell.b};
    case HoleKind::slot_b_low: return 8 * uint64_t{low};
    case HoleKind::slot_b_high: return 8 * uint64_t{high};
    case HoleKind::any_slot: return 0;
    case HoleKind::a: return cell.a;
    case HoleKind::d: return cell.d;
    case HoleKind::b:
    case HoleKind::offset_b: return cell.b;
    case HoleKind::b_low: return low;
    case HoleKind::b_high: return high;
    case HoleKind::ad: return uint64_t{cell.d} << 16 | cell.a;
    case HoleKind::d_signed: return static_cast<uint64_t>(static_cast<int16_t>(cell.d));
    case HoleKind::b_high_signed: return static_cast<uint64_t>(static_cast<int16_t>(high));
    case HoleKind::global_b: return cell.b * uint64_t{sizeof(runtime::VmGlobal)};
    case HoleKind::pointer_b: return cell.b * uint64_t{sizeof(void*)};
    case HoleKind::pointer_d: return cell.d * uint64_t{sizeof(void*)};
    case HoleKind::literal_0: return literal(0);
    case HoleKind::literal_1: return literal(1);
    case HoleKind::literal_2: return literal(2);
    case HoleKind::literal_3: return literal(3);
    case HoleKind::literal_4: return literal(4);
    case HoleKind::cell: return reinterpret_cast<uint64_t>(&cell);
    case HoleKind::next_cell: return reinterpret_cast<uint64_t>(&cell + 1);
    default: __builtin_unreachable();
  }
}

}  // namespace godwit::jit
