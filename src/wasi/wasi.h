// Wasi: the system interface of one guest, and how it is offered to a linker.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/fs_handle.h"
#include "runtime/linker.h"
#include "wasi/core.h"
#include "wasi/logging.h"
#include "wasi/p0.h"
#include "wasi/p1.h"
#include "wasi/sock_v1.h"

namespace godwit::wasi {

// A directory that the guest finds open when it starts.
struct Preopen {
  std::string guest_path;  // the guest's name for it; empty: "."
  std::string host_path;
  Permission permission = Permission::ReadWrite;
};

struct Config {
  std::vector<std::string> args = {};  // args[0] is the program's name
  std::vector<std::string> env = {};   // "NAME=value"
  // Where sockets listen that the guest finds open when it starts, and whether those that a service manager passed to this
  // process are among them (in front). They become the descriptors 3, 4, …; LISTEN_FDS tells the guest how many there are.
  std::vector<Endpoint> listeners = {};
  bool passes_listeners = false;
  std::vector<Preopen> preopens = {};  // become the descriptors after those, in this order
  NetworkGrants network = {};
  DenialSink on_denial = {};
  platform::fs::Parker* parker = nullptr;  // outlives the guest; null: its threads wait themselves
  // Descriptors of the host's for 0, 1 and 2, lent: they are not closed. One that is not open is not there.
  int stdin_fd = 0;
  int stdout_fd = 1;
  int stderr_fd = 2;
};

// One per guest, whose threads share it. @threads any.
class Wasi final {
 public:
  // @errors NotFound: a directory to be opened is not there. Io: it cannot be opened, or nobody can listen there. Usage: an
  //   argument or a variable contains a NUL, or a variable has no '='.
  static Result<std::unique_ptr<Wasi>> create(Config config);

  Core& core() { return core_; }
  P1& p1() { return p1_; }
  P0& p0() { return p0_; }
  SockV1& sock_v1() { return sock_v1_; }
  Logging& logging() { return logging_; }

  // Opens for reading what the guest calls `path`, inside the directories it was given: the longest guest path that
  // is a prefix decides, as in wasi-libc. For modules that take paths from guests.
  // @errors NotFound: no directory was given for it, or nothing is there. Io: it may not be opened, or it leaves the
  //   directory.
  Result<platform::fs::FileHandle> open_guest_path(std::string_view path);

 private:
  Wasi() : p1_(core_), p0_(core_, p1_), sock_v1_(core_, p1_), logging_(core_) {}

  Core core_;
  P1 p1_;
  P0 p0_;
  SockV1 sock_v1_;
  Logging logging_;
};

// The module names that define() offers.
inline constexpr std::string_view kPreview1 = "wasi_snapshot_preview1";
inline constexpr std::string_view kPreview0 = "wasi_unstable";

// Offers all functions of preview 1 (and its predecessor under its old name), and logging, to a linker.
// @lifetime `wasi` outlives every store that they are linked into.
void define(runtime::Linker& linker, Wasi& wasi);

}  // namespace godwit::wasi
