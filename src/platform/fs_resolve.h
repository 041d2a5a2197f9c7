// The sandboxed path resolver: opens what a path names inside a directory, and nothing outside of it.
//
// A path is relative to a directory that the caller holds open. Whatever the path says, and whatever symbolic links
// lie on the way, the result is inside of that directory: absolute paths, `..` above the directory, absolute symbolic
// links, links that climb out, and the magic links of /proc are refused with EPERM.
//
// On Linux the kernel does it (openat2 with RESOLVE_BENEATH); where that call is missing or forbidden, the same is done
// component by component, each opened with O_NOFOLLOW, so that a link that appears in between is never followed
// by accident.
#pragma once

#include <cstddef>
#include <string_view>

#include "platform/fs_handle.h"

namespace godwit::platform::fs {

enum class Access { Path, Read, Write, ReadWrite };  // Path: names the file only, to ask or pass on
enum class LastLink { Follow, Keep };                // a symbolic link as the last component
enum class Resolver { Automatic, Walk };             // Walk: never openat2; for tests

struct OpenOptions {
  Access access = Access::Path;
  LastLink last_link = LastLink::Follow;
  bool create = false;     // a regular file, if nothing is there (mode 0666 less the umask)
  bool exclusive = false;  // with create: it must not be there
  bool truncate = false;
  bool directory = false;  // it must be a directory
  bool append = false;
  bool sync = false;
  bool data_sync = false;
  Resolver resolver = Resolver::Automatic;
};

// Longest path accepted, in bytes.
inline constexpr size_t kMaxPath = 4095;
// Most symbolic links followed on one path.
inline constexpr int kMaxLinks = 40;

// Opens `path` beneath the directory `dir`.
// @errors EPERM: it would leave the directory. ENOENT: empty, or nothing there. EINVAL: contains a NUL.
//   ENAMETOOLONG. ELOOP: too many links, or a link where last_link says Keep (but for Access::Path, which then opens
//   the link itself). Others as open(2).
// Never waits: a FIFO is open for reading at once, and for writing only if somebody reads it (ENXIO otherwise). The file
// is non-blocking as far as the host is concerned.
OsResult<FileHandle> open_beneath(int dir, std::string_view path, const OpenOptions& options);

// Where a path's last component lies: for calls that act on a directory entry (unlink, rename, …).
struct Entry {
  FileHandle owned;                // what was opened on the way, if anything
  int dir = -1;                    // the directory that holds the entry
  char name[256] = {};             // one component, without slashes; "." if the path ends in "." or ".."
  bool must_be_directory = false;  // the path ended in a slash
};

// Resolves all but the last component of `path` beneath `dir`.
// @lifetime `dir` must stay open as long as the Entry.
// @errors as open_beneath().
OsResult<Entry> resolve_entry(int dir, std::string_view path, Resolver resolver = Resolver::Automatic);

// Opens a directory by any host path, as the root of a sandbox. For paths the operator gave, never a guest's.
OsResult<FileHandle> open_root(const char* host_path);

}  // namespace godwit::platform::fs
