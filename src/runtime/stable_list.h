// StableList: values that never move once they are added, in chunks that grow; nothing is allocated before the first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace godwit::runtime {

// Values live as long as the list; they need no destructor.
template <class T>
class StableList final {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  template <class... Args>
  T& emplace(Args&&... args) {
    if (used_ == capacity_) add_chunk();
    return *new (chunks_.back().get() + used_++) T{std::forward<Args>(args)...};
  }

  // Calls visit(value) for each, in the order of their making.
  template <class Visit>
  void for_each(Visit&& visit) {
    size_t capacity = 0;
    for (size_t i = 0; i < chunks_.size(); ++i) {
      capacity = next_capacity(capacity);
      const size_t count = i + 1 == chunks_.size() ? used_ : capacity;
      for (size_t j = 0; j < count; ++j) visit(chunks_[i].get()[j]);
    }
  }

 private:
  struct Free {
    void operator()(T* chunk) const { ::operator delete(chunk, std::align_val_t(alignof(T))); }
  };

  static constexpr size_t next_capacity(size_t capacity) {
    constexpr size_t kFirst = 4;
    constexpr size_t kMost = 256;
    return capacity == 0 ? kFirst : std::min(capacity * 2, kMost);
  }

  void add_chunk() {
    capacity_ = next_capacity(capacity_);
    used_ = 0;
    chunks_.emplace_back(
        static_cast<T*>(::operator new(capacity_ * sizeof(T), std::align_val_t(alignof(T)))));
  }

  std::vector<std::unique_ptr<T, Free>> chunks_;
  size_t used_ = 0;      // of the last chunk
  size_t capacity_ = 0;  // of the last chunk
};

}  // namespace godwit::runtime
