// Tests of files, waits, directories and calls on paths.
#include "platform/fs_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "platform/fs_directory.h"
#include "platform/fs_path.h"

namespace godwit::platform::fs {
namespace {

namespace stdfs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    ignore_broken_pipes();
    std::string name = testing::TempDir() + "file-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    auto handle = open_root(name.c_str());
    ASSERT_TRUE(handle);
    dir_ = std::move(*handle);
  }
  void TearDown() override { stdfs::remove_all(root_); }

  PathAt at(std::string_view path) const { return {dir_.get(), path}; }
  void touch(const std::string& name, std::string_view text = "x") { std::ofstream(root_ / name) << text; }
  int error(const OsResult<>& result) { return result ? 0 : result.error(); }
  static IoVector piece(std::string& text) { return {.iov_base = text.data(), .iov_len = text.size()}; }

  stdfs::path root_;
  FileHandle dir_;
};

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    read_end = FileHandle(ends[0]);
    write_end = FileHandle(ends[1]);
  }
  FileHandle read_end, write_end;
};

TEST_F(FileTest, ReadsAndWritesPieces) {
  auto file = open_beneath(dir_.get(), "f", {.access = Access::ReadWrite, .create = true});
  ASSERT_TRUE(file);
  std::string hello = "hello ", world = "world";
  IoVector pieces[] = {piece(hello), piece(world)};
  EXPECT_EQ(write(file->get(), pieces, FileKind::Regular, Blocking::Wait, {}), 11u);
  EXPECT_EQ(seek(file->get(), -5, Whence::End), 6u);
  std::string back(20, '.');
  IoVector room[] = {piece(back)};
  EXPECT_EQ(read(file->get(), room, FileKind::Regular, Blocking::Wait, {}), 5u);
  EXPECT_EQ(back.substr(0, 5), "world");
  EXPECT_EQ(read_at(file->get(), room, 3), 8u);
  EXPECT_EQ(readable_bytes(file->get(), FileKind::Regular), 0u);
  EXPECT_EQ(seek(file->get(), -1, Whence::Begin).error(), EINVAL);
  EXPECT_EQ(read_at(file->get(), room, uint64_t{1} << 63).error(), EINVAL);
  EXPECT_EQ(error(set_size(file->get(), 100)), 0);
  EXPECT_EQ(status(file->get())->size_bytes, 100u);
  EXPECT_EQ(error(set_size(file->get(), ~uint64_t{0})), EINVAL);
  EXPECT_EQ(error(allocate(file->get(), 4000, 200)), 0);
  EXPECT_EQ(status(file->get())->size_bytes, 4200u);
  EXPECT_EQ(error(allocate(file->get(), ~uint64_t{0}, 1)), EFBIG);
}

TEST_F(FileTest, ReadsFromPipesWithoutLosingAnything) {
  Pipe pipe;
  std::string text = "abc";
  IoVector out[] = {piece(text)};
  EXPECT_EQ(write(pipe.write_end.get(), out, FileKind::Fifo, Blocking::Wait, {}), 3u);
  EXPECT_EQ(readable_bytes(pipe.read_end.get(), FileKind::Fifo), 3u);
  std::string back(10, '.');
  IoVector room[] = {piece(back)};
  EXPECT_EQ(read(pipe.read_end.get(), room, FileKind::Fifo, Blocking::Wait, {}), 3u);
  EXPECT_EQ(read(pipe.read_end.get(), room, FileKind::Fifo, Blocking::Never, {}).error(), EAGAIN);
  pipe.write_end.reset();
  EXPECT_EQ(read(pipe.read_end.get(), room, FileKind::Fifo, Blocking::Wait, {}), 0u) << "the end";
}

TEST_F(FileTest, WaitsForTheWriterOfAFifoButNotToOpenIt) {
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(open_beneath(dir_.get(), "fifo", {.access = Access::Write}).error(), ENXIO);
  auto fifo = open_beneath(dir_.get(), "fifo", {.access = Access::Read});
  ASSERT_TRUE(fifo);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::ofstream(root_ / "fifo") << "late";
  });
  std::string back(10, '.');
  IoVector room[] = {piece(back)};
  EXPECT_EQ(read(fifo->get(), room, FileKind::Fifo, Blocking::Wait, {}), 4u);
  writer.join();
  EXPECT_EQ(read(fifo->get(), room, FileKind::Fifo, Blocking::Wait, {}), 0u) << "the writer is gone";
}

