// Group path: operations on names beneath an open directory. No path leads out of it; see platform/fs_resolve.h.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#path_create_directory
#include "platform/fs_path.h"
#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

Expected<fs::LastLink> to_last_link(uint32_t lookup_flags) {
  if (lookup_flags & ~lookup_flag::kAll) return std::unexpected(Errno::Inval);
  return lookup_flags & lookup_flag::kSymlinkFollow ? fs::LastLink::Follow : fs::LastLink::Keep;
}

// Where an operation acts: a directory with the rights for it, and a path copied out of guest memory.
struct Place {
  DescriptorPtr dir;
  PathCopy path;
  fs::PathAt at() const { return {dir->fd, path.view()}; }
};

// Tells whoever runs the guest what would have to be given for the error not to be one; returns it.
// The host's own EPERM (of files that may not be linked, say) is told as a path that leads out: it looks the same.
Errno told(const Core& core, const Descriptor& dir, std::string_view path, Errno error) {
  const std::string in = "'" + dir.preopen_path + "'";
  if (error == Errno::Rofs)
    core.denials->tell(Denials::Topic::Files,
                       "the guest may not change what is in " + in + "; --dir without :ro would allow it");
  if (error == Errno::Perm)
    core.denials->tell(Denials::Topic::Files, "the guest may not leave " + in + " by '" + std::string(path) +
                                                  "'; --dir with a directory that holds both would allow it");
  return error;
}

Expected<Place> place_of(const Core& core, uint32_t fd, GuestString path, Rights needed) {
  auto dir = core.descriptors.find_directory(fd, needed);
  if (!dir && dir.error() == Errno::Rofs) {
    // another thread may have closed it since
    if (const auto refused = core.descriptors.find(fd)) told(core, **refused, {}, Errno::Rofs);
  }
  if (!dir) return std::unexpected(dir.error());
  WASI_ASSIGN_OR_RETURN(const PathCopy copy, PathCopy::of(path));
  return Place{std::move(*dir), copy};
}

// The last step of a call about a place.
template <class T>
Errno finish_at(const Core& core, const Place& place, const T& result) {
  return result ? Errno::Success : told(core, *place.dir, place.path.view(), errno_of(result.error()));
}

// What path_open was asked for, in one piece.
struct OpenRequest {
  uint32_t oflags;
  uint32_t fdflags;
  Rights base;
  bool has(uint32_t open_flag) const { return (oflags & open_flag) != 0; }
  bool reads() const { return (base & right::kFdRead) != 0; }
  bool writes() const { return (base & right::kFdWrite) != 0; }
};

Expected<> check_request(const Descriptor& dir, const OpenRequest& request) {
  if ((request.oflags & ~open_flag::kAll) || (request.fdflags & ~fd_flag::kAll))
    return std::unexpected(Errno::Inval);
  if (request.has(open_flag::kDirectory) &&
      request.has(open_flag::kCreat | open_flag::kExcl | open_flag::kTrunc))
    return std::unexpected(Errno::Inval);
  if (dir.permission == Permission::ReadOnly && (request.writes() || request.has(open_flag::kTrunc)))
    return std::unexpected(Errno::Rofs);
  Rights needed = 0;  // of the directory itself
  if (request.has(open_flag::kCreat) && dir.permission == Permission::ReadWrite)
    needed |= right::kPathCreateFile;
  if (request.has(open_flag::kTrunc)) needed |= right::kPathFilestatSetSize;
  const Rights passed_on = request.base & (right::kFdRead | right::kFdWrite);
  if ((needed & ~dir.base) || (passed_on & ~dir.inheriting)) return std::unexpected(Errno::Notcapable);
  return {};
}

