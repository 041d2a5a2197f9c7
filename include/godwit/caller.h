// Caller: the guest that calls a host function.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "godwit/extern.h"

namespace godwit::runtime {
struct VmContext;
}

namespace godwit::GODWIT_V1 {

/// What a host function may ask about the guest that called it, and do with it: a first parameter `Caller&`.
/// @lifetime during the call.
/// @threads the one that the guest runs on.
class Caller final {
 public:
  /// The first memory of the calling instance, as large as it is now; empty if it has none, or if the embedder called.
  std::span<uint8_t> memory() const;

  /// The `size` bytes that the guest has at `address`.
  /// @errors Trap: they are not all in its memory. Returned by the host function, it ends the guest.
  /// @lifetime as long as the store; the guest may change what lies there whenever it runs.
  Result<std::span<uint8_t>> bytes(uint64_t address, uint64_t size) const;

  /// A copy of the text that the guest has at `address`.
  /// @errors Trap: it does not lie in its memory.
  Result<std::string> text(uint64_t address, uint64_t size) const;

  /// An export of the calling instance; nothing if it has none of that name, if the embedder called, or in a thread that
  /// the guest has started.
  std::optional<Extern> find(std::string_view name) const;

  /// The store that the guest runs in, whose functions may be called; null in a thread that the guest has started.
  Store* store() const;

  /// True if the guest shall end soon: what waits looks here at least every 50 ms, and returns.
  bool interrupted() const;

  /// Ends the guest with `error` once the host function has returned false: for those who bind without templates.
  void raise(Error error) const;

  /// @private
  explicit Caller(runtime::VmContext* context) : context_(context) {}

 private:
  runtime::VmContext* context_;
};

}  // namespace godwit::GODWIT_V1
