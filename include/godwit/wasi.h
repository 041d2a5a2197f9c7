// Wasi: what a guest sees of the system, as wasi_snapshot_preview1.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/result.h"
#include "godwit/scheduler.h"

namespace godwit::GODWIT_V1 {

/// What a guest may do in a directory.
enum class Access : uint8_t { ReadWrite, ReadOnly };

/// A directory of the host that a guest may use, and nothing above it.
struct Preopen {
  std::string guest_path;  ///< how the guest calls it, for example "/data" or "."
  std::string host_path;   ///< absolute or relative to the working directory
  Access access = Access::ReadWrite;
};

/// What of the network a guest may use. Places are written as "host:port": "example.org:443", "127.0.0.1:8080",
/// "[::1]:80", "*:443" (any host), "example.org:*" (any port).
struct NetworkAccess {
  bool all = false;                       ///< connect anywhere and listen anywhere
  std::vector<std::string> connect = {};  ///< connect and send there, and look the names up
  std::vector<std::string> listen = {};   ///< bind and listen there; port 0 stands for a free one
  bool unix_sockets = false;              ///< by paths inside the preopens
};

/// What a guest is given. The default is nothing but the standard streams.
struct WasiConfig {
  std::vector<std::string> args = {};                         ///< args[0] is the program's name
  std::vector<std::pair<std::string, std::string>> env = {};  ///< name, value
  /// Where TCP sockets listen that the guest finds open, as descriptors 3, 4, …: "127.0.0.1:8080", ":8080". The guest's
  /// environment says in LISTEN_FDS how many there are.
  std::vector<std::string> listeners = {};
  /// Listening sockets that a service manager passed to this process (LISTEN_FDS) come before those. The first guest
  /// that is made so gets them.
  bool passes_listeners = false;
  std::vector<Preopen> preopens = {};  ///< they become the descriptors after those, in this order
  NetworkAccess network = {};
  /// Told what the guest was refused of the network or of files, and which option of `godwit run` would allow it: the
  /// first few times of each. Called on the guest's threads, one at a time.
  std::function<void(std::string_view)> on_denial = {};
  Scheduler* scheduler =
      nullptr;       ///< whose fibers the guest runs on; null: its waits are those of its thread
  int stdin_fd = 0;  ///< host descriptors; borrowed, never closed
  int stdout_fd = 1;
  int stderr_fd = 2;
};

/// The system of one guest. Moves only.
/// @lifetime outlives the stores it is linked into.
/// @threads any: the threads of its guest share it.
class Wasi final {
 public:
  /// Opens the preopens and the listening sockets.
  /// @errors NotFound, Io: a preopen's directory is absent or cannot be opened, or nobody can listen at an address.
  ///   Usage: two preopens share a guest path, a text holds a NUL byte, or a place is none.
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
