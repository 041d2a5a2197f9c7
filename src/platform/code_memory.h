// CodeMemory: memory for machine code that is made at run time, seen twice: once writable, once executable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::platform {

// No page is ever writable and executable at one address. Pages cost memory from when they are first written. Move-only.
class CodeMemory final {
 public:
  CodeMemory() = default;
  ~CodeMemory();
  CodeMemory(CodeMemory&& other) noexcept { *this = std::move(other); }
  CodeMemory& operator=(CodeMemory&& other) noexcept;

  // `size_bytes` (rounded up to pages), all zero.
  // @errors Unsupported: the system does not let this process execute what it makes; Exhausted: no address space.
  static Result<CodeMemory> create(size_t size_bytes);

  // `code`, which is never seen writable: writable() is null.
  // @errors those of create()
  static Result<CodeMemory> hold(Bytes code);

  uint8_t* writable() const { return writable_; }
  const uint8_t* executable() const { return executable_; }
  size_t size_bytes() const { return size_bytes_; }

 private:
  uint8_t* writable_ = nullptr;
  const uint8_t* executable_ = nullptr;
  size_t size_bytes_ = 0;
};

// Makes code that was just written visible to instruction fetches. `at` is an executable address.
void publish_code(const uint8_t* at, size_t size_bytes);

}  // namespace godwit::platform
