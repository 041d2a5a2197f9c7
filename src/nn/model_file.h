// ModelFile: a file of the host's, held open for a backend.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/error.h"

namespace godwit::nn {

// Move-only; closes the file.
class ModelFile final {
 public:
  ModelFile() = default;
  // Takes over a descriptor that is open for reading. `name` is for messages.
  ModelFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  ~ModelFile();
  ModelFile(ModelFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)) {}
  ModelFile& operator=(ModelFile&& other) noexcept;

  // Opens a regular file. @errors NotFound: there is none of that name. Io: it is something else, or unreadable.
  static Result<ModelFile> open(const std::string& path);

  // A copy in memory, for a file that a guest can change while a backend has it mapped: cut short, it would end the
  // process. @errors Io: not a regular file, unreadable, no memory, or `interrupted` (may be empty) said so.
  Result<ModelFile> copy_in_memory(const std::function<bool()>& interrupted) const;

  // Of the file, now; 0 if it cannot be told.
  uint64_t size_bytes() const;

  int fd() const { return fd_; }
  const std::string& name() const { return name_; }
  // At most the first 16 bytes.
  std::string first_bytes() const;

 private:
  int fd_ = -1;
  std::string name_;
};

}  // namespace godwit::nn
