// Sequences: cells that often stand one after the other and have a handler together, in tiers that dispatch cell by cell.
//
// The first cell of a sequence gets the sequence's handler, which runs all of them; the others keep their fields and
// their own handlers. So code stays what it was, cell by cell: a branch may lead into the middle of a sequence, and
// whoever reads cells need not know of sequences.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "code/translation.h"

namespace godwit::code {

inline constexpr size_t kSequenceCount = 0
#define GODWIT_SEQUENCE(...) +1
#define GODWIT_SEQUENCE_INTO(...) +1
#define GODWIT_SEQUENCE_FROM(...) +1
#include "code/sequences.def"
    ;

inline constexpr size_t kLongestSequence = 4;

// A HandlerTable has the handlers of all ops, then those of all sequences in the order of sequences.def.
inline constexpr size_t kHandlerCount = kCellOpCount + kSequenceCount;

// For each cell the index of its handler in a HandlerTable, so that as few handlers run as possible.
std::vector<uint16_t> choose_handlers(std::span<const DraftCell> cells);
// The same, into a vector that is reused from call to call.
void choose_handlers(std::span<const DraftCell> cells, std::vector<uint16_t>& chosen);

}  // namespace godwit::code
