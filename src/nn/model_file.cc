// Opens files for backends.
#include "nn/model_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
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

Result<ModelFile> ModelFile::copy_in_memory(const std::function<bool()>& interrupted) const {
  constexpr size_t kPiece_bytes = size_t{64} << 20;  // between two looks at `interrupted`
  const auto cannot = [this](int error) {
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(error),
                      "cannot copy " + name_ + " into memory: " + std::strerror(error)));
  };
  struct stat status;
  if (fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(Error(ErrorKind::Io, EINVAL, name_ + " is not a regular file"));
  ModelFile copy(memfd_create("godwit-model", MFD_CLOEXEC), name_);
  if (copy.fd_ < 0) return cannot(errno);
  for (off_t offset = 0;;) {
    if (interrupted && interrupted()) return cannot(EINTR);
    const ssize_t copied = sendfile(copy.fd_, fd_, &offset, kPiece_bytes);
    if (copied == 0) break;
    if (copied < 0 && errno != EINTR) return cannot(errno);
  }
  if (lseek(copy.fd_, 0, SEEK_SET) != 0) return cannot(errno);
  return copy;
}

uint64_t ModelFile::size_bytes() const {
  struct stat status;
  return fstat(fd_, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

std::string ModelFile::first_bytes() const {
  char bytes[16];
  const ssize_t count = pread(fd_, bytes, sizeof bytes, 0);
  return count > 0 ? std::string(bytes, static_cast<size_t>(count)) : std::string();
}

}  // namespace godwit::nn
