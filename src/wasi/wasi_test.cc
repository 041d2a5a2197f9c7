// Tests of preview 1 by calling its functions as a guest would, with a memory of its own.
#include "wasi/wasi.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "platform/clock.h"
#include "wasi/guest_for_test.h"

namespace godwit::wasi {
namespace {

namespace stdfs = std::filesystem;

TEST_F(WasiTest, PassesArgumentsAndVariables) {
  make({.args = {"app", "", "two words"}, .env = {"A=1", "EMPTY="}});
  auto count = guest_.ptr<Size>(), size = guest_.ptr<Size>();
  ASSERT_EQ(p1().args_sizes_get(count, size), Errno::Success);
  EXPECT_EQ(*count.read(), 3u);
  EXPECT_EQ(*size.read(), 4 + 1 + 10u);
  const GuestPtr<Address> list(guest_.memory(), guest_.reserve(12));
  const GuestPtr<uint8_t> text(guest_.memory(), guest_.reserve(15));
  ASSERT_EQ(p1().args_get(list, text), Errno::Success);
  EXPECT_EQ(guest_.view(text.address(), 15), std::string_view("app\0\0two words\0", 15));
  const GuestSpan<Address> addresses(guest_.memory(), list.address(), 3);
  EXPECT_EQ((*addresses.check())[1], text.address() + 4);
  EXPECT_EQ((*addresses.check())[2], text.address() + 5);
  ASSERT_EQ(p1().environ_sizes_get(count, size), Errno::Success);
  EXPECT_EQ(*count.read(), 2u);
  EXPECT_EQ(*size.read(), 11u);
  // no room
  const GuestPtr<uint8_t> edge(guest_.memory(), TestGuest::kMemoryBytes - 14);
  EXPECT_EQ(p1().args_get(list, edge), Errno::Fault);
  EXPECT_EQ(p1().args_get({guest_.memory(), TestGuest::kMemoryBytes - 11}, text), Errno::Fault);
  EXPECT_EQ(p1().args_sizes_get({guest_.memory(), 0xFFFFFFFF}, size), Errno::Fault);
}

TEST_F(WasiTest, RefusesStringsNoGuestCanSee) {
  EXPECT_EQ(Wasi::create({.args = {std::string("a\0b", 3)}}).error().kind(), ErrorKind::Usage);
  EXPECT_EQ(Wasi::create({.env = {"NOVALUE"}}).error().kind(), ErrorKind::Usage);
  const auto missing = Wasi::create({.preopens = {{"x", "/no/such/directory"}}});
  EXPECT_EQ(missing.error().kind(), ErrorKind::NotFound);
  EXPECT_NE(missing.error().message().find("/no/such/directory"), std::string::npos);
}

TEST_F(WasiTest, TellsTheTime) {
  auto time = guest_.ptr<Timestamp>();
  for (uint32_t id = 0; id < 4; id++) {
    ASSERT_EQ(p1().clock_time_get(id, 0, time), Errno::Success);
    EXPECT_GT(*time.read(), 0u);
    ASSERT_EQ(p1().clock_res_get(id, time), Errno::Success);
    EXPECT_GT(*time.read(), 0u);
  }
  EXPECT_EQ(p1().clock_time_get(4, 0, time), Errno::Inval);
  EXPECT_EQ(p1().clock_time_get(1, 0, {guest_.memory(), TestGuest::kMemoryBytes - 7}), Errno::Fault);
}

TEST_F(WasiTest, FillsWithRandomBytes) {
  Caller caller = guest_.caller();
  auto buffer = guest_.buffer(64);
  ASSERT_EQ(p1().random_get(caller, buffer), Errno::Success);
  EXPECT_NE(guest_.view(buffer.address(), 64), std::string(64, '\0'));
  EXPECT_EQ(p1().random_get(caller, {guest_.memory(), 0, 0xFFFFFFFF}), Errno::Fault);
  guest_.store().interrupt = 1;
  EXPECT_EQ(p1().random_get(caller, buffer), Errno::Intr);
}

TEST_F(WasiTest, EndsGuests) {
  const auto exit = p1().proc_exit(42);
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.error().kind(), ErrorKind::Exit);
  EXPECT_EQ(exit.error().code(), 42u);
  const auto raised = p1().proc_raise(6);
  ASSERT_FALSE(raised);
  EXPECT_EQ(raised.error().kind(), ErrorKind::Trap);
  EXPECT_EQ(raised.error().message(), "the guest raised signal abrt");
  EXPECT_EQ(p1().proc_raise(0), Errno::Success);
  EXPECT_EQ(p1().proc_raise(31), Errno::Inval);
  EXPECT_EQ(p1().sched_yield(), Errno::Success);
}

TEST_F(WasiTest, ShowsPreopens) {
  auto stat = guest_.ptr<Prestat>();
  ASSERT_EQ(p1().fd_prestat_get(kReadOnly, stat), Errno::Success);
  EXPECT_EQ(stat.read()->name_len, 2u);
  auto name = guest_.buffer(2);
  ASSERT_EQ(p1().fd_prestat_dir_name(kReadOnly, name), Errno::Success);
  EXPECT_EQ(guest_.view(name.address(), 2), "ro");
  EXPECT_EQ(p1().fd_prestat_dir_name(kReadOnly, guest_.buffer(1)), Errno::Nametoolong);
  EXPECT_EQ(p1().fd_prestat_get(5, stat), Errno::Badf);
  EXPECT_EQ(p1().fd_prestat_get(1, stat), Errno::Badf);
  const auto dir = open(kRoot, "ro", open_flag::kDirectory);
  EXPECT_EQ(p1().fd_prestat_get(dir.fd, stat), Errno::Badf);
}

TEST_F(WasiTest, WritesAndReadsFiles) {
  const auto file = open(kRoot, "new", open_flag::kCreat, kReadWrite);
  ASSERT_EQ(file.error, Errno::Success);
  EXPECT_EQ(file.fd, 5u) << "the lowest free number";
  EXPECT_EQ(write(file.fd, "hello"), Errno::Success);
  EXPECT_EQ(read(file.fd), "");
  auto position = guest_.ptr<FileSize>();
  EXPECT_EQ(p1().fd_seek(file.fd, -4, 1, position), Errno::Success);
  EXPECT_EQ(*position.read(), 1u);
  EXPECT_EQ(p1().fd_tell(file.fd, position), Errno::Success);
  EXPECT_EQ(*position.read(), 1u);
  EXPECT_EQ(read(file.fd), "ello");
  EXPECT_EQ(p1().fd_seek(file.fd, -9, 1, position), Errno::Inval);
  EXPECT_EQ(p1().fd_seek(file.fd, 0, 3, position), Errno::Inval);
  EXPECT_EQ(p1().fd_filestat_set_size(file.fd, 2), Errno::Success);
  auto stat = guest_.ptr<FileStat>();
  ASSERT_EQ(p1().fd_filestat_get(file.fd, stat), Errno::Success);
  EXPECT_EQ(stat.read()->size, 2u);
  EXPECT_EQ(stat.read()->filetype, FileType::RegularFile);
  EXPECT_EQ(p1().fd_filestat_set_times(file.fd, 5, 7'000'000'001, fst_flag::kAtim | fst_flag::kMtim),
            Errno::Success);
  ASSERT_EQ(p1().path_filestat_get(kRoot, 0, guest_.text("new"), stat), Errno::Success);
  EXPECT_EQ(stat.read()->atim, 5u);
  EXPECT_EQ(stat.read()->mtim, 7'000'000'001u);
  EXPECT_EQ(p1().fd_filestat_set_times(file.fd, 5, 7, fst_flag::kAtim | fst_flag::kAtimNow), Errno::Inval);
  EXPECT_EQ(p1().fd_filestat_set_times(file.fd, 5, 7, 16), Errno::Inval);
  auto size = guest_.ptr<Size>();
  auto text = guest_.text("XY");
  EXPECT_EQ(p1().fd_pwrite(file.fd, guest_.iovec(text.address(), 2), 1, size), Errno::Success);
  auto back = guest_.buffer(8);
  EXPECT_EQ(p1().fd_pread(file.fd, guest_.iovec(back.address(), 8), 0, size), Errno::Success);
  EXPECT_EQ(guest_.view(back.address(), *size.read()), "hXY");
  EXPECT_EQ(p1().fd_sync(file.fd), Errno::Success);
  EXPECT_EQ(p1().fd_datasync(file.fd), Errno::Success);
  EXPECT_EQ(p1().fd_advise(file.fd, 0, 0, 3), Errno::Success);
  EXPECT_EQ(p1().fd_advise(file.fd, 0, 0, 6), Errno::Inval);
  EXPECT_EQ(p1().fd_allocate(file.fd, 0, 50), Errno::Success);
  EXPECT_EQ(stdfs::file_size(root() / "new"), 50u);
  EXPECT_EQ(p1().fd_close(file.fd), Errno::Success);
  EXPECT_EQ(p1().fd_close(file.fd), Errno::Badf);
  EXPECT_EQ(read(file.fd), "!bad file descriptor");
}

TEST_F(WasiTest, ChecksEveryBuffer) {
  const auto file = open(kRoot, "f", open_flag::kCreat, kReadWrite);
  Caller caller = guest_.caller();
  auto size = guest_.ptr<Size>();
  const uint32_t end = TestGuest::kMemoryBytes;
  for (auto [at, length] : std::initializer_list<std::pair<uint32_t, uint32_t>>{{end, 1},
                                                                                {end - 1, 2},
                                                                                {0, end + 1},
                                                                                {0xFFFFFFFF, 1},
                                                                                {0xFFFFFFFF, 0xFFFFFFFF},
                                                                                {1, 0xFFFFFFFF}}) {
    EXPECT_EQ(p1().fd_write(caller, file.fd, guest_.iovec(at, length), size), Errno::Fault);
    EXPECT_EQ(p1().fd_read(caller, file.fd, guest_.iovec(at, length), size), Errno::Fault);
    EXPECT_EQ(p1().fd_pread(file.fd, guest_.iovec(at, length), 0, size), Errno::Fault);
  }
  EXPECT_EQ(p1().fd_write(caller, file.fd, guest_.iovec(end, 0), size), Errno::Success);
  EXPECT_EQ(p1().fd_write(caller, file.fd, {guest_.memory(), end - 7, 1}, size), Errno::Fault);
  EXPECT_EQ(p1().fd_write(caller, file.fd, {guest_.memory(), 0, 1025}, size), Errno::Inval);
  EXPECT_EQ(p1().fd_write(caller, file.fd, {guest_.memory(), 0, 0xFFFFFFFF}, size), Errno::Inval);
  EXPECT_EQ(p1().fd_write(caller, file.fd, guest_.iovec(0, 10), {guest_.memory(), end - 3}), Errno::Fault);
  EXPECT_EQ(stdfs::file_size(root() / "f"), 0u) << "nothing is written by a call that fails";
  EXPECT_EQ(p1().path_open(kRoot, 0, {guest_.memory(), end - 1, 2}, 0, 0, 0, 0, size), Errno::Fault);
  EXPECT_EQ(p1().path_open(kRoot, 0, {guest_.memory(), 0, 5000}, 0, 0, 0, 0, size), Errno::Nametoolong);
}

// Calls with numbers from the edges of everything: no crash (the sanitizers watch), and nothing outside the memory.
TEST_F(WasiTest, SurvivesRandomArguments) {
  std::mt19937 random(11);
  auto number = [&]() -> uint32_t {
    const uint32_t anchors[] = {0,          3,          8,         100, 4096, TestGuest::kMemoryBytes,
                                0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    return anchors[random() % std::size(anchors)] + random() % 7 - 3;
  };
  for (int i = 0; i < 20000; i++) {
    Caller caller = guest_.caller();
    const auto memory = guest_.memory();
    const uint32_t fd = 3 + random() % 4;  // not the tests' own output
    const GuestString path(memory, number(), number());
    const GuestSpan<uint8_t> buffer(memory, number(), number());
    const GuestSpan<Iovec> iovs(memory, number(), random() % 3);
    const GuestPtr<Size> size(memory, number());
    switch (random() % 16) {
      case 0: (void)p1().fd_read(caller, fd, iovs, size); break;
      case 1: (void)p1().fd_pwrite(fd, iovs, number(), size); break;
      case 2: (void)p1().fd_readdir(fd, buffer, number(), size); break;
      case 3: (void)p1().path_filestat_get(fd, random() % 2, path, {memory, number()}); break;
      case 4:
        (void)p1().path_open(fd, 1, path, random() % 16, number(), number(), random() % 32, size);
        break;
      case 5: (void)p1().path_readlink(fd, path, buffer, size); break;
      case 6: (void)p1().fd_prestat_dir_name(fd, buffer); break;
      case 7: (void)p1().args_get(size, {memory, number()}); break;
      case 8: (void)p1().fd_fdstat_get(fd, {memory, number()}); break;
      case 9: (void)p1().path_symlink(path, fd, {memory, number(), number()}); break;
      case 10: (void)p1().path_rename(fd, path, 3, {memory, number(), number()}); break;
      case 11:
        (void)p1().fd_seek(fd, static_cast<int64_t>(random()), random() % 4, {memory, number()});
        break;
      case 12: (void)p1().path_unlink_file(fd, path); break;
      case 13: (void)p1().fd_advise(fd, number(), number(), random() % 7); break;
      case 14: (void)p1().sock_recv(caller, fd, iovs, 0, size, {memory, number()}); break;
      case 15: (void)p1().path_create_directory(fd, path); break;
    }
    if (i % 64 == 0)
      for (uint32_t open = 5; open < 70; open++) (void)p1().fd_close(open);
  }
}

TEST_F(WasiTest, OpensAsTheFlagsSay) {
  EXPECT_EQ(open(kRoot, "none").error, Errno::Noent);
  EXPECT_EQ(open(kRoot, "").error, Errno::Noent);
  EXPECT_EQ(open(kRoot, "ro", 0, right::kFdWrite).error, Errno::Isdir);
  EXPECT_EQ(open(kRoot, "ro/file", open_flag::kDirectory).error, Errno::Notdir);
  EXPECT_EQ(open(kRoot, "x", open_flag::kCreat | open_flag::kDirectory).error, Errno::Inval);
  EXPECT_EQ(open(kRoot, "x", 16).error, Errno::Inval);
  EXPECT_EQ(open(kRoot, "x", 0, right::kFdRead, 32).error, Errno::Inval);
  EXPECT_EQ(open(kRoot, "x", 0, right::kFdRead, 0, 2).error, Errno::Inval);
  EXPECT_EQ(open(1, "x").error, Errno::Notdir);
  EXPECT_EQ(open(77, "x").error, Errno::Badf);
  ASSERT_EQ(open(kRoot, "x", open_flag::kCreat, kReadWrite).error, Errno::Success);
  EXPECT_EQ(open(kRoot, "x", open_flag::kCreat | open_flag::kExcl).error, Errno::Exist);
  EXPECT_EQ(open(kRoot, "x/").error, Errno::Notdir);
  const auto appended = open(kRoot, "x", 0, right::kFdWrite, fd_flag::kAppend);
  EXPECT_EQ(write(appended.fd, "1"), Errno::Success);
  auto position = guest_.ptr<FileSize>();
  EXPECT_EQ(p1().fd_seek(appended.fd, 0, 0, position), Errno::Success);
  EXPECT_EQ(write(appended.fd, "2"), Errno::Success);
  EXPECT_EQ(stdfs::file_size(root() / "x"), 2u);
  EXPECT_EQ(fdstat(appended.fd).fs_flags, fd_flag::kAppend);
  EXPECT_EQ(p1().fd_fdstat_set_flags(appended.fd, 0), Errno::Success);
  EXPECT_EQ(p1().fd_fdstat_set_flags(appended.fd, fd_flag::kSync), Errno::Notsup);
  EXPECT_EQ(p1().fd_seek(appended.fd, 0, 0, position), Errno::Success);
  EXPECT_EQ(write(appended.fd, "3"), Errno::Success);
  EXPECT_EQ(stdfs::file_size(root() / "x"), 2u);
  EXPECT_EQ(read(appended.fd), "!bad file descriptor") << "opened for writing only";
  ASSERT_EQ(open(kRoot, "x", open_flag::kTrunc, right::kFdWrite).error, Errno::Success);
  EXPECT_EQ(stdfs::file_size(root() / "x"), 0u);
  const auto reader = open(kRoot, "x");
  EXPECT_EQ(write(reader.fd, "no"), Errno::Badf);
}

TEST_F(WasiTest, NeverLeavesItsDirectories) {
  stdfs::create_symlink("../secret", root() / "relative");
  stdfs::create_symlink((top_ / "secret").string(), root() / "absolute");
  stdfs::create_symlink("..", root() / "up");
  stdfs::create_symlink("../file", root() / "ro" / "sub" / "inside");
  for (const char* path :
       {"../secret", "/etc/passwd", "..", "relative", "absolute", "up/secret", "ro/../../secret"}) {
    EXPECT_EQ(open(kRoot, path).error, Errno::Perm) << path;
    auto stat = guest_.ptr<FileStat>();
    EXPECT_EQ(p1().path_filestat_get(kRoot, lookup_flag::kSymlinkFollow, guest_.text(path), stat),
              Errno::Perm)
        << path;
  }
  EXPECT_EQ(open(kRoot, "../new", open_flag::kCreat, kReadWrite).error, Errno::Perm);
  EXPECT_EQ(open(kRoot, "relative", 0, right::kFdRead, 0, 0).error, Errno::Loop);
  EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text("../secret")), Errno::Perm);
  EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text("up/secret")), Errno::Perm);
  EXPECT_EQ(p1().path_create_directory(kRoot, guest_.text("up/dir")), Errno::Perm);
  EXPECT_EQ(p1().path_remove_directory(kRoot, guest_.text("..")), Errno::Perm);
  EXPECT_EQ(p1().path_rename(kRoot, guest_.text("up/secret"), kRoot, guest_.text("mine")), Errno::Perm);
  EXPECT_EQ(p1().path_rename(kRoot, guest_.text("relative"), kRoot, guest_.text("up/theirs")), Errno::Perm);
  EXPECT_EQ(p1().path_link(kRoot, 1, guest_.text("relative"), kRoot, guest_.text("mine")), Errno::Perm);
  EXPECT_EQ(p1().path_symlink(guest_.text("/etc"), kRoot, guest_.text("etc")), Errno::Perm);
  EXPECT_EQ(p1().path_filestat_set_times(kRoot, 1, guest_.text("relative"), 1, 1, 5), Errno::Perm);
  EXPECT_EQ(read(open(kReadOnly, "sub/inside").fd), "read only");
  EXPECT_TRUE(stdfs::exists(top_ / "secret"));
}

