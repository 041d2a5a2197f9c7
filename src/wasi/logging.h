// Logging: `wasi:logging/logging`, as core modules import it.
#pragma once

#include "host/caller.h"
#include "host/guest_pointer.h"
#include "wasi/core.h"

namespace godwit::wasi {

class Logging final {
 public:
  static constexpr std::string_view kModule = "wasi:logging/logging";

  // @lifetime `core` outlives this.
  explicit Logging(Core& core) : core_(core) {}
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;

  // Writes a line: the time, the level, the context if it is a label, the message.
  Result<> log(host::Caller& caller, uint32_t level, host::GuestString context, host::GuestString message);

 private:
  Core& core_;
};

}  // namespace godwit::wasi
