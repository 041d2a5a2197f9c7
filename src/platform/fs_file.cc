// Open files: thin over the system's calls, with waits that can be called off.
#include "platform/fs_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/fs_status.h"

namespace godwit::platform::fs {
namespace {

constexpr uint64_t kMaxOffset = INT64_MAX;

// Reads and writes of these end by themselves.
bool never_waits(FileKind kind) {
  return kind == FileKind::Regular || kind == FileKind::BlockDevice || kind == FileKind::Directory;
}

OsResult<size_t> answer(ssize_t transferred) {
  if (transferred < 0) return os_fail(errno);
  return static_cast<size_t>(transferred);
}

int count_of(std::span<const IoVector> pieces) { return static_cast<int>(pieces.size()); }

// One attempt that does not wait. EOPNOTSUPP: this file has no such thing.
#if defined(__linux__)
ssize_t read_now(int fd, std::span<const IoVector> pieces) {
  return ::preadv2(fd, pieces.data(), count_of(pieces), -1, RWF_NOWAIT);
}
ssize_t write_now(int fd, std::span<const IoVector> pieces) {
  return ::pwritev2(fd, pieces.data(), count_of(pieces), -1, RWF_NOWAIT);
}
#else
ssize_t read_now(int, std::span<const IoVector>) {
  errno = EOPNOTSUPP;
  return -1;
}
ssize_t write_now(int, std::span<const IoVector>) {
  errno = EOPNOTSUPP;
  return -1;
}
#endif

bool lacks_nowait(int error) { return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL; }

struct Reading {
  static ssize_t plain(int fd, std::span<const IoVector> pieces) {
    return ::readv(fd, pieces.data(), count_of(pieces));
  }
  static ssize_t now(int fd, std::span<const IoVector> pieces) { return read_now(fd, pieces); }
  static OsResult<> wait(int fd, WaitMode mode) { return wait_readable(fd, mode); }
  static constexpr bool kWantsRead = true;
};

struct Writing {
  static ssize_t plain(int fd, std::span<const IoVector> pieces) {
    return ::writev(fd, pieces.data(), count_of(pieces));
  }
  static ssize_t now(int fd, std::span<const IoVector> pieces) { return write_now(fd, pieces); }
  static OsResult<> wait(int fd, WaitMode mode) { return wait_writable(fd, mode); }
  static constexpr bool kWantsRead = false;
};

// A file without calls that never wait (a terminal): ask first, then do it.
template <class Direction>
OsResult<size_t> transfer_when_ready(int fd, std::span<const IoVector> pieces, Blocking blocking,
                                     WaitMode mode) {
  for (;;) {
    if (blocking == Blocking::Never) {
      Waited file = {.fd = fd, .wants_read = Direction::kWantsRead};
      OS_ASSIGN_OR_RETURN(const uint32_t ready, wait_for({&file, 1}, 0, mode));
      if (ready == 0) return os_fail(EAGAIN);
    } else {
      OS_TRY(Direction::wait(fd, mode));
    }
    const ssize_t transferred = Direction::plain(fd, pieces);
    if (transferred >= 0) return static_cast<size_t>(transferred);
    // someone else was faster, on a file that the host opened as non-blocking
    const bool again = errno == EAGAIN && blocking == Blocking::Wait;
    if (!again && errno != EINTR) return os_fail(errno);
  }
}

template <class Direction>
OsResult<size_t> transfer(int fd, std::span<const IoVector> pieces, FileKind kind, Blocking blocking,
                          WaitMode mode) {
  if (never_waits(kind)) return answer(Direction::plain(fd, pieces));
  if (kind == FileKind::CharacterDevice) return transfer_when_ready<Direction>(fd, pieces, blocking, mode);
  // A FIFO without a writer reads as ended; waiting first makes the first writer waited for, as a blocking open would.
  const bool asks_first = Direction::kWantsRead && kind == FileKind::Fifo && blocking == Blocking::Wait;
  for (;;) {
    if (asks_first) OS_TRY(Direction::wait(fd, mode));
    const ssize_t transferred = Direction::now(fd, pieces);
    if (transferred >= 0) return static_cast<size_t>(transferred);
    if (lacks_nowait(errno)) return transfer_when_ready<Direction>(fd, pieces, blocking, mode);
    if (errno != EAGAIN && errno != EINTR) return os_fail(errno);
    if (errno == EAGAIN && blocking == Blocking::Never) return os_fail(EAGAIN);
    if (!asks_first) OS_TRY(Direction::wait(fd, mode));
  }
}

timespec to_timespec(NewTime time) {
  constexpr uint64_t kSecond_ns = 1'000'000'000;
  switch (time.kind) {
    case NewTime::Kind::Keep: return {.tv_sec = 0, .tv_nsec = UTIME_OMIT};
    case NewTime::Kind::Now: return {.tv_sec = 0, .tv_nsec = UTIME_NOW};
    case NewTime::Kind::At: break;
  }
  return {.tv_sec = static_cast<time_t>(time.ns / kSecond_ns),
          .tv_nsec = static_cast<long>(time.ns % kSecond_ns)};
}

uint64_t to_ns(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

OsResult<> done(int result) {
  if (result != 0) return os_fail(errno);
  return {};
}

}  // namespace

std::span<IoVector> without_front(std::span<IoVector> pieces, size_t size_bytes) {
  while (!pieces.empty() && size_bytes >= pieces.front().iov_len) {
    size_bytes -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    pieces.front().iov_base = static_cast<uint8_t*>(pieces.front().iov_base) + size_bytes;
    pieces.front().iov_len -= size_bytes;
  }
  return pieces;
}

FileKind kind_of_mode(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return FileKind::Regular;
    case S_IFDIR: return FileKind::Directory;
    case S_IFLNK: return FileKind::SymbolicLink;
    case S_IFCHR: return FileKind::CharacterDevice;
    case S_IFBLK: return FileKind::BlockDevice;
    case S_IFIFO: return FileKind::Fifo;
    case S_IFSOCK: return FileKind::StreamSocket;
  }
  return FileKind::Unknown;
}

FileStatus to_file_status(const struct stat& host) {
  return {.kind = kind_of_mode(host.st_mode),
          .device = host.st_dev,
          .inode = host.st_ino,
          .links = host.st_nlink,
          .size_bytes = static_cast<uint64_t>(host.st_size),
          .accessed_ns = to_ns(host.st_atim),
          .modified_ns = to_ns(host.st_mtim),
          .changed_ns = to_ns(host.st_ctim)};
}

TimePair to_time_pair(NewTime accessed, NewTime modified) {
  return {to_timespec(accessed), to_timespec(modified)};
}

OsResult<FileStatus> status(int fd) {
  struct stat host;
  if (::fstat(fd, &host) != 0) return os_fail(errno);
  FileStatus status = to_file_status(host);
  if (status.kind == FileKind::StreamSocket) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM)
      status.kind = FileKind::DatagramSocket;
  }
  return status;
}

