// Tests of the sandboxed resolver, once as the kernel does it and once component by component: both must agree.
#include "platform/fs_resolve.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace godwit::platform::fs {
namespace {

namespace stdfs = std::filesystem;

// A directory `root` to stay in, beside a directory `outside` with a secret:
//   root/file  root/dir/inner  root/dir/sub/deep   outside/secret
class ResolveTest : public testing::TestWithParam<Resolver> {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "resolve-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    top_ = name;
    stdfs::create_directories(root() / "dir" / "sub");
    stdfs::create_directories(top_ / "outside");
    write(root() / "file", "file");
    write(root() / "dir" / "inner", "inner");
    write(root() / "dir" / "sub" / "deep", "deep");
    write(top_ / "outside" / "secret", "secret");
    auto handle = open_root(root().c_str());
    ASSERT_TRUE(handle);
    dir_ = std::move(*handle);
  }
  void TearDown() override { stdfs::remove_all(top_); }

  stdfs::path root() const { return top_ / "root"; }
  static void write(const stdfs::path& at, std::string_view text) { std::ofstream(at) << text; }
  void link(const std::string& name, const std::string& target) {
    stdfs::create_symlink(target, root() / name);
  }

  OsResult<FileHandle> open(std::string_view path, OpenOptions options = {.access = Access::Read}) {
    options.resolver = GetParam();
    return open_beneath(dir_.get(), path, options);
  }
  // What the file says, or "errno N".
  std::string read(std::string_view path, OpenOptions options = {.access = Access::Read}) {
    auto file = open(path, options);
    if (!file) return "errno " + std::to_string(file.error());
    char text[64];
    const ssize_t size = ::read(file->get(), text, sizeof text);
    return size < 0 ? "unreadable" : std::string(text, static_cast<size_t>(size));
  }
  static std::string error(int number) { return "errno " + std::to_string(number); }

  stdfs::path top_;
  FileHandle dir_;
};

TEST_P(ResolveTest, OpensWhatIsInside) {
  EXPECT_EQ(read("file"), "file");
  EXPECT_EQ(read("./file"), "file");
  EXPECT_EQ(read("dir/inner"), "inner");
  EXPECT_EQ(read("dir//sub///deep"), "deep");
  EXPECT_EQ(read("dir/sub/../inner"), "inner");
  EXPECT_EQ(read("dir/../file"), "file");
  EXPECT_EQ(read("dir/sub/../../dir/./sub/deep"), "deep");
}

TEST_P(ResolveTest, RefusesToLeave) {
  for (const char* path :
       {"..", "../", "../outside/secret", "dir/../../outside/secret", "dir/sub/../../../root/file", "./..",
        "../root/file", "/", "/etc/passwd", "//file", "dir/../.."})
    EXPECT_EQ(read(path), error(EPERM)) << path;
  EXPECT_EQ(read((top_ / "outside" / "secret").string()), error(EPERM));
}

TEST_P(ResolveTest, RefusesMalformedPaths) {
  EXPECT_EQ(read(""), error(ENOENT));
  EXPECT_EQ(read(std::string_view("file\0x", 6)), error(EINVAL));
  EXPECT_EQ(read(std::string_view("\0", 1)), error(EINVAL));
  EXPECT_EQ(read(std::string(4096, 'a')), error(ENAMETOOLONG));
  EXPECT_EQ(read(std::string(300, 'a')), error(ENAMETOOLONG));
  EXPECT_EQ(read("missing"), error(ENOENT));
  EXPECT_EQ(read("missing/file"), error(ENOENT));
  EXPECT_EQ(read("file/x"), error(ENOTDIR));
  EXPECT_EQ(read("file/.."), error(ENOTDIR));
  EXPECT_EQ(read("file/."), error(ENOTDIR));
}

