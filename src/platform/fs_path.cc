// Calls on paths: the last component is found first, then the system's *at calls act on it.
#include "platform/fs_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "platform/fs_status.h"

namespace godwit::platform::fs {
namespace {

constexpr mode_t kNewDirectoryMode = 0777;

OsResult<> done(int result) {
  if (result != 0) return os_fail(errno);
  return {};
}

OsResult<Entry> entry_of(PathAt at) { return resolve_entry(at.dir, at.path); }

OsResult<FileStatus> status_of(const Entry& entry) {
  struct stat host;
  if (::fstatat(entry.dir, entry.name, &host, AT_SYMLINK_NOFOLLOW) != 0) return os_fail(errno);
  return to_file_status(host);
}

// A path with a slash at its end names a directory.
OsResult<> check_directory(const Entry& entry) {
  if (!entry.must_be_directory) return {};
  OS_ASSIGN_OR_RETURN(const FileStatus found, status_of(entry));
  if (found.kind != FileKind::Directory) return os_fail(ENOTDIR);
  return {};
}

// The path at which /proc shows an open file: for the calls that take no descriptor. Trusted: only the number varies.
struct DescriptorPath {
  explicit DescriptorPath(int fd) { std::snprintf(text, sizeof text, "/proc/self/fd/%d", fd); }
  char text[32];
};

// What `at` names after following a link as the last component.
OsResult<FileHandle> open_target(PathAt at) {
  return open_beneath(at.dir, at.path, {.access = Access::Path});
}

}  // namespace

OsResult<FileStatus> status_beneath(PathAt at, LastLink last_link) {
  OS_ASSIGN_OR_RETURN(const Entry entry, entry_of(at));
  OS_ASSIGN_OR_RETURN(const FileStatus found, status_of(entry));
  const bool follows = last_link == LastLink::Follow || entry.must_be_directory;
  if (found.kind == FileKind::SymbolicLink && follows) {
    OS_ASSIGN_OR_RETURN(const FileHandle target, open_target(at));
    return status(target.get());
  }
  if (entry.must_be_directory && found.kind != FileKind::Directory) return os_fail(ENOTDIR);
  return found;
}

OsResult<> set_times_beneath(PathAt at, LastLink last_link, NewTime accessed, NewTime modified) {
  const TimePair pair = to_time_pair(accessed, modified);
  OS_ASSIGN_OR_RETURN(const Entry entry, entry_of(at));
  OS_ASSIGN_OR_RETURN(const FileStatus found, status_of(entry));
  const bool follows = last_link == LastLink::Follow || entry.must_be_directory;
  if (found.kind == FileKind::SymbolicLink && follows) {
    OS_ASSIGN_OR_RETURN(const FileHandle target, open_target(at));
    return done(::utimensat(AT_FDCWD, DescriptorPath(target.get()).text, pair.times, 0));
  }
  if (entry.must_be_directory && found.kind != FileKind::Directory) return os_fail(ENOTDIR);
  return done(::utimensat(entry.dir, entry.name, pair.times, AT_SYMLINK_NOFOLLOW));
}

OsResult<> make_directory(PathAt at) {
  OS_ASSIGN_OR_RETURN(const Entry entry, entry_of(at));
  return done(::mkdirat(entry.dir, entry.name, kNewDirectoryMode));
}

OsResult<> remove_directory(PathAt at) {
  OS_ASSIGN_OR_RETURN(const Entry entry, entry_of(at));
  return done(::unlinkat(entry.dir, entry.name, AT_REMOVEDIR));
}

OsResult<> unlink_file(PathAt at) {
  OS_ASSIGN_OR_RETURN(const Entry entry, entry_of(at));
  OS_TRY(check_directory(entry));
  if (entry.must_be_directory) return os_fail(EISDIR);
  return done(::unlinkat(entry.dir, entry.name, 0));
}

OsResult<> rename(PathAt from, PathAt to) {
  OS_ASSIGN_OR_RETURN(const Entry source, entry_of(from));
  OS_ASSIGN_OR_RETURN(const Entry target, entry_of(to));
  OS_TRY(check_directory(source));
  if (target.must_be_directory) {
    OS_ASSIGN_OR_RETURN(const FileStatus found, status_of(source));
    if (found.kind != FileKind::Directory) return os_fail(ENOTDIR);
  }
  return done(::renameat(source.dir, source.name, target.dir, target.name));
}

OsResult<> link(PathAt from, LastLink last_link, PathAt to) {
  OS_ASSIGN_OR_RETURN(const Entry source, entry_of(from));
  OS_ASSIGN_OR_RETURN(const Entry target, entry_of(to));
  OS_TRY(check_directory(source));
  if (target.must_be_directory) {
    auto found = status_of(target);
    return os_fail(found ? EEXIST : ENOENT);
  }
  if (last_link == LastLink::Follow) {
    OS_ASSIGN_OR_RETURN(const FileStatus found, status_of(source));
    if (found.kind == FileKind::SymbolicLink) {
      OS_ASSIGN_OR_RETURN(const FileHandle file, open_target(from));
      return done(
          ::linkat(AT_FDCWD, DescriptorPath(file.get()).text, target.dir, target.name, AT_SYMLINK_FOLLOW));
    }
  }
  return done(::linkat(source.dir, source.name, target.dir, target.name, 0));
}

OsResult<> make_symbolic_link(std::string_view target, PathAt at) {
  char text[kMaxPath + 1];
  if (target.empty()) return os_fail(ENOENT);
  if (target.size() > kMaxPath) return os_fail(ENAMETOOLONG);
  if (std::memchr(target.data(), 0, target.size())) return os_fail(EINVAL);
  // it could not be followed here, but it would mislead whoever walks the directory outside
  if (target.front() == '/') return os_fail(EPERM);
  std::memcpy(text, target.data(), target.size());
  text[target.size()] = 0;
  OS_ASSIGN_OR_RETURN(const Entry entry, entry_of(at));
  if (entry.must_be_directory) {
    OS_ASSIGN_OR_RETURN(const FileStatus found, status_of(entry));
    return os_fail(found.kind == FileKind::Directory ? EEXIST : ENOTDIR);
  }
  return done(::symlinkat(text, entry.dir, entry.name));
}

OsResult<size_t> read_link(PathAt at, MutableBytes into) {
  OS_ASSIGN_OR_RETURN(const Entry entry, entry_of(at));
  OS_TRY(check_directory(entry));
  char nothing;
  char* to = into.empty() ? &nothing : reinterpret_cast<char*>(into.data());
  const ssize_t size = ::readlinkat(entry.dir, entry.name, to, into.empty() ? 1 : into.size());
  if (size < 0) return os_fail(errno);
  return into.empty() ? 0 : static_cast<size_t>(size);
}

}  // namespace godwit::platform::fs