TEST_F(FileTest, WritesMoreThanAPipeHolds) {
  Pipe pipe;
  std::string text(1 << 20, 'y'), tail = "tail";
  size_t received = 0;
  std::thread reader([&] {
    std::string room(100000, 0);
    for (ssize_t size; (size = ::read(pipe.read_end.get(), room.data(), room.size())) > 0;)
      received += static_cast<size_t>(size);
  });
  IoVector pieces[] = {piece(text), piece(tail)};
  EXPECT_EQ(write(pipe.write_end.get(), pieces, FileKind::Fifo, Blocking::Wait, {}),
            text.size() + tail.size());
  pipe.write_end.reset();
  reader.join();
  EXPECT_EQ(received, text.size() + tail.size());
}

TEST_F(FileTest, ReportsBrokenPipes) {
  Pipe pipe;
  pipe.read_end.reset();
  std::string text = "abc";
  IoVector out[] = {piece(text)};
  EXPECT_EQ(write(pipe.write_end.get(), out, FileKind::Fifo, Blocking::Wait, {}).error(), EPIPE);
}

TEST_F(FileTest, StopsWaiting) {
  Pipe pipe;
  std::atomic<uint64_t> word{0};
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    word = 1;
  });
  const auto begin = std::chrono::steady_clock::now();
  std::string back(10, '.');
  IoVector room[] = {piece(back)};
  EXPECT_EQ(read(pipe.read_end.get(), room, FileKind::Fifo, Blocking::Wait, WaitMode{.stop = StopWord(&word)})
                .error(),
            EINTR);
  EXPECT_EQ(wait_for({}, kForever, WaitMode{.stop = StopWord(&word)}).error(), EINTR);
  // a full pipe
  std::string text(1 << 20, 'y');
  IoVector out[] = {piece(text)};
  auto written =
      write(pipe.write_end.get(), out, FileKind::Fifo, Blocking::Wait, WaitMode{.stop = StopWord(&word)});
  EXPECT_TRUE(written ? *written < text.size() : written.error() == EINTR);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  stopper.join();
}

TEST_F(FileTest, WaitsForTimeAndFiles) {
  Pipe quiet, loud;
  EXPECT_EQ(::write(loud.write_end.get(), "x", 1), 1);
  Waited files[] = {{.fd = quiet.read_end.get(), .wants_read = true},
                    {.fd = loud.read_end.get(), .wants_read = true},
                    {.fd = quiet.write_end.get(), .wants_read = false}};
  EXPECT_EQ(wait_for(files, kForever, {}), 2u);
  EXPECT_FALSE(files[0].is_ready);
  EXPECT_TRUE(files[1].is_ready);
  EXPECT_TRUE(files[2].is_ready);
  quiet.write_end.reset();
  Waited hung[] = {{.fd = quiet.read_end.get(), .wants_read = true}, {.fd = 9999, .wants_read = true}};
  EXPECT_EQ(wait_for(hung, 0, {}), 2u);
  EXPECT_TRUE(hung[0].is_hung_up);
  EXPECT_TRUE(hung[1].is_invalid);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(wait_for({}, 120'000'000, {}), 0u);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(120));
  std::vector<Waited> many(100, Waited{.fd = loud.read_end.get(), .wants_read = true});
  EXPECT_EQ(wait_for(many, 0, {}), 100u);
}

