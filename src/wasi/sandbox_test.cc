// Attacks on the sandbox: what a hostile guest would try. After each, nothing outside of the guest's directories may have
// been read or changed, and the host must hold no more than before.
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "wasi/guest_for_test.h"

namespace godwit::wasi {
namespace {

namespace stdfs = std::filesystem;

constexpr uint32_t kNever = 0xFFFFFFFF;

// What lies in the directories:
//   top/secret  top/outside/file          never to be reached
//   root/…                                the guest's "/"
//   root/ro/…                             the guest's "ro", read-only
class SandboxTest : public WasiTest {
 protected:
  void SetUp() override {
    WasiTest::SetUp();
    stdfs::create_directories(top_ / "outside");
    std::ofstream(top_ / "outside" / "file") << "secret";
    stdfs::create_directories(root() / "dir");
    std::ofstream(root() / "mine") << "mine";
    link("../secret", "to-secret");
    link("../outside", "to-outside");
    link("..", "up");
    link((top_ / "secret").string(), "absolute");
    link("/", "slash");
    link("to-secret", "chain");
    link("dir/../../secret", "winding");
    link("/proc/self/root/etc/passwd", "proc-root");
    link("/proc/self/fd", "proc-fd");
    link("../../outside/file", "dir/deep");
    link(".", "dir/here");
    files_before_ = files();
    descriptors_before_ = open_descriptors();
  }
  void TearDown() override {
    EXPECT_EQ(line_of(top_ / "secret"), "secret") << "changed";
    EXPECT_EQ(line_of(top_ / "outside" / "file"), "secret") << "changed";
    EXPECT_EQ(files(), files_before_) << "something was made or removed outside";
    EXPECT_EQ(read_only_state(), "read only,deep") << "a read-only file was changed";
    for (uint32_t fd = 5; fd < 64; fd++) (void)p1().fd_close(fd);
    EXPECT_LE(open_descriptors(), descriptors_before_ + 1);
    WasiTest::TearDown();
  }

  void link(const std::string& target, const std::string& name) {
    stdfs::create_symlink(target, root() / name);
  }
  // What lies outside of root, by name.
  std::set<std::string> files() {
    std::set<std::string> found;
    for (const auto& entry : stdfs::directory_iterator(top_)) found.insert(entry.path().filename());
    for (const auto& entry : stdfs::directory_iterator(top_ / "outside"))
      found.insert("outside/" + entry.path().filename().string());
    for (const auto& entry : stdfs::recursive_directory_iterator(root() / "ro"))
      found.insert("ro/" + entry.path().filename().string());
    return found;
  }
  static std::string line_of(const stdfs::path& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
  }
  std::string read_only_state() {
    return line_of(root() / "ro" / "file") + "," + line_of(root() / "ro" / "sub" / "file");
  }
  static size_t open_descriptors() {
    size_t count = 0;
    DIR* dir = ::opendir("/proc/self/fd");
    while (::readdir(dir)) count++;
    ::closedir(dir);
    return count;
  }
  // What the guest reads there, if it can.
  std::string steal(uint32_t dir, std::string_view path) {
    const auto opened = open(dir, path);
    if (opened.error != Errno::Success) return {};
    std::string text = read(opened.fd);
    EXPECT_EQ(p1().fd_close(opened.fd), Errno::Success);
    return text;
  }

