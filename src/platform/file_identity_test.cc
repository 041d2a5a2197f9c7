// FileIdentity: of files that cannot change unseen.
#include "platform/file_identity.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

namespace godwit::platform {
namespace {

std::string make_file(mode_t mode) {
  std::string path = "/tmp/godwit-identity-XXXXXX";
  const int fd = ::mkstemp(path.data());
  EXPECT_GE(fd, 0);
  EXPECT_EQ(::fchmod(fd, mode), 0);
  ::close(fd);
  return path;
}

TEST(FileIdentity, IsOfFilesThatOnlyTheUserMayWrite) {
  const std::string groups = make_file(0620), anybodys = make_file(0602), own = make_file(0600);
  EXPECT_FALSE(identity_of(own)) << "it is too new";
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!identity_of(own) && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(identity_of(own));
  EXPECT_FALSE(identity_of(groups)) << "no newer than that, but its group may write it";
  EXPECT_FALSE(identity_of(anybodys));
  for (const std::string& path : {groups, anybodys, own}) ::unlink(path.c_str());
  EXPECT_FALSE(identity_of(own));
}

}  // namespace
}  // namespace godwit::platform