TEST_F(WasiTest, KeepsReadOnlyTreesAsTheyAre) {
  const auto sub = open(kReadOnly, "sub", open_flag::kDirectory);
  ASSERT_EQ(sub.error, Errno::Success);
  for (uint32_t dir : {kReadOnly, sub.fd}) {
    EXPECT_EQ(open(dir, "file", 0, kReadWrite).error, Errno::Rofs);
    EXPECT_EQ(open(dir, "file", open_flag::kTrunc).error, Errno::Rofs);
    EXPECT_EQ(open(dir, "new", open_flag::kCreat).error, Errno::Rofs);
    EXPECT_EQ(open(dir, "file", open_flag::kCreat | open_flag::kExcl).error, Errno::Exist);
    EXPECT_EQ(p1().path_create_directory(dir, guest_.text("new")), Errno::Rofs);
    EXPECT_EQ(p1().path_remove_directory(dir, guest_.text("sub")), Errno::Rofs);
    EXPECT_EQ(p1().path_unlink_file(dir, guest_.text("file")), Errno::Rofs);
    EXPECT_EQ(p1().path_rename(dir, guest_.text("file"), dir, guest_.text("new")), Errno::Rofs);
    EXPECT_EQ(p1().path_rename(dir, guest_.text("file"), kRoot, guest_.text("new")), Errno::Rofs);
    EXPECT_EQ(p1().path_rename(kRoot, guest_.text("none"), dir, guest_.text("new")), Errno::Rofs);
    EXPECT_EQ(p1().path_link(dir, 0, guest_.text("file"), kRoot, guest_.text("new")), Errno::Rofs)
        << "the link could be written through";
    EXPECT_EQ(p1().path_link(kRoot, 0, guest_.text("ro/file"), dir, guest_.text("new")), Errno::Rofs);
    EXPECT_EQ(p1().path_symlink(guest_.text("file"), dir, guest_.text("new")), Errno::Rofs);
    EXPECT_EQ(p1().path_filestat_set_times(dir, 0, guest_.text("file"), 1, 1, 5), Errno::Rofs);
    EXPECT_EQ(p1().fd_filestat_set_times(dir, 1, 1, 5), Errno::Notcapable);
    const auto file = open(dir, "file", open_flag::kCreat);
    ASSERT_EQ(file.error, Errno::Success) << "what is there can be opened";
    EXPECT_EQ(write(file.fd, "no"), Errno::Badf);
    EXPECT_EQ(p1().fd_filestat_set_size(file.fd, 0), Errno::Notcapable);
    EXPECT_EQ(p1().fd_filestat_set_times(file.fd, 1, 1, 5), Errno::Notcapable);
    EXPECT_EQ(p1().fd_allocate(file.fd, 0, 100), Errno::Notcapable);
  }
  EXPECT_EQ(read(open(sub.fd, "file").fd), "deep");
  EXPECT_EQ(open(sub.fd, "../file").error, Errno::Perm) << "an open directory is a root of its own";
}

