// Wakeup: a file that one thread makes readable for another.
#pragma once

#include "platform/fs_handle.h"

namespace godwit::platform {

// Between raise() and clear() the file can be read from, as far as waits are concerned. Moves only.
// @threads any.
class Wakeup final {
 public:
  // @errors EMFILE, ENFILE, ENOMEM.
  static fs::OsResult<Wakeup> create();

  // What to wait for.
  int fd() const { return file_.get(); }
  // Safe in signal handlers; never blocks.
  void raise() const;
  void clear() const;

 private:
  explicit Wakeup(fs::FileHandle file) : file_(std::move(file)) {}

  fs::FileHandle file_;
};

}  // namespace godwit::platform
