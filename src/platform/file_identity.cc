// What the system says of a file.
#include "platform/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "platform/fs_handle.h"

namespace godwit::platform {

namespace {

constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;
constexpr int64_t kSettled_ns = 2'000'000'000;  // the coarsest times of files

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

// Whoever has mapped a file into its memory can write to it for a while without a change of its times: the system looks when
// a page is first written to. So those who may write it must be those who may do what this process may.
bool is_only_ours(const struct stat& status) {
  const bool is_owners = status.st_uid == ::geteuid() || status.st_uid == 0;
  return is_owners && (status.st_mode & kOthersMayWrite) == 0;
}

std::optional<FileIdentity> identity_of(const fs::FileHandle& file) {
  struct stat status{};
  timespec now{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !is_only_ours(status) ||
      ::clock_gettime(CLOCK_REALTIME, &now) != 0)
    return std::nullopt;
  const FileIdentity identity{status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size),
                              nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
  if (nanoseconds(now) - identity.ctime_ns < kSettled_ns) return std::nullopt;
  return identity;
}

fs::FileHandle open_file(const std::string& path) {
  return fs::FileHandle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

}  // namespace

std::optional<FileIdentity> identity_of(const std::string& path) { return identity_of(open_file(path)); }

// By its descriptor: what `path` stands for may be another file at each look.
Result<KnownFile> copy_known_file(const std::string& path) {
  const fs::FileHandle opened = open_file(path);
  const auto before = identity_of(opened);
  if (before) {
    auto copied = MappedFile::copy("/proc/self/fd/" + std::to_string(opened.get()));
    if (copied && copied->bytes().size() == before->size_bytes && identity_of(opened) == before)
      return KnownFile{std::move(*copied), before};
  }
  ASSIGN_OR_RETURN(MappedFile copied, MappedFile::copy(path));
  return KnownFile{std::move(copied), std::nullopt};
}

}  // namespace godwit::platform