fs::OpenOptions to_options(const OpenRequest& request, fs::LastLink last_link) {
  // what truncates must be open for writing on the host, whatever the guest may do with it later
  const bool writes = request.writes() || request.has(open_flag::kTrunc);
  fs::OpenOptions options;
  options.access = !writes ? fs::Access::Read : request.reads() ? fs::Access::ReadWrite : fs::Access::Write;
  options.last_link = last_link;
  options.create = request.has(open_flag::kCreat);
  options.exclusive = request.has(open_flag::kExcl);
  options.truncate = request.has(open_flag::kTrunc);
  options.directory = request.has(open_flag::kDirectory);
  options.append = (request.fdflags & fd_flag::kAppend) != 0;
  options.sync = (request.fdflags & (fd_flag::kSync | fd_flag::kRsync)) != 0;
  options.data_sync = (request.fdflags & fd_flag::kDsync) != 0;
  return options;
}

// Beneath a read-only directory nothing is created, but what is there can be opened.
Expected<fs::FileHandle> open_at(const Place& place, fs::OpenOptions options) {
  const bool refuses_new = options.create && place.dir->permission == Permission::ReadOnly;
  if (refuses_new) options.create = false;
  auto file = fs::open_beneath(place.dir->fd, place.path.view(), options);
  if (refuses_new && file && options.exclusive) return std::unexpected(Errno::Exist);
  if (refuses_new && !file && file.error() == ENOENT) return std::unexpected(Errno::Rofs);
  if (!file) return std::unexpected(errno_from_host(file.error()));
  return std::move(*file);
}

}  // namespace

Expected<fs::FileStatus> status_at(const Core& core, uint32_t fd, uint32_t flags, GuestString path) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core, fd, path, right::kPathFilestatGet));
  WASI_ASSIGN_OR_RETURN(const fs::LastLink last_link, to_last_link(flags));
  const auto status = fs::status_beneath(place.at(), last_link);
  if (!status) return std::unexpected(finish_at(core, place, status));
  return *status;
}

// Creates a directory.
Errno P1::path_create_directory(uint32_t fd, GuestString path) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core_, fd, path, right::kPathCreateDirectory));
  return finish_at(core_, place, fs::make_directory(place.at()));
}

// Writes the FileStat (64 bytes) of what a path names.
Errno P1::path_filestat_get(uint32_t fd, uint32_t flags, GuestString path, GuestPtr<FileStat> stat) {
  WASI_ASSIGN_OR_RETURN(const fs::FileStatus status, status_at(core_, fd, flags, path));
  return put(stat, to_file_stat(status));
}

// Sets the times that `fst_flags` names.
Errno P1::path_filestat_set_times(uint32_t fd, uint32_t flags, GuestString path, Timestamp atim,
                                  Timestamp mtim, uint32_t fst_flags) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core_, fd, path, right::kPathFilestatSetTimes));
  WASI_ASSIGN_OR_RETURN(const fs::LastLink last_link, to_last_link(flags));
  WASI_ASSIGN_OR_RETURN(const NewTimes times, new_times(atim, mtim, fst_flags));
  return finish_at(core_, place,
                   fs::set_times_beneath(place.at(), last_link, times.accessed, times.modified));
}

// Creates a hard link.
Errno P1::path_link(uint32_t old_fd, uint32_t old_flags, GuestString old_path, uint32_t new_fd,
                    GuestString new_path) {
  WASI_ASSIGN_OR_RETURN(const Place from, place_of(core_, old_fd, old_path, right::kPathLinkSource));
  WASI_ASSIGN_OR_RETURN(const Place to, place_of(core_, new_fd, new_path, right::kPathLinkTarget));
  WASI_ASSIGN_OR_RETURN(const fs::LastLink last_link, to_last_link(old_flags));
  return finish_at(core_, from, fs::link(from.at(), last_link, to.at()));
}

