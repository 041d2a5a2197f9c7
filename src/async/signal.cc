// Signal: waits for a wakeup.
#include "async/signal.h"

#include <cstring>

namespace godwit::async {

Result<Signal> Signal::create() {
  auto wakeup = platform::Wakeup::create();
  if (!wakeup)
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(wakeup.error()),
                      std::string("cannot make a signal between threads: ") + std::strerror(wakeup.error())));
  return Signal(std::move(*wakeup));
}

platform::fs::OsResult<> Signal::wait(platform::fs::WaitMode mode, uint64_t timeout_ns) {
  OS_TRY(platform::fs::wait_readable(wakeup_.fd(), mode, timeout_ns));
  wakeup_.clear();
  return {};
}

}  // namespace godwit::async
