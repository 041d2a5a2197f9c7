// Files: who finds them, what there is room for, and what a restart leaves.
#include "openai/file_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace godwit::openai {
namespace {

class FileStoreTest : public testing::TestWithParam<bool> {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  FileStore open() { return std::move(*FileStore::open(GetParam() ? folder_ : "", 3, 1000)); }
  static KeptFile named(const std::string& id, const std::string& owner, int64_t created_s) {
    return {
        .id = id, .owner = owner, .filename = "a \"b\".txt", .purpose = "user_data", .created_s = created_s};
  }

  const std::string folder_ = testing::TempDir() + "godwit-files-" + std::to_string(::getpid());
};

TEST_P(FileStoreTest, AreFoundByTheirOwnerOnly) {
  FileStore store = open();
  ASSERT_TRUE(store.put(named("file-2", "one", 2), "two").has_value());
  ASSERT_TRUE(store.put(named("file-1", "one", 1), std::string_view("o\0e", 3)).has_value());
  ASSERT_TRUE(store.put(named("file-3", "other", 3), "").has_value());
  EXPECT_EQ(store.read("file-1", "one"), std::string("o\0e", 3));
  EXPECT_EQ(store.read("file-3", "other"), "");
  EXPECT_EQ(store.read("file-1", "other"), std::nullopt);
  EXPECT_EQ(store.read("../file-1", "one"), std::nullopt);
  EXPECT_FALSE(store.find("file-3", "one"));
  const auto list = store.list("one");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].id, "file-1");
  EXPECT_EQ(list[0].bytes, 3u);
  EXPECT_FALSE(store.remove("file-1", "other"));
  EXPECT_TRUE(store.remove("file-1", "one"));
  EXPECT_FALSE(store.remove("file-1", "one"));
  EXPECT_EQ(store.list("one").size(), 1u);
}

TEST_P(FileStoreTest, AreNotForgottenToMakeRoom) {
  FileStore store = open();
  ASSERT_TRUE(store.put(named("file-1", "one", 1), std::string(900, 'x')).has_value());
  const auto refused = store.put(named("file-2", "one", 2), std::string(101, 'x'));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::Exhausted);
  ASSERT_TRUE(store.put(named("file-2", "one", 2), std::string(100, 'x')).has_value());
  ASSERT_TRUE(store.put(named("file-3", "one", 3), "").has_value());
  EXPECT_FALSE(store.put(named("file-4", "one", 4), "").has_value());
  EXPECT_TRUE(store.remove("file-1", "one"));
  EXPECT_TRUE(store.put(named("file-4", "one", 4), std::string(900, 'x')).has_value());
}

INSTANTIATE_TEST_SUITE_P(MemoryAndFolder, FileStoreTest, testing::Bool());

using FileStoreFolder = FileStoreTest;
TEST_P(FileStoreFolder, OutliveTheProcess) {
  {
    FileStore store = open();
    ASSERT_TRUE(store.put(named("file-1", "one", 7), "text").has_value());
  }
  // what an end in the midst of it leaves
  std::ofstream(folder_ + "/file-2") << "bytes of nobody";
  std::ofstream(folder_ + "/file-3.new") << "half";
  std::ofstream(folder_ + "/file-4.json") << "{\"id\":\"file-1\",\"owner\":\"other\"}";
  std::ofstream(folder_ + "/file-5.json") << "{\"id\":\"../x\",\"owner\":\"other\"}";
  const FileStore store = open();
  const auto found = store.find("file-1", "one");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->filename, "a \"b\".txt");
  EXPECT_EQ(found->created_s, 7);
  EXPECT_EQ(found->bytes, 4u);
  EXPECT_EQ(store.read("file-1", "one"), "text");
  EXPECT_TRUE(store.list("other").empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/file-2"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/file-3.new"));
}

INSTANTIATE_TEST_SUITE_P(Folder, FileStoreFolder, testing::Values(true));

}  // namespace
}  // namespace godwit::openai
