// Pipes.
#pragma once

#include "platform/fs_handle.h"

namespace godwit::platform {

struct Pipe {
  fs::FileHandle read_end, write_end;
};

// Neither end blocks as far as the system is concerned, or is passed to other programs.
// @errors EMFILE, ENFILE.
fs::OsResult<Pipe> make_pipe();

}  // namespace godwit::platform
