// The section with compiled code: it is run if it is what this user has made, and no other way.
#include "engine/code_section.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "runtime/layout_hash.h"
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
    if (!best_target()) GTEST_SKIP() << "no code is made for this processor";
    const auto key = platform::make_user_key();
    ASSERT_TRUE(key) << key.error().message();
    wasm_ = wasm::ModuleBuilder().build();
    image_.assign(100, 0x90);
    key_ = *key;
    whole_ = *with_code(wasm_, {{{*best_target(), runtime::kLayoutHash, image_}}}, {.user_key = key_});
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

  // The module with code for one target each, of which the image's bytes all say which.
  std::vector<uint8_t> with_parts(const std::vector<CodePart>& parts) {
    return *with_code(wasm_, parts, {.user_key = key_});
  }

  std::filesystem::path home_;
  platform::UserKey key_{};
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
  const auto others =
      with_code(wasm_, {{{*best_target(), runtime::kLayoutHash, image_}}}, {.user_key = other});
  ASSERT_TRUE(others);
  EXPECT_EQ(code_in(*others).error().kind(), ErrorKind::Unsupported);
  std::filesystem::remove_all(home_ / "godwit");
  EXPECT_EQ(code_in(whole_).error().kind(), ErrorKind::NotFound);
}

TEST_F(CodeSectionTest, HasPartsOfWhichTheBestIsRun) {
  const CodePart oldest{{1}, runtime::kLayoutHash, {1}};
  const CodePart best{*best_target(), runtime::kLayoutHash, {2}};
  const CodePart native{*target_of("native"), runtime::kLayoutHash, {3}};
  const CodePart another{{CodeTarget::kNative, native.target.processor + 1}, runtime::kLayoutHash, {4}};
  const CodePart skewed{*best_target(), runtime::kLayoutHash + 1, {5}};
  const auto chosen = [&](const std::vector<CodePart>& parts) -> int {
    const auto found = code_in(with_parts(parts));
    return found && *found ? (**found)[0] : -1;
  };
  EXPECT_EQ(chosen({oldest}), 1);
  EXPECT_EQ(chosen({native, best, oldest}), 3);
  EXPECT_EQ(chosen({another, skewed, oldest}), 1);
  EXPECT_EQ(chosen({another}), -1);
  EXPECT_EQ(chosen({}), -1);
  const auto why = code_in(with_parts({skewed}));
  ASSERT_FALSE(why);
  EXPECT_EQ(why.error().message(), "another release of godwit has made it");
}

TEST_F(CodeSectionTest, IsSignedOrNot) {
  // the example of RFC 8410, and the first one of RFC 8032
  const std::string private_key =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n";
  const std::string public_key =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
      "-----END PUBLIC KEY-----\n";
  const std::string other_key =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n";
  const auto made =
      with_code(wasm_, {{{*best_target(), runtime::kLayoutHash, image_}}}, {.private_key = private_key});
  if (!made && made.error().kind() == ErrorKind::NotFound) GTEST_SKIP() << made.error().message();
  ASSERT_TRUE(made) << made.error().message();
  const auto again =
      with_code(wasm_, {{{*best_target(), runtime::kLayoutHash, image_}}}, {.private_key = private_key});
  EXPECT_EQ(*made, *again);

  const auto found = [&](const std::vector<uint8_t>& bytes, const std::vector<std::string>& trusted) {
    const auto module = wasm::decode_copy(bytes);
    const auto code = code_of(*module, trusted);
    return code ? std::string(*code ? "run" : "none") : code.error().message();
  };
  EXPECT_EQ(found(*made, {public_key}), "run");
  EXPECT_EQ(found(*made, {other_key, public_key}), "run");
  EXPECT_EQ(found(*made, {}), "it is signed, and no key is trusted: name the signer's with --trust");
  EXPECT_EQ(found(*made, {other_key}), "no trusted key has signed it, or it was changed since");
  EXPECT_NE(found(*made, {"no key"}), "run");
  std::vector<uint8_t> changed = *made;
  changed.back() ^= 1;
  EXPECT_EQ(found(changed, {public_key}), "no trusted key has signed it, or it was changed since");
  EXPECT_EQ(with_code(wasm_, {}, {.private_key = public_key}).error().kind(), ErrorKind::Usage);
}

TEST_F(CodeSectionTest, MayBeTooShort) {
  wasm::ModuleBuilder builder;
  const uint8_t few[] = {1, 0, 0, 0};
  builder.custom("godwit.code", few);
  EXPECT_EQ(code_in(builder.build()).error().kind(), ErrorKind::Malformed);
}

}  // namespace
}  // namespace godwit::engine
