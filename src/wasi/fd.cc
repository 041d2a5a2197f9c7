// Group fd: operations on descriptors, but for their bytes (fd_io.cc) and for directories (fd_directory.cc).
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_advise
#include "wasi/p1_support.h"

namespace godwit::wasi {

Expected<fs::FileStatus> status_of(const DescriptorTable& descriptors, uint32_t fd) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, descriptors.find_any(fd, right::kFdFilestatGet));
  WASI_ASSIGN_OR_RETURN(const fs::FileStatus status, fs::status(file->fd));
  return status;
}

// Tells the host how `len` bytes from `offset` will be used.
Errno P1::fd_advise(uint32_t fd, FileSize offset, FileSize len, uint32_t advice) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, right::kFdAdvise));
  constexpr uint32_t kNoReuse = 5;
  if (advice > kNoReuse) return Errno::Inval;
  return finish(fs::advise(file->fd, offset, len, static_cast<fs::Advice>(advice)));
}

// Makes sure that `len` bytes from `offset` have room on the device.
Errno P1::fd_allocate(uint32_t fd, FileSize offset, FileSize len) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, right::kFdAllocate));
  return finish(fs::allocate(file->fd, offset, len));
}

// Closes a descriptor; its number is free again. What the embedder lent stays open outside.
Errno P1::fd_close(uint32_t fd) { return finish(core_.descriptors.close(fd)); }

// Waits until the data of a file is on the device.
Errno P1::fd_datasync(uint32_t fd) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_any(fd, right::kFdDatasync));
  return finish(fs::sync_data(file->fd));
}

// Writes the FdStat (24 bytes): type, flags, rights.
Errno P1::fd_fdstat_get(uint32_t fd, GuestPtr<FdStat> stat) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find(fd));
  return put(stat, FdStat{.fs_filetype = to_file_type(file->kind),
                          .fs_flags = static_cast<uint16_t>(file->flags.load()),
                          .fs_rights_base = file->base,
                          .fs_rights_inheriting = file->inheriting});
}

// Replaces the flags. Nonblock concerns this guest only: the host's file, which others may share, stays as it is.
Errno P1::fd_fdstat_set_flags(uint32_t fd, uint32_t flags) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, right::kFdFdstatSetFlags));
  if (flags & ~fd_flag::kAll) return Errno::Inval;
  const std::lock_guard lock(file->mutex);
  const uint32_t changed = flags ^ file->flags;
  // the host cannot change these on an open file
  if (changed & (fd_flag::kDsync | fd_flag::kRsync | fd_flag::kSync)) return Errno::Notsup;
  if (changed & fd_flag::kAppend) {
    if (!file->owned) return Errno::Notsup;  // it would change for the embedder too
    WASI_TRY(fs::set_append(file->fd, (flags & fd_flag::kAppend) != 0));
  }
  file->flags = flags;
  return Errno::Success;
}

// Gives rights up; they never come back.
Errno P1::fd_fdstat_set_rights(uint32_t fd, uint64_t rights_base, uint64_t rights_inheriting) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find(fd));
  const std::lock_guard lock(file->mutex);
  if ((rights_base & ~file->base) || (rights_inheriting & ~file->inheriting)) return Errno::Notcapable;
  file->base = rights_base;
  file->inheriting = rights_inheriting;
  return Errno::Success;
}

// Writes the FileStat (64 bytes).
Errno P1::fd_filestat_get(uint32_t fd, GuestPtr<FileStat> stat) {
  WASI_ASSIGN_OR_RETURN(const fs::FileStatus status, status_of(core_.descriptors, fd));
  return put(stat, to_file_stat(status));
}

// Cuts a file, or lengthens it with zeros.
Errno P1::fd_filestat_set_size(uint32_t fd, FileSize size) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_file(fd, right::kFdFilestatSetSize));
  return finish(fs::set_size(file->fd, size));
}

// Sets the times that `fst_flags` names.
Errno P1::fd_filestat_set_times(uint32_t fd, Timestamp atim, Timestamp mtim, uint32_t fst_flags) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_any(fd, right::kFdFilestatSetTimes));
  WASI_ASSIGN_OR_RETURN(const NewTimes times, new_times(atim, mtim, fst_flags));
  return finish(fs::set_times(file->fd, times.accessed, times.modified));
}

// Moves `fd` to the number `to`, which must be open and is closed.
Errno P1::fd_renumber(uint32_t fd, uint32_t to) { return finish(core_.descriptors.renumber(fd, to)); }

// Waits until a file and what describes it are on the device.
Errno P1::fd_sync(uint32_t fd) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr file, core_.descriptors.find_any(fd, right::kFdSync));
  return finish(fs::sync(file->fd));
}

}  // namespace godwit::wasi