TEST_F(FileTest, KnowsKindsAndModes) {
  Pipe pipe;
  EXPECT_EQ(status(pipe.read_end.get())->kind, FileKind::Fifo);
  EXPECT_EQ(status(dir_.get())->kind, FileKind::Directory);
  EXPECT_EQ(status(9999).error(), EBADF);
  EXPECT_TRUE(open_mode(pipe.read_end.get())->readable);
  EXPECT_FALSE(open_mode(pipe.read_end.get())->writable);
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
  FileHandle one(pair[0]), two(pair[1]);
  EXPECT_EQ(status(one.get())->kind, FileKind::DatagramSocket);
  FileHandle null(::open("/dev/null", O_RDWR));
  EXPECT_EQ(status(null.get())->kind, FileKind::CharacterDevice);
  auto path_only = open_beneath(dir_.get(), ".", {.access = Access::Path});
  ASSERT_TRUE(path_only);
  EXPECT_FALSE(open_mode(path_only->get())->readable);
}

TEST_F(FileTest, SetsTimes) {
  touch("f");
  stdfs::create_symlink("f", root_ / "l");
  const NewTime early = {.kind = NewTime::Kind::At, .ns = 1'500'000'007};
  EXPECT_EQ(error(set_times_beneath(at("l"), LastLink::Follow, {}, early)), 0);
  EXPECT_EQ(status_beneath(at("f"), LastLink::Keep)->modified_ns, 1'500'000'007u);
  EXPECT_EQ(error(set_times_beneath(at("l"), LastLink::Keep, early, early)), 0);
  EXPECT_EQ(status_beneath(at("l"), LastLink::Keep)->accessed_ns, 1'500'000'007u);
  EXPECT_NE(status_beneath(at("f"), LastLink::Keep)->accessed_ns, 1'500'000'007u);
  EXPECT_EQ(error(set_times_beneath(at("f/"), LastLink::Keep, early, early)), ENOTDIR);
}

TEST_F(FileTest, ActsOnDirectoriesInside) {
  EXPECT_EQ(error(make_directory(at("d"))), 0);
  EXPECT_EQ(error(make_directory(at("d"))), EEXIST);
  EXPECT_EQ(error(make_directory(at("d/e/"))), 0);
  EXPECT_EQ(error(make_directory(at("."))), EEXIST);
  EXPECT_EQ(error(make_directory(at(".."))), EPERM);
  EXPECT_EQ(error(make_directory(at("../x"))), EPERM);
  EXPECT_EQ(error(remove_directory(at("d"))), ENOTEMPTY);
  EXPECT_EQ(error(remove_directory(at(".."))), EPERM);
  touch("f");
  EXPECT_EQ(error(remove_directory(at("f"))), ENOTDIR);
  EXPECT_EQ(error(unlink_file(at("d"))), EISDIR);
  EXPECT_EQ(error(unlink_file(at("d/"))), EISDIR);
  EXPECT_EQ(error(unlink_file(at("f/"))), ENOTDIR);
  EXPECT_EQ(error(unlink_file(at("f"))), 0);
  EXPECT_EQ(error(unlink_file(at("f"))), ENOENT);
  EXPECT_EQ(error(remove_directory(at("d/e/"))), 0);
  EXPECT_EQ(error(remove_directory(at("d"))), 0);
  EXPECT_EQ(status_beneath(at(".."), LastLink::Keep).error(), EPERM);
  EXPECT_EQ(status_beneath(at("."), LastLink::Keep)->kind, FileKind::Directory);
}

TEST_F(FileTest, Renames) {
  touch("f", "f");
  stdfs::create_directory(root_ / "d");
  EXPECT_EQ(error(rename(at("f"), at("g/"))), ENOTDIR);
  EXPECT_EQ(error(rename(at("f/"), at("g"))), ENOTDIR);
  EXPECT_EQ(error(rename(at("f"), at("../g"))), EPERM);
  EXPECT_EQ(error(rename(at("f"), at("d/g"))), 0);
  EXPECT_EQ(error(rename(at("d/"), at("e"))), 0);
  EXPECT_EQ(error(rename(at("e"), at("d/"))), 0);
  EXPECT_EQ(error(rename(at("missing"), at("x"))), ENOENT);
  EXPECT_EQ(error(rename(at("d"), at("d/sub"))), EINVAL);
  EXPECT_NE(error(rename(at("."), at("x"))), 0);
  EXPECT_TRUE(stdfs::exists(root_ / "d" / "g"));
}

TEST_F(FileTest, Links) {
  touch("f", "text");
  stdfs::create_directory(root_ / "d");
  EXPECT_EQ(error(make_symbolic_link("f", at("s"))), 0);
  EXPECT_EQ(error(make_symbolic_link("f", at("s"))), EEXIST);
  EXPECT_EQ(error(make_symbolic_link("/etc", at("t"))), EPERM);
  EXPECT_EQ(error(make_symbolic_link("", at("t"))), ENOENT);
  EXPECT_EQ(error(make_symbolic_link("f", at("t/"))), ENOENT);
  EXPECT_EQ(error(make_symbolic_link("f", at("d/"))), EEXIST);
  EXPECT_EQ(error(make_symbolic_link("f", at("../t"))), EPERM);
  EXPECT_EQ(error(link(at("f"), LastLink::Keep, at("h"))), 0);
  EXPECT_EQ(status_beneath(at("h"), LastLink::Keep)->links, 2u);
  EXPECT_EQ(error(link(at("s"), LastLink::Keep, at("hs"))), 0);
  EXPECT_EQ(status_beneath(at("hs"), LastLink::Keep)->kind, FileKind::SymbolicLink);
  EXPECT_EQ(error(link(at("s"), LastLink::Follow, at("hf"))), 0);
  EXPECT_EQ(status_beneath(at("hf"), LastLink::Keep)->kind, FileKind::Regular);
  EXPECT_EQ(error(link(at("f"), LastLink::Keep, at("new/"))), ENOENT);
  EXPECT_EQ(error(link(at("d"), LastLink::Keep, at("x"))), EPERM);
  EXPECT_EQ(error(make_symbolic_link("../../etc/passwd", at("evil"))), 0);
  EXPECT_EQ(error(link(at("evil"), LastLink::Follow, at("x"))), EPERM);
  EXPECT_EQ(status_beneath(at("evil"), LastLink::Follow).error(), EPERM);
  EXPECT_EQ(status_beneath(at("s"), LastLink::Follow)->size_bytes, 4u);
  EXPECT_EQ(status_beneath(at("s/"), LastLink::Keep).error(), ENOTDIR);

  uint8_t text[16];
  EXPECT_EQ(read_link(at("evil"), text), 16u);
  EXPECT_EQ(as_text(text), "../../etc/passwd");
  EXPECT_EQ(read_link(at("evil"), MutableBytes(text).first(3)), 3u);
  EXPECT_EQ(read_link(at("evil"), {}), 0u);
  EXPECT_EQ(read_link(at("f"), text).error(), EINVAL);
  EXPECT_EQ(read_link(at("s/"), text).error(), ENOTDIR);
}

TEST_F(FileTest, ReadsDirectoriesFromAnyPlace) {
  std::set<std::string> expected = {".", ".."};
  for (int i = 0; i < 700; i++) {
    const std::string name = "entry-with-a-name-of-some-length-" + std::to_string(i);
    touch(name);
    expected.insert(name);
  }
  std::set<std::string> found;
  std::vector<std::pair<uint64_t, std::string>> places;  // where an entry begins, and its name
  auto reader = DirectoryReader::begin(dir_.get(), 0);
  ASSERT_TRUE(reader);
  uint64_t place = 0;
  for (;;) {
    auto entry = reader->next();
    ASSERT_TRUE(entry);
    if (!*entry) break;
    EXPECT_TRUE(found.insert(std::string((*entry)->name)).second) << "twice: " << (*entry)->name;
    places.emplace_back(place, (*entry)->name);
    place = (*entry)->next;
  }
  EXPECT_EQ(found, expected);
  for (size_t i = 0; i < places.size(); i += 37) {
    auto again = DirectoryReader::begin(dir_.get(), places[i].first);
    ASSERT_TRUE(again);
    auto entry = again->next();
    ASSERT_TRUE(entry && *entry);
    EXPECT_EQ((*entry)->name, places[i].second);
  }
  EXPECT_EQ(DirectoryReader::begin(dir_.get(), ~uint64_t{0}).error(), EINVAL);
}

}  // namespace
}  // namespace godwit::platform::fs
