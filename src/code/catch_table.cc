// Making a CatchTable of what the translator found, and looking cells up.
#include "code/catch_table.h"

#include <algorithm>

namespace godwit::code {

using runtime::CatchClause;

CatchTable::CatchTable(const DraftCatches& draft, const Cell* cells) : clauses_(draft.clauses.size()) {
  // Where a search that has come to a region begins. A region without clauses is passed over; one's parent was opened
  // before it, so that the parent's entry is there.
  std::vector<const CatchClause*> heads;
  heads.reserve(draft.regions.size());
  auto head_of = [&](uint32_t region) { return region == DraftCatches::kNone ? nullptr : heads[region]; };
  for (const DraftRegion& region : draft.regions) {
    const CatchClause* outer = head_of(region.parent);
    heads.push_back(region.first_clause == DraftCatches::kNone ? outer : &clauses_[region.first_clause]);
    for (uint32_t i = region.first_clause; i != DraftCatches::kNone; i = draft.clauses[i].next) {
      const DraftClause& clause = draft.clauses[i];
      const CatchClause* next = clause.next == DraftCatches::kNone ? outer : &clauses_[clause.next];
      clauses_[i] = {cells + clause.target, next, clause.tag, clause.payload_slot, clause.ref_slot};
    }
  }
  spans_.reserve(draft.spans.size());
  for (const DraftCatches::Span& span : draft.spans) {
    const Cell* begin = cells + span.begin;
    // what begins where something else begins, too, hides it
    if (!spans_.empty() && spans_.back().begin == begin) spans_.pop_back();
    const CatchClause* head = head_of(span.region);
    const CatchClause* before = spans_.empty() ? nullptr : spans_.back().clauses;
    if (head != before) spans_.push_back({begin, head});
  }
}

const CatchClause* CatchTable::find(const Cell* cell) const {
  const auto after = std::ranges::upper_bound(spans_, cell, {}, &Span::begin);
  return after == spans_.begin() ? nullptr : std::prev(after)->clauses;
}

}  // namespace godwit::code