TEST_P(ResolveTest, FollowsLinksThatStayInside) {
  link("to_file", "file");
  link("to_dir", "dir");
  link("dir/up", "../file");
  link("dir/sub/chain", "../../to_dir/up");
  link("dotted", "./dir/../dir/sub/./deep");
  EXPECT_EQ(read("to_file"), "file");
  EXPECT_EQ(read("to_dir/inner"), "inner");
  EXPECT_EQ(read("to_dir/sub/../inner"), "inner");
  EXPECT_EQ(read("dir/up"), "file");
  EXPECT_EQ(read("dir/sub/chain"), "file");
  EXPECT_EQ(read("dotted"), "deep");
  link("to_sub", "dir/sub");
  EXPECT_EQ(read("to_sub/../inner"), "inner") << "`..` goes up from where the link led";
  EXPECT_EQ(read("to_sub/../file"), error(ENOENT));
}

TEST_P(ResolveTest, RefusesLinksThatLeave) {
  link("absolute", (top_ / "outside" / "secret").string());
  link("absolute_inside", (root() / "file").string());
  link("relative", "../outside/secret");
  link("dir/relative", "../../outside/secret");
  link("outside_dir", "../outside");
  link("chain1", "chain2");
  link("chain2", "dir/chain3");
  link("dir/chain3", "../chain4");
  link("chain4", "../outside");
  link("climb", "dir/sub/../../..");
  link("slash", "/");
  for (const char* path :
       {"absolute", "absolute_inside", "relative", "dir/relative", "outside_dir/secret", "chain1/secret",
        "chain1", "climb", "climb/outside/secret", "slash", "slash/etc/passwd", "dir/../outside_dir/secret"})
    EXPECT_EQ(read(path), error(EPERM)) << path;
}

TEST_P(ResolveTest, EndsLoops) {
  link("self", "self");
  link("ping", "pong");
  link("pong", "dir/../ping");
  link("grow", "grow/x");
  for (const char* path : {"self", "ping", "pong", "self/x", "grow", "dir/../ping"})
    EXPECT_EQ(read(path), error(ELOOP)) << path;
  // the longest chain that is followed, and one more
  link("l0", "file");
  for (int i = 1; i <= kMaxLinks; i++) link("l" + std::to_string(i), "l" + std::to_string(i - 1));
  EXPECT_EQ(read("l" + std::to_string(kMaxLinks - 1)), "file");
  EXPECT_EQ(read("l" + std::to_string(kMaxLinks)), error(ELOOP));
}

