// CodeCache: where the machine code of all functions lies. Bounded; what goes makes room again.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "code/cell.h"
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

  bool contains(uintptr_t address) const {
    return address - reinterpret_cast<uintptr_t>(memory_.executable()) < memory_.size_bytes();
  }

 private:
  const size_t limit_bytes_;
  std::mutex mutex_;
  bool is_made_ = false;
  platform::CodeMemory memory_;     // made by the first allocation
  platform::GuestCodeRange range_;  // faults in it are the guest's
  std::map<size_t, size_t> free_;   // offset → size; neighbours are one
};

}  // namespace godwit::jit
