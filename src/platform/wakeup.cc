// Wakeup by eventfd.
#include "platform/wakeup.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace godwit::platform {

fs::OsResult<Wakeup> Wakeup::create() {
  fs::FileHandle file(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!file) return fs::os_fail(errno);
  return Wakeup(std::move(file));
}

void Wakeup::raise() const {
  const int error = errno;  // who was interrupted by a signal keeps theirs
  const uint64_t one = 1;
  // refused only when it is raised 2^64 times already
  (void)!::write(file_.get(), &one, sizeof one);
  errno = error;
}

void Wakeup::clear() const {
  uint64_t count;
  (void)!::read(file_.get(), &count, sizeof count);
}

}  // namespace godwit::platform
