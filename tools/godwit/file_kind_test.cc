// Tests of recognising files that are no modules.
#include "file_kind.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string_view>

namespace godwit::cli {
namespace {

using namespace std::string_view_literals;

std::string kind_of(std::string_view bytes) {
  const std::string path = testing::TempDir() + "/file_kind_test.bin";
  FILE* file = std::fopen(path.c_str(), "wb");
  EXPECT_NE(file, nullptr);
  EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
  std::fclose(file);
  std::string kind = what_else_it_is(path.c_str());
  std::remove(path.c_str());
  return kind;
}

void expect_kind(std::string_view bytes, std::string_view words) {
  EXPECT_NE(kind_of(bytes).find(words), std::string::npos) << kind_of(bytes) << " lacks " << words;
}

TEST(FileKind, RecognisesWhatPeopleTry) {
  expect_kind("", "empty");
  expect_kind("\0asm\x0d\0\1\0"sv, "component");
  expect_kind("\x1f\x8b\x08"sv, "gzip");
  expect_kind(
      "\x7f"
      "ELF\2\1\1"sv,
      "native program");
  EXPECT_EQ(kind_of("  (module)"), "") << "it is one";
  expect_kind("(component)", "the text of a WebAssembly component");
  expect_kind("(component)", "component");
  expect_kind("hello", "it looks like text: it starts with 68 65 6c 6c 6f");
  expect_kind("\0asm\2\0\0\0"sv, "of a version");
  expect_kind("\1\2\3", "it starts with 01 02 03");
}

TEST(FileKind, SaysNothingAboutModules) { EXPECT_EQ(kind_of("\0asm\1\0\0\0\xFF"sv), ""); }

}  // namespace
}  // namespace godwit::cli