TEST_F(WasiTest, KeepsRightsThatWereGivenUpAway) {
  const auto file = open(kRoot, "f", open_flag::kCreat, kReadWrite);
  const FdStat stat = fdstat(file.fd);
  EXPECT_EQ(stat.fs_filetype, FileType::RegularFile);
  EXPECT_TRUE(stat.fs_rights_base & right::kFdSeek);
  EXPECT_EQ(p1().fd_fdstat_set_rights(file.fd, stat.fs_rights_base & ~right::kFdWrite, 0), Errno::Success);
  EXPECT_EQ(write(file.fd, "no"), Errno::Notcapable);
  EXPECT_EQ(p1().fd_fdstat_set_rights(file.fd, stat.fs_rights_base, 0), Errno::Notcapable);
  const auto dir = open(kRoot, "ro", open_flag::kDirectory);
  const FdStat dir_stat = fdstat(dir.fd);
  EXPECT_EQ(p1().fd_fdstat_set_rights(dir.fd, dir_stat.fs_rights_base & ~right::kPathCreateDirectory,
                                      dir_stat.fs_rights_inheriting & ~right::kFdWrite),
            Errno::Success);
  EXPECT_EQ(p1().path_create_directory(dir.fd, guest_.text("new")), Errno::Notcapable);
  EXPECT_EQ(open(dir.fd, "file", 0, kReadWrite).error, Errno::Notcapable);
  const auto inherited = open(dir.fd, "sub", open_flag::kDirectory);
  EXPECT_EQ(open(inherited.fd, "file", 0, kReadWrite).error, Errno::Notcapable);
  EXPECT_EQ(open(inherited.fd, "file").error, Errno::Success);
}

