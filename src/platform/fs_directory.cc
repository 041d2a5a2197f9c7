// Reading directories: on Linux by getdents64, whose offsets are places that one can come back to.
#include "platform/fs_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "base/bytes.h"
#include "platform/fs_status.h"

namespace godwit::platform::fs {
namespace {

// The kernel's entry:
//   0 inode u64 | 8 offset of the next i64 | 16 size of this entry u16 | 18 type u8 | 19 name, NUL
constexpr size_t kOffsetAt = 8;
constexpr size_t kSizeAt = 16;
constexpr size_t kTypeAt = 18;
constexpr size_t kNameAt = 19;

FileKind kind_of_type(uint8_t type) {
  switch (type) {
    case DT_REG: return FileKind::Regular;
    case DT_DIR: return FileKind::Directory;
    case DT_LNK: return FileKind::SymbolicLink;
    case DT_CHR: return FileKind::CharacterDevice;
    case DT_BLK: return FileKind::BlockDevice;
    case DT_FIFO: return FileKind::Fifo;
    case DT_SOCK: return FileKind::StreamSocket;
  }
  return FileKind::Unknown;
}

// For file systems that do not say it in the entry.
FileKind ask_kind(int dir, const char* name) {
  struct stat host;
  if (::fstatat(dir, name, &host, AT_SYMLINK_NOFOLLOW) != 0) return FileKind::Unknown;
  return kind_of_mode(host.st_mode);
}

}  // namespace

OsResult<DirectoryReader> DirectoryReader::begin(int fd, uint64_t from) {
  if (from > INT64_MAX) return os_fail(EINVAL);
  if (::lseek(fd, static_cast<off_t>(from), SEEK_SET) < 0) return os_fail(errno);
  return DirectoryReader(fd);
}

OsResult<std::optional<DirectoryEntry>> DirectoryReader::next() {
  if (position_ == size_) {
    const long size = ::syscall(SYS_getdents64, fd_, buffer_, sizeof buffer_);
    if (size < 0) return os_fail(errno);
    if (size == 0) return std::nullopt;
    position_ = 0;
    size_ = static_cast<size_t>(size);
  }
  const uint8_t* at = buffer_ + position_;  // the kernel guarantees whole entries
  position_ += load_unaligned<uint16_t>(at + kSizeAt);
  DirectoryEntry entry;
  entry.inode = load_unaligned<uint64_t>(at);
  entry.next = load_unaligned<uint64_t>(at + kOffsetAt);
  const char* name = reinterpret_cast<const char*>(at + kNameAt);
  entry.name = name;
  entry.kind = kind_of_type(at[kTypeAt]);
  if (entry.kind == FileKind::Unknown) entry.kind = ask_kind(fd_, name);
  return entry;
}

}  // namespace godwit::platform::fs
