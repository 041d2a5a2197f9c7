// Calls that act on a path beneath a directory. Each resolves its paths as fs_resolve.h says; none leaves the
// directory, and none follows a symbolic link as the last component unless it is told to.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "platform/fs_file.h"
#include "platform/fs_resolve.h"

namespace godwit::platform::fs {

// A path and the open directory it is relative to.
struct PathAt {
  int dir = -1;
  std::string_view path;
};

OsResult<FileStatus> status_beneath(PathAt at, LastLink last_link);
OsResult<> set_times_beneath(PathAt at, LastLink last_link, NewTime accessed, NewTime modified);
OsResult<> make_directory(PathAt at);
OsResult<> remove_directory(PathAt at);
// @errors EISDIR: a directory.
OsResult<> unlink_file(PathAt at);
OsResult<> rename(PathAt from, PathAt to);
// A hard link `to` to what `from` names. @errors EPERM: a directory.
OsResult<> link(PathAt from, LastLink last_link, PathAt to);
// A symbolic link that says `target`. @errors EPERM: `target` is absolute. EINVAL: it contains a NUL.
OsResult<> make_symbolic_link(std::string_view target, PathAt at);
// Puts what a link says into `into`, cut to its size; returns how many bytes it put there.
OsResult<size_t> read_link(PathAt at, MutableBytes into);

}  // namespace godwit::platform::fs
