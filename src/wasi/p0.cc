// wasi_unstable: other layouts and numbers for what preview 1 does.
#include "wasi/p0.h"

#include <algorithm>
#include <limits>

#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

FileStat0 to_file_stat_0(const fs::FileStatus& status) {
  constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
  return {.dev = status.device,
          .ino = status.inode,
          .filetype = to_file_type(status.kind),
          .nlink = static_cast<uint32_t>(std::min(status.links, kMost)),
          .size = status.size_bytes,
          .atim = status.accessed_ns,
          .mtim = status.modified_ns,
          .ctim = status.changed_ns};
}

}  // namespace

// Writes the FileStat0 (56 bytes).
Errno P0::fd_filestat_get(uint32_t fd, GuestPtr<FileStat0> stat) {
  WASI_ASSIGN_OR_RETURN(const fs::FileStatus status, status_of(core_.descriptors, fd));
  return put(stat, to_file_stat_0(status));
}

// As in preview 1, but 0 means the position, 1 the end and 2 the beginning.
Errno P0::fd_seek(uint32_t fd, int64_t offset, uint32_t whence, GuestPtr<FileSize> newoffset) {
  constexpr uint32_t kPreview1[] = {1, 2, 0};
  if (whence >= std::size(kPreview1)) return Errno::Inval;
  return p1_.fd_seek(fd, offset, kPreview1[whence], newoffset);
}

// Writes the FileStat0 (56 bytes) of what a path names.
Errno P0::path_filestat_get(uint32_t fd, uint32_t flags, GuestString path, GuestPtr<FileStat0> stat) {
  WASI_ASSIGN_OR_RETURN(const fs::FileStatus status, status_at(core_, fd, flags, path));
  return put(stat, to_file_stat_0(status));
}

}  // namespace godwit::wasi
