// Tests of the errors of preview 1, function by function.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "wasi/guest_for_test.h"

namespace godwit::wasi {
namespace {

namespace stdfs = std::filesystem;

constexpr uint32_t kNobody = 1234;  // no descriptor
constexpr uint32_t kEnd = TestGuest::kMemoryBytes;

class ErrnoTest : public WasiTest {
 protected:
  // Outside of the memory, or reaching out of it.
  template <class T>
  GuestPtr<T> nowhere() {
    return {guest_.memory(), kEnd - static_cast<uint32_t>(sizeof(T)) + 1};
  }
  template <class T>
  GuestPtr<T> room() {
    return guest_.ptr<T>();
  }
  GuestString path(std::string_view text) { return guest_.text(text); }
  GuestString bad_path() { return {guest_.memory(), kEnd - 1, 2}; }
  GuestSpan<Iovec> bytes() { return guest_.iovec(guest_.reserve(8), 8); }
  GuestSpan<uint8_t> bad_buffer() { return {guest_.memory(), kEnd - 1, 2}; }
  uint32_t make_file(std::string_view name, uint64_t rights = kReadWrite) {
    const auto opened = open(kRoot, name, open_flag::kCreat, rights);
    EXPECT_EQ(opened.error, Errno::Success);
    return opened.fd;
  }
  // Takes everything but `kept` from a descriptor.
  uint32_t without_rights(uint32_t fd, Rights kept = 0) {
    const FdStat stat = fdstat(fd);
    EXPECT_EQ(p1().fd_fdstat_set_rights(fd, stat.fs_rights_base & kept, stat.fs_rights_inheriting),
              Errno::Success);
    return fd;
  }
  uint32_t open_dir() {
    const auto opened = open(kRoot, ".", open_flag::kDirectory);
    EXPECT_EQ(opened.error, Errno::Success);
    return opened.fd;
  }
  // All functions that take a descriptor, with arguments that make sense for `fd`.
  std::vector<std::pair<const char*, std::function<Errno(uint32_t)>>> by_descriptor() {
    return {
        {"fd_advise", [&](uint32_t fd) { return p1().fd_advise(fd, 0, 1, 0); }},
        {"fd_allocate", [&](uint32_t fd) { return p1().fd_allocate(fd, 0, 1); }},
        {"fd_datasync", [&](uint32_t fd) { return p1().fd_datasync(fd); }},
        {"fd_fdstat_set_flags", [&](uint32_t fd) { return p1().fd_fdstat_set_flags(fd, 0); }},
        {"fd_filestat_get", [&](uint32_t fd) { return p1().fd_filestat_get(fd, room<FileStat>()); }},
        {"fd_filestat_set_size", [&](uint32_t fd) { return p1().fd_filestat_set_size(fd, 0); }},
        {"fd_filestat_set_times", [&](uint32_t fd) { return p1().fd_filestat_set_times(fd, 0, 0, 0); }},
        {"fd_pread", [&](uint32_t fd) { return p1().fd_pread(fd, bytes(), 0, room<Size>()); }},
        {"fd_pwrite", [&](uint32_t fd) { return p1().fd_pwrite(fd, bytes(), 0, room<Size>()); }},
        {"fd_read",
         [&](uint32_t fd) {
           Caller caller = guest_.caller();
           return p1().fd_read(caller, fd, bytes(), room<Size>());
         }},
        {"fd_seek", [&](uint32_t fd) { return p1().fd_seek(fd, 0, 0, room<FileSize>()); }},
        {"fd_sync", [&](uint32_t fd) { return p1().fd_sync(fd); }},
        {"fd_tell", [&](uint32_t fd) { return p1().fd_tell(fd, room<FileSize>()); }},
        {"fd_write",
         [&](uint32_t fd) {
           Caller caller = guest_.caller();
           return p1().fd_write(caller, fd, bytes(), room<Size>());
         }},
    };
  }
  // All functions that take a directory and the path of what they act on.
  std::vector<std::pair<const char*, std::function<Errno(uint32_t, GuestString)>>> by_path() {
    return {
        {"path_create_directory",
         [&](uint32_t fd, GuestString at) { return p1().path_create_directory(fd, at); }},
        {"path_filestat_get",
         [&](uint32_t fd, GuestString at) { return p1().path_filestat_get(fd, 0, at, room<FileStat>()); }},
        {"path_filestat_set_times",
         [&](uint32_t fd, GuestString at) { return p1().path_filestat_set_times(fd, 0, at, 0, 0, 0); }},
        {"path_link old",
         [&](uint32_t fd, GuestString at) { return p1().path_link(fd, 0, at, kRoot, path("linked")); }},
        {"path_link new",
         [&](uint32_t fd, GuestString at) { return p1().path_link(kRoot, 0, path("here"), fd, at); }},
        {"path_open",
         [&](uint32_t fd, GuestString at) {
           return p1().path_open(fd, 0, at, 0, right::kFdRead, 0, 0, room<uint32_t>());
         }},
        {"path_readlink",
         [&](uint32_t fd, GuestString at) {
           return p1().path_readlink(fd, at, guest_.buffer(8), room<Size>());
         }},
        {"path_remove_directory",
         [&](uint32_t fd, GuestString at) { return p1().path_remove_directory(fd, at); }},
        {"path_rename old",
         [&](uint32_t fd, GuestString at) { return p1().path_rename(fd, at, kRoot, path("renamed")); }},
        {"path_rename new",
         [&](uint32_t fd, GuestString at) { return p1().path_rename(kRoot, path("here"), fd, at); }},
        {"path_symlink",
         [&](uint32_t fd, GuestString at) { return p1().path_symlink(path("target"), fd, at); }},
        {"path_unlink_file", [&](uint32_t fd, GuestString at) { return p1().path_unlink_file(fd, at); }},
    };
  }
};

TEST_F(ErrnoTest, NeedsDescriptors) {
  for (const auto& [name, call] : by_descriptor()) EXPECT_EQ(call(kNobody), Errno::Badf) << name;
  EXPECT_EQ(p1().fd_close(kNobody), Errno::Badf);
  EXPECT_EQ(p1().fd_fdstat_get(kNobody, room<FdStat>()), Errno::Badf);
  EXPECT_EQ(p1().fd_fdstat_set_rights(kNobody, 0, 0), Errno::Badf);
  EXPECT_EQ(p1().fd_prestat_get(kNobody, room<Prestat>()), Errno::Badf);
  EXPECT_EQ(p1().fd_prestat_dir_name(kNobody, guest_.buffer(8)), Errno::Badf);
  EXPECT_EQ(p1().fd_readdir(kNobody, guest_.buffer(8), 0, room<Size>()), Errno::Badf);
  EXPECT_EQ(p1().fd_renumber(kNobody, kRoot), Errno::Badf);
  for (const auto& [name, call] : by_path()) EXPECT_EQ(call(kNobody, path("x")), Errno::Badf) << name;
  EXPECT_EQ(p0().fd_filestat_get(kNobody, room<FileStat0>()), Errno::Badf);
  EXPECT_EQ(p0().path_filestat_get(kNobody, 0, path("x"), room<FileStat0>()), Errno::Badf);
  EXPECT_EQ(p0().fd_seek(kNobody, 0, 0, room<FileSize>()), Errno::Badf);
}

TEST_F(ErrnoTest, NeedsRights) {
  for (const auto& [name, call] : by_descriptor())
    EXPECT_EQ(call(without_rights(make_file("f"))), Errno::Notcapable) << name;
  make_file("here");
  for (const auto& [name, call] : by_path())
    EXPECT_EQ(call(without_rights(open_dir()), path("x")), Errno::Notcapable) << name;
  EXPECT_EQ(p1().fd_readdir(without_rights(open_dir()), guest_.buffer(8), 0, room<Size>()),
            Errno::Notcapable);
  EXPECT_EQ(p1().fd_fdstat_set_rights(without_rights(make_file("f")), 1, 0), Errno::Notcapable);
  EXPECT_EQ(p0().fd_seek(without_rights(make_file("f")), 0, 2, room<FileSize>()), Errno::Notcapable);
  EXPECT_EQ(p0().fd_filestat_get(without_rights(make_file("f")), room<FileStat0>()), Errno::Notcapable);
  // each right for itself
  EXPECT_EQ(p1().fd_tell(without_rights(make_file("f"), right::kFdTell), room<FileSize>()), Errno::Success);
  EXPECT_EQ(p1().fd_sync(without_rights(make_file("f"), right::kFdSync)), Errno::Success);
  EXPECT_EQ(p1().path_create_directory(without_rights(open_dir(), right::kPathCreateDirectory), path("made")),
            Errno::Success);
  EXPECT_EQ(open(without_rights(open_dir(), right::kPathOpen), "new", open_flag::kCreat).error,
            Errno::Notcapable);
  EXPECT_EQ(open(without_rights(open_dir(), right::kPathOpen), "f", open_flag::kTrunc, kReadWrite).error,
            Errno::Notcapable);
}

TEST_F(ErrnoTest, NeedsDirectoriesAndPaths) {
  const uint32_t file = make_file("here");
  for (const auto& [name, call] : by_path()) {
    EXPECT_EQ(call(file, path("x")), Errno::Notdir) << name;
    EXPECT_EQ(call(kRoot, bad_path()), Errno::Fault) << name;
    EXPECT_EQ(call(kRoot, path("here/x")), Errno::Notdir) << name;
    EXPECT_EQ(call(kRoot, path("none/x")), Errno::Noent) << name;
    EXPECT_EQ(call(kRoot, path("")), Errno::Noent) << name;
    EXPECT_EQ(call(kRoot, path("../x")), Errno::Perm) << name;
    EXPECT_EQ(call(kRoot, path("/x")), Errno::Perm) << name;
    EXPECT_EQ(call(kRoot, path(std::string_view("a\0b", 3))), Errno::Inval) << name;
    EXPECT_EQ(call(kRoot, path(std::string(5000, 'x'))), Errno::Nametoolong) << name;
    EXPECT_EQ(call(kRoot, path(std::string(300, 'x'))), Errno::Nametoolong) << name;
  }
  EXPECT_EQ(p1().path_symlink(bad_path(), kRoot, path("l")), Errno::Fault);
  EXPECT_EQ(p1().path_symlink(path(std::string(5000, 'x')), kRoot, path("l")), Errno::Nametoolong);
  EXPECT_EQ(p1().path_symlink(path("x"), kRoot, path("here")), Errno::Exist);
  EXPECT_EQ(p1().path_symlink(path(std::string_view("a\0b", 3)), kRoot, path("l")), Errno::Inval);
}

TEST_F(ErrnoTest, ChecksWhereResultsGo) {
  const uint32_t file = make_file("f");
  Caller caller = guest_.caller();
  EXPECT_EQ(p1().args_sizes_get(room<Size>(), nowhere<Size>()), Errno::Fault);
  EXPECT_EQ(p1().environ_sizes_get(nowhere<Size>(), room<Size>()), Errno::Fault);
  EXPECT_EQ(p1().clock_res_get(0, nowhere<Timestamp>()), Errno::Fault);
  EXPECT_EQ(p1().fd_fdstat_get(file, nowhere<FdStat>()), Errno::Fault);
  EXPECT_EQ(p1().fd_filestat_get(file, nowhere<FileStat>()), Errno::Fault);
  EXPECT_EQ(p1().fd_pread(file, bytes(), 0, nowhere<Size>()), Errno::Fault);
  EXPECT_EQ(p1().fd_pwrite(file, bytes(), 0, nowhere<Size>()), Errno::Fault);
  EXPECT_EQ(p1().fd_read(caller, file, bytes(), nowhere<Size>()), Errno::Fault);
  EXPECT_EQ(p1().fd_seek(file, 0, 0, nowhere<FileSize>()), Errno::Fault);
  EXPECT_EQ(p1().fd_tell(file, nowhere<FileSize>()), Errno::Fault);
  EXPECT_EQ(p1().fd_prestat_get(kRoot, nowhere<Prestat>()), Errno::Fault);
  EXPECT_EQ(p1().fd_prestat_dir_name(kRoot, bad_buffer()), Errno::Fault);
  EXPECT_EQ(p1().fd_readdir(kRoot, bad_buffer(), 0, room<Size>()), Errno::Fault);
  EXPECT_EQ(p1().fd_readdir(kRoot, guest_.buffer(8), 0, nowhere<Size>()), Errno::Fault);
  EXPECT_EQ(p1().path_filestat_get(kRoot, 0, path("f"), nowhere<FileStat>()), Errno::Fault);
  stdfs::create_symlink("f", root() / "l");
  EXPECT_EQ(p1().path_readlink(kRoot, path("l"), bad_buffer(), room<Size>()), Errno::Fault);
  EXPECT_EQ(p1().path_readlink(kRoot, path("l"), guest_.buffer(8), nowhere<Size>()), Errno::Fault);
  EXPECT_EQ(p1().path_open(kRoot, 0, path("g"), open_flag::kCreat, right::kFdRead, 0, 0, nowhere<uint32_t>()),
            Errno::Fault);
  EXPECT_FALSE(stdfs::exists(root() / "g")) << "nothing is made by a call that fails";
  EXPECT_EQ(p1().sock_open(1, 2, nowhere<uint32_t>()), Errno::Acces) << "the answer to those who may not";
  EXPECT_EQ(p0().fd_filestat_get(file, nowhere<FileStat0>()), Errno::Fault);
  EXPECT_EQ(p0().path_filestat_get(kRoot, 0, path("f"), nowhere<FileStat0>()), Errno::Fault);
  EXPECT_EQ(p0().fd_seek(file, 0, 2, nowhere<FileSize>()), Errno::Fault);
  EXPECT_EQ(p0().poll_oneoff(caller, nowhere<Subscription0>(), room<Event>(), 1, room<Size>()), Errno::Fault);
  EXPECT_EQ(p0().poll_oneoff(caller, room<Subscription0>(), room<Event>(), 0, room<Size>()), Errno::Inval);
  EXPECT_EQ(p1().epoll_oneoff(caller, room<Subscription>(), nowhere<Event>(), 1, room<Size>()), Errno::Fault);
  EXPECT_EQ(p1().epoll_oneoff(caller, room<Subscription>(), room<Event>(), 0, room<Size>()), Errno::Inval);
}

TEST_F(ErrnoTest, ReadsTheEnvironment) {
  make({.args = {"a"}, .env = {"A=1", "B=22"}});
  const GuestPtr<Address> list(guest_.memory(), guest_.reserve(8));
  const GuestPtr<uint8_t> text(guest_.memory(), guest_.reserve(9));
  ASSERT_EQ(p1().environ_get(list, text), Errno::Success);
  EXPECT_EQ(guest_.view(text.address(), 9), std::string_view("A=1\0B=22\0", 9));
  EXPECT_EQ(p1().environ_get(list, {guest_.memory(), kEnd - 8}), Errno::Fault);
  EXPECT_EQ(p1().clock_res_get(9, room<Timestamp>()), Errno::Inval);
}

TEST_F(ErrnoTest, KnowsFlags) {
  const uint32_t file = make_file("f");
  EXPECT_EQ(p1().fd_fdstat_set_flags(file, 32), Errno::Inval);
  EXPECT_EQ(p1().fd_fdstat_set_flags(file, fd_flag::kNonblock | fd_flag::kAppend), Errno::Success);
  EXPECT_EQ(fdstat(file).fs_flags, fd_flag::kNonblock | fd_flag::kAppend);
  EXPECT_EQ(p1().fd_fdstat_set_flags(file, fd_flag::kDsync), Errno::Notsup);
  EXPECT_EQ(p1().path_filestat_get(kRoot, 2, path("f"), room<FileStat>()), Errno::Inval);
  EXPECT_EQ(p0().path_filestat_get(kRoot, 2, path("f"), room<FileStat0>()), Errno::Inval);
  EXPECT_EQ(p1().path_filestat_set_times(kRoot, 2, path("f"), 0, 0, 0), Errno::Inval);
  EXPECT_EQ(p1().path_filestat_set_times(kRoot, 0, path("f"), 0, 0, 16), Errno::Inval);
  EXPECT_EQ(p1().path_filestat_set_times(kRoot, 0, path("f"), 0, 0, fst_flag::kMtim | fst_flag::kMtimNow),
            Errno::Inval);
  EXPECT_EQ(p1().path_link(kRoot, 2, path("f"), kRoot, path("g")), Errno::Inval);
  // what was opened with it keeps it
  const auto synced = open(kRoot, "f", 0, kReadWrite, fd_flag::kSync | fd_flag::kDsync | fd_flag::kRsync);
  ASSERT_EQ(synced.error, Errno::Success);
  EXPECT_EQ(fdstat(synced.fd).fs_flags, fd_flag::kSync | fd_flag::kDsync | fd_flag::kRsync);
  const auto descriptor = *wasi_->core().descriptors.find(synced.fd);
  EXPECT_EQ(::fcntl(descriptor->fd, F_GETFL) & O_SYNC, O_SYNC);
}

TEST_F(ErrnoTest, SetsAllTimes) {
  const uint32_t file = make_file("f");
  struct Times {
    uint64_t accessed, modified;
  };
  auto times = [&] {
    auto stat = room<FileStat>();
    EXPECT_EQ(p1().fd_filestat_get(file, stat), Errno::Success);
    return Times{stat.read()->atim, stat.read()->mtim};
  };
  constexpr uint64_t kThen = 1'000'000'000'000'000'000;
  EXPECT_EQ(p1().fd_filestat_set_times(file, kThen, kThen + 1, fst_flag::kAtim | fst_flag::kMtim),
            Errno::Success);
  EXPECT_EQ(times().accessed, kThen);
  EXPECT_EQ(times().modified, kThen + 1);
  EXPECT_EQ(p1().fd_filestat_set_times(file, 0, 0, 0), Errno::Success);
  EXPECT_EQ(times().modified, kThen + 1) << "no flag, no change";
  EXPECT_EQ(p1().path_filestat_set_times(kRoot, 0, path("f"), 7, 0, fst_flag::kAtim), Errno::Success);
  EXPECT_EQ(times().accessed, 7u);
  EXPECT_EQ(times().modified, kThen + 1);
  EXPECT_EQ(p1().path_filestat_set_times(kRoot, 0, path("f"), 0, 0, fst_flag::kMtimNow), Errno::Success);
  EXPECT_GT(times().modified, kThen + 1);
  EXPECT_EQ(times().accessed, 7u);
  EXPECT_EQ(p1().fd_filestat_set_times(file, 0, 0, fst_flag::kAtimNow), Errno::Success);
  EXPECT_GT(times().accessed, kThen);
  // of a link itself, or of what it leads to
  stdfs::create_symlink("f", root() / "l");
  EXPECT_EQ(p1().path_filestat_set_times(kRoot, 0, path("l"), 9, 9, fst_flag::kAtim | fst_flag::kMtim),
            Errno::Success);
  EXPECT_NE(times().modified, 9u);
  EXPECT_EQ(
      p1().path_filestat_set_times(kRoot, lookup_flag::kSymlinkFollow, path("l"), 9, 9, fst_flag::kMtim),
      Errno::Success);
  EXPECT_EQ(times().modified, 9u);
}

TEST_F(ErrnoTest, BoundsOffsetsAndSizes) {
  const uint32_t file = make_file("f");
  constexpr uint64_t kFar = uint64_t{1} << 63;
  EXPECT_EQ(p1().fd_allocate(file, 0, 0), Errno::Inval);
  EXPECT_EQ(p1().fd_allocate(file, kFar, 1), Errno::Fbig);
  EXPECT_EQ(p1().fd_allocate(file, ~uint64_t{0}, ~uint64_t{0}), Errno::Fbig);
  EXPECT_EQ(p1().fd_filestat_set_size(file, kFar), Errno::Inval);
  EXPECT_EQ(p1().fd_pread(file, bytes(), kFar, room<Size>()), Errno::Inval);
  EXPECT_EQ(p1().fd_pwrite(file, bytes(), kFar, room<Size>()), Errno::Inval);
  EXPECT_EQ(p1().fd_advise(file, kFar, 1, 0), Errno::Inval);
  EXPECT_EQ(p1().fd_advise(file, 1, ~uint64_t{0}, 0), Errno::Inval);
  EXPECT_EQ(p1().fd_seek(file, INT64_MIN, 1, room<FileSize>()), Errno::Inval);
  auto position = room<FileSize>();
  EXPECT_EQ(p1().fd_seek(file, 100, 2, position), Errno::Success);
  EXPECT_EQ(*position.read(), 100u);
  EXPECT_EQ(stdfs::file_size(root() / "f"), 0u);
  ASSERT_EQ(write(file, "x"), Errno::Success);
  EXPECT_EQ(stdfs::file_size(root() / "f"), 101u) << "with a hole";
  EXPECT_EQ(p1().fd_pread(file, {guest_.memory(), 0, 2000}, 0, room<Size>()), Errno::Inval)
      << "too many pieces";
  EXPECT_EQ(p1().fd_pwrite(file, {guest_.memory(), 0, 2000}, 0, room<Size>()), Errno::Inval);
}

TEST_F(ErrnoTest, TellsKindsApart) {
  make_file("here");
  ASSERT_EQ(p1().path_create_directory(kRoot, path("full")), Errno::Success);
  make_file("full/file");
  EXPECT_EQ(p1().path_remove_directory(kRoot, path("full")), Errno::Notempty);
  EXPECT_EQ(p1().path_remove_directory(kRoot, path("here")), Errno::Notdir);
  EXPECT_EQ(p1().path_remove_directory(kRoot, path("none")), Errno::Noent);
  EXPECT_EQ(p1().path_unlink_file(kRoot, path("full")), Errno::Isdir);
  EXPECT_EQ(p1().path_unlink_file(kRoot, path("here/")), Errno::Notdir);
  EXPECT_EQ(p1().path_link(kRoot, 0, path("full"), kRoot, path("l")), Errno::Perm)
      << "no links to directories";
  EXPECT_EQ(p1().path_link(kRoot, 0, path("here"), kRoot, path("full/file")), Errno::Exist);
  EXPECT_EQ(p1().path_link(kRoot, 0, path("none"), kRoot, path("l")), Errno::Noent);
  EXPECT_EQ(p1().path_rename(kRoot, path("here"), kRoot, path("full")), Errno::Isdir);
  EXPECT_EQ(p1().path_rename(kRoot, path("full"), kRoot, path("here")), Errno::Notdir);
  ASSERT_EQ(p1().path_create_directory(kRoot, path("other")), Errno::Success);
  EXPECT_EQ(p1().path_rename(kRoot, path("other"), kRoot, path("full")), Errno::Notempty);
  EXPECT_EQ(p1().path_rename(kRoot, path("full"), kRoot, path("full/in")), Errno::Inval) << "into itself";
  EXPECT_EQ(p1().path_rename(kRoot, path("other"), kRoot, path("new")), Errno::Success);
  EXPECT_EQ(p1().path_readlink(kRoot, path("here"), guest_.buffer(8), room<Size>()), Errno::Inval);
  ASSERT_EQ(p1().path_symlink(path("loop"), kRoot, path("loop")), Errno::Success);
  EXPECT_EQ(open(kRoot, "loop").error, Errno::Loop);
  EXPECT_EQ(p1().path_filestat_get(kRoot, lookup_flag::kSymlinkFollow, path("loop"), room<FileStat>()),
            Errno::Loop);
  EXPECT_EQ(p1().path_create_directory(kRoot, path("loop/x")), Errno::Loop);
  const uint32_t reader = make_file("here", right::kFdRead);
  EXPECT_EQ(write(reader, "x"), Errno::Badf);
  EXPECT_EQ(p1().fd_pwrite(reader, bytes(), 0, room<Size>()), Errno::Badf);
  EXPECT_EQ(p1().fd_filestat_set_size(reader, 1), Errno::Notcapable);
  const uint32_t writer = make_file("here", right::kFdWrite);
  EXPECT_EQ(p1().fd_pread(writer, bytes(), 0, room<Size>()), Errno::Badf);
}

TEST_F(ErrnoTest, SeesPipesAndDevices) {
  ASSERT_EQ(::mkfifo((root() / "pipe").c_str(), 0666), 0);
  const auto pipe = open(kRoot, "pipe");
  ASSERT_EQ(pipe.error, Errno::Success) << "without waiting for a writer";
  EXPECT_EQ(p1().fd_tell(pipe.fd, room<FileSize>()), Errno::Spipe);
  EXPECT_EQ(p1().fd_pread(pipe.fd, bytes(), 0, room<Size>()), Errno::Spipe);
  EXPECT_EQ(p1().fd_advise(pipe.fd, 0, 0, 0), Errno::Spipe);
  EXPECT_EQ(p1().fd_sync(pipe.fd), Errno::Inval);
  EXPECT_EQ(p1().fd_datasync(pipe.fd), Errno::Inval);
  EXPECT_EQ(open(kRoot, "pipe", 0, right::kFdWrite).error, Errno::Success) << "there is a reader";
  EXPECT_EQ(p1().fd_close(pipe.fd), Errno::Success);
  EXPECT_EQ(p1().fd_prestat_get(make_file("f"), room<Prestat>()), Errno::Badf);
}

TEST_F(ErrnoTest, KeepsWithinTheHostsLimits) {
  const uint32_t file = make_file("f");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  auto size = room<Size>();
  EXPECT_EQ(p1().fd_pwrite(file, bytes(), 2000, size), Errno::Fbig);
  EXPECT_EQ(p1().fd_filestat_set_size(file, 2000), Errno::Fbig);
  EXPECT_EQ(p1().fd_seek(file, 2000, 0, room<FileSize>()), Errno::Success);
  EXPECT_EQ(write(file, "x"), Errno::Fbig);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
}

TEST_F(ErrnoTest, RefusesChangesBeneathReadOnlyDirectories) {
  make_file("here");
  for (const auto& [name, call] : by_path()) {
    const std::string_view function = name;
    const bool only_looks =
        function == "path_filestat_get" || function == "path_open" || function == "path_readlink";
    if (!only_looks) EXPECT_EQ(call(kReadOnly, path("file")), Errno::Rofs) << name;
  }
  EXPECT_EQ(p1().path_filestat_get(kReadOnly, 0, path("file"), room<FileStat>()), Errno::Success);
}

TEST_F(ErrnoTest, AnswersForSocketsThatAreNone) {
  Caller caller = guest_.caller();
  auto address = room<WasiAddress>();
  auto port = room<uint32_t>();
  auto size = room<Size>();
  auto flags = room<uint16_t>();
  const GuestSpan<uint8_t> value = guest_.buffer(4);
  const GuestPtr<uint8_t> value_at(guest_.memory(), value.address());
  for (const auto& [fd, error] : {std::pair(kNobody, Errno::Badf), std::pair(kRoot, Errno::Notsock)}) {
    EXPECT_EQ(p1().sock_accept(caller, fd, 0, port), error);
    EXPECT_EQ(p1().sock_recv(caller, fd, bytes(), 0, size, flags), error);
    EXPECT_EQ(p1().sock_send(caller, fd, bytes(), 0, size), error);
    EXPECT_EQ(p1().sock_shutdown(fd, 1), error);
    EXPECT_EQ(p1().sock_bind(fd, address, 0), error);
    EXPECT_EQ(p1().sock_listen(fd, 0), error);
    EXPECT_EQ(p1().sock_connect(caller, fd, address, 0), error);
    EXPECT_EQ(p1().sock_recv_from(caller, fd, bytes(), address, 0, flags, size, flags), error);
    EXPECT_EQ(p1().sock_send_to(caller, fd, bytes(), address, 0, 0, size), error);
    EXPECT_EQ(p1().sock_getsockopt(fd, 0, 0, value_at, size), error);
    EXPECT_EQ(p1().sock_setsockopt(fd, 0, 0, value), error);
    EXPECT_EQ(p1().sock_getlocaladdr(fd, address, port), error);
    EXPECT_EQ(p1().sock_getpeeraddr(fd, address, port), error);
    EXPECT_EQ(sock_v1().sock_accept(caller, fd, port), error);
    EXPECT_EQ(sock_v1().sock_recv_from(caller, fd, bytes(), address, 0, size, flags), error);
    EXPECT_EQ(sock_v1().sock_getlocaladdr(fd, address, port, port), error);
    EXPECT_EQ(sock_v1().sock_getpeeraddr(fd, address, port, port), error);
  }
}

}  // namespace
}  // namespace godwit::wasi
