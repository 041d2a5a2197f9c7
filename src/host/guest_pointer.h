// GuestPtr, GuestSpan, GuestString: typed guest addresses as parameters of host functions, checked when they are used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "host/guest_memory.h"

namespace godwit::host {

// The address of a T in guest memory: one i32 parameter. Any value is possible; each use checks it. It need not be
// aligned. T is a plain struct laid out as the guest's ABI says.
template <class T>
  requires std::is_trivially_copyable_v<T>
class GuestPtr final {
 public:
  GuestPtr() = default;
  GuestPtr(GuestMemory memory, uint32_t address) : memory_(memory), address_(address) {}

  uint32_t address() const { return address_; }
  GuestMemory memory() const { return memory_; }

  // Fault now, if a later write() would be one.
  Checked<> check() const {
    if (!memory_.bytes(address_, sizeof(T))) return std::unexpected(Fault{});
    return {};
  }
  Checked<T> read() const { return memory_.read<T>(address_); }
  Checked<> write(const T& value) const { return memory_.write<T>(address_, value); }

 private:
  GuestMemory memory_;
  uint32_t address_ = 0;
};

// `size()` elements of guest memory that were found to be inside. Elements are copied in and out, since they need not
// be aligned.
template <class T>
class CheckedSpan final {
 public:
  CheckedSpan() = default;
  CheckedSpan(uint8_t* base, uint32_t size) : base_(base), size_(size) {}

  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // `idx` < size().
  T operator[](uint32_t idx) const { return GuestMemory::copy_once<T>(base_ + uint64_t{idx} * sizeof(T)); }
  void set(uint32_t idx, const T& value) const {
    const runtime::GuestAccess access;
    store_unaligned<T>(base_ + uint64_t{idx} * sizeof(T), value);
  }
  MutableBytes bytes() const { return {base_, uint64_t{size_} * sizeof(T)}; }

 private:
  uint8_t* base_ = nullptr;
  uint32_t size_ = 0;
};

// An array in guest memory: two i32 parameters, the address and the number of elements.
template <class T>
  requires std::is_trivially_copyable_v<T>
class GuestSpan final {
 public:
  GuestSpan() = default;
  GuestSpan(GuestMemory memory, uint32_t address, uint32_t size)
      : memory_(memory), address_(address), size_(size) {}

  uint32_t address() const { return address_; }
  // Number of elements, as the guest claims.
  uint32_t size() const { return size_; }
  GuestMemory memory() const { return memory_; }

  // All elements. @errors Fault: they are not all inside the memory.
  Checked<CheckedSpan<T>> check() const {
    auto found = memory_.bytes(address_, uint64_t{size_} * sizeof(T));  // below 2^32 * sizeof(T): cannot wrap
    if (!found) [[unlikely]]
      return std::unexpected(Fault{});
    return CheckedSpan<T>(found->data(), size_);
  }

  // The bytes of all elements.
  Checked<MutableBytes> bytes() const { return memory_.bytes(address_, uint64_t{size_} * sizeof(T)); }

 private:
  GuestMemory memory_;
  uint32_t address_ = 0;
  uint32_t size_ = 0;
};

// A string in guest memory: two i32 parameters, the address and the length in bytes. Not terminated, not necessarily
// UTF-8.
class GuestString final {
 public:
  GuestString() = default;
  GuestString(GuestMemory memory, uint32_t address, uint32_t size)
      : memory_(memory), address_(address), size_(size) {}

  uint32_t address() const { return address_; }
  uint32_t size() const { return size_; }

  // The bytes in place: copy them before the guest runs again, or if its memory is shared.
  Checked<std::string_view> view() const {
    auto found = memory_.bytes(address_, size_);
    if (!found) [[unlikely]]
      return std::unexpected(Fault{});
    return as_text(*found);
  }

 private:
  GuestMemory memory_;
  uint32_t address_ = 0;
  uint32_t size_ = 0;
};

}  // namespace godwit::host