OsResult<OpenMode> open_mode(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return os_fail(errno);
  const int access = flags & O_ACCMODE;
  const bool path_only = (flags & O_PATH) != 0;
  return OpenMode{.readable = !path_only && access != O_WRONLY,
                  .writable = !path_only && access != O_RDONLY,
                  .append = (flags & O_APPEND) != 0,
                  .nonblocking = (flags & O_NONBLOCK) != 0,
                  .sync = (flags & O_SYNC) == O_SYNC,
                  .data_sync = (flags & O_DSYNC) != 0};
}

OsResult<> set_append(int fd, bool append) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return os_fail(errno);
  return done(::fcntl(fd, F_SETFL, append ? flags | O_APPEND : flags & ~O_APPEND));
}

OsResult<size_t> read(int fd, std::span<const IoVector> pieces, FileKind kind, Blocking blocking,
                      WaitMode mode) {
  return transfer<Reading>(fd, pieces, kind, blocking, mode);
}

OsResult<size_t> write(int fd, std::span<IoVector> pieces, FileKind kind, Blocking blocking, WaitMode mode) {
  size_t total = 0;
  for (;;) {
    auto written = transfer<Writing>(fd, pieces, kind, blocking, mode);
    if (!written && total == 0) return written;
    if (!written) return total;
    total += *written;
    pieces = without_front(pieces, *written);
    // a pipe took what it had room for; a guest that waits expects everything to be written
    if (pieces.empty() || *written == 0 || blocking == Blocking::Never || never_waits(kind)) return total;
  }
}

