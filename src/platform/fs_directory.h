// Reading a directory, entry by entry, from any place in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/fs_file.h"

namespace godwit::platform::fs {

struct DirectoryEntry {
  uint64_t next = 0;  // where the entry after this one is: a `from` for later
  uint64_t inode = 0;
  FileKind kind = FileKind::Unknown;
  std::string_view name;  // @lifetime until the next call of next()
};

// Reads the entries of an open directory; `.` and `..` are among them. Keeps nothing between two readers but the
// places they return, which stay good while entries come and go, as far as the file system's own do.
class DirectoryReader final {
 public:
  // Begins at `from`: 0, or the `next` of an entry. Moves the position of `fd`, which must stay open.
  static OsResult<DirectoryReader> begin(int fd, uint64_t from);

  // The next entry; nothing at the end.
  OsResult<std::optional<DirectoryEntry>> next();

 private:
  explicit DirectoryReader(int fd) : fd_(fd) {}

  int fd_;
  size_t position_ = 0;
  size_t size_ = 0;
  alignas(8) uint8_t buffer_[8192];  // of the system's own entries
};

}  // namespace godwit::platform::fs
