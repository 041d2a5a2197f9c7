// CacheDirectory: files that a program may lose at any time, in a directory of the user's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::platform {

// @threads any, also of several processes: a file appears whole or not at all, whatever ends its writer.
class CacheDirectory final {
 public:
  // $XDG_CACHE_HOME/godwit, or ~/.cache/godwit. Touches nothing.
  // @errors NotFound: neither is set.
  static Result<CacheDirectory> of_user();
  explicit CacheDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Names have no slashes.
  // @errors NotFound: no such file. Io: the system refuses, or it is no regular file.
  Result<std::vector<uint8_t>> read(const std::string& name) const;
  // Makes the directory, for the user alone, if it is not there.
  // @errors Io: the system refuses; there is no new file then.
  Result<> write(const std::string& name, Bytes bytes) const;
  // Says that the file was used just now.
  void touch(const std::string& name) const;
  void remove(const std::string& name) const;

  struct File {
    std::string name;
    uint64_t size_bytes;
    int64_t used_ns;
  };
  // The last used first. Empty if there is no directory.
  std::vector<File> list() const;
  // Removes those that were used longest ago until the rest has at most so many bytes, and what writers have left behind.
  void shrink_to(uint64_t size_bytes) const;

 private:
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }

  std::string path_;
};

}  // namespace godwit::platform
