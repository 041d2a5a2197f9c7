// Marking with a stack of its own, which is bounded: what finds no place on it is found again by a walk over the heap.
#include "runtime/gc_marker.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace godwit::runtime {

namespace {

constexpr size_t kMaxStack = size_t{1} << 20;
constexpr size_t kKeptStack = size_t{1} << 14;
// Elements of an array that are marked at a time, and objects or roots between two looks at the poll word.
constexpr uint32_t kSliceElements = 1024;
constexpr uint32_t kPollObjects = 4096;
constexpr size_t kPollRoots = size_t{1} << 16;

}  // namespace

GcMarker::GcMarker(GcHeap& heap)
    : heap_(heap),
      types_(heap.vm_.gc_types),
      base_(reinterpret_cast<uint64_t>(heap.base())),
      end_(uint64_t{heap.block_count()} * kGcBlockBytes),
      marked_(heap.marked_),
      stack_(heap.mark_stack_) {}

void GcMarker::push(uint32_t object) {
  if (stack_.size() >= kMaxStack) {
    has_overflowed_ = true;
    return;
  }
  __builtin_prefetch(heap_.base() + object);
  stack_.push_back(object);
}

void GcMarker::refs(std::span<const Ref> refs) {
  for (size_t done = 0; done < refs.size() && !is_interrupted(); done += kPollRoots)
    for (const Ref each : refs.subspan(done, std::min(kPollRoots, refs.size() - done))) ref(each);
}

// Stacks hold words of other functions, which sanitizers would not have anybody read.
[[clang::no_sanitize("address", "thread", "memory")]] void GcMarker::conservative(const Slot* begin,
                                                                                  const Slot* end) {
  for (const Slot* slot = begin; slot < end; ++slot) {
    const Slot both = *slot;
    for (const auto half : {static_cast<uint32_t>(both), static_cast<uint32_t>(both >> 32)})
      if (half < end_)
        if (const uint32_t object = heap_.find_object(half); object != 0) reach(object);
  }
}

bool GcMarker::finish() {
  bool is_done = drain();
  while (is_done && has_overflowed_) {
    has_overflowed_ = false;
    scan_all_marked();
    is_done = drain();
  }
  stack_.clear();
  if (stack_.capacity() > kKeptStack) stack_.shrink_to_fit();
  return !was_interrupted_;
}

bool GcMarker::drain() {
  for (uint32_t count = 0;; ++count) {
    if (count % kPollObjects == 0 && is_interrupted()) return false;
    if (!stack_.empty()) {
      const uint32_t object = stack_.back();
      stack_.pop_back();
      scan(object);
    } else if (!slices_.empty()) {
      scan_slice();
    } else {
      return true;
    }
  }
}

void GcMarker::scan(uint32_t object) {
  const auto header = load<uint32_t>(object);
  switch (gc_kind(header)) {
    case GcKind::Struct:
    case GcKind::Exception: {
      const GcType& type = types_[gc_type_id(header)];
      for (uint32_t i = 0; i < type.ref_count; ++i) word(load<RefWord>(object + type.ref_offsets[i]));
      return;
    }
    case GcKind::Array: {
      if (types_[gc_type_id(header)].element != GcStorage::Ref) return;
      const auto length = load<uint32_t>(object + kGcLengthOffset);
      if (length > kSliceElements) return slices_.push_back({object, 0});
      for (uint32_t i = 0; i < length; ++i) word(load<RefWord>(object + kGcElements + 4 * i));
      return;
    }
    case GcKind::Extern: return;
    case GcKind::None: break;
  }
  // A reference to what is no object: the collector has freed something too early. Better stop than go on with it.
  std::abort();
}

void GcMarker::scan_slice() {
  Slice& slice = slices_.back();
  const uint32_t array = slice.array;
  const uint32_t begin = slice.next;
  const uint32_t end = std::min(load<uint32_t>(array + kGcLengthOffset), begin + kSliceElements);
  slice.next = end;
  if (end == load<uint32_t>(array + kGcLengthOffset)) slices_.pop_back();
  for (uint32_t i = begin; i < end; ++i) word(load<RefWord>(array + kGcElements + 4 * i));
}

void GcMarker::scan_all_marked() {
  const auto words = static_cast<uint32_t>(end_ >> 9);
  for (uint32_t i = 0; i < words && (i % kPollObjects != 0 || !is_interrupted()); ++i) {
    for (uint64_t bits = marked_[i]; bits != 0; bits &= bits - 1) {
      scan((i << 9) + static_cast<uint32_t>(std::countr_zero(bits)) * kGcAlignment);
      // What it led to is scanned at once while there is room.
      if (stack_.size() > kMaxStack / 2 && !drain()) return;
    }
  }
}

}  // namespace godwit::runtime
