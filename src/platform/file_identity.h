// FileIdentity: by which a file is known again without reading it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "platform/memory_map.h"

namespace godwit::platform {

// What changes whenever a file is written, replaced or moved: nobody but the system sets ctime_ns.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size_bytes = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;

  bool operator==(const FileIdentity&) const = default;
};

// That of the regular file at `path`; nothing if it may change without a change of its times: because it has changed but a
// moment ago, or because others than this user and the system's may write it.
std::optional<FileIdentity> identity_of(const std::string& path);

// A copy of a file, and its identity if it was that file, unchanged, from the first byte to the last.
struct KnownFile {
  MappedFile file;
  std::optional<FileIdentity> identity;
};
// @errors as MappedFile::copy.
Result<KnownFile> copy_known_file(const std::string& path);

}  // namespace godwit::platform
