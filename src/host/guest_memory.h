// GuestMemory: the one place where addresses given by a guest become host addresses.
#pragma once

#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "runtime/guest_access.h"
#include "runtime/guest_address.h"
#include "runtime/vm.h"

namespace godwit::host {

// Some of the bytes a guest named lie outside its memory. Host modules turn it into their own error number.
struct Fault {};

template <class T = void>
using Checked = std::expected<T, Fault>;

// The linear memory that guest addresses of a call refer to: memory 0 of the calling instance, or none, which
// behaves as a memory of 0 bytes.
//
// @lifetime A span that bytes() returned stays valid as long as the instance, since the base of a memory never moves
//   and its size only grows. What lies in it may change whenever the guest runs, and in a shared memory at any time:
//   copy a value once, then check the copy.
class GuestMemory final {
 public:
  GuestMemory() = default;
  explicit GuestMemory(runtime::VmMemory* memory) : memory_(memory) {}

  uint64_t size_bytes() const { return memory_ ? memory_->size_bytes.load(std::memory_order_acquire) : 0; }

  // The `size` bytes at `address`. A span of 0 bytes may stand at the very end of the memory, as in the standard's
  // own bounds checks.
  // @errors Fault: they are not all inside.
  Checked<MutableBytes> bytes(uint64_t address, uint64_t size) const {
    if (memory_ == nullptr) {
      if (address != 0 || size != 0) return std::unexpected(Fault{});
      return MutableBytes();
    }
    uint8_t* place = runtime::checked_place(*memory_, address, size);
    if (place == nullptr) [[unlikely]]
      return std::unexpected(Fault{});
    return size == 0 ? MutableBytes() : MutableBytes(place, size);
  }

  // Copies a T from `address`, which need not be aligned.
  template <class T>
  Checked<T> read(uint64_t address) const {
    auto from = bytes(address, sizeof(T));
    if (!from) [[unlikely]]
      return std::unexpected(Fault{});
    return copy_once<T>(from->data());
  }

  // Copies `value` to `address`, which need not be aligned. On Fault nothing was written.
  template <class T>
  Checked<> write(uint64_t address, const T& value) const {
    auto to = bytes(address, sizeof(T));
    if (!to) [[unlikely]]
      return std::unexpected(Fault{});
    const runtime::GuestAccess access;
    store_unaligned<T>(to->data(), value);
    return {};
  }

  // The T at a checked host address, read once: what is checked later is this copy, whatever the memory holds then.
  template <class T>
  static T copy_once(const uint8_t* from) {
    const runtime::GuestAccess access;
    T value = load_unaligned<T>(from);
    asm volatile("" : : : "memory");  // it is not to be read again
    return value;
  }

 private:
  runtime::VmMemory* memory_ = nullptr;
};

}  // namespace godwit::host
