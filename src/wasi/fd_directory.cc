// Group fd, continued: preopened directories, and reading directories.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#fd_readdir
#include <algorithm>
#include <cstring>
#include <optional>

#include "platform/fs_directory.h"
#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

// Fills a guest's buffer from the front; what does not fit is cut off.
class Filler final {
 public:
  explicit Filler(MutableBytes to) : to_(to) {}
  void add(const void* bytes, size_t size) {
    const size_t fits = std::min(size, to_.size() - used_);
    const runtime::GuestAccess access;
    if (fits) std::memcpy(to_.data() + used_, bytes, fits);
    used_ += fits;
  }
  bool is_full() const { return used_ == to_.size(); }
  size_t used() const { return used_; }

 private:
  MutableBytes to_;
  size_t used_ = 0;
};

// The inode of `entry` as the guest may see it: what lies above a preopened directory is none of its business.
fs::OsResult<uint64_t> inode_of(const Descriptor& dir, const fs::DirectoryEntry& entry) {
  if (!dir.is_preopen || entry.name != "..") return entry.inode;
  OS_ASSIGN_OR_RETURN(const fs::FileStatus own, fs::status(dir.fd));
  return own.inode;
}

// Goes through the entries of a directory from a given one on, and keeps Descriptor::places up to date.
class EntryCursor final {
 public:
  // Begins at entry `first`. If that was not reached before, what is known ends earlier: entries are skipped.
  static Expected<EntryCursor> begin(Descriptor& dir, uint64_t first) {
    if (first == 0 || dir.places.empty()) dir.places.assign(1, 0);  // the host's 0 is the beginning
    const uint64_t from = std::min<uint64_t>(first, dir.places.size() - 1);
    WASI_ASSIGN_OR_RETURN(fs::DirectoryReader reader, fs::DirectoryReader::begin(dir.fd, dir.places[from]));
    EntryCursor cursor(dir, reader, from);
    while (cursor.idx_ < first) {
      WASI_ASSIGN_OR_RETURN(const auto skipped, cursor.next());
      if (!skipped) break;
    }
    return cursor;
  }

  // The next entry; its `next` is an index. Nothing at the end.
  fs::OsResult<std::optional<fs::DirectoryEntry>> next() {
    OS_ASSIGN_OR_RETURN(auto entry, reader_.next());
    if (!entry) return entry;
    idx_++;
    // the directory may have changed: what was read last is what counts
    dir_.places.resize(idx_);
    dir_.places.push_back(entry->next);
    entry->next = idx_;
    return entry;
  }

 private:
  EntryCursor(Descriptor& dir, const fs::DirectoryReader& reader, uint64_t idx)
      : dir_(dir), reader_(reader), idx_(idx) {}

  Descriptor& dir_;
  fs::DirectoryReader reader_;
  uint64_t idx_;
};

}  // namespace

// Writes the Prestat (8 bytes) of a preopened directory: that it is one, and the length of its name. Listening sockets
// that the guest was given have one, too, so that who looks for directories does not stop there.
Errno P1::fd_prestat_get(uint32_t fd, GuestPtr<Prestat> prestat) {
  const auto found = core_.descriptors.find(fd);
  constexpr uint32_t kFirstPreopen = 3;
  if (!found && fd == kFirstPreopen) core_.lacks_directories = true;
  if (!found) return found.error();
  const DescriptorPtr& dir = *found;
  if (dir->is_handed_over) return put(prestat, Prestat{.tag = kPrestatSocket});
  if (!dir->is_preopen) return Errno::Badf;
  return put(prestat, Prestat{.name_len = static_cast<Size>(dir->preopen_path.size())});
}

// Writes the name of a preopened directory, without a NUL.
Errno P1::fd_prestat_dir_name(uint32_t fd, GuestSpan<uint8_t> path) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr dir, core_.descriptors.find(fd));
  if (!dir->is_preopen) return Errno::Badf;
  const std::string& name = dir->preopen_path;
  if (path.size() < name.size()) return Errno::Nametoolong;
  WASI_ASSIGN_OR_RETURN(const MutableBytes bytes, path.bytes());
  const runtime::GuestAccess access;
  std::memcpy(bytes.data(), name.data(), name.size());
  return Errno::Success;
}

// Writes entries from number `cookie` (0: the first) until the buffer is full or the directory ends; the last one
// may be cut. `bufused` is less than the buffer's size exactly if the end was reached.
//
//   | Dirent 24 bytes | name | Dirent | name | … | Dirent | na
Errno P1::fd_readdir(uint32_t fd, GuestSpan<uint8_t> buf, uint64_t cookie, GuestPtr<Size> bufused) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr dir, core_.descriptors.find_directory(fd, right::kFdReaddir));
  WASI_ASSIGN_OR_RETURN(const MutableBytes bytes, buf.bytes());
  WASI_TRY(bufused.check());
  const std::lock_guard lock(dir->mutex);  // the host's position in the directory, too
  Filler filler(bytes);
  WASI_ASSIGN_OR_RETURN(EntryCursor cursor, EntryCursor::begin(*dir, cookie));
  while (!filler.is_full()) {
    WASI_ASSIGN_OR_RETURN(const auto entry, cursor.next());
    if (!entry) break;
    WASI_ASSIGN_OR_RETURN(const uint64_t inode, inode_of(*dir, *entry));
    const Dirent head = {.d_next = entry->next,
                         .d_ino = inode,
                         .d_namlen = static_cast<Size>(entry->name.size()),
                         .d_type = to_file_type(entry->kind)};
    filler.add(&head, sizeof head);
    filler.add(entry->name.data(), entry->name.size());
  }
  return put(bufused, static_cast<Size>(filler.used()));
}

}  // namespace godwit::wasi
