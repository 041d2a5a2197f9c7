// Random bytes by getrandom.
#include "platform/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

namespace godwit::platform {

Result<> fill_random(MutableBytes into) {
  while (!into.empty()) {
    const ssize_t count = ::getrandom(into.data(), into.size(), 0);
    if (count < 0) {
      if (errno == EINTR) continue;
      const int code = errno;
      return fail(Error(ErrorKind::Io, static_cast<uint32_t>(code),
                        std::string("no random bytes from the system: ") + std::strerror(code)));
    }
    into = into.subspan(static_cast<size_t>(count));
  }
  return {};
}

}  // namespace godwit::platform
