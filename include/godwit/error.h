// Error: what went wrong, where, and what to do about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "godwit/namespace.h"

namespace godwit::GODWIT_V1 {

class Exception;

/// The kinds of failure. The first six are those of the specification's test suite.
enum class ErrorKind : uint8_t {
  Malformed,    ///< the bytes are not a module
  Invalid,      ///< a module, but it does not validate
  Unlinkable,   ///< imports are missing or of another type
  Trap,         ///< execution stopped by a trap
  Exception,    ///< a wasm exception reached the host
  Exhausted,    ///< a limit was reached: stack, memory, time
  Exit,         ///< the guest asked to end (WASI's proc_exit); code() is its exit status
  NotFound,     ///< a file, function, model or plug-in that was named is absent
  Unsupported,  ///< asks for something this build or machine does not have
  Io,           ///< the operating system refused; code() is errno
  Usage,        ///< the caller's arguments make no sense
};

/// One frame of a wasm backtrace.
struct Frame {
  std::string module;       ///< the module's name; empty if it has none
  std::string function;     ///< from the name section or an export; empty if it has none
  uint32_t function_index;  ///< in the module's function index space
  uint64_t offset;  ///< of the instruction, in bytes from the module's start; Error::kNoOffset if unknown
  uint64_t function_offset = ~uint64_t{0};  ///< where the function's body begins; the same way
};

/// A failure of any Godwit function. One pointer wide, moves only.
/// @threads plain data: read it from any thread, one at a time.
class [[nodiscard]] Error final {
 public:
  /// Stands for an offset that is not known or has no meaning.
  static constexpr uint64_t kNoOffset = ~uint64_t{0};

  /// The parts an error is made of.
  struct Parts {
    ErrorKind kind = ErrorKind::Usage;
    uint32_t code = 0;
    bool is_interruption = false;
    uint64_t offset = kNoOffset;
    std::string message;
    std::vector<Frame> backtrace;
    std::shared_ptr<const Exception> exception;
  };
  /// Makes an error of its parts.
  explicit Error(Parts parts) : parts_(std::make_unique<Parts>(std::move(parts))) {}

  /// What kind of failure it is: what callers decide by.
  ErrorKind kind() const { return parts_->kind; }
  /// Exit: the exit status. Io: errno. Else a number without a promise.
  uint32_t code() const { return parts_->code; }
  /// True if the guest was stopped by Store::interrupt or by the store's time limit.
  bool is_interruption() const { return parts_->is_interruption; }
  /// For people; one sentence or several lines, UTF-8, no final newline. May quote names that the module chose.
  const std::string& message() const { return parts_->message; }
  /// Byte offset in the module, or kNoOffset.
  uint64_t offset() const { return parts_->offset; }
  /// Wasm frames, innermost first; empty where no guest was running.
  const std::vector<Frame>& backtrace() const { return parts_->backtrace; }
  /// Of kind Exception: what was thrown (godwit/exception.h); else null. As long as this error lives.
  const Exception* exception() const { return parts_->exception.get(); }

 private:
  std::unique_ptr<const Parts> parts_;
};

}  // namespace godwit::GODWIT_V1