TEST_P(ResolveTest, KeepsTheLastLinkIfAsked) {
  link("to_file", "file");
  link("to_dir", "dir");
  link("escape", "../outside/secret");
  const OpenOptions keep = {.access = Access::Read, .last_link = LastLink::Keep};
  EXPECT_EQ(read("to_file", keep), error(ELOOP));
  EXPECT_EQ(read("escape", keep), error(ELOOP));
  EXPECT_EQ(read("to_dir/inner", keep), "inner") << "only the last component counts";
  // by path only: the link itself
  auto handle = open("escape", {.access = Access::Path, .last_link = LastLink::Keep});
  ASSERT_TRUE(handle);
  struct stat status;
  ASSERT_EQ(::fstat(handle->get(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
  // and by path, following: what it names
  auto target = open("to_file", {.access = Access::Path});
  ASSERT_TRUE(target);
  ASSERT_EQ(::fstat(target->get(), &status), 0);
  EXPECT_TRUE(S_ISREG(status.st_mode));
}

TEST_P(ResolveTest, TakesASlashAtTheEndForADirectory) {
  link("to_dir", "dir");
  link("to_file", "file");
  link("to_file_slash", "file/");
  link("to_dir_slash", "dir/");
  link("outside_dir", "../outside");
  const OpenOptions path = {.access = Access::Path};
  const OpenOptions keep = {.access = Access::Path, .last_link = LastLink::Keep};
  EXPECT_TRUE(open("dir/", path));
  EXPECT_TRUE(open("dir//", path));
  EXPECT_TRUE(open("dir/.", path));
  EXPECT_EQ(read("file/"), error(ENOTDIR));
  EXPECT_EQ(read("to_file/"), error(ENOTDIR));
  EXPECT_EQ(read("to_file_slash"), error(ENOTDIR));
  EXPECT_TRUE(open("to_dir_slash", path));
  // the slash makes the link be followed
  auto followed = open("to_dir/", keep);
  ASSERT_TRUE(followed);
  struct stat status;
  ASSERT_EQ(::fstat(followed->get(), &status), 0);
  EXPECT_TRUE(S_ISDIR(status.st_mode));
  EXPECT_EQ(read("outside_dir/"), error(EPERM));
  EXPECT_EQ(read("outside_dir/", keep), error(EPERM));
}

TEST_P(ResolveTest, Creates) {
  const OpenOptions create = {.access = Access::ReadWrite, .create = true};
  EXPECT_TRUE(open("new", create));
  EXPECT_TRUE(stdfs::exists(root() / "new"));
  EXPECT_TRUE(open("dir/sub/new", create));
  EXPECT_TRUE(open("file", create)) << "what is there is opened";
  EXPECT_EQ(read("file"), "file");
  OpenOptions exclusive = create;
  exclusive.exclusive = true;
  EXPECT_EQ(read("file", exclusive), error(EEXIST));
  EXPECT_TRUE(open("fresh", exclusive));
  EXPECT_EQ(read("new2/", create), error(EISDIR));
  EXPECT_FALSE(stdfs::exists(root() / "new2"));
  // through a dangling link: inside it creates the target, outside nothing
  link("dangling", "dir/born");
  EXPECT_TRUE(open("dangling", create));
  EXPECT_TRUE(stdfs::exists(root() / "dir" / "born"));
  link("escape", "../outside/born");
  EXPECT_EQ(read("escape", create), error(EPERM));
  EXPECT_EQ(read("escape", exclusive), error(EEXIST));
  EXPECT_EQ(read("../outside/born", create), error(EPERM));
  EXPECT_FALSE(stdfs::exists(top_ / "outside" / "born"));
  OpenOptions truncate = create;
  truncate.truncate = true;
  EXPECT_EQ(read("file", truncate), "");
}

TEST_P(ResolveTest, RefusesMagicLinks) {
  auto proc = open_root("/proc/self");
  if (!proc) GTEST_SKIP() << "no /proc here";
  for (const char* path : {"root", "root/etc/passwd", "cwd", "exe", "fd/0", "task/../root"}) {
    auto file = open_beneath(proc->get(), path, {.access = Access::Path, .resolver = GetParam()});
    if (file) ADD_FAILURE() << path << " was opened";
  }
  EXPECT_TRUE(open_beneath(proc->get(), "status", {.access = Access::Read, .resolver = GetParam()}));
}

TEST_P(ResolveTest, FindsTheEntryOfALastComponent) {
  link("to_dir", "dir");
  link("outside_dir", "../outside");
  auto entry = [&](std::string_view path) { return resolve_entry(dir_.get(), path, GetParam()); };
  auto plain = entry("file");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->dir, dir_.get());
  EXPECT_STREQ(plain->name, "file");
  EXPECT_FALSE(plain->must_be_directory);
  auto nested = entry("to_dir/sub//new/");
  ASSERT_TRUE(nested);
  EXPECT_STREQ(nested->name, "new");
  EXPECT_TRUE(nested->must_be_directory);
  struct stat expected, found;
  ASSERT_EQ(::stat((root() / "dir" / "sub").c_str(), &expected), 0);
  ASSERT_EQ(::fstat(nested->dir, &found), 0);
  EXPECT_EQ(expected.st_ino, found.st_ino);
  auto dots = entry("dir/..");
  ASSERT_TRUE(dots);
  EXPECT_STREQ(dots->name, ".");
  ASSERT_EQ(::stat(root().c_str(), &expected), 0);
  ASSERT_EQ(::fstat(dots->dir, &found), 0);
  EXPECT_EQ(expected.st_ino, found.st_ino);
  EXPECT_EQ(entry("..").error(), EPERM);
  EXPECT_EQ(entry("../x").error(), EPERM);
  EXPECT_EQ(entry("dir/../..").error(), EPERM);
  EXPECT_EQ(entry("outside_dir/secret").error(), EPERM);
  EXPECT_EQ(entry("/x").error(), EPERM);
  EXPECT_EQ(entry("").error(), ENOENT);
  EXPECT_EQ(entry("file/x").error(), ENOTDIR);
  EXPECT_EQ(entry(std::string(256, 'n')).error(), ENAMETOOLONG);
  EXPECT_TRUE(entry(std::string(255, 'n')));
}

// Somebody swaps a directory for a link to the outside, over and over: what is opened is the inside one or nothing.
TEST_P(ResolveTest, StaysInsideWhileLinksAppear) {
  stdfs::create_directories(root() / "swap");
  write(root() / "swap" / "secret", "inside");
  link("evil", "../outside");
  std::atomic<bool> done{false};
  std::thread swapper([&] {
    const std::string swap = root() / "swap", evil = root() / "evil", aside = root() / "aside";
    while (!done.load()) {
      ::rename(swap.c_str(), aside.c_str());
      ::rename(evil.c_str(), swap.c_str());
      ::rename(swap.c_str(), evil.c_str());
      ::rename(aside.c_str(), swap.c_str());
    }
  });
  int opened = 0;
  for (int i = 0; i < 20000; i++) {
    const std::string text = read(i % 2 ? "swap/secret" : "swap/../swap/secret");
    ASSERT_NE(text, "secret");
    opened += text == "inside";
  }
  done = true;
  swapper.join();
  EXPECT_GT(opened, 0);
}

INSTANTIATE_TEST_SUITE_P(Both, ResolveTest, testing::Values(Resolver::Automatic, Resolver::Walk),
                         [](const auto& each) {
                           return each.param == Resolver::Walk ? "Walk" : "Automatic";
                         });

// Random paths over a small tree full of links: both resolvers give the same file or both fail.
TEST(ResolveAgreement, OnRandomPaths) {
  std::string name = testing::TempDir() + "agree-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const stdfs::path top = name;
  const stdfs::path root = top / "root";
  stdfs::create_directories(root / "a" / "b" / "c");
  stdfs::create_directories(top / "out");
  std::ofstream(root / "f") << "f";
  std::ofstream(root / "a" / "f") << "af";
  std::ofstream(top / "out" / "f") << "secret";
  const std::pair<const char*, const char*> links[] = {
      {"l", "a"},      {"a/l", ".."},        {"a/b/l", "../../l/b"},
      {"u", "../out"}, {"a/u", "../../out"}, {"a/b/c/l", "../../../f"},
      {"s", "s"},      {"d", "a/b/c/../.."}, {"abs", "/"},
      {"a/d", "b/"},   {"a/b/x", "l/l/l"}};
  for (auto [from, to] : links) stdfs::create_symlink(to, root / from);
  auto dir = open_root(root.c_str());
  ASSERT_TRUE(dir);
  std::mt19937 random(7);
  const char* parts[] = {"a", "b", "c", "f", "l", "u", "s", "d", "x", "..", ".", "", "abs", "none"};
  int inside = 0;
  for (int i = 0; i < 20000; i++) {
    std::string path = parts[random() % std::size(parts)];
    for (unsigned n = random() % 8; n > 0; n--) path += std::string("/") + parts[random() % std::size(parts)];
    OpenOptions options;
    options.last_link = random() % 2 ? LastLink::Follow : LastLink::Keep;
    options.directory = random() % 4 == 0;
    auto by_kernel = open_beneath(dir->get(), path, options);
    options.resolver = Resolver::Walk;
    auto by_walk = open_beneath(dir->get(), path, options);
    ASSERT_EQ(by_kernel.has_value(), by_walk.has_value())
        << path << ": " << (by_kernel ? 0 : by_kernel.error()) << " / " << (by_walk ? 0 : by_walk.error());
    if (!by_kernel) continue;
    inside++;
    struct stat first, second;
    ASSERT_EQ(::fstat(by_kernel->get(), &first), 0);
    ASSERT_EQ(::fstat(by_walk->get(), &second), 0);
    ASSERT_EQ(first.st_ino, second.st_ino) << path;
  }
  EXPECT_GT(inside, 1000);
  stdfs::remove_all(top);
}

}  // namespace
}  // namespace godwit::platform::fs