  std::set<std::string> files_before_;
  size_t descriptors_before_ = 0;
};

// Every way out, by every function that takes a path.
class WayOut : public SandboxTest, public testing::WithParamInterface<std::string> {};

TEST_P(WayOut, IsClosed) {
  const std::string path = GetParam();
  const auto at = [&] { return guest_.text(path); };
  EXPECT_EQ(steal(kRoot, path).find("secret"), std::string::npos);
  EXPECT_NE(open(kRoot, path, open_flag::kCreat, kReadWrite).error, Errno::Success);
  EXPECT_NE(open(kRoot, path, open_flag::kTrunc, kReadWrite).error, Errno::Success);
  EXPECT_NE(open(kRoot, path, open_flag::kDirectory).error, Errno::Success);
  EXPECT_NE(open(kRoot, path, open_flag::kCreat | open_flag::kExcl, kReadWrite, 0, 0).error, Errno::Success);
  auto stat = guest_.ptr<FileStat>();
  EXPECT_NE(p1().path_filestat_get(kRoot, lookup_flag::kSymlinkFollow, at(), stat), Errno::Success);
  EXPECT_NE(p1().path_filestat_set_times(kRoot, lookup_flag::kSymlinkFollow, at(), 1, 1, 5), Errno::Success);
  EXPECT_NE(p1().path_create_directory(kRoot, at()), Errno::Success);
  EXPECT_NE(p1().path_remove_directory(kRoot, at()), Errno::Success);
  EXPECT_NE(p1().path_link(kRoot, lookup_flag::kSymlinkFollow, at(), kRoot, guest_.text("stolen")),
            Errno::Success);
  EXPECT_NE(p1().path_symlink(guest_.text("mine"), kRoot, at()), Errno::Success);
  EXPECT_NE(p1().path_link(kRoot, 0, guest_.text("mine"), kRoot, at()), Errno::Success);
  // with more behind it
  const std::string below = path + "/file";
  EXPECT_EQ(steal(kRoot, below).find("secret"), std::string::npos);
  EXPECT_NE(open(kRoot, below, open_flag::kCreat, kReadWrite).error, Errno::Success);
  EXPECT_NE(p1().path_unlink_file(kRoot, guest_.text(below)), Errno::Success);
  EXPECT_NE(p1().path_create_directory(kRoot, guest_.text(path + "/new")), Errno::Success);
  EXPECT_NE(p1().path_rename(kRoot, guest_.text(below), kRoot, guest_.text("stolen")), Errno::Success);
  EXPECT_NE(p1().path_rename(kRoot, guest_.text("mine"), kRoot, guest_.text(below)), Errno::Success);
  EXPECT_NE(p1().path_link(kRoot, 1, guest_.text(below), kRoot, guest_.text("stolen")), Errno::Success);
  EXPECT_NE(p1().path_readlink(kRoot, guest_.text(below), guest_.buffer(8), guest_.ptr<Size>()),
            Errno::Success);
}

INSTANTIATE_TEST_SUITE_P(Paths, WayOut,
                         testing::Values("..", "../", "../secret", "../secret/", ".//..//secret", "/", "//",
                                         "/secret", "/etc/passwd", "/proc/self/fd/3", "/proc/self/root",
                                         "dir/../..", "dir/../../secret", "dir/../../outside",
                                         "ro/../../secret", "ro/sub/../../../secret", "to-secret",
                                         "to-secret/", "to-outside", "to-outside/", "to-outside/file", "up",
                                         "up/", "up/secret", "up/..", "absolute", "slash", "slash/etc/passwd",
                                         "chain", "winding", "proc-root", "proc-fd", "proc-fd/3", "dir/deep",
                                         "dir/here/../../secret", "dir/here/here/../../../secret",
                                         "../root/mine", "up/root/mine"));

TEST_F(SandboxTest, LongClimbsEnd) {
  std::string path;
  for (int i = 0; i < 1000; i++) path += "../";
  EXPECT_EQ(open(kRoot, path + "etc/passwd").error, Errno::Perm);
  path.clear();
  for (int i = 0; i < 500; i++) path += "dir/../";
  EXPECT_EQ(open(kRoot, path + "../secret").error, Errno::Perm);
}

TEST_F(SandboxTest, NothingIsHiddenBehindANul) {
  EXPECT_EQ(open(kRoot, std::string_view("mine\0/../../secret", 18)).error, Errno::Inval);
  EXPECT_EQ(open(kRoot, std::string_view("../secret\0mine", 14)).error, Errno::Inval);
}

TEST_F(SandboxTest, RingsOfLinksEnd) {
  link("b", "a");
  link("a", "b");
  EXPECT_EQ(open(kRoot, "a").error, Errno::Loop);
  for (int i = 0; i < 60; i++) link("l" + std::to_string(i + 1), "l" + std::to_string(i));
  link("mine", "l60");
  EXPECT_EQ(open(kRoot, "l0").error, Errno::Loop);
}

TEST_F(SandboxTest, OwnLinksLeadNowhereEither) {
  EXPECT_EQ(p1().path_symlink(guest_.text("/etc/passwd"), kRoot, guest_.text("l")), Errno::Perm);
  EXPECT_EQ(p1().path_symlink(guest_.text("../secret"), kRoot, guest_.text("l")), Errno::Success);
  EXPECT_EQ(open(kRoot, "l").error, Errno::Perm);
  EXPECT_EQ(p1().path_symlink(guest_.text("../../secret"), kRoot, guest_.text("dir/l")), Errno::Success);
  EXPECT_EQ(open(kRoot, "dir/l").error, Errno::Perm);
  EXPECT_EQ(p1().path_rename(kRoot, guest_.text("dir/l"), kRoot, guest_.text("moved")), Errno::Success);
  EXPECT_EQ(open(kRoot, "moved").error, Errno::Perm);
}

TEST_F(SandboxTest, AnOpenDirectoryIsAWallToo) {
  const auto dir = open(kRoot, "dir", open_flag::kDirectory);
  ASSERT_EQ(dir.error, Errno::Success);
  EXPECT_EQ(open(dir.fd, "..").error, Errno::Perm);
  EXPECT_EQ(open(dir.fd, "../mine").error, Errno::Perm);
  EXPECT_EQ(open(dir.fd, "deep").error, Errno::Perm);
}

TEST_F(SandboxTest, ADirectoryMovedAwayTakesNobodyOut) {
  stdfs::create_directories(root() / "dir" / "inner");
  const auto inner = open(kRoot, "dir/inner", open_flag::kDirectory);
  ASSERT_EQ(inner.error, Errno::Success);
  stdfs::rename(root() / "dir" / "inner", root() / "inner");
  EXPECT_EQ(open(inner.fd, "../mine").error, Errno::Perm);
  EXPECT_EQ(open(inner.fd, "../../secret").error, Errno::Perm);
}

TEST_F(SandboxTest, LinksToLinksOutsideAreLinks) {
  // a hard link to the link itself, not to what it leads to
  EXPECT_EQ(p1().path_link(kRoot, 0, guest_.text("to-secret"), kRoot, guest_.text("same")), Errno::Success);
  EXPECT_EQ(open(kRoot, "same").error, Errno::Perm);
  EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text("to-secret")), Errno::Success)
      << "the link, not its target";
  EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text("to-outside")), Errno::Success);
}