TEST_F(WasiTest, TellsFilesFromDirectories) {
  const auto file = open(kRoot, "f", open_flag::kCreat, kReadWrite);
  auto size = guest_.ptr<Size>();
  auto position = guest_.ptr<FileSize>();
  EXPECT_EQ(read(kRoot), "!bad file descriptor");
  EXPECT_EQ(write(kRoot, "x"), Errno::Badf);
  EXPECT_EQ(p1().fd_seek(kRoot, 0, 0, position), Errno::Badf);
  EXPECT_EQ(p1().fd_filestat_set_size(kRoot, 0), Errno::Badf);
  EXPECT_EQ(p1().fd_readdir(file.fd, guest_.buffer(100), 0, size), Errno::Notdir);
  EXPECT_EQ(p1().path_create_directory(file.fd, guest_.text("x")), Errno::Notdir);
  auto stat = guest_.ptr<FileStat>();
  EXPECT_EQ(p1().fd_filestat_get(kRoot, stat), Errno::Success);
  EXPECT_EQ(stat.read()->filetype, FileType::Directory);
}

TEST_F(WasiTest, NumbersDescriptors) {
  const auto a = open(kRoot, "a", open_flag::kCreat, kReadWrite);
  const auto b = open(kRoot, "b", open_flag::kCreat, kReadWrite);
  EXPECT_EQ(a.fd, 5u);
  EXPECT_EQ(b.fd, 6u);
  EXPECT_EQ(p1().fd_close(a.fd), Errno::Success);
  EXPECT_EQ(open(kRoot, "a").fd, 5u);
  EXPECT_EQ(p1().fd_renumber(b.fd, 5), Errno::Success);
  EXPECT_EQ(write(5, "into b"), Errno::Success);
  EXPECT_EQ(write(b.fd, "x"), Errno::Badf);
  EXPECT_EQ(stdfs::file_size(root() / "b"), 6u);
  EXPECT_EQ(p1().fd_renumber(5, 100), Errno::Badf);
  EXPECT_EQ(p1().fd_renumber(100, 5), Errno::Badf);
  EXPECT_EQ(p1().fd_renumber(5, 5), Errno::Success);
  EXPECT_EQ(open(kRoot, "a").fd, 6u);
}

