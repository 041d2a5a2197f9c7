// The executable's path, from /proc.
#include "platform/process.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace godwit::platform {

Result<std::string> executable_path() {
  std::string path(256, '\0');
  for (;;) {
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    if (length < 0) {
      const int code = errno;
      return fail(Error(ErrorKind::Io, static_cast<uint32_t>(code),
                        std::string("cannot find the executable's path: ") + std::strerror(code)));
    }
    if (static_cast<size_t>(length) < path.size()) {
      path.resize(static_cast<size_t>(length));
      return path;
    }
    path.resize(path.size() * 2);  // perhaps cut off
  }
}

}  // namespace godwit::platform