// Opens a file or directory and writes its number. The new descriptor has the rights that were asked for and those
// that follow from having it open at all, as far as the directory lets them be inherited; a directory passes on what
// its parent does.
// deviation: the specification grants no more than `rights_base`; guests that ask for reading or writing only, as the
// test suite's do, then call fd_seek or fd_filestat_get, and other runtimes let them.
Errno P1::path_open(uint32_t fd, uint32_t dirflags, GuestString path, uint32_t oflags, uint64_t rights_base,
                    uint64_t, uint32_t fdflags, GuestPtr<uint32_t> opened_fd) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core_, fd, path, right::kPathOpen));
  WASI_ASSIGN_OR_RETURN(const fs::LastLink last_link, to_last_link(dirflags));
  const OpenRequest request = {.oflags = oflags, .fdflags = fdflags, .base = rights_base};
  const auto checked = check_request(*place.dir, request);
  if (!checked) return finish_at(core_, place, checked);
  WASI_TRY(opened_fd.check());
  auto found = open_at(place, to_options(request, last_link));
  if (!found) return finish_at(core_, place, found);
  fs::FileHandle file = std::move(*found);
  WASI_ASSIGN_OR_RETURN(const fs::FileStatus status, fs::status(file.get()));

  auto opened = std::make_shared<Descriptor>();
  opened->fd = file.get();
  opened->owned = std::move(file);
  opened->kind = status.kind;
  opened->permission = place.dir->permission;
  if (status.kind == FileKind::Directory) opened->preopen_path = place.dir->preopen_path;
  opened->readable = request.reads();
  opened->writable = request.writes();
  opened->flags = fdflags;
  Rights applicable = rights_of(status.kind) & place.dir->inheriting;
  if (!opened->is_directory()) {
    if (!request.reads()) applicable &= ~right::kFdRead;
    if (!request.writes()) applicable &= ~(right::kFdWrite | right::kFdAllocate | right::kFdFilestatSetSize);
  }
  opened->base = applicable;
  opened->inheriting = opened->is_directory() ? place.dir->inheriting.load() : 0;
  WASI_ASSIGN_OR_RETURN(const uint32_t number, core_.descriptors.insert(std::move(opened)));
  return put(opened_fd, number);
}

// Writes what a symbolic link says, cut to the buffer; writes how many bytes to `bufused`.
Errno P1::path_readlink(uint32_t fd, GuestString path, GuestSpan<uint8_t> buf, GuestPtr<Size> bufused) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core_, fd, path, right::kPathReadlink));
  WASI_ASSIGN_OR_RETURN(const MutableBytes bytes, buf.bytes());
  WASI_TRY(bufused.check());
  const runtime::GuestAccess access;
  WASI_ASSIGN_OR_RETURN(const size_t size, fs::read_link(place.at(), bytes));
  return put(bufused, static_cast<Size>(size));
}

// Removes an empty directory.
Errno P1::path_remove_directory(uint32_t fd, GuestString path) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core_, fd, path, right::kPathRemoveDirectory));
  return finish_at(core_, place, fs::remove_directory(place.at()));
}

// Renames a file or directory; replaces what the new name named.
Errno P1::path_rename(uint32_t fd, GuestString old_path, uint32_t new_fd, GuestString new_path) {
  WASI_ASSIGN_OR_RETURN(const Place from, place_of(core_, fd, old_path, right::kPathRenameSource));
  WASI_ASSIGN_OR_RETURN(const Place to, place_of(core_, new_fd, new_path, right::kPathRenameTarget));
  return finish_at(core_, from, fs::rename(from.at(), to.at()));
}

// Creates a symbolic link `new_path` that says `old_path`.
Errno P1::path_symlink(GuestString old_path, uint32_t fd, GuestString new_path) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core_, fd, new_path, right::kPathSymlink));
  WASI_ASSIGN_OR_RETURN(const PathCopy target, PathCopy::of(old_path));
  return finish_at(core_, place, fs::make_symbolic_link(target.view(), place.at()));
}

// Removes a file. @errors Isdir: a directory.
Errno P1::path_unlink_file(uint32_t fd, GuestString path) {
  WASI_ASSIGN_OR_RETURN(const Place place, place_of(core_, fd, path, right::kPathUnlinkFile));
  return finish_at(core_, place, fs::unlink_file(place.at()));
}

}  // namespace godwit::wasi
