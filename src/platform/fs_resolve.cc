// The sandboxed path resolver: by openat2, or component by component.
#include "platform/fs_resolve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#if defined(__linux__)
#include <linux/openat2.h>
#endif

namespace godwit::platform::fs {
namespace {

constexpr mode_t kNewFileMode = 0666;
// A rename elsewhere makes openat2 give up with EAGAIN when it meets `..`: that often, then walk.
constexpr int kRaceRetries = 8;

int flags_of(const OpenOptions& options) {
  int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // opening a FIFO must not wait for its other end
  switch (options.access) {
    case Access::Path: flags = O_CLOEXEC | O_PATH; break;
    case Access::Read: flags |= O_RDONLY; break;
    case Access::Write: flags |= O_WRONLY; break;
    case Access::ReadWrite: flags |= O_RDWR; break;
  }
  if (options.last_link == LastLink::Keep) flags |= O_NOFOLLOW;
  if (options.directory) flags |= O_DIRECTORY;
  if (options.access == Access::Path) return flags;
  if (options.create) flags |= O_CREAT;
  if (options.create && options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  if (options.append) flags |= O_APPEND;
  if (options.sync) flags |= O_SYNC;
  if (options.data_sync) flags |= O_DSYNC;
  return flags;
}

OsResult<> check_path(std::string_view path) {
  if (path.empty()) return os_fail(ENOENT);
  if (path.size() > kMaxPath) return os_fail(ENAMETOOLONG);
  if (std::memchr(path.data(), 0, path.size())) return os_fail(EINVAL);
  if (path.front() == '/') return os_fail(EPERM);
  return {};
}

// `text` with a NUL behind it, for system calls. Holds at most kMaxPath bytes.
class PathBuffer final {
 public:
  explicit PathBuffer(std::string_view text) {
    std::memcpy(bytes_, text.data(), text.size());
    bytes_[text.size()] = 0;
  }
  const char* c_str() const { return bytes_; }

 private:
  char bytes_[kMaxPath + 1];
};

#if defined(__linux__)
// ENOSYS: the kernel does not have it or a filter forbids it.
OsResult<FileHandle> open_by_kernel(int dir, const char* path, int flags) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags);
  how.mode = flags & O_CREAT ? kNewFileMode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < kRaceRetries; attempt++) {
    const long fd = ::syscall(SYS_openat2, dir, path, &how, sizeof how);
    if (fd >= 0) return FileHandle(static_cast<int>(fd));
    if (errno == EXDEV) return os_fail(EPERM);   // it would have left the directory
    if (errno == EPERM) return os_fail(ENOSYS);  // a filter's answer or the file's: the walk finds out
    if (errno != EAGAIN && errno != EINTR) return os_fail(errno);
  }
  return os_fail(ENOSYS);
}
#else
OsResult<FileHandle> open_by_kernel(int, const char*, int) { return os_fail(ENOSYS); }
#endif

// Resolves a path one component at a time. Holds the directories between the root and the current one, so that `..`
// leads back to where the path came from, and never above the root.
class PathWalk final {
 public:
  explicit PathWalk(int root) : root_(root) {}

  OsResult<FileHandle> open(std::string_view path, OpenOptions options) {
    options_ = options;
    OS_TRY(push(path));
    for (;;) {
      if (pending_.empty()) return open_current();
      const std::string name = std::move(pending_.back());
      pending_.pop_back();
      if (name == ".") continue;
      if (name == "..") {
        if (above_root_.empty()) return os_fail(EPERM);
        above_root_.pop_back();
        continue;
      }
      if (!pending_.empty()) {
        OS_TRY(enter(name.c_str()));
        continue;
      }
      OS_ASSIGN_OR_RETURN(FileHandle found, open_last(name.c_str()));
      if (found) return found;
    }
  }

 private:
  int current() const { return above_root_.empty() ? root_ : above_root_.back().get(); }

