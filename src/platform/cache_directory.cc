// Files written under another name first.
#include "platform/cache_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "platform/fs_handle.h"
#include "platform/user_files.h"

namespace godwit::platform {

namespace {

constexpr const char* kScratch = ".new-";       // what the names of files begin with that are being written
constexpr off_t kMostBytes = off_t{512} << 20;  // of one file: more is none of ours, however it came there
constexpr int64_t kAbandoned_ns = int64_t{3600} * 1'000'000'000;

struct Closer {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

Result<CacheDirectory> CacheDirectory::of_user() {
  ASSIGN_OR_RETURN(std::string path, user_directory("XDG_CACHE_HOME", ".cache"));
  return CacheDirectory(std::move(path));
}

Result<std::vector<uint8_t>> CacheDirectory::read(const std::string& name) const {
  const std::string path = path_of(name);
  const fs::FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) return fail(system_error(path));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(path));
  if (!S_ISREG(status.st_mode)) return fail(ErrorKind::Io, path + " is no file");
  if (status.st_size > kMostBytes) return fail(ErrorKind::Unsupported, "it is too large");
  std::vector<uint8_t> bytes(static_cast<size_t>(status.st_size));
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(path));
    if (count == 0) return fail(ErrorKind::Io, path + " became shorter while it was read");
    done += static_cast<size_t>(count);
  }
  return bytes;
}

Result<> CacheDirectory::write(const std::string& name, Bytes bytes) const {
  make_directories(path_);
  std::string scratch = path_of(kScratch) + "XXXXXX";
  const fs::FileHandle file(::mkstemp(scratch.data()));  // for the user alone
  if (file.get() < 0) return fail(system_error(scratch));
  const std::string path = path_of(name);
  errno = ENOSPC;  // if less is written, for which the system gives no reason
  if (write_all(file.get(), bytes) && ::rename(scratch.c_str(), path.c_str()) == 0) return {};
  Error error = system_error(path);
  ::unlink(scratch.c_str());
  return fail(std::move(error));
}

void CacheDirectory::touch(const std::string& name) const {
  ::utimensat(AT_FDCWD, path_of(name).c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

void CacheDirectory::remove(const std::string& name) const { ::unlink(path_of(name).c_str()); }

std::vector<CacheDirectory::File> CacheDirectory::list() const {
  std::vector<File> files;
  const std::unique_ptr<DIR, Closer> directory(::opendir(path_.c_str()));
  if (!directory) return files;
  while (const dirent* entry = ::readdir(directory.get())) {
    struct stat status{};
    const std::string name = entry->d_name;
    if (::lstat(path_of(name).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    files.push_back({name, static_cast<uint64_t>(status.st_size), nanoseconds(status.st_mtim)});
  }
  std::ranges::sort(files, std::greater(), &File::used_ns);
  return files;
}

void CacheDirectory::shrink_to(uint64_t size_bytes) const {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  uint64_t kept = 0;
  for (const File& file : list()) {
    const bool is_abandoned =
        file.name.starts_with(kScratch) && nanoseconds(now) - file.used_ns > kAbandoned_ns;
    if (is_abandoned || kept + file.size_bytes > size_bytes) remove(file.name);
    else kept += file.size_bytes;
  }
}

}  // namespace godwit::platform
