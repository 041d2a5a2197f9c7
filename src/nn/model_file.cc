// Opens files for backends.
#include "nn/model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace godwit::nn {

ModelFile::~ModelFile() {
  if (fd_ >= 0) close(fd_);
}

ModelFile& ModelFile::operator=(ModelFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  return *this;
}

Result<ModelFile> ModelFile::open(const std::string& path) {
  // Not waiting: opening a FIFO would otherwise last until somebody writes to it.
  ModelFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), path);
  if (file.fd_ < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) return fail(ErrorKind::NotFound, "there is no file " + path);
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(error),
                      "cannot open " + path + ": " + std::strerror(error)));
  }
  struct stat status;
  if (fstat(file.fd_, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Error(ErrorKind::Io, EINVAL, path + " is not a regular file"));
  return file;
}

std::string ModelFile::first_bytes() const {
  char bytes[16];
  const ssize_t count = pread(fd_, bytes, sizeof bytes, 0);
  return count > 0 ? std::string(bytes, static_cast<size_t>(count)) : std::string();
}

}  // namespace godwit::nn
