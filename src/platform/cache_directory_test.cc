// Files of the cache: whole or not there, and never too many.
#include "platform/cache_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace godwit::platform {
namespace {

class CacheDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/godwit-cache-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  std::filesystem::path home_;
};

TEST_F(CacheDirectoryTest, IsWhereTheEnvironmentSays) {
  ::setenv("XDG_CACHE_HOME", "/elsewhere", 1);
  EXPECT_EQ(CacheDirectory::of_user()->path(), "/elsewhere/godwit");
  ::unsetenv("XDG_CACHE_HOME");
}

TEST_F(CacheDirectoryTest, KeepsFiles) {
  const CacheDirectory directory(home_ / "a" / "b");
  EXPECT_TRUE(directory.list().empty());
  EXPECT_EQ(directory.read("x").error().kind(), ErrorKind::NotFound);
  const std::vector<uint8_t> bytes{1, 2, 3}, others{4};
  ASSERT_TRUE(directory.write("x", bytes));
  ASSERT_TRUE(directory.read("x"));
  EXPECT_EQ(*directory.read("x"), bytes);
  ASSERT_TRUE(directory.write("x", others));
  EXPECT_EQ(*directory.read("x"), others);
  ASSERT_EQ(directory.list().size(), 1u);
  EXPECT_EQ(directory.list()[0].size_bytes, 1u);
  struct stat status{};
  ASSERT_EQ(::stat((home_ / "a" / "b" / "x").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 077, 0u);
  directory.remove("x");
  EXPECT_TRUE(directory.list().empty());
}

TEST_F(CacheDirectoryTest, RefusesWhatIsNoFile) {
  const CacheDirectory directory(home_);
  std::filesystem::create_symlink("/etc/passwd", home_ / "link");
  std::filesystem::create_directory(home_ / "folder");
  EXPECT_FALSE(directory.read("link"));
  EXPECT_FALSE(directory.read("folder"));
  EXPECT_TRUE(directory.list().empty());
  EXPECT_EQ(CacheDirectory("/dev/null").write("x", {}).error().kind(), ErrorKind::Io);
}

TEST_F(CacheDirectoryTest, RefusesWhatIsTooLarge) {
  const CacheDirectory directory(home_);
  ASSERT_TRUE(directory.write("x", {}));
  std::filesystem::resize_file(home_ / "x", uintmax_t{1} << 40);  // a hole: no disk is filled
  EXPECT_EQ(directory.read("x").error().kind(), ErrorKind::Unsupported);
}

TEST_F(CacheDirectoryTest, WhatWasUsedLongestAgoGoes) {
  const CacheDirectory directory(home_);
  const std::vector<uint8_t> bytes(100);
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(directory.write(name, bytes));
    ::usleep(20'000);
  }
  directory.touch("a");
  directory.shrink_to(250);
  EXPECT_TRUE(directory.read("a"));
  EXPECT_FALSE(directory.read("b"));
  EXPECT_TRUE(directory.read("c"));
}

}  // namespace
}  // namespace godwit::platform
