// Group fd, continued: bytes.
//
//   iovs   | address u32 | size u32 | address u32 | size u32 | …      at most 1024
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_read
#include "wasi/sock_support.h"

namespace godwit::wasi {

// Reads at `offset` into the buffers, in order; writes the number of bytes to `nread`. The position stays.
Errno P1::fd_pread(uint32_t fd, GuestSpan<Iovec> iovs, FileSize offset, GuestPtr<Size> nread) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, 0));
  WASI_TRY(check_readable(*file));
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(iovs, room));
  WASI_TRY(nread.check());
  const runtime::GuestAccess access;
  WASI_ASSIGN_OR_RETURN(const size_t size, fs::read_at(file->fd, pieces, offset));
  return put(nread, static_cast<Size>(size));
}

// Writes the buffers, in order, at `offset`; the position stays.
Errno P1::fd_pwrite(uint32_t fd, GuestSpan<Iovec> iovs, FileSize offset, GuestPtr<Size> nwritten) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, 0));
  WASI_TRY(check_writable(*file));
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(iovs, room));
  WASI_TRY(nwritten.check());
  const runtime::GuestAccess access;
  WASI_ASSIGN_OR_RETURN(const size_t size, fs::write_at(file->fd, pieces, offset));
  return put(nwritten, static_cast<Size>(size));
}

// Reads into the buffers, in order; writes the number of bytes to `nread`, 0 at the end of the file.
Errno P1::fd_read(Caller& caller, uint32_t fd, GuestSpan<Iovec> iovs, GuestPtr<Size> nread) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, 0));
  WASI_TRY(check_readable(*file));
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(iovs, room));
  WASI_TRY(nread.check());
  if (file->is_socket()) {
    WASI_ASSIGN_OR_RETURN(const net::Received received, receive(core_, caller, *file, pieces, 0));
    return put(nread, static_cast<Size>(received.size_bytes));
  }
  const runtime::GuestAccess access;
  WASI_ASSIGN_OR_RETURN(const size_t size,
                        fs::read(file->fd, pieces, file->kind, blocking_of(*file), wait_mode(core_, caller)));
  return put(nread, static_cast<Size>(size));
}

// Moves the position by `offset` from the beginning (0), the position (1) or the end (2); writes the new one.
Errno P1::fd_seek(uint32_t fd, int64_t offset, uint32_t whence, GuestPtr<FileSize> newoffset) {
  constexpr fs::Whence kWhence[] = {fs::Whence::Begin, fs::Whence::Current, fs::Whence::End};
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, 0));
  if (whence >= std::size(kWhence)) return Errno::Inval;
  // asking for the position needs less than moving it
  const bool tells = offset == 0 && kWhence[whence] == fs::Whence::Current;
  const Rights enough = tells ? right::kFdSeek | right::kFdTell : right::kFdSeek;
  if (!(file->base & enough)) return file->kind == FileKind::Regular ? Errno::Notcapable : Errno::Spipe;
  WASI_TRY(newoffset.check());
  WASI_ASSIGN_OR_RETURN(const uint64_t position, fs::seek(file->fd, offset, kWhence[whence]));
  return put(newoffset, position);
}

// Writes the position.
Errno P1::fd_tell(uint32_t fd, GuestPtr<FileSize> offset) { return fd_seek(fd, 0, 1, offset); }

// Writes the buffers, in order; writes the number of bytes to `nwritten`.
Errno P1::fd_write(Caller& caller, uint32_t fd, GuestSpan<Iovec> iovs, GuestPtr<Size> nwritten) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, 0));
  WASI_TRY(check_writable(*file));
  IovecRoom room;
  WASI_ASSIGN_OR_RETURN(const auto pieces, gather(iovs, room));
  WASI_TRY(nwritten.check());
  if (file->is_socket()) {
    WASI_ASSIGN_OR_RETURN(const size_t sent, send(core_, caller, *file, pieces, nullptr));
    return put(nwritten, static_cast<Size>(sent));
  }
  const runtime::GuestAccess access;
  WASI_ASSIGN_OR_RETURN(const size_t size, fs::write(file->fd, pieces, file->kind, blocking_of(*file),
                                                     wait_mode(core_, caller)));
  return put(nwritten, static_cast<Size>(size));
}

}  // namespace godwit::wasi
