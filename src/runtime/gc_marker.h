// GcMarker: one marking of a heap: from the roots to everything that they lead to, without recursion.
#pragma once

#include <span>

#include "runtime/gc_heap.h"

namespace godwit::runtime {

class GcMarker final {
 public:
  explicit GcMarker(GcHeap& heap);

  // Marks what `roots`, which calls ref() and conservative(), shows, and all that it leads to. False if the store was
  // interrupted meanwhile.
  template <class Roots>
  bool run(Roots&& roots) {
    roots();
    return finish();
  }

  // A reference in the form of frames: null, an i31, an object of this heap; functions are none of its business.
  void ref(Ref ref) {
    if ((ref ^ base_) > kGcOffsetMask || (ref & (kGcAlignment - 1)) != 0) return;
    reach(static_cast<uint32_t>(ref));
  }
  void refs(std::span<const Ref> refs);
  // Words of which nothing is known: each half of each may be the address of an object or of something inside one.
  // Addresses need no other treatment, as their lower half is the offset in the heap.
  void conservative(const Slot* begin, const Slot* end);

 private:
  // An array that is being marked piece by piece.
  struct Slice {
    uint32_t array;
    uint32_t next;
  };

  bool finish();
  bool drain();
  void reach(uint32_t object) {
    if (object >= end_) return;
    uint64_t& word = marked_[object >> 9];
    const uint64_t bit = uint64_t{1} << (object >> 3 & 63);
    if ((word & bit) != 0) return;
    word |= bit;
    push(object);
  }
  void word(RefWord word) {
    if (word != 0 && (word & (kGcAlignment - 1)) == 0) reach(word);
  }
  void push(uint32_t object);
  void scan(uint32_t object);
  void scan_slice();
  void scan_all_marked();
  bool is_interrupted() { return was_interrupted_ = was_interrupted_ || heap_.is_interrupted(); }

  template <class T>
  T load(uint32_t offset) const {
    T value;
    std::memcpy(&value, heap_.base() + offset, sizeof value);
    return value;
  }

  GcHeap& heap_;
  const GcType* types_;
  uint64_t base_;
  uint64_t end_;  // of the blocks there are, as an offset
  uint64_t* marked_;
  std::vector<uint32_t>& stack_;  // marked, but not scanned
  std::vector<Slice> slices_;
  bool has_overflowed_ = false;  // some that are marked were not put on the stack
  bool was_interrupted_ = false;
};

}  // namespace godwit::runtime
