// What the system says of a file.
#include "platform/file_identity.h"

#include <sys/stat.h>
#include <time.h>

namespace godwit::platform {

namespace {

constexpr int64_t kSettled_ns = 2'000'000'000;  // the coarsest times of files

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat status{};
  timespec now{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      ::clock_gettime(CLOCK_REALTIME, &now) != 0)
    return std::nullopt;
  const FileIdentity identity{status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size),
                              nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
  if (nanoseconds(now) - identity.ctime_ns < kSettled_ns) return std::nullopt;
  return identity;
}

}  // namespace godwit::platform