TEST_F(SandboxTest, ReadOnlyIsNotTruncated) {
  EXPECT_EQ(open(kReadOnly, "file", open_flag::kTrunc).error, Errno::Rofs);
  EXPECT_EQ(open(kReadOnly, "file", open_flag::kTrunc, 0).error, Errno::Rofs);
  EXPECT_EQ(open(kReadOnly, "file", open_flag::kTrunc, kReadWrite).error, Errno::Rofs);
  EXPECT_EQ(open(kReadOnly, "file", open_flag::kTrunc | open_flag::kCreat, right::kFdWrite).error,
            Errno::Rofs);
}

TEST_F(SandboxTest, ReadOnlyIsInherited) {
  const auto sub = open(kReadOnly, "sub", open_flag::kDirectory, ~uint64_t{0} & ~uint64_t{right::kFdWrite});
  ASSERT_EQ(sub.error, Errno::Success);
  const auto again = open(sub.fd, ".", open_flag::kDirectory);
  ASSERT_EQ(again.error, Errno::Success);
  EXPECT_EQ(open(again.fd, "file", 0, kReadWrite).error, Errno::Rofs);
  EXPECT_EQ(p1().path_unlink_file(again.fd, guest_.text("file")), Errno::Rofs);
  EXPECT_EQ(p1().path_create_directory(again.fd, guest_.text("new")), Errno::Rofs);
}

