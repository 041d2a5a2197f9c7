// Error and Result: how everything in Godwit fails. Nothing of ours throws.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit {

// The first six kinds are those of the specification's test suite.
enum class ErrorKind : uint8_t {
  Malformed,    // the bytes are not a module
  Invalid,      // a module, but it does not validate
  Unlinkable,   // imports missing or of another type
  Trap,         // execution stopped by a trap; code() is a runtime::Trap
  Exception,    // a wasm exception reached the host
  Exhausted,    // a limit was reached: stack, memory, time, fuel; code() may be a runtime::Trap
  Exit,         // the guest asked to end (proc_exit); code() is its exit status
  NotFound,     // a file, function, model or plug-in that was named is absent
  Unsupported,  // asks for something this build or machine does not have
  Io,           // the operating system refused; code() is errno
  Usage,        // the caller's arguments make no sense
};

std::string_view to_string(ErrorKind kind);

inline constexpr uint64_t kNoOffset = ~uint64_t{0};

// One frame of a wasm backtrace, innermost first.
struct Frame {
  std::string module;       // name section, else empty
  std::string function;     // name section or export name, else empty
  uint32_t function_index;  // in the module's function index space
  uint64_t offset;          // byte offset of the instruction in the module, or kNoOffset
  // Where the function's body begins in the module, past its size: a byte offset, or kNoOffset.
  uint64_t function_offset = kNoOffset;
};

// What an error carries beyond words. Of kind Exception: a runtime::CaughtException; else nothing.
class ErrorCargo {
 public:
  ErrorCargo() = default;
  ErrorCargo(const ErrorCargo&) = delete;
  ErrorCargo& operator=(const ErrorCargo&) = delete;
  virtual ~ErrorCargo() = default;
};

// What went wrong, where, and what to do. One pointer wide; never null while it is in a Result.
class [[nodiscard]] Error final {
 public:
  Error(ErrorKind kind, std::string message);
  Error(ErrorKind kind, uint32_t code, std::string message);

  ErrorKind kind() const { return data_->kind; }
  uint32_t code() const { return data_->code; }
  const std::string& message() const { return data_->message; }
  // Byte offset in the module's bytes, or kNoOffset.
  uint64_t offset() const { return data_->offset; }
  const std::vector<Frame>& backtrace() const { return data_->backtrace; }
  const std::shared_ptr<ErrorCargo>& cargo() const { return data_->cargo; }

  // Each returns *this, so that an error reads as one expression.
  Error&& at(uint64_t offset) &&;
  Error&& with_backtrace(std::vector<Frame> frames) &&;
  Error&& with_cargo(std::shared_ptr<ErrorCargo> cargo) &&;
  // Puts "context: " before the message; for callers that know more than the place that failed.
  Error&& in(std::string_view context) &&;

  // The whole error for people: kind, message, offset, one line per frame.
  std::string describe() const;

 private:
  struct Data {
    ErrorKind kind;
    uint32_t code;
    uint64_t offset;
    std::string message;
    std::vector<Frame> backtrace;
    std::shared_ptr<ErrorCargo> cargo;
  };
  std::unique_ptr<Data> data_;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }
inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected<Error>(Error(kind, std::move(message)));
}

}  // namespace godwit

#define GODWIT_CONCAT_INNER(a, b) a##b
#define GODWIT_CONCAT(a, b) GODWIT_CONCAT_INNER(a, b)

// TRY(expr): leaves the function with expr's error, if it has one.
#define TRY(...)                                                                \
  do {                                                                          \
    if (auto try_result = (__VA_ARGS__); !try_result) [[unlikely]]              \
      return ::std::unexpected<::godwit::Error>(std::move(try_result).error()); \
  } while (0)

// ASSIGN_OR_RETURN(auto x, expr): the value of expr, or leaves with its error.
#define ASSIGN_OR_RETURN(declaration, ...) \
  ASSIGN_OR_RETURN_INNER(GODWIT_CONCAT(result_at_line_, __LINE__), declaration, __VA_ARGS__)
#define ASSIGN_OR_RETURN_INNER(temporary, declaration, ...)                  \
  auto temporary = (__VA_ARGS__);                                            \
  if (!temporary) [[unlikely]]                                               \
    return ::std::unexpected<::godwit::Error>(std::move(temporary).error()); \
  declaration = std::move(*temporary)
