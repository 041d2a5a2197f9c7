// Reads and writes by the system's calls.
#include "openai/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "platform/fs_handle.h"

namespace godwit::openai {
namespace {

using platform::fs::FileHandle;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

}  // namespace

Error io_error(const std::string& what) {
  return Error(ErrorKind::Io, static_cast<uint32_t>(errno), what + ": " + std::strerror(errno));
}

std::optional<std::string> read_whole(const std::string& path) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return std::nullopt;
  std::string text;
  char chunk[65536];
  ssize_t count;
  while ((count = ::read(file.get(), chunk, sizeof chunk)) > 0)
    text.append(chunk, static_cast<size_t>(count));
  if (count < 0) return std::nullopt;
  return text;
}

Result<> write_whole(const std::string& path, std::string_view content) {
  const std::string beside = path + ".new";
  const FileHandle file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file && write_all(file.get(), content) && ::rename(beside.c_str(), path.c_str()) == 0) return {};
  Error error = io_error("the file " + path + " cannot be written");
  ::unlink(beside.c_str());
  return fail(std::move(error));
}

}  // namespace godwit::openai
