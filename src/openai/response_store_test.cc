// What is kept of responses, for whom, and how much.
#include "openai/response_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace godwit::openai {
namespace {

class ResponseStoreTest : public testing::TestWithParam<bool> {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  ResponseStore open() { return std::move(*ResponseStore::open(GetParam() ? folder_ : "", 3, 1000)); }

  const std::string folder_ = testing::TempDir() + "godwit-responses-" + std::to_string(::getpid());
};

TEST_P(ResponseStoreTest, IsFoundByItsOwnerOnly) {
  ResponseStore store = open();
  ASSERT_TRUE(store.put("a", "one", "text").has_value());
  EXPECT_EQ(store.get("a", "one"), "text");
  EXPECT_EQ(store.get("a", "on"), std::nullopt);
  EXPECT_EQ(store.get("a", "other"), std::nullopt);
  EXPECT_FALSE(store.remove("a", "other"));
  EXPECT_TRUE(store.remove("a", "one"));
  EXPECT_FALSE(store.remove("a", "one"));
  for (const std::string name : {"", "..", "../a", "a/b", "a.json"})
    EXPECT_EQ(store.get(name, "one"), std::nullopt);
}

TEST_P(ResponseStoreTest, ForgetsTheOldestBeyondItsBounds) {
  ResponseStore store = open();
  for (const std::string name : {"a", "b", "c", "d"}) ASSERT_TRUE(store.put(name, "o", "x").has_value());
  EXPECT_EQ(store.get("a", "o"), std::nullopt);
  EXPECT_EQ(store.get("b", "o"), "x");
  ASSERT_TRUE(store.put("e", "o", std::string(994, 'e')).has_value());
  EXPECT_EQ(store.get("c", "o"), std::nullopt);
  EXPECT_TRUE(store.get("e", "o").has_value());
  EXPECT_FALSE(store.put("f", "o", std::string(1000, 'f')).has_value());
  EXPECT_TRUE(store.get("e", "o").has_value());
  EXPECT_TRUE(store.remove("e", "o"));
  for (const std::string name : {"g", "h"})
    ASSERT_TRUE(store.put(name, "o", std::string(400, 'g')).has_value());
  EXPECT_TRUE(store.get("g", "o").has_value());
}

TEST_P(ResponseStoreTest, CountsWhatAFolderHeld) {
  {
    ResponseStore store = open();
    ASSERT_TRUE(store.put("a", "o", std::string(600, 'a')).has_value());
  }
  ResponseStore store = open();
  EXPECT_EQ(store.get("a", "o").has_value(), GetParam());
  ASSERT_TRUE(store.put("b", "o", std::string(600, 'b')).has_value());
  EXPECT_EQ(store.get("a", "o"), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Places, ResponseStoreTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Folder" : "Memory"; });

}  // namespace
}  // namespace godwit::openai
