// Address space: reserved ranges that are committed piece by piece, and files mapped read-only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::platform {

// Size of a page of the host's, in bytes; a power of two.
size_t page_size();

// `size_bytes` rounded up to whole pages. The caller guarantees that this does not overflow.
inline size_t round_up_to_page(size_t size_bytes) {
  const size_t mask = page_size() - 1;
  return (size_bytes + mask) & ~mask;
}

// Pages of this size, in bytes, are what expect_dense_use() asks for; memory that begins at a multiple of it gets them.
inline constexpr size_t kLargePageBytes = size_t{2} << 20;

// A range of address space that belongs to nobody else. Its pages are inaccessible (touching one faults) until they
// are committed; committed pages read as zero at first. Move-only; the destructor gives the range back.
//
// All offsets and sizes are in bytes; offsets must be multiples of page_size(), sizes are rounded up to pages.
// @threads an object is used by one thread at a time.
class Reservation final {
 public:
  Reservation() = default;  // empty: base() is null
  ~Reservation();
  Reservation(Reservation&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept;

  // Reserves `size_bytes` (rounded up to pages). Costs address space only.
  // @errors Exhausted: the system has no such range left.
  static Result<Reservation> reserve(size_t size_bytes);
  // The same, at a multiple of `alignment`, a power of two of at least a page.
  static Result<Reservation> reserve_aligned(size_t size_bytes, size_t alignment);

  uint8_t* base() const { return base_; }
  size_t size_bytes() const { return size_bytes_; }
  bool contains(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_) < size_bytes_;
  }

  // Makes the range readable and writable. Committed pages keep their contents.
  // @errors Exhausted: the system refuses; nothing changed.
  Result<> commit(size_t offset, size_t size_bytes);
  // Makes the range inaccessible and forgets its contents: they are zero when it is committed again.
  Result<> decommit(size_t offset, size_t size_bytes);
  // Forgets the contents of a committed range, which then reads as zero.
  Result<> discard(size_t offset, size_t size_bytes);
  // Says that most of a committed range is about to be written, so that the system may give it in large pages: with
  // small ones, faults cost more than the writing. Only a wish.
  void expect_dense_use(size_t offset, size_t size_bytes);
  // Makes a committed range read-only.
  Result<> protect_read_only(size_t offset, size_t size_bytes);

  // Makes it empty; whoever calls gives the range back.
  uint8_t* release();

 private:
  Reservation(uint8_t* base, size_t size_bytes) : base_(base), size_bytes_(size_bytes) {}

  uint8_t* base_ = nullptr;
  size_t size_bytes_ = 0;
};

// Forgets the contents of [base, base + size_bytes), whole pages: they read as zero, or as the file that is mapped there.
// False if the system refuses.
bool discard_pages(uint8_t* base, size_t size_bytes);

// A file's contents as memory. Move-only.
class MappedFile final {
 public:
  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}
  MappedFile& operator=(MappedFile&& other) noexcept;

  // Maps the whole of a regular file, read-only. An empty file gives empty bytes. If another process changes the file,
  // the bytes may change; if it truncates it, touching what it cut off kills this process.
  // @errors NotFound: no such file. Io: it cannot be opened or mapped, or is a directory; code() is errno.
  static Result<MappedFile> open(const std::string& path);
  // The same, but copied: whatever happens to the file, the bytes stay as they are.
  // @errors as above; Exhausted: no memory.
  static Result<MappedFile> copy(const std::string& path);

  Bytes bytes() const { return {data_, size_bytes_}; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_bytes_ = 0;
};

}  // namespace godwit::platform