TEST_F(WasiTest, EndsWithTooManyFilesAsTheHostDoes) {
  std::vector<uint32_t> open_files;
  Errno error = Errno::Success;
  for (int i = 0; i < 1 << 17 && error == Errno::Success; i++) error = open(kRoot, "ro").error;
  EXPECT_EQ(error, Errno::Mfile);
}

// Reads a whole directory with a buffer of `size`, as wasi-libc does; name -> type.
std::map<std::string, FileType> list(RecordedP1& p1, TestGuest& guest, uint32_t fd, uint32_t size) {
  std::map<std::string, FileType> found;
  auto buffer = guest.buffer(size);
  auto used = guest.ptr<Size>();
  uint64_t cookie = 0;
  for (int calls = 0; calls < 100000; calls++) {
    EXPECT_EQ(p1.fd_readdir(fd, buffer, cookie, used), Errno::Success);
    const uint32_t filled = *used.read();
    uint32_t at = 0;
    while (filled - at >= sizeof(Dirent)) {
      const Dirent head = *guest.memory().read<Dirent>(buffer.address() + at);
      if (filled - at - sizeof(Dirent) < head.d_namlen) break;  // cut: read again from `cookie`
      const auto name = std::string(guest.view(buffer.address() + at + sizeof(Dirent), head.d_namlen));
      EXPECT_TRUE(found.emplace(name, head.d_type).second) << "twice: " << name;
      cookie = head.d_next;
      at += static_cast<uint32_t>(sizeof(Dirent)) + head.d_namlen;
    }
    if (filled < size) return found;
  }
  ADD_FAILURE() << "the directory does not end";
  return found;
}

TEST_F(WasiTest, ListsDirectoriesWithBuffersOfAnySize) {
  for (int i = 0; i < 300; i++) std::ofstream(root() / ("file" + std::to_string(i)));
  stdfs::create_symlink("file1", root() / "link");
  const auto whole = list(p1(), guest_, kRoot, 100000);
  EXPECT_EQ(whole.size(), 300 + 2 + 2u);
  EXPECT_EQ(whole.at("."), FileType::Directory);
  EXPECT_EQ(whole.at("ro"), FileType::Directory);
  EXPECT_EQ(whole.at("link"), FileType::SymbolicLink);
  EXPECT_EQ(whole.at("file7"), FileType::RegularFile);
  for (uint32_t size : {40u, 41u, 64u, 100u, 1000u, 4096u})
    EXPECT_EQ(list(p1(), guest_, kRoot, size), whole) << size;
  auto used = guest_.ptr<Size>();
  EXPECT_EQ(p1().fd_readdir(kRoot, guest_.buffer(0), 0, used), Errno::Success);
  EXPECT_EQ(*used.read(), 0u);
  EXPECT_EQ(p1().fd_readdir(kRoot, guest_.buffer(10), 0, used), Errno::Success);
  EXPECT_EQ(*used.read(), 10u) << "cut inside of the head";
  EXPECT_EQ(p1().fd_readdir(kRoot, guest_.buffer(10), ~uint64_t{0}, used), Errno::Success);
  EXPECT_EQ(*used.read(), 0u) << "behind the end";
}

TEST_F(WasiTest, ListsOnWhileFilesAreRemoved) {
  for (int i = 0; i < 200; i++) std::ofstream(root() / ("file" + std::to_string(i)));
  auto buffer = guest_.buffer(200);  // a few entries at a time
  auto used = guest_.ptr<Size>();
  uint64_t cookie = 0;
  int removed = 0;
  for (;;) {
    ASSERT_EQ(p1().fd_readdir(kRoot, buffer, cookie, used), Errno::Success);
    const uint32_t filled = *used.read();
    for (uint32_t at = 0; filled - at >= sizeof(Dirent);) {
      const Dirent head = *guest_.memory().read<Dirent>(buffer.address() + at);
      if (filled - at - sizeof(Dirent) < head.d_namlen) break;
      const auto name = std::string(guest_.view(buffer.address() + at + sizeof(Dirent), head.d_namlen));
      EXPECT_EQ(head.d_next, cookie + 1) << "small: a 32-bit guest keeps it in a long";
      cookie = head.d_next;
      if (name.starts_with("file")) {
        EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text(name)), Errno::Success);
        removed++;
      }
      at += static_cast<uint32_t>(sizeof(Dirent)) + head.d_namlen;
    }
    if (filled < 200) break;
  }
  EXPECT_EQ(removed, 200);
}

