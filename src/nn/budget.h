// Budget: how much memory the weights of all models may take.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace godwit::nn {

// @threads any.
class Budget final {
 public:
  // @param most_bytes 0: as much as there is
  explicit Budget(uint64_t most_bytes)
      : most_bytes_(most_bytes), used_bytes_(std::make_shared<std::atomic<uint64_t>>(0)) {}

  // A lease of so many bytes, which are given back when the last copy of it goes, also after the budget. Null: there are
  // not so many left.
  std::shared_ptr<const void> take(uint64_t bytes) {
    uint64_t used = used_bytes_->load();
    do {
      if (most_bytes_ && (bytes > most_bytes_ || used > most_bytes_ - bytes)) return nullptr;
    } while (!used_bytes_->compare_exchange_weak(used, used + bytes));
    return {used_bytes_.get(), [counter = used_bytes_, bytes](const void*) { counter->fetch_sub(bytes); }};
  }

  uint64_t most_bytes() const { return most_bytes_; }
  uint64_t used_bytes() const { return used_bytes_->load(); }

 private:
  const uint64_t most_bytes_;
  const std::shared_ptr<std::atomic<uint64_t>> used_bytes_;
};

}  // namespace godwit::nn
