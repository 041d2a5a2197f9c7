// CatchTable: the clauses of a translated function, found by cell.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "code/catches.h"
#include "code/cell.h"
#include "runtime/unwind.h"

namespace godwit::code {

class CatchTable final {
 public:
  // `cells`: where the function was laid out.
  CatchTable(const DraftCatches& draft, const Cell* cells);

  // The clauses around a cell, innermost first; null if there are none.
  const runtime::CatchClause* find(const Cell* cell) const;

 private:
  struct Span {
    const Cell* begin;
    const runtime::CatchClause* clauses;
  };
  std::vector<runtime::CatchClause> clauses_;
  std::vector<Span> spans_;  // ascending
};

}  // namespace godwit::code
