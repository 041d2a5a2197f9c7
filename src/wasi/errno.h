// Errno: the error numbers that guests see, and the ways other errors become one.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "host/guest_memory.h"

namespace godwit::wasi {

enum class Errno : uint16_t {
#define GODWIT_WASI_ERRNO(number, name, host, text) name = number,
#include "wasi/errno.def"
};

template <class T = void>
using Expected = std::expected<T, Errno>;

// The number for the host's errno; Io for those that guests have no number for.
Errno errno_from_host(int host_errno);
// "no such file or directory"
std::string_view to_string(Errno number);

inline Errno errno_of(Errno number) { return number; }
inline Errno errno_of(host::Fault) { return Errno::Fault; }
inline Errno errno_of(int host_errno) { return errno_from_host(host_errno); }

// A failure on its way out of a function that returns an Errno or an Expected.
struct Failure {
  Errno number;
  operator Errno() const { return number; }
  template <class T>
  operator Expected<T>() const {
    return std::unexpected(number);
  }
};

}  // namespace godwit::wasi

// WASI_TRY(expr): leaves the function with expr's error, whatever its type, as an Errno.
#define WASI_TRY(...)                                                \
  do {                                                               \
    if (auto wasi_result = (__VA_ARGS__); !wasi_result) [[unlikely]] \
      return ::godwit::wasi::Failure{errno_of(wasi_result.error())}; \
  } while (0)

// WASI_ASSIGN_OR_RETURN(auto x, expr): the value of expr, or leaves with its error as an Errno.
#define WASI_ASSIGN_OR_RETURN(declaration, ...) \
  WASI_ASSIGN_OR_RETURN_INNER(WASI_CONCAT(wasi_result_at_line_, __LINE__), declaration, __VA_ARGS__)
#define WASI_ASSIGN_OR_RETURN_INNER(temporary, declaration, ...) \
  auto temporary = (__VA_ARGS__);                                \
  if (!temporary) [[unlikely]]                                   \
    return ::godwit::wasi::Failure{errno_of(temporary.error())}; \
  declaration = std::move(*temporary)
#define WASI_CONCAT(a, b) WASI_CONCAT_INNER(a, b)
#define WASI_CONCAT_INNER(a, b) a##b
