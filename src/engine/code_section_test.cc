// The section with compiled code: it is run if it is what this user has made, and no other way.
#include "engine/code_section.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "wasm/builder.h"
#include "wasm/decoder.h"

namespace godwit::engine {
namespace {

class CodeSectionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/godwit-section-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    ::setenv("XDG_DATA_HOME", home_.c_str(), 1);
    if (!cpu_level()) GTEST_SKIP() << "no code is made for this processor";
    const auto key = platform::make_user_key();
    ASSERT_TRUE(key) << key.error().message();
    wasm_ = wasm::ModuleBuilder().build();
    image_.assign(100, 0x90);
    whole_ = with_code(wasm_, *cpu_level(), image_, *key);
  }
  void TearDown() override {
    ::unsetenv("XDG_DATA_HOME");
    std::filesystem::remove_all(home_);
  }

  static Result<std::optional<std::vector<uint8_t>>> code_in(const std::vector<uint8_t>& bytes) {
    auto module = wasm::decode_copy(bytes);
    if (!module) return std::nullopt;  // no module: nothing of it runs
    ASSIGN_OR_RETURN(const std::optional<Bytes> code, code_of(*module));
    if (!code) return std::nullopt;
    return std::vector<uint8_t>(code->begin(), code->end());
  }

  std::filesystem::path home_;
  std::vector<uint8_t> wasm_, image_, whole_;
};

TEST_F(CodeSectionTest, IsFoundAndTakenOff) {
  const auto found = code_in(whole_);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(*found, image_);
  const auto module = wasm::decode_copy(whole_);
  ASSERT_TRUE(module);
  const Bytes without = without_code(*module);
  EXPECT_TRUE(std::ranges::equal(without, wasm_));
  const auto none = code_in(wasm_);
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, std::nullopt);
}

TEST_F(CodeSectionTest, NoByteMayDiffer) {
  for (size_t at = 0; at < whole_.size(); ++at) {
    std::vector<uint8_t> changed = whole_;
    changed[at] ^= 0x10;
    const auto found = code_in(changed);
    EXPECT_FALSE(found && *found) << at;
  }
  for (size_t size = 0; size < whole_.size(); ++size) {
    const auto found = code_in({whole_.begin(), whole_.begin() + static_cast<ptrdiff_t>(size)});
    EXPECT_FALSE(found && *found) << size;
  }
}

// What follows it is not authenticated.
TEST_F(CodeSectionTest, MustBeTheLastSection) {
  whole_.insert(whole_.end(), {0, 2, 1, 'x'});
  const auto found = code_in(whole_);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, std::nullopt);
}

TEST_F(CodeSectionTest, IsOfOneUserAndOneMachine) {
  const platform::UserKey other{1, 2, 3};
  EXPECT_EQ(code_in(with_code(wasm_, *cpu_level(), image_, other)).error().kind(), ErrorKind::Unsupported);
  const auto key = platform::read_user_key();
  ASSERT_TRUE(key);
  EXPECT_EQ(code_in(with_code(wasm_, CpuLevel{5}, image_, *key)).error().kind(), ErrorKind::Unsupported);
  std::filesystem::remove_all(home_ / "godwit");
  EXPECT_EQ(code_in(whole_).error().kind(), ErrorKind::NotFound);
}

TEST_F(CodeSectionTest, MayBeTooShort) {
  wasm::ModuleBuilder builder;
  const uint8_t few[] = {1, 0, 0, 0};
  builder.custom("godwit.code", few);
  EXPECT_EQ(code_in(builder.build()).error().kind(), ErrorKind::Malformed);
}

}  // namespace
}  // namespace godwit::engine
