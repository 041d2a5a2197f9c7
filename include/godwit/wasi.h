// Wasi: what a guest sees of the system, as wasi_snapshot_preview1.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

/// What a guest may do in a directory.
enum class Access : uint8_t { ReadWrite, ReadOnly };

/// A directory of the host that a guest may use, and nothing above it.
struct Preopen {
  std::string guest_path;  ///< how the guest calls it, for example "/data" or "."
  std::string host_path;   ///< absolute or relative to the working directory
  Access access = Access::ReadWrite;
};

/// What a guest is given. The default is nothing but the standard streams.
struct WasiConfig {
  std::vector<std::string> args = {};                         ///< args[0] is the program's name
  std::vector<std::pair<std::string, std::string>> env = {};  ///< name, value
  std::vector<Preopen> preopens = {};  ///< they become descriptors 3, 4, … in this order
  int stdin_fd = 0;                    ///< host descriptors; borrowed, never closed
  int stdout_fd = 1;
  int stderr_fd = 2;
};

/// The system of one guest. Moves only.
/// @lifetime outlives the stores it is linked into.
/// @threads any: the threads of its guest share it.
class Wasi final {
 public:
  /// Opens the preopens.
  /// @errors NotFound, Io: a preopen's directory is absent or cannot be opened. Usage: two preopens share a guest
  ///   path, or a text holds a NUL byte.
  static Result<Wasi> create(WasiConfig config);

  ~Wasi();
  Wasi(Wasi&&) noexcept;
  Wasi& operator=(Wasi&&) noexcept;

  /// @private
  struct Impl;
  /// @private
  explicit Wasi(std::unique_ptr<Impl> impl);
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
