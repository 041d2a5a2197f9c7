// Errors of the C API, and traps, which carry them.
#pragma once

#include <memory>
#include <string>

#include "capi/ref.h"

struct godwit_error_t {
  explicit godwit_error_t(godwit::Error what) : error(std::move(what)) {}
  godwit::Error error;
  mutable std::string description;  // made when it is asked for
};

struct wasm_frame_t {
  godwit::Frame frame;
};

namespace godwit::capi {

// An own error.
godwit_error_t* to_c(Error error);
// Another with all that it says.
Error copy_of(const Error& error);
Error usage_error(std::string message);

// An own trap.
wasm_trap_t* make_trap(std::shared_ptr<StoreState> state, Error error);
// The error of an own trap, which is deleted.
Error take_error(wasm_trap_t* own_trap);

// Takes note of it for godwit_last_error(); null, for functions that fail so.
std::nullptr_t fail(Error error);

}  // namespace godwit::capi
