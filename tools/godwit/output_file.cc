// OutputFile: a temporary file that is renamed.
#include "output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace godwit::cli {
namespace {

std::unexpected<Error> io_error(std::string_view what, int code) {
  return fail(
      Error(ErrorKind::Io, static_cast<uint32_t>(code), std::string(what) + ": " + std::strerror(code)));
}

}  // namespace

Result<OutputFile> OutputFile::open(std::string path) {
  if (path.empty() || path == "-") return OutputFile(STDOUT_FILENO, {}, {});
  struct stat info{};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) return io_error(path, EISDIR);
  if (exists && !S_ISREG(info.st_mode)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return io_error(path, errno);
    return OutputFile(fd, std::move(path), {});
  }
  if (char* target = exists ? ::realpath(path.c_str(), nullptr) : nullptr) {  // a link stays one
    path = target;
    std::free(target);
  }
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return io_error(path, errno);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd, exists ? info.st_mode & 0777 : 0666 & ~mask);
  return OutputFile(fd, std::move(path), std::move(temporary));
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0 && !path_.empty()) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<> OutputFile::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return io_error("cannot write to " + (path_.empty() ? std::string("standard output") : path_), errno);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<> OutputFile::commit() {
  const int fd = std::exchange(fd_, -1);
  if (!path_.empty() && ::close(fd) != 0) return io_error("cannot write to " + path_, errno);
  if (temporary_.empty()) return {};
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return io_error(path_, errno);
  temporary_.clear();
  return {};
}

}  // namespace godwit::cli
