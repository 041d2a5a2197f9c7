// Files that are open: what they are, their bytes, their times.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "platform/fs_handle.h"
#include "platform/fs_wait.h"

namespace godwit::platform::fs {

enum class FileKind : uint8_t {
  Unknown,
  BlockDevice,
  CharacterDevice,
  Directory,
  Regular,
  Fifo,
  StreamSocket,
  DatagramSocket,
  SymbolicLink,
};

// Times are nanoseconds since 1970-01-01 UTC; earlier ones read as 0.
struct FileStatus {
  FileKind kind = FileKind::Unknown;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t links = 0;
  uint64_t size_bytes = 0;
  uint64_t accessed_ns = 0;
  uint64_t modified_ns = 0;
  uint64_t changed_ns = 0;
};

// What a file was opened for.
struct OpenMode {
  bool readable = false;
  bool writable = false;
  bool append = false;
  bool nonblocking = false;
  bool sync = false;
  bool data_sync = false;
};

// A time to set.
struct NewTime {
  enum class Kind : uint8_t { Keep, Now, At };
  Kind kind = Kind::Keep;
  uint64_t ns = 0;  // kind At: since 1970-01-01 UTC
};

enum class Whence : uint8_t { Begin, Current, End };
enum class Advice : uint8_t { Normal, Sequential, Random, WillNeed, DontNeed, NoReuse };

// A piece of memory to read into or write from; may be guest memory.
using IoVector = ::iovec;

// @errors EBADF: `fd` is not open.
OsResult<FileStatus> status(int fd);
OsResult<OpenMode> open_mode(int fd);
// Changes whether every write appends.
OsResult<> set_append(int fd, bool append);

// `pieces` less their first `size_bytes` bytes. Changes the entries of `pieces`.
std::span<IoVector> without_front(std::span<IoVector> pieces, size_t size_bytes);

// How reads and writes wait. A guest that must not wait gets EAGAIN.
enum class Blocking : uint8_t { Wait, Never };

// Reads at the file's position into `pieces`, in order, as much as is there. Waits, if told so, until that is at least
// one byte or the end was reached.
// @errors EAGAIN: Blocking::Never, and it would have to wait. EINTR: told to stop. Others as readv(2).
OsResult<size_t> read(int fd, std::span<const IoVector> pieces, FileKind kind, Blocking blocking,
                      WaitMode mode);

// Writes `pieces`, in order, at the file's position, and returns how many bytes it wrote: all, if it may wait, unless
// something went wrong after some of them. Changes the entries of `pieces`.
// @errors EAGAIN, EINTR as read(). EPIPE: nobody reads; comes with a signal unless ignore_broken_pipes() was called.
//   Others as writev(2).
OsResult<size_t> write(int fd, std::span<IoVector> pieces, FileKind kind, Blocking blocking, WaitMode mode);

// The same at a position of their own, in bytes; the file's position stays.
OsResult<size_t> read_at(int fd, std::span<const IoVector> pieces, uint64_t offset);
OsResult<size_t> write_at(int fd, std::span<const IoVector> pieces, uint64_t offset);

// Moves the position; returns the new one. @errors EINVAL: before the beginning. ESPIPE: not seekable.
OsResult<uint64_t> seek(int fd, int64_t offset, Whence whence);
OsResult<> set_size(int fd, uint64_t size_bytes);
// Makes sure that the given bytes have room on the device; grows the file if they lie beyond its end.
OsResult<> allocate(int fd, uint64_t offset, uint64_t size_bytes);
OsResult<> advise(int fd, uint64_t offset, uint64_t size_bytes, Advice advice);
// Writes what is buffered to the device, with (sync) or without (sync_data) what describes the file.
OsResult<> sync(int fd);
OsResult<> sync_data(int fd);
OsResult<> set_times(int fd, NewTime accessed, NewTime modified);
// Bytes that can be read without waiting; 0 if the kind of file does not tell.
uint64_t readable_bytes(int fd, FileKind kind);

// Makes writes to a pipe that nobody reads fail with EPIPE instead of ending the process.
void ignore_broken_pipes();

}  // namespace godwit::platform::fs
