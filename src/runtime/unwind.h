// Where a throw goes on: what the code of a frame says about it, remembered per call.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/vm.h"

namespace godwit::runtime {

// One clause of a try: the cell to go on at if the tag is right, and where in the frame it expects what.
struct CatchClause {
  static constexpr uint32_t kAnyTag = ~uint32_t{0};
  static constexpr uint16_t kNoSlot = 0xFFFF;  // no frame has it: kMaxFrameSlots

  const Cell* target;
  const CatchClause* next;  // to be looked at if this one does not match; of this try or of one around it
  uint32_t tag;             // index in the module, or kAnyTag: then the payload is not wanted
  uint16_t payload_slot;    // of the first payload value
  uint16_t ref_slot;        // for the exnref, or kNoSlot
};

// What an unwinder wants to know of a cell that calls or throws.
struct UnwindSite {
  uint32_t header_slot;        // of the function's frames
  uint32_t frame_slots;        // the length of these
  const CatchClause* clauses;  // of the tries around the cell, innermost first; null: none
};

// Remembers sites: throwing is to take nanoseconds, and finding a site takes a lock and a search. Cells live as long
// as the store whose frames they belong to.
class UnwindCache final {
 public:
  // The site of `cell` in the code of `module`; null if the cell is not that module's.
  [[gnu::always_inline]] const UnwindSite* find(const Cell* cell, const Module& module) {
    const auto number = reinterpret_cast<uintptr_t>(cell) >> 4;
    Entry& entry = entries_[(number ^ number >> 8) % kSize];
    if (entry.cell != cell) [[unlikely]] {
      if (!look_up(cell, module, entry)) return nullptr;
    }
    return &entry.site;
  }

 private:
  struct Entry {
    const Cell* cell = nullptr;
    UnwindSite site{};
  };
  static bool look_up(const Cell* cell, const Module& module, Entry& into);

  static constexpr size_t kSize = 256;
  std::array<Entry, kSize> entries_{};
};

}  // namespace godwit::runtime
