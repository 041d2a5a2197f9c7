// Pipes, by pipe2.
#include "platform/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace godwit::platform {

fs::OsResult<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return fs::os_fail(errno);
  return Pipe{.read_end = fs::FileHandle(ends[0]), .write_end = fs::FileHandle(ends[1])};
}

}  // namespace godwit::platform