TEST_F(SandboxTest, ReadOnlyKeepsItsTimes) {
  struct stat before{};
  ASSERT_EQ(::stat((root() / "ro" / "file").c_str(), &before), 0);
  EXPECT_EQ(p1().path_filestat_set_times(kReadOnly, 0, guest_.text("file"), 1, 1, 5), Errno::Rofs);
  EXPECT_EQ(p1().fd_filestat_set_times(kReadOnly, 1, 1, 5), Errno::Notcapable);
  const auto file = open(kReadOnly, "file");
  EXPECT_EQ(p1().fd_filestat_set_times(file.fd, 1, 1, 5), Errno::Notcapable);
  struct stat after{};
  ASSERT_EQ(::stat((root() / "ro" / "file").c_str(), &after), 0);
  EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST_F(SandboxTest, ReadOnlyFilesDoNotBecomeWritableByAnotherName) {
  // neither by a link nor by moving them to where one may write
  EXPECT_EQ(p1().path_link(kReadOnly, 0, guest_.text("file"), kRoot, guest_.text("mine-now")), Errno::Rofs);
  EXPECT_EQ(p1().path_rename(kReadOnly, guest_.text("file"), kRoot, guest_.text("mine-now")), Errno::Rofs);
  EXPECT_EQ(p1().path_rename(kRoot, guest_.text("mine"), kReadOnly, guest_.text("file")), Errno::Rofs);
  EXPECT_EQ(p1().path_symlink(guest_.text("x"), kReadOnly, guest_.text("link")), Errno::Rofs);
}

TEST_F(SandboxTest, ReadOnlyDescriptorsDoNotWrite) {
  const auto file = open(kReadOnly, "file");
  auto size = guest_.ptr<Size>();
  EXPECT_EQ(write(file.fd, "x"), Errno::Badf);
  EXPECT_EQ(p1().fd_pwrite(file.fd, guest_.iovec(0, 1), 0, size), Errno::Badf);
  EXPECT_EQ(p1().fd_allocate(file.fd, 0, 1 << 20), Errno::Notcapable);
  EXPECT_EQ(p1().fd_filestat_set_size(file.fd, 0), Errno::Notcapable);
  EXPECT_EQ(p1().fd_fdstat_set_flags(file.fd, fd_flag::kAppend), Errno::Success);
  EXPECT_EQ(write(file.fd, "x"), Errno::Badf);
}

TEST_F(SandboxTest, RightsDoNotComeBack) {
  const auto file = open(kReadOnly, "file", 0, ~uint64_t{0});
  EXPECT_EQ(file.error, Errno::Rofs) << "all rights are more than reading";
  const auto reader = open(kReadOnly, "file");
  EXPECT_EQ(p1().fd_fdstat_set_rights(reader.fd, ~uint64_t{0}, ~uint64_t{0}), Errno::Notcapable);
  EXPECT_EQ(p1().fd_fdstat_set_rights(kReadOnly, ~uint64_t{0}, ~uint64_t{0}), Errno::Notcapable);
  EXPECT_EQ(
      p1().fd_fdstat_set_rights(kReadOnly, fdstat(kReadOnly).fs_rights_base | right::kPathUnlinkFile, 0),
      Errno::Notcapable);
}

TEST_F(SandboxTest, RenumberingDoesNotMixPermissions) {
  ASSERT_EQ(p1().fd_renumber(kReadOnly, kRoot), Errno::Success);
  EXPECT_EQ(open(kRoot, "new", open_flag::kCreat, kReadWrite).error, Errno::Rofs)
      << "it is the read-only one now";
  EXPECT_EQ(open(kReadOnly, "file").error, Errno::Badf);
  auto stat = guest_.ptr<Prestat>();
  ASSERT_EQ(p1().fd_prestat_get(kRoot, stat), Errno::Success);
  EXPECT_EQ(stat.read()->name_len, 2u) << "its name went with it";
}

TEST_F(SandboxTest, RenumberingOverPreopensAndStreamsIsTheGuestsOwnAffair) {
  const auto file = open(kRoot, "mine");
  ASSERT_EQ(p1().fd_renumber(file.fd, kRoot), Errno::Success);
  EXPECT_EQ(open(kRoot, "dir").error, Errno::Notdir);
  auto stat = guest_.ptr<Prestat>();
  EXPECT_EQ(p1().fd_prestat_get(kRoot, stat), Errno::Badf);
  EXPECT_EQ(p1().fd_renumber(kRoot, 1), Errno::Success);
  EXPECT_GE(::fcntl(1, F_GETFD), 0) << "the host's own stream stays open";
  EXPECT_EQ(p1().fd_renumber(1, kNever), Errno::Badf);
  EXPECT_EQ(p1().fd_renumber(kNever, 1), Errno::Badf);
}

TEST_F(SandboxTest, ANumberUsedAgainHasNothingOfItsPredecessor) {
  const auto writer = open(kRoot, "mine", 0, kReadWrite);
  ASSERT_EQ(p1().fd_close(writer.fd), Errno::Success);
  const auto reader = open(kReadOnly, "file");
  ASSERT_EQ(reader.fd, writer.fd);
  EXPECT_EQ(write(reader.fd, "x"), Errno::Badf);
  EXPECT_FALSE(fdstat(reader.fd).fs_rights_base & right::kFdWrite);
  const auto dir = open(kRoot, "dir", open_flag::kDirectory);
  ASSERT_EQ(p1().fd_close(dir.fd), Errno::Success);
  EXPECT_EQ(open(dir.fd, "mine").error, Errno::Badf);
}

TEST_F(SandboxTest, NumbersOfTheHostMeanNothing) {
  const int secret = ::open((top_ / "secret").c_str(), O_RDONLY);
  for (uint32_t fd = 5; fd < 100; fd++) EXPECT_EQ(read(fd), "!bad file descriptor") << fd;
  for (const uint32_t fd : {kNever, 0x80000000u, 0x7FFFFFFFu, 65536u})
    EXPECT_EQ(read(fd), "!bad file descriptor");
  ::close(secret);
}

TEST_F(SandboxTest, HugeIovecsAreRefused) {
  const auto file = open(kRoot, "mine", 0, kReadWrite);
  Caller caller = guest_.caller();
  auto size = guest_.ptr<Size>();
  for (const uint32_t count : {1025u, 0x10000000u, 0x1FFFFFFFu, 0x20000000u, 0x7FFFFFFFu, kNever}) {
    EXPECT_EQ(p1().fd_read(caller, file.fd, {guest_.memory(), 0, count}, size), Errno::Inval) << count;
    EXPECT_EQ(p1().fd_write(caller, file.fd, {guest_.memory(), 0, count}, size), Errno::Inval) << count;
  }
  // each within the memory, together more than it
  const uint32_t list = guest_.reserve(8 * 1024);
  for (uint32_t i = 0; i < 1024; i++)
    ASSERT_TRUE(guest_.memory().write(list + 8 * i, Iovec{.buf = 0, .buf_len = TestGuest::kMemoryBytes}));
  EXPECT_EQ(p1().fd_read(caller, file.fd, {guest_.memory(), list, 1024}, size), Errno::Success);
  EXPECT_EQ(*size.read(), 4u);
}

TEST_F(SandboxTest, IovecsThatReachOutAreRefused) {
  const auto file = open(kRoot, "mine", 0, kReadWrite);
  Caller caller = guest_.caller();
  auto size = guest_.ptr<Size>();
  const uint32_t end = TestGuest::kMemoryBytes;
  for (const auto& [at, length] :
       std::initializer_list<std::pair<uint32_t, uint32_t>>{{end, 1},
                                                            {end - 1, 2},
                                                            {0, end + 1},
                                                            {kNever, 1},
                                                            {1, kNever},
                                                            {kNever, kNever},
                                                            {0x80000000, 0x80000000}}) {
    EXPECT_EQ(p1().fd_read(caller, file.fd, guest_.iovec(at, length), size), Errno::Fault);
    EXPECT_EQ(p1().fd_write(caller, file.fd, guest_.iovec(at, length), size), Errno::Fault);
  }
  EXPECT_EQ(p1().fd_read(caller, file.fd, {guest_.memory(), end - 4, 1}, size), Errno::Fault)
      << "the list itself";
}

TEST_F(SandboxTest, OverlappingPointersDoNoHarm) {
  const auto file = open(kRoot, "mine");
  Caller caller = guest_.caller();
  // the list, what is read and the number of bytes, all at one place
  const uint32_t at = guest_.reserve(64);
  ASSERT_TRUE(guest_.memory().write(at, Iovec{.buf = at, .buf_len = 8}));
  EXPECT_EQ(p1().fd_read(caller, file.fd, {guest_.memory(), at, 1}, {guest_.memory(), at}), Errno::Success);
  ASSERT_TRUE(guest_.memory().write(at, Iovec{.buf = at, .buf_len = 64}));
  ASSERT_TRUE(guest_.memory().write(at + 8, Iovec{.buf = at + 4, .buf_len = 64}));
  EXPECT_EQ(p1().fd_pread(file.fd, {guest_.memory(), at, 2}, 0, {guest_.memory(), at + 2}), Errno::Success);
  // a path that is overwritten by what is said about it
  auto path = guest_.text("mine");
  EXPECT_EQ(p1().path_filestat_get(kRoot, 0, path, {guest_.memory(), path.address()}), Errno::Success);
  // subscriptions that are overwritten by their events
  const uint32_t both = guest_.reserve(256);
  ASSERT_TRUE(guest_.memory().write(both, Subscription{}));
  ASSERT_TRUE(guest_.memory().write(both + sizeof(Subscription), Subscription{}));
  EXPECT_EQ(
      p1().poll_oneoff(caller, {guest_.memory(), both}, {guest_.memory(), both}, 2, {guest_.memory(), both}),
      Errno::Success);
}

TEST_F(SandboxTest, HugeCountsCostNothing) {
  Caller caller = guest_.caller();
  const auto memory = guest_.memory();
  for (const uint32_t count : {65537u, 0x10000000u, kNever})
    EXPECT_EQ(p1().poll_oneoff(caller, {memory, 0}, {memory, 0}, count, {memory, 0}), Errno::Inval);
  EXPECT_EQ(p1().random_get(caller, {memory, 0, kNever}), Errno::Fault);
  EXPECT_EQ(p1().fd_readdir(kRoot, {memory, 0, kNever}, 0, {memory, 0}), Errno::Fault);
  EXPECT_EQ(p1().path_readlink(kRoot, guest_.text("chain"), {memory, 8, kNever}, {memory, 0}), Errno::Fault);
  EXPECT_EQ(p1().path_open(kRoot, 0, {memory, 0, kNever}, 0, 0, 0, 0, {memory, 0}), Errno::Fault);
  EXPECT_EQ(p1().fd_prestat_dir_name(kRoot, {memory, 0, kNever}), Errno::Fault);
}

TEST_F(SandboxTest, HugeCookiesAndOffsetsEnd) {
  auto used = guest_.ptr<Size>();
  for (const uint64_t cookie : {uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}}) {
    EXPECT_EQ(p1().fd_readdir(kRoot, guest_.buffer(100), cookie, used), Errno::Success);
    EXPECT_EQ(*used.read(), 0u);
  }
}

