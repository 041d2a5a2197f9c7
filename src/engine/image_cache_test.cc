// The cache of images: what comes out is what went in, or nothing.
#include "engine/image_cache.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "platform/user_key.h"

namespace godwit::engine {
namespace {

class ImageCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/godwit-images-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    ::setenv("XDG_DATA_HOME", home_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("XDG_DATA_HOME");
    std::filesystem::remove_all(home_);
  }
  ImageCache cache() const { return ImageCache(platform::CacheDirectory(home_ / "cache")); }
  std::filesystem::path only_file() const {
    return std::filesystem::directory_iterator(home_ / "cache")->path();
  }
  std::vector<ImageCache::Record> load() {
    remark_.clear();
    return cache().load(kKey, remark_);
  }

  static constexpr Digest kKey = {1, 2, 3};
  std::filesystem::path home_;
  std::string remark_;
};

TEST_F(ImageCacheTest, GivesBackWhatItKeeps) {
  EXPECT_TRUE(load().empty());
  const std::vector<uint8_t> first(100, 1), second(50, 2);
  const std::vector<uint32_t> refused{7, 9};
  cache().store(kKey, 0, first, {});
  cache().store(kKey, 1, second, refused);
  const auto records = load();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].image, first);
  EXPECT_TRUE(records[0].refused.empty());
  EXPECT_EQ(records[1].image, second);
  EXPECT_EQ(records[1].refused, refused);
  EXPECT_EQ(remark_, "");
  EXPECT_TRUE(cache().load(ImageCache::key_of(kKey, "another build"), remark_).empty());
  EXPECT_NE(ImageCache::key_of(kKey, "a"), ImageCache::key_of(kKey, "b"));
}

TEST_F(ImageCacheTest, NoByteMayDiffer) {
  const std::vector<uint8_t> image(20, 1);
  cache().store(kKey, 0, image, {});
  const auto size = std::filesystem::file_size(only_file());
  for (size_t at = 0; at < size; ++at) {
    cache().store(kKey, 0, image, {});
    {
      std::fstream file(only_file(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const auto byte = static_cast<char>(file.get() ^ 1);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
    }
    EXPECT_TRUE(load().empty()) << at;
    EXPECT_NE(remark_, "") << at;
    EXPECT_TRUE(load().empty());
    EXPECT_EQ(remark_, "") << "it is said once";
  }
  for (size_t shorter = 0; shorter < size; ++shorter) {
    cache().store(kKey, 0, image, {});
    std::filesystem::resize_file(only_file(), shorter);
    EXPECT_TRUE(load().empty()) << shorter;
    EXPECT_NE(remark_, "") << shorter;
  }
}

// A record of one module is none of another's.
TEST_F(ImageCacheTest, NamesAreAuthenticated) {
  const std::vector<uint8_t> image(20, 1);
  cache().store(kKey, 0, image, {});
  std::string name = only_file().filename();
  name.back() = '1';
  std::filesystem::copy(only_file(), home_ / "cache" / name);
  EXPECT_EQ(load().size(), 1u);
  EXPECT_NE(remark_, "");
}

TEST_F(ImageCacheTest, RemembersFiles) {
  const platform::FileIdentity file{1, 2, 3, 4, 5};
  EXPECT_EQ(cache().recall(file), std::nullopt);
  cache().remember(file, kKey);
  EXPECT_EQ(cache().recall(file), kKey);
  platform::FileIdentity later = file;
  later.ctime_ns = 6;
  EXPECT_EQ(cache().recall(later), std::nullopt);
  std::filesystem::resize_file(only_file(), 40);
  EXPECT_EQ(cache().recall(file), std::nullopt);
}

TEST_F(ImageCacheTest, WhatASealIsOverIsNotTheModule) {
  const platform::FileIdentity file{1, 2, 3, 4, 5};
  cache().remember(file, kKey);
  EXPECT_EQ(cache().recall_sealed(file), std::nullopt);
  cache().remember_sealed(file, Digest{9});
  EXPECT_EQ(cache().recall_sealed(file), Digest{9});
  EXPECT_EQ(cache().recall(file), kKey);
}

TEST_F(ImageCacheTest, NothingOfAnotherUsersRuns) {
  const std::vector<uint8_t> image(20, 1);
  cache().store(kKey, 0, image, {});
  std::filesystem::remove_all(home_ / "godwit");
  EXPECT_TRUE(load().empty());
  ASSERT_TRUE(platform::make_user_key());
  EXPECT_TRUE(load().empty());
  EXPECT_NE(remark_, "");
}

}  // namespace
}  // namespace godwit::engine
