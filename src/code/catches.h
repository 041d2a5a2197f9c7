// What a function catches, before it has an address: tries as regions of cells, and their clauses.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/unwind.h"

namespace godwit::code {

struct DraftClause {
  uint32_t tag;  // index, or CatchClause::kAnyTag
  uint32_t
      target;  // a cell; as long as that is not known, the clause that waits for the same label, or kNone
  uint32_t next = ~uint32_t{0};  // of the same try
  uint32_t label_frame;  // of a try_table: the translator's frame of the label, as long as that is open
  uint16_t payload_slot;
  uint16_t ref_slot = runtime::CatchClause::kNoSlot;
};

// The body of a try, or code between such.
struct DraftRegion {
  uint32_t parent;  // where to look if no clause matches
  uint32_t first_clause = ~uint32_t{0};
  uint32_t last_clause = ~uint32_t{0};
  bool is_legacy = false;
};

class DraftCatches {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  // From the cell `begin` on, exceptions are looked for in `region` (or nowhere: kNone). Cells only ascend.
  struct Span {
    uint32_t begin;
    uint32_t region;
  };

  bool is_empty() const { return regions.empty(); }

  // A region begins at `cell`, inside of `parent`; its index.
  uint32_t open(uint32_t cell, uint32_t parent) {
    regions.push_back({parent});
    spans.push_back({cell, static_cast<uint32_t>(regions.size() - 1)});
    return spans.back().region;
  }
  // At `cell` the innermost region ends; `outer` is the one around it.
  void close(uint32_t cell, uint32_t outer) { spans.push_back({cell, outer}); }

  // Adds a clause behind those that the region has; its index.
  uint32_t add(uint32_t region, const DraftClause& clause) {
    const auto index = static_cast<uint32_t>(clauses.size());
    clauses.push_back(clause);
    DraftRegion& owner = regions[region];
    (owner.last_clause == kNone ? owner.first_clause : clauses[owner.last_clause].next) = index;
    owner.last_clause = index;
    return index;
  }

  std::vector<DraftRegion> regions;
  std::vector<DraftClause> clauses;
  std::vector<Span> spans;
};

}  // namespace godwit::code