TEST_F(WasiTest, ReadsADirectoryFromWhereAnotherDescriptorWas) {
  for (int i = 0; i < 50; i++) std::ofstream(root() / ("file" + std::to_string(i)));
  auto buffer = guest_.buffer(60);
  auto used = guest_.ptr<Size>();
  ASSERT_EQ(p1().fd_readdir(kRoot, buffer, 0, used), Errno::Success);
  const auto again = open(kRoot, ".", open_flag::kDirectory);
  ASSERT_EQ(p1().fd_readdir(again.fd, buffer, 40, used), Errno::Success);
  EXPECT_EQ(guest_.memory().read<Dirent>(buffer.address())->d_next, 41u);
}

TEST_F(WasiTest, HidesWhatLiesAbovePreopens) {
  auto buffer = guest_.buffer(4096);
  auto used = guest_.ptr<Size>();
  ASSERT_EQ(p1().fd_readdir(kReadOnly, buffer, 0, used), Errno::Success);
  auto stat = guest_.ptr<FileStat>();
  ASSERT_EQ(p1().fd_filestat_get(kReadOnly, stat), Errno::Success);
  for (uint32_t at = 0; at < *used.read();) {
    const Dirent head = *guest_.memory().read<Dirent>(buffer.address() + at);
    const auto name = guest_.view(buffer.address() + at + sizeof(Dirent), head.d_namlen);
    if (name == "." || name == "..") EXPECT_EQ(head.d_ino, stat.read()->ino) << name;
    at += static_cast<uint32_t>(sizeof(Dirent)) + head.d_namlen;
  }
}

TEST_F(WasiTest, ChangesDirectories) {
  EXPECT_EQ(p1().path_create_directory(kRoot, guest_.text("d")), Errno::Success);
  EXPECT_EQ(p1().path_create_directory(kRoot, guest_.text("d")), Errno::Exist);
  EXPECT_EQ(p1().path_symlink(guest_.text("d"), kRoot, guest_.text("l")), Errno::Success);
  auto room = guest_.buffer(16);
  auto used = guest_.ptr<Size>();
  EXPECT_EQ(p1().path_readlink(kRoot, guest_.text("l"), room, used), Errno::Success);
  EXPECT_EQ(guest_.view(room.address(), *used.read()), "d");
  EXPECT_EQ(p1().path_rename(kRoot, guest_.text("d"), kRoot, guest_.text("e/")), Errno::Success);
  EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text("e")), Errno::Isdir);
  EXPECT_EQ(p1().path_remove_directory(kRoot, guest_.text("l")), Errno::Notdir);
  EXPECT_EQ(p1().path_remove_directory(kRoot, guest_.text("e")), Errno::Success);
  EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text("l")), Errno::Success);
  EXPECT_EQ(p1().path_unlink_file(kRoot, guest_.text("l")), Errno::Noent);
  (void)open(kRoot, "f", open_flag::kCreat, kReadWrite);
  EXPECT_EQ(p1().path_link(kRoot, 0, guest_.text("f"), kRoot, guest_.text("g")), Errno::Success);
  auto stat = guest_.ptr<FileStat>();
  EXPECT_EQ(p1().path_filestat_get(kRoot, 0, guest_.text("g"), stat), Errno::Success);
  EXPECT_EQ(stat.read()->nlink, 2u);
}

// Pipes in place of the standard streams.
class StreamTest : public WasiTest {
 protected:
  void SetUp() override {
    WasiTest::SetUp();
    ASSERT_EQ(::pipe(in_), 0);
    ASSERT_EQ(::pipe(out_), 0);
    make({.stdin_fd = in_[0], .stdout_fd = out_[1], .stderr_fd = 9999});
  }
  void TearDown() override {
    for (int fd : {in_[0], in_[1], out_[0], out_[1]})
      if (fd >= 0) ::close(fd);
    WasiTest::TearDown();
  }
  int in_[2], out_[2];
};

TEST_F(StreamTest, EchoesAndEnds) {
  ASSERT_EQ(::write(in_[1], "line", 4), 4);
  EXPECT_EQ(read(0), "line");
  EXPECT_EQ(write(1, "out"), Errno::Success);
  char text[8];
  EXPECT_EQ(::read(out_[0], text, sizeof text), 3);
  EXPECT_EQ(write(0, "x"), Errno::Badf);
  EXPECT_EQ(read(1), "!bad file descriptor");
  EXPECT_EQ(write(2, "x"), Errno::Badf) << "not open";
  auto position = guest_.ptr<FileSize>();
  EXPECT_EQ(p1().fd_seek(0, 0, 1, position), Errno::Spipe);
  EXPECT_EQ(fdstat(0).fs_filetype, FileType::Unknown);
  ::close(std::exchange(in_[1], -1));
  EXPECT_EQ(read(0), "");
  ::close(std::exchange(out_[0], -1));
  EXPECT_EQ(write(1, "out"), Errno::Pipe);
  EXPECT_EQ(p1().fd_close(1), Errno::Success);
  EXPECT_NE(::fcntl(out_[1], F_GETFD), -1) << "lent, not given";
}

TEST_F(StreamTest, DoesNotWaitIfToldSo) {
  EXPECT_EQ(p1().fd_fdstat_set_flags(0, fd_flag::kNonblock), Errno::Success);
  EXPECT_EQ(read(0), "!resource unavailable, or operation would block");
  EXPECT_EQ(::fcntl(in_[0], F_GETFL) & O_NONBLOCK, 0) << "the host's stream stays as it is";
  EXPECT_EQ(p1().fd_fdstat_set_flags(0, fd_flag::kAppend), Errno::Notsup);
}

TEST_F(StreamTest, StopsReadingWhenInterrupted) {
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    guest_.store().interrupt = 1;
  });
  EXPECT_EQ(read(0), "!interrupted function");
  later.join();
}

