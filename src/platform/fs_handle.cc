// FileHandle: closing.
#include "platform/fs_handle.h"

#include <unistd.h>

namespace godwit::platform::fs {

void FileHandle::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace godwit::platform::fs
