// CodeBuffer: the cells of the function being translated, its literals, and branches that wait for their target.
#pragma once

#include <vector>

#include "code/cell.h"
#include "code/translation.h"

namespace godwit::code {

// A place that cells branch to. Until it is bound, the branches to it form a list through their b.
struct Label {
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint32_t waiting = kNone;  // the last branch that waits
  uint32_t target = kNone;   // bound here; loops are bound before anything branches to them

  bool is_used() const { return waiting != kNone; }
};

class CodeBuffer {
 public:
  // Memory that was moved into a Translation, for the next one.
  void take_back(Translation& translation) {
    cells_ = std::move(translation.cells);
    literals_ = std::move(translation.literals);
  }
  // Begins anew, in the same memory.
  void clear() {
    cells_.clear();
    literals_.clear();
    offset_ = fence_ = 0;
  }
  void reserve(size_t cells) { cells_.reserve(cells); }
  uint32_t size() const { return static_cast<uint32_t>(cells_.size()); }
  bool is_too_large() const { return cells_.size() > kMaxCells || literals_.size() > kMaxCells; }
  DraftCell& operator[](uint32_t index) { return cells_[index]; }
  std::vector<DraftCell>& cells() { return cells_; }
  std::vector<uint64_t>& literals() { return literals_; }

  // The wasm offset of what is emitted from now on.
  void set_offset(uint32_t offset) { offset_ = offset; }

  uint32_t emit(CellOp op, uint32_t a, uint32_t d, uint32_t b) {
    cells_.push_back({op, static_cast<uint16_t>(a), static_cast<uint16_t>(d), b, offset_, false});
    return size() - 1;
  }
  uint32_t emit_far(CellOp op, uint32_t a, uint32_t d, uint64_t literal) {
    uint32_t index = emit(op, a, d, add_literal(literal));
    cells_[index].is_far = true;
    return index;
  }
  uint32_t add_literal(uint64_t literal) {
    literals_.push_back(literal);
    return static_cast<uint32_t>(literals_.size() - 1);
  }

  // Makes the branch `cell` go to `label`, forwards or back.
  void branch_to(uint32_t cell, Label& label) {
    if (label.target != Label::kNone) {
      cells_[cell].b = static_cast<uint32_t>(branch_distance(int64_t{label.target} - cell));
    } else {
      cells_[cell].b = label.waiting;
      label.waiting = cell;
    }
  }
  // Binds the label here, for those that wait.
  void bind(Label& label) {
    for (uint32_t cell = label.waiting; cell != Label::kNone;) {
      uint32_t next = cells_[cell].b;
      cells_[cell].b = static_cast<uint32_t>(branch_distance(int64_t{size()} - cell));
      cell = next;
    }
    label.waiting = Label::kNone;
    fence();
  }

  // From here on, cells before this place may be reached or skipped by a branch: the last one is no longer the one
  // that surely ran before the next.
  void fence() { fence_ = size(); }
  // True if `cell` is the last one, and surely runs right before what is emitted next.
  bool is_last(uint32_t cell) const { return cell == size() - 1 && cell >= fence_ && size() > fence_; }
  bool has_last() const { return size() > fence_; }
  DraftCell take_last() {
    DraftCell cell = cells_.back();
    cells_.pop_back();
    return cell;
  }
  uint32_t put_back(const DraftCell& cell) {
    cells_.push_back(cell);
    return size() - 1;
  }

 private:
  std::vector<DraftCell> cells_;
  std::vector<uint64_t> literals_;
  uint32_t offset_ = 0;
  uint32_t fence_ = 0;
};

}  // namespace godwit::code