TEST_F(SandboxTest, DescriptorsRunOutWithAnErrno) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few = {.rlim_cur = open_descriptors() + 20, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  Errno error = Errno::Success;
  for (int i = 0; i < 100 && error == Errno::Success; i++) error = open(kRoot, "mine").error;
  EXPECT_EQ(error, Errno::Mfile);
  EXPECT_EQ(open(kRoot, "dir/x", open_flag::kCreat, kReadWrite).error, Errno::Mfile);
  EXPECT_EQ(p1().path_create_directory(kRoot, guest_.text("dir/y")), Errno::Mfile) << "on the way there";
  for (uint32_t fd = 5; fd < 110; fd++) (void)p1().fd_close(fd);
  EXPECT_EQ(steal(kRoot, "mine"), "mine") << "and there are some again";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(SandboxTest, FailuresLeaveNothingOpen) {
  for (int i = 0; i < 3000; i++) {
    (void)open(kRoot, i % 2 ? "to-secret" : "dir/none/x", open_flag::kCreat, kReadWrite);
    (void)p1().path_open(kRoot, 0, guest_.text("mine"), 0, right::kFdRead, 0, 0, {guest_.memory(), kNever});
  }
  EXPECT_LE(open_descriptors(), descriptors_before_ + 1);
}

// Swaps a name between what is harmless and what leads out while the guest uses it.
class RaceTest : public SandboxTest {
 protected:
  // Calls `attack` again and again while another thread, by turns, puts `good` and `bad` where `name` says.
  void race(const std::string& name, const std::string& good, const std::string& bad,
            const std::function<void()>& attack) {
    std::atomic<bool> stop = false;
    std::thread swapper([&] {
      const auto at = root() / name, next = root() / (name + ".next");
      for (bool is_bad = false; !stop; is_bad = !is_bad) {
        std::error_code ignored;
        stdfs::remove(next, ignored);
        stdfs::create_symlink(is_bad ? bad : good, next, ignored);
        ::rename(next.c_str(), at.c_str());
      }
    });
    for (int i = 0; i < 3000; i++) attack();
    stop = true;
    swapper.join();
    std::error_code ignored;
    stdfs::remove(root() / name, ignored);
    stdfs::remove(root() / (name + ".next"), ignored);
  }
};

TEST_F(RaceTest, ALinkSwappedDuringOpenLeadsNowhere) {
  race("swap", "mine", "../secret", [&] {
    const std::string text = steal(kRoot, "swap");
    EXPECT_NE(text, "secret");
  });
}

TEST_F(RaceTest, ADirectoryOnTheWaySwappedDuringOpenLeadsNowhere) {
  std::ofstream(root() / "dir" / "file") << "mine";
  race("way", "dir", "../outside", [&] { EXPECT_NE(steal(kRoot, "way/file"), "secret"); });
}

TEST_F(RaceTest, NothingIsMadeOutside) {
  race("way", "dir", "../outside", [&] {
    (void)p1().path_create_directory(kRoot, guest_.text("way/new"));
    (void)p1().path_remove_directory(kRoot, guest_.text("way/new"));
  });
}

TEST_F(RaceTest, NothingIsRemovedOrMovedOutside) {
  race("way", "dir", "../outside", [&] {
    (void)p1().path_unlink_file(kRoot, guest_.text("way/file"));
    (void)p1().path_rename(kRoot, guest_.text("way/file"), kRoot, guest_.text("stolen"));
  });
}

TEST_F(RaceTest, NothingIsLinkedInFromOutside) {
  race("way", "dir", "../outside", [&] {
    if (p1().path_link(kRoot, 0, guest_.text("way/file"), kRoot, guest_.text("stolen")) == Errno::Success)
      EXPECT_NE(steal(kRoot, "stolen"), "secret");
  });
}

TEST_F(RaceTest, NoTimesAreSetOutside) {
  struct stat before{};
  ASSERT_EQ(::stat((top_ / "secret").c_str(), &before), 0);
  race("swap", "mine", "../secret", [&] {
    (void)p1().path_filestat_set_times(kRoot, lookup_flag::kSymlinkFollow, guest_.text("swap"), 1, 1, 5);
  });
  struct stat after{};
  ASSERT_EQ(::stat((top_ / "secret").c_str(), &after), 0);
  EXPECT_EQ(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
}

TEST_F(RaceTest, AReadOnlyTreeIsNotWrittenThroughASwappedName) {
  race("way", "dir", "ro", [&] {
    // "ro" lies in the guest's own root, which may be written; the read-only descriptor is another matter
    EXPECT_NE(open(kReadOnly, "file", open_flag::kTrunc, kReadWrite).error, Errno::Success);
  });
}

TEST_F(RaceTest, APathThatChangesInMemoryIsTheOneThatWasChecked) {
  const auto path = guest_.text("mine/../../secret");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    // another thread of the guest's: "mine" and "../secret" by turns
    while (!stop)
      for (const char* text : {"mine\0\0\0\0\0", "../secret"}) {
        const runtime::GuestAccess access;
        std::memcpy(guest_.data() + path.address(), text, 9);
      }
  });
  for (int i = 0; i < 3000; i++) {
    auto fd = guest_.ptr<uint32_t>();
    if (p1().path_open(kRoot, 1, {guest_.memory(), path.address(), 9}, 0, right::kFdRead, 0, 0, fd) ==
        Errno::Success) {
      EXPECT_NE(read(*fd.read()), "secret");
      (void)p1().fd_close(*fd.read());
    }
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace godwit::wasi