  // Puts the components of `path` in front of what is still to be resolved.
  OsResult<> push(std::string_view path) {
    const bool is_last = pending_.empty();
    if (path.ends_with('/')) {
      // as the kernel has it: a slash behind the last component follows a link and wants a directory
      if (is_last) {
        options_.directory = true;
        options_.last_link = LastLink::Follow;
        if (options_.create) return os_fail(EISDIR);
      }
      while (path.ends_with('/')) path.remove_suffix(1);
    }
    size_t end = path.size();
    for (;;) {
      const size_t slash = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
      const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
      if (end > begin) {
        pending_.emplace_back(path.substr(begin, end - begin));
      }
      if (slash == std::string_view::npos) return {};
      end = slash;
    }
  }

  // Steps into a directory, or puts a link's target in its place.
  OsResult<> enter(const char* name) {
    FileHandle next(::openat(current(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (next) {
      above_root_.push_back(std::move(next));
      return {};
    }
    const int error = errno;
    if (error != ENOTDIR && error != ELOOP) return os_fail(error);
    return follow(name, error);
  }

  // The file, or nothing if it was a link that has been put into pending_.
  OsResult<FileHandle> open_last(const char* name) {
    const int flags = flags_of(options_) | O_NOFOLLOW;
    const bool follows = options_.last_link == LastLink::Follow;
    FileHandle file(::openat(current(), name, flags, kNewFileMode));
    if (!file) {
      const int error = errno;
      if (!follows || (error != ELOOP && error != ENOTDIR)) return os_fail(error);
      OS_TRY(follow(name, error));
      return FileHandle();
    }
    if (follows && options_.access == Access::Path) {
      struct stat status;
      if (::fstat(file.get(), &status) != 0) return os_fail(errno);
      if (S_ISLNK(status.st_mode)) {
        OS_TRY(follow(name, ELOOP));
        return FileHandle();
      }
    }
    return file;
  }

  // The path ended in `.` or `..`.
  OsResult<FileHandle> open_current() {
    FileHandle file(::openat(current(), ".", flags_of(options_), kNewFileMode));
    if (!file) return os_fail(errno);
    return file;
  }

  // `otherwise` is the error if `name` is no link.
  OsResult<> follow(const char* name, int otherwise) {
    char target[kMaxPath + 1];
    const ssize_t size = ::readlinkat(current(), name, target, sizeof target);
    if (size < 0) return os_fail(errno == EINVAL ? otherwise : errno);
    if (++links_ > kMaxLinks) return os_fail(ELOOP);
    const std::string_view text(target, static_cast<size_t>(size));
    if (text.size() > kMaxPath) return os_fail(ENAMETOOLONG);
    if (text.empty()) return os_fail(ENOENT);
    if (text.front() == '/') return os_fail(EPERM);
    return push(text);
  }

  int root_;
  std::vector<FileHandle> above_root_;
  std::vector<std::string> pending_;  // the next component is the last element
  OpenOptions options_;
  int links_ = 0;
};

}  // namespace

OsResult<FileHandle> open_beneath(int dir, std::string_view path, const OpenOptions& options) {
  OS_TRY(check_path(path));
  if (options.resolver == Resolver::Automatic) {
    auto file = open_by_kernel(dir, PathBuffer(path).c_str(), flags_of(options));
    if (file || file.error() != ENOSYS) return file;
  }
  return PathWalk(dir).open(path, options);
}

OsResult<Entry> resolve_entry(int dir, std::string_view path, Resolver resolver) {
  OS_TRY(check_path(path));
  Entry entry;
  std::string_view whole = path;
  while (path.ends_with('/')) {
    path.remove_suffix(1);
    entry.must_be_directory = true;
  }
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  std::string_view way = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1);
  const bool is_dots = name == "." || name == "..";
  if (is_dots) way = whole;
  if (name.size() >= sizeof entry.name) return os_fail(ENAMETOOLONG);
  std::memcpy(entry.name, is_dots ? "." : name.data(), is_dots ? 1 : name.size());
  entry.dir = dir;
  if (way.empty() || whole == ".") return entry;
  OpenOptions options;
  options.directory = true;
  options.resolver = resolver;
  OS_ASSIGN_OR_RETURN(entry.owned, open_beneath(dir, way, options));
  entry.dir = entry.owned.get();
  return entry;
}

OsResult<FileHandle> open_root(const char* host_path) {
  FileHandle file(::open(host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) return os_fail(errno);
  return file;
}

}  // namespace godwit::platform::fs
