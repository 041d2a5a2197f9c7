// ThrowSite: where compiled code has thrown, as return addresses: backtraces name them only if nobody catches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/native_frame.h"

namespace godwit::runtime {

class ThrowSite final {
 public:
  // The frames from `record` on that lie below `end`, innermost first; of many, those at either end.
  void take(const FrameRecord* record, const void* end) {
    count_ = 0;
    for (; record < end; record = record->outer) {
      if (count_ < kKept) inner_[count_] = record->return_address;
      else outer_[count_ % kKept] = record->return_address;
      ++count_;
      if (record->outer <= record) break;
    }
  }
  void clear() { count_ = 0; }

  size_t count() const { return count_; }
  // @param visit is told each return address that is known, and how many are not, as (0, count).
  template <class Visit>
  void for_each(Visit visit) const {
    for (size_t i = 0; i < count_ && i < kKept; ++i) visit(inner_[i], size_t{1});
    if (count_ <= kKept) return;
    const size_t first = count_ > 2 * kKept ? count_ - kKept : kKept;
    if (first > kKept) visit(uintptr_t{0}, first - kKept);
    for (size_t i = first; i < count_; ++i) visit(outer_[i % kKept], size_t{1});
  }

 private:
  static constexpr size_t kKept =
      56;  // backtraces show 50 from either end; some of these are no functions of guests
  std::array<uintptr_t, kKept> inner_, outer_;
  size_t count_ = 0;
};

}  // namespace godwit::runtime