Subscription on_clock(uint64_t userdata, uint32_t id, uint64_t timeout, uint16_t flags = 0) {
  Subscription asked{};
  asked.userdata = userdata;
  asked.tag = static_cast<uint8_t>(EventType::Clock);
  asked.id_or_fd = id;
  asked.timeout = timeout;
  asked.flags = flags;
  return asked;
}
Subscription on_file(uint64_t userdata, EventType type, uint32_t fd) {
  Subscription asked{};
  asked.userdata = userdata;
  asked.tag = static_cast<uint8_t>(type);
  asked.id_or_fd = fd;
  return asked;
}

class PollTest : public StreamTest {
 protected:
  Errno poll(const std::vector<Subscription>& asked) {
    const auto count = static_cast<uint32_t>(asked.size());
    const GuestPtr<Subscription> in(guest_.memory(), guest_.reserve(count * sizeof(Subscription)));
    const GuestPtr<Event> out(guest_.memory(), guest_.reserve(count * sizeof(Event)));
    for (uint32_t i = 0; i < count; i++)
      EXPECT_TRUE(guest_.memory().write(in.address() + i * sizeof(Subscription), asked[i]));
    auto answered = guest_.ptr<Size>();
    Caller caller = guest_.caller();
    const Errno error = p1().poll_oneoff(caller, in, out, count, answered);
    events_.clear();
    if (error == Errno::Success)
      for (uint32_t i = 0; i < *answered.read(); i++)
        events_.push_back(*guest_.memory().read<Event>(out.address() + i * sizeof(Event)));
    return error;
  }
  static uint64_t now(platform::Clock clock) { return platform::now_ns(clock); }
  std::vector<Event> events_;
};