OsResult<size_t> read_at(int fd, std::span<const IoVector> pieces, uint64_t offset) {
  if (offset > kMaxOffset) return os_fail(EINVAL);
  return answer(::preadv(fd, pieces.data(), count_of(pieces), static_cast<off_t>(offset)));
}

OsResult<size_t> write_at(int fd, std::span<const IoVector> pieces, uint64_t offset) {
  if (offset > kMaxOffset) return os_fail(EINVAL);
  return answer(::pwritev(fd, pieces.data(), count_of(pieces), static_cast<off_t>(offset)));
}

OsResult<uint64_t> seek(int fd, int64_t offset, Whence whence) {
  int host_whence = SEEK_SET;
  if (whence == Whence::Current) host_whence = SEEK_CUR;
  if (whence == Whence::End) host_whence = SEEK_END;
  const off_t position = ::lseek(fd, offset, host_whence);
  if (position < 0) return os_fail(errno);
  return static_cast<uint64_t>(position);
}

OsResult<> set_size(int fd, uint64_t size_bytes) {
  if (size_bytes > kMaxOffset) return os_fail(EINVAL);
  return done(::ftruncate(fd, static_cast<off_t>(size_bytes)));
}

OsResult<> allocate(int fd, uint64_t offset, uint64_t size_bytes) {
  if (offset > kMaxOffset || size_bytes > kMaxOffset - offset) return os_fail(EFBIG);
#if defined(__linux__)
  // not posix_fallocate: where the file system cannot do it, that writes block by block, for as long as it takes
  if (size_bytes == 0) return os_fail(EINVAL);
  return done(::fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(size_bytes)));
#else
  return os_fail(ENOTSUP);
#endif
}

OsResult<> advise(int fd, uint64_t offset, uint64_t size_bytes, Advice advice) {
  if (offset > kMaxOffset || size_bytes > kMaxOffset - offset) return os_fail(EINVAL);
  int host_advice = POSIX_FADV_NORMAL;
  switch (advice) {
    case Advice::Normal: break;
    case Advice::Sequential: host_advice = POSIX_FADV_SEQUENTIAL; break;
    case Advice::Random: host_advice = POSIX_FADV_RANDOM; break;
    case Advice::WillNeed: host_advice = POSIX_FADV_WILLNEED; break;
    case Advice::DontNeed: host_advice = POSIX_FADV_DONTNEED; break;
    case Advice::NoReuse: host_advice = POSIX_FADV_NOREUSE; break;
  }
  const int error =
      ::posix_fadvise(fd, static_cast<off_t>(offset), static_cast<off_t>(size_bytes), host_advice);
  if (error != 0) return os_fail(error);
  return {};
}

OsResult<> sync(int fd) { return done(::fsync(fd)); }
OsResult<> sync_data(int fd) { return done(::fdatasync(fd)); }

OsResult<> set_times(int fd, NewTime accessed, NewTime modified) {
  return done(::futimens(fd, to_time_pair(accessed, modified).times));
}

uint64_t readable_bytes(int fd, FileKind kind) {
  if (kind == FileKind::Regular) {
    struct stat host;
    const off_t position = ::lseek(fd, 0, SEEK_CUR);
    if (position < 0 || ::fstat(fd, &host) != 0 || host.st_size <= position) return 0;
    return static_cast<uint64_t>(host.st_size - position);
  }
  int available = 0;
  if (::ioctl(fd, FIONREAD, &available) != 0 || available < 0) return 0;
  return static_cast<uint64_t>(available);
}

void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }

}  // namespace godwit::platform::fs
