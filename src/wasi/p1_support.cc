// What the groups of P1 share.
#include "wasi/p1_support.h"

#include <cstring>

namespace godwit::wasi {

Expected<PathCopy> PathCopy::of(GuestString path) {
  WASI_ASSIGN_OR_RETURN(const std::string_view text, path.view());
  if (text.size() > fs::kMaxPath) return std::unexpected(Errno::Nametoolong);
  PathCopy copy;
  copy.size_ = text.size();
  const runtime::GuestAccess access;
  if (!text.empty()) std::memcpy(copy.bytes_, text.data(), text.size());
  return copy;
}

Expected<std::span<fs::IoVector>> gather(GuestSpan<Iovec> iovs, IovecRoom& room) {
  if (iovs.size() > kMaxIovecs) return std::unexpected(Errno::Inval);
  WASI_ASSIGN_OR_RETURN(const auto list, iovs.check());
  for (uint32_t i = 0; i < list.size(); i++) {
    const Iovec piece = list[i];
    WASI_ASSIGN_OR_RETURN(const MutableBytes bytes, iovs.memory().bytes(piece.buf, piece.buf_len));
    room[i] = {.iov_base = bytes.data(), .iov_len = bytes.size()};
  }
  return std::span<fs::IoVector>(room, list.size());
}

Expected<> check_readable(const Descriptor& file) {
  if (!file.readable) return std::unexpected(Errno::Badf);
  if (!(file.base & right::kFdRead)) return std::unexpected(Errno::Notcapable);
  return {};
}

Expected<> check_writable(const Descriptor& file) {
  if (!file.writable) return std::unexpected(Errno::Badf);
  if (!(file.base & right::kFdWrite)) return std::unexpected(Errno::Notcapable);
  return {};
}

FileStat to_file_stat(const fs::FileStatus& status) {
  return {.dev = status.device,
          .ino = status.inode,
          .filetype = to_file_type(status.kind),
          .nlink = status.links,
          .size = status.size_bytes,
          .atim = status.accessed_ns,
          .mtim = status.modified_ns,
          .ctim = status.changed_ns};
}

Expected<NewTimes> new_times(Timestamp atim, Timestamp mtim, uint32_t fst_flags) {
  auto choose = [fst_flags](uint32_t at, uint32_t now, Timestamp ns) -> Expected<fs::NewTime> {
    if ((fst_flags & at) && (fst_flags & now)) return std::unexpected(Errno::Inval);
    if (fst_flags & at) return fs::NewTime{.kind = fs::NewTime::Kind::At, .ns = ns};
    if (fst_flags & now) return fs::NewTime{.kind = fs::NewTime::Kind::Now};
    return fs::NewTime{};
  };
  if (fst_flags & ~fst_flag::kAll) return std::unexpected(Errno::Inval);
  WASI_ASSIGN_OR_RETURN(const fs::NewTime accessed, choose(fst_flag::kAtim, fst_flag::kAtimNow, atim));
  WASI_ASSIGN_OR_RETURN(const fs::NewTime modified, choose(fst_flag::kMtim, fst_flag::kMtimNow, mtim));
  return NewTimes{accessed, modified};
}

}  // namespace godwit::wasi
