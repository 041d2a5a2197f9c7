// What the groups of P1 share: copies of paths, gathered iovecs, results written.
#pragma once

#include <span>
#include <string_view>

#include "platform/fs_resolve.h"
#include "runtime/guest_access.h"
#include "wasi/p1.h"

namespace godwit::wasi {

namespace fs = platform::fs;

// Most iovecs in one call. @spec as POSIX's IOV_MAX on Linux
inline constexpr uint32_t kMaxIovecs = 1024;

// A path copied out of guest memory, so that what is checked is what is used.
class PathCopy final {
 public:
  // @errors Fault. Nametoolong.
  static Expected<PathCopy> of(GuestString path);
  std::string_view view() const { return {bytes_, size_}; }

 private:
  PathCopy() = default;
  size_t size_;
  char bytes_[fs::kMaxPath];
};

// The host's view of guest buffers, at most kMaxIovecs. Left uninitialised: only what gather() filled is used.
using IovecRoom = fs::IoVector[kMaxIovecs];

// Checks every buffer; returns the part of `room` that was filled. @errors Inval: more than kMaxIovecs. Fault.
Expected<std::span<fs::IoVector>> gather(GuestSpan<Iovec> iovs, IovecRoom& room);

// Badf if the guest did not open it for that; Notcapable if it gave the right up.
Expected<> check_readable(const Descriptor& file);
Expected<> check_writable(const Descriptor& file);

FileStat to_file_stat(const fs::FileStatus& status);

// What a path beneath descriptor `fd` names. @errors as path_filestat_get.
Expected<fs::FileStatus> status_at(const Core& core, uint32_t fd, uint32_t flags, GuestString path);
// What descriptor `fd` is. @errors as fd_filestat_get.
Expected<fs::FileStatus> status_of(const DescriptorTable& descriptors, uint32_t fd);

struct NewTimes {
  fs::NewTime accessed, modified;
};
// @errors Inval: unknown flags, or a time and `now` at once.
Expected<NewTimes> new_times(Timestamp atim, Timestamp mtim, uint32_t fst_flags);

inline fs::Blocking blocking_of(const Descriptor& file) {
  return file.flags & fd_flag::kNonblock ? fs::Blocking::Never : fs::Blocking::Wait;
}
// How calls of this guest's wait: until the guest is interrupted, and parked where somebody does that.
inline fs::WaitMode wait_mode(const Core& core, const Caller& caller) {
  return {.stop = fs::StopWord(&caller.interrupt_word()), .parker = core.parker};
}

// Writes the result of a call.
template <class T>
Errno put(GuestPtr<T> to, const T& value) {
  return to.write(value) ? Errno::Success : Errno::Fault;
}

// The last step of a call without a result.
template <class T>
Errno finish(const T& result) {
  return result ? Errno::Success : errno_of(result.error());
}

}  // namespace godwit::wasi
