// FileHandle and OsResult: open files of the host's, and what its file calls answer.
#pragma once

#include <cerrno>
#include <expected>
#include <utility>

namespace godwit::platform::fs {

// A value, or the host's errno. Cheap: nothing is allocated for a failure, since guests may cause as many as they like.
template <class T = void>
using OsResult = std::expected<T, int>;

inline std::unexpected<int> os_fail(int error) { return std::unexpected<int>(error); }

// Owns an open file descriptor of the host's. Move-only.
class FileHandle final {
 public:
  FileHandle() = default;  // holds nothing: get() is -1
  explicit FileHandle(int fd) : fd_(fd) {}
  ~FileHandle() { reset(); }
  FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Gives the descriptor up to the caller.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  // Closes it now; the host's answer is of no use, the descriptor is gone either way.
  void reset();

 private:
  int fd_ = -1;
};

}  // namespace godwit::platform::fs

// OS_TRY(expr): leaves the function with expr's errno, if it has one.
#define OS_TRY(...)                                              \
  do {                                                           \
    if (auto os_result = (__VA_ARGS__); !os_result) [[unlikely]] \
      return ::std::unexpected<int>(os_result.error());          \
  } while (0)

// OS_ASSIGN_OR_RETURN(auto x, expr): the value of expr, or leaves with its errno.
#define OS_ASSIGN_OR_RETURN(declaration, ...) \
  OS_ASSIGN_OR_RETURN_INNER(OS_CONCAT(os_result_at_line_, __LINE__), declaration, __VA_ARGS__)
#define OS_ASSIGN_OR_RETURN_INNER(temporary, declaration, ...) \
  auto temporary = (__VA_ARGS__);                              \
  if (!temporary) [[unlikely]]                                 \
    return ::std::unexpected<int>(temporary.error());          \
  declaration = std::move(*temporary)
#define OS_CONCAT(a, b) OS_CONCAT_INNER(a, b)
#define OS_CONCAT_INNER(a, b) a##b
