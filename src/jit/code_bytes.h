// CodeBytes: machine code while it is made. Like a vector of bytes, but room is not written before it is used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/bytes.h"

namespace godwit::jit {

class CodeBytes final {
 public:
  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  void clear() { size_ = 0; }

  // Room for so many more bytes, at the end; grow() makes them part of the code.
  uint8_t* room_for(size_t more) {
    if (capacity_ - size_ < more) reserve(size_ + more);
    return bytes_.get() + size_;
  }
  void grow(size_t more) { size_ += more; }

  void append(const uint8_t* begin, size_t count) {
    uint8_t* into = room_for(count);
    if (count != 0) std::memcpy(into, begin, count);
    size_ += count;
  }
  template <class T>
  void put(T value) {
    store_unaligned(room_for(sizeof value), value);
    size_ += sizeof value;
  }
  // Fills up to a multiple of `alignment`, a power of two.
  void align(size_t alignment, uint8_t filler) {
    const size_t more = -size_ & (alignment - 1);
    std::memset(room_for(more), filler, more);
    size_ += more;
  }
  // The byte so far before the end goes.
  void erase_before_end(size_t distance) {
    uint8_t* at = bytes_.get() + size_ - distance;
    std::memmove(at, at + 1, distance - 1);
    --size_;
  }

 private:
  static constexpr size_t kLeastBytes = size_t{4} << 10;
  void reserve(size_t bytes) {
    capacity_ = std::max({bytes, 2 * capacity_, kLeastBytes});
    auto larger = std::make_unique_for_overwrite<uint8_t[]>(capacity_);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
  }

  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace godwit::jit
