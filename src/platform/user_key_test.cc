// The user's key: made once, read again, and refused when it is not the user's alone.
#include "platform/user_key.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace godwit::platform {
namespace {

class UserKeyTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/godwit-key-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    ::setenv("XDG_DATA_HOME", home_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("XDG_DATA_HOME");
    std::filesystem::remove_all(home_);
  }
  std::filesystem::path key_path() const { return home_ / "godwit" / "key"; }

  std::filesystem::path home_;
};

TEST_F(UserKeyTest, IsMadeOnceAndForTheUserAlone) {
  EXPECT_EQ(read_user_key().error().kind(), ErrorKind::NotFound);
  const auto made = make_user_key();
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(*make_user_key(), *made);
  EXPECT_EQ(*read_user_key(), *made);
  struct stat status{};
  ASSERT_EQ(::stat(key_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  // nothing else is left behind
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(home_ / "godwit"), {}), 1);
}

TEST_F(UserKeyTest, IsRefusedIfOthersMayReadIt) {
  ASSERT_TRUE(make_user_key());
  ASSERT_EQ(::chmod(key_path().c_str(), 0640), 0);
  EXPECT_EQ(read_user_key().error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(make_user_key().error().kind(), ErrorKind::Unsupported);
}

TEST_F(UserKeyTest, IsRefusedIfItIsTooShortOrNoFile) {
  ASSERT_TRUE(make_user_key());
  std::filesystem::resize_file(key_path(), 31);
  EXPECT_EQ(read_user_key().error().kind(), ErrorKind::Io);
  std::filesystem::rename(key_path(), home_ / "elsewhere");
  std::filesystem::create_symlink(home_ / "elsewhere", key_path());
  EXPECT_FALSE(read_user_key());
}

TEST_F(UserKeyTest, AShortWriteSaysThatThereIsNoSpace) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit small{16, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  errno = 0;
  const auto made = make_user_key();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), static_cast<uint32_t>(ENOSPC)) << made.error().message();
  EXPECT_FALSE(std::filesystem::exists(key_path()));
  EXPECT_TRUE(std::filesystem::is_empty(home_ / "godwit"));
}

}  // namespace
}  // namespace godwit::platform