TEST_F(PollTest, WaitsForClocks) {
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(poll({on_clock(7, 1, 30'000'000), on_clock(8, 0, 60'000'000'000)}), Errno::Success);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
  ASSERT_EQ(events_.size(), 1u);
  EXPECT_EQ(events_[0].userdata, 7u);
  EXPECT_EQ(events_[0].type, EventType::Clock);
  ASSERT_EQ(poll({on_clock(1, 0, now(platform::Clock::Realtime) + 10'000'000, 1)}), Errno::Success);
  ASSERT_EQ(poll({on_clock(1, 1, now(platform::Clock::Monotonic) + 10'000'000, 1)}), Errno::Success);
  ASSERT_EQ(poll({on_clock(1, 1, 5, 1), on_clock(2, 0, 0)}), Errno::Success);
  EXPECT_EQ(events_.size(), 2u) << "both are in the past";
}

TEST_F(PollTest, AnswersNonsenseWithErrors) {
  EXPECT_EQ(poll({}), Errno::Inval);
  ASSERT_EQ(
      poll({on_clock(1, 9, 0), on_clock(2, 2, 0), on_file(3, EventType::FdRead, 77), on_clock(4, 1, 0, 2),
            on_file(5, static_cast<EventType>(3), 0), on_file(6, EventType::FdWrite, 0)}),
      Errno::Success);
  const Errno expected[] = {Errno::Inval, Errno::Notsup, Errno::Badf,
                            Errno::Inval, Errno::Inval,  Errno::Badf};
  ASSERT_EQ(events_.size(), 6u);
  for (size_t i = 0; i < 6; i++) EXPECT_EQ(events_[i].error, static_cast<uint16_t>(expected[i])) << i;
  Caller caller = guest_.caller();
  const auto memory = guest_.memory();
  EXPECT_EQ(p1().poll_oneoff(caller, {memory, 0}, {memory, 0}, 0xFFFFFFFF, {memory, 0}), Errno::Inval);
  EXPECT_EQ(p1().poll_oneoff(caller, {memory, 0}, {memory, 0}, 60000, {memory, 0}), Errno::Fault);
}

TEST_F(PollTest, WaitsForStreams) {
  const auto file = open(kRoot, "f", open_flag::kCreat, kReadWrite);
  ASSERT_EQ(poll({on_file(1, EventType::FdRead, 0), on_file(2, EventType::FdWrite, 1),
                  on_file(3, EventType::FdRead, file.fd), on_clock(4, 1, 60'000'000'000)}),
            Errno::Success);
  ASSERT_EQ(events_.size(), 2u);
  EXPECT_EQ(events_[0].userdata, 2u);
  EXPECT_EQ(events_[1].userdata, 3u);
  ASSERT_EQ(::write(in_[1], "12345", 5), 5);
  ASSERT_EQ(poll({on_file(1, EventType::FdRead, 0)}), Errno::Success);
  ASSERT_EQ(events_.size(), 1u);
  EXPECT_EQ(events_[0].nbytes, 5u);
  EXPECT_EQ(read(0), "12345");
  ::close(std::exchange(in_[1], -1));
  ASSERT_EQ(poll({on_file(1, EventType::FdRead, 0)}), Errno::Success);
  EXPECT_EQ(events_[0].flags, kEventFdReadwriteHangup);
}

TEST_F(PollTest, StopsWhenInterrupted) {
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    guest_.store().interrupt = 1;
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(poll({on_clock(1, 1, ~uint64_t{0})}), Errno::Intr);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  later.join();
}

TEST_F(WasiTest, ServesThePredecessorsLayouts) {
  const auto file = open(kRoot, "old", open_flag::kCreat, kReadWrite);
  ASSERT_EQ(write(file.fd, "12345"), Errno::Success);
  auto stat = guest_.ptr<FileStat0>();
  ASSERT_EQ(p0().fd_filestat_get(file.fd, stat), Errno::Success);
  EXPECT_EQ(stat.read()->size, 5u);
  EXPECT_EQ(stat.read()->nlink, 1u);
  ASSERT_EQ(p0().path_filestat_get(kRoot, 0, guest_.text("old"), stat), Errno::Success);
  EXPECT_EQ(stat.read()->filetype, FileType::RegularFile);
  auto position = guest_.ptr<FileSize>();
  ASSERT_EQ(p0().fd_seek(file.fd, 2, 2, position), Errno::Success);
  EXPECT_EQ(*position.read(), 2u) << "from the beginning";
  ASSERT_EQ(p0().fd_seek(file.fd, -1, 1, position), Errno::Success);
  EXPECT_EQ(*position.read(), 4u) << "from the end";
  EXPECT_EQ(p0().fd_seek(file.fd, 0, 3, position), Errno::Inval);
  auto in = guest_.ptr<Subscription0>();
  auto out = guest_.ptr<Event>();
  auto count = guest_.ptr<Size>();
  Subscription0 clock{};
  clock.userdata = 9;
  clock.clock_id = 1;
  clock.timeout = 1000;
  ASSERT_TRUE(in.write(clock));
  Caller caller = guest_.caller();
  ASSERT_EQ(p0().poll_oneoff(caller, in, out, 1, count), Errno::Success);
  EXPECT_EQ(out.read()->userdata, 9u);
  Subscription0 reading{};
  reading.tag = static_cast<uint8_t>(EventType::FdRead);
  reading.identifier_or_fd = file.fd;
  ASSERT_TRUE(in.write(reading));
  ASSERT_EQ(p0().poll_oneoff(caller, in, out, 1, count), Errno::Success);
  EXPECT_EQ(out.read()->error, 0u);
}

TEST_F(WasiTest, CarriesBytesOfLentSocketsOnly) {
  Caller caller = guest_.caller();
  auto number = guest_.ptr<uint32_t>();
  EXPECT_EQ(p1().sock_accept(caller, 99, 0, number), Errno::Badf);
  EXPECT_EQ(p1().sock_accept(caller, kRoot, 0, number), Errno::Notsock);
  EXPECT_EQ(p1().sock_shutdown(kRoot, 2), Errno::Notsock);
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  make({.stdin_fd = pair[0]});
  ASSERT_EQ(::write(pair[1], "hi", 2), 2);
  auto room = guest_.buffer(10);
  auto size = guest_.ptr<Size>();
  auto flags = guest_.ptr<uint16_t>();
  EXPECT_EQ(p1().sock_recv(caller, 0, guest_.iovec(room.address(), 10), receive_flag::kPeek, size, flags),
            Errno::Success);
  EXPECT_EQ(guest_.view(room.address(), *size.read()), "hi");
  EXPECT_EQ(p1().sock_recv(caller, 0, guest_.iovec(room.address(), 10), 0, size, flags), Errno::Success);
  EXPECT_EQ(guest_.view(room.address(), *size.read()), "hi");
  EXPECT_EQ(p1().sock_send(caller, 0, guest_.iovec(room.address(), 2), 0, size), Errno::Success);
  EXPECT_EQ(p1().sock_recv(caller, 0, guest_.iovec(room.address(), 10), 4, size, flags), Errno::Inval);
  EXPECT_EQ(p1().sock_send(caller, 0, guest_.iovec(room.address(), 2), 1, size), Errno::Inval);
  EXPECT_EQ(p1().sock_accept(caller, 0, 0, number), Errno::Notsup) << "the rest would concern the embedder";
  EXPECT_EQ(p1().sock_shutdown(0, 1), Errno::Notsup);
  EXPECT_EQ(p1().sock_listen(0, 1), Errno::Notsup);
  EXPECT_EQ(p1().sock_setsockopt(0, 0, 5, guest_.buffer(4)), Errno::Notsup);
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST_F(WasiTest, LendsStreamsNotTrees) {
  const int dir = ::open(root().c_str(), O_RDONLY | O_DIRECTORY);
  const int file = ::open((root() / "ro" / "file").c_str(), O_RDONLY);
  make({.stdin_fd = dir, .stdout_fd = file});
  EXPECT_EQ(open(0, "ro/file").error, Errno::Notcapable);
  EXPECT_EQ(p1().path_create_directory(0, guest_.text("new")), Errno::Notcapable);
  EXPECT_EQ(p1().fd_readdir(0, guest_.buffer(100), 0, guest_.ptr<Size>()), Errno::Notcapable);
  EXPECT_EQ(p1().fd_filestat_set_times(0, 0, 0, fst_flag::kMtim), Errno::Notcapable);
  EXPECT_EQ(p1().fd_filestat_get(0, guest_.ptr<FileStat>()), Errno::Success);
  EXPECT_EQ(p1().fd_filestat_set_times(1, 0, 0, fst_flag::kMtim), Errno::Notcapable);
  ::close(dir);
  ::close(file);
}

TEST_F(WasiTest, OpensGuestPathsForOtherModules) {
  auto text_of = [&](std::string_view path) -> std::string {
    auto file = wasi_->open_guest_path(path);
    if (!file) return file.error().message();
    char text[32];
    const ssize_t size = ::read(file->get(), text, sizeof text);
    return size < 0 ? "unreadable" : std::string(text, static_cast<size_t>(size));
  };
  std::ofstream(root() / "model") << "weights";
  EXPECT_EQ(text_of("/model"), "weights");
  EXPECT_EQ(text_of("model"), "weights");
  EXPECT_EQ(text_of("./model"), "weights");
  EXPECT_EQ(text_of("ro/file"), "read only");
  EXPECT_EQ(text_of("/ro/sub/file"), "deep");
  EXPECT_EQ(text_of("../secret"), "cannot open '../secret' for the guest: operation not permitted");
  EXPECT_EQ(text_of("ro/../../secret"),
            "cannot open 'ro/../../secret' for the guest: operation not permitted");
  EXPECT_EQ(text_of("none"), "cannot open 'none' for the guest: no such file or directory");
  auto alone = Wasi::create({.preopens = {{"data", (root() / "ro").string()}}});
  ASSERT_TRUE(alone);
  EXPECT_TRUE((*alone)->open_guest_path("data/file"));
  EXPECT_TRUE((*alone)->open_guest_path("/data/sub/file"));
  EXPECT_EQ((*alone)->open_guest_path("database/file").error().kind(), ErrorKind::NotFound);
  EXPECT_EQ((*alone)->open_guest_path("file").error().kind(), ErrorKind::NotFound);
}

}  // namespace
}  // namespace godwit::wasi
