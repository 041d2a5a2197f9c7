// MemoryImage: contents that many ranges of memory begin with. Each range sees the image until it is written to, and
// then its own copy of the page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::platform {

// Move-only. Ranges that were mapped outlive it.
// @threads map_onto() and bytes(): any, once it is written.
class MemoryImage final {
 public:
  MemoryImage() = default;  // empty
  ~MemoryImage();
  MemoryImage(MemoryImage&& other) noexcept { *this = std::move(other); }
  MemoryImage& operator=(MemoryImage&& other) noexcept;

  // An image of `size_bytes` (rounded up to pages) that is zero at first. Pages that stay zero cost nothing.
  // @errors Exhausted: the system has no room.
  static Result<MemoryImage> create(size_t size_bytes);
  // Before the first map_onto(). @errors Exhausted.
  Result<> write(size_t offset, Bytes bytes);

  // Makes [base, base + size_bytes()) readable and writable memory that begins as the image. `base` is a multiple of
  // page_size(); what was mapped there goes.
  // @errors Exhausted: the system refuses.
  Result<> map_onto(uint8_t* base) const;

  size_t size_bytes() const { return size_bytes_; }
  Bytes bytes() const { return {view_, size_bytes_}; }

 private:
  int file_ = -1;
  uint8_t* view_ = nullptr;
  size_t size_bytes_ = 0;
};

}  // namespace godwit::platform
