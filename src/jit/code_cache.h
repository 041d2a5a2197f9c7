// CodeCache: where the machine code of all functions lies. Bounded; what goes makes room again.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "platform/code_memory.h"
#include "platform/trap_handler.h"

namespace godwit::jit {

class CodeCache final {
 public:
  explicit CodeCache(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  struct Block {
    uint8_t* writable = nullptr;
    const uint8_t* executable = nullptr;
    size_t size = 0;
  };
  // Room for `size` bytes, 16-aligned; nothing if there is none, or the system does not allow machine code.
  std::optional<Block> allocate(size_t size);
  void release(const Block& block);

  // Of all blocks that are allocated.
  size_t used_bytes() const;
  // Why the system allows no machine code; empty if it does, or was not asked yet.
  std::string obstacle() const;

  bool contains(uintptr_t address) const {
    return address - reinterpret_cast<uintptr_t>(memory_.executable()) < memory_.size_bytes();
  }

 private:
  const size_t limit_bytes_;
  mutable std::mutex mutex_;
  bool is_made_ = false;
  std::string obstacle_;
  size_t used_bytes_ = 0;
  platform::CodeMemory memory_;     // made by the first allocation
  platform::GuestCodeRange range_;  // faults in it are the guest's
  std::map<size_t, size_t> free_;   // offset → size; neighbours are one
};

}  // namespace godwit::jit
