// Tests of what whoever runs a guest is told about files.
#include "wasi/denials.h"

#include <gtest/gtest.h>

#include "wasi/guest_for_test.h"

namespace godwit::wasi {
namespace {

class DenialsTest : public WasiTest {
 protected:
  void make_with(std::vector<Preopen> preopens) {
    Config config;
    config.preopens = std::move(preopens);
    config.on_denial = [this](std::string_view what) { told_.emplace_back(what); };
    auto wasi = Wasi::create(std::move(config));
    ASSERT_TRUE(wasi);
    wasi_ = std::move(*wasi);
    p1_.emplace(wasi_->p1());
  }
  std::vector<std::string> told_;
};

TEST_F(DenialsTest, ReadOnlyDirectoriesAreNamed) {
  make_with({{"data", (root() / "ro").string(), Permission::ReadOnly}});
  const std::vector<std::string> expected = {
      "the guest may not change what is in 'data'; --dir without :ro would allow it"};
  EXPECT_EQ(open(3, "new", open_flag::kCreat, kReadWrite).error, Errno::Rofs);
  EXPECT_EQ(told_, expected);
  EXPECT_EQ(p1().path_unlink_file(3, guest_.text("file")), Errno::Rofs);
  EXPECT_EQ(p1().path_create_directory(3, guest_.text("d")), Errno::Rofs);
  EXPECT_EQ(open(3, "file", open_flag::kTrunc).error, Errno::Rofs);
  const auto sub = open(3, "sub", open_flag::kDirectory);
  ASSERT_EQ(sub.error, Errno::Success);
  EXPECT_EQ(p1().path_unlink_file(sub.fd, guest_.text("file")), Errno::Rofs);
  EXPECT_EQ(told_, expected) << "once, and by the name of what was given";
}

TEST_F(DenialsTest, PathsThatLeadOutAreNamed) {
  make_with({{"/", root().string(), Permission::ReadWrite}});
  EXPECT_EQ(open(3, "../secret").error, Errno::Perm);
  EXPECT_EQ(open(3, "/etc/passwd").error, Errno::Perm);
  EXPECT_EQ(p1().path_filestat_get(3, 0, guest_.text("ro/../.."), guest_.ptr<FileStat>()), Errno::Perm);
  const std::vector<std::string> expected = {
      "the guest may not leave '/' by '../secret'; --dir with a directory that holds both would allow it",
      "the guest may not leave '/' by '/etc/passwd'; --dir with a directory that holds both would allow it",
      "the guest may not leave '/' by 'ro/../..'; --dir with a directory that holds both would allow it"};
  EXPECT_EQ(told_, expected);
  EXPECT_EQ(open(3, "absent").error, Errno::Noent);
  EXPECT_EQ(told_, expected) << "that is no refusal";
  for (int i = 0; i < 100; i++) open(3, "../" + std::to_string(i));
  EXPECT_EQ(told_.size(), Denials::kMostOfTopic);
}

TEST_F(DenialsTest, WhoFailsForLackOfDirectoriesIsNamed) {
  make_with({{"/", root().string(), Permission::ReadWrite}});
  EXPECT_EQ(p1().fd_prestat_get(3, guest_.ptr<Prestat>()), Errno::Success);
  EXPECT_EQ(p1().fd_prestat_get(4, guest_.ptr<Prestat>()), Errno::Badf);
  EXPECT_FALSE(wasi_->p1().proc_exit(1));
  EXPECT_TRUE(told_.empty()) << "it had one";
  make_with({});
  EXPECT_FALSE(wasi_->p1().proc_exit(1));
  EXPECT_TRUE(told_.empty()) << "it has not looked for any";
  EXPECT_EQ(p1().fd_prestat_get(3, guest_.ptr<Prestat>()), Errno::Badf);
  EXPECT_FALSE(wasi_->p1().proc_exit(0));
  EXPECT_TRUE(told_.empty()) << "it did not fail";
  EXPECT_FALSE(wasi_->p1().proc_exit(2));
  EXPECT_EQ(told_,
            std::vector<std::string>{
                "the guest has looked for directories and was given none; --dir DIR would give it one"});
}

}  // namespace
}  // namespace godwit::wasi
