// JitDump: the file that perf reads.
#include "platform/jit_dump.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace godwit::platform {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

template <class T>
T number_at(const std::string& bytes, size_t at) {
  T number{};
  if (at + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

TEST(JitDump, HasLinesAndCodeOfEachFunction) {
  const auto directory = std::filesystem::temp_directory_path();
  const auto path = directory / ("jit-" + std::to_string(::getpid()) + ".dump");
  const uint8_t code[] = {0x31, 0xC0, 0xC3};
  {
    auto dump = JitDump::create(directory.string());
    ASSERT_TRUE(dump) << dump.error().message();
    const JitDump::Line lines[] = {{code, "a.c", 3}, {code + 2, "a.c", 4}};
    dump->add(code, sizeof code, "m!f", lines);
    dump->add(code, sizeof code, std::string_view("g\0h", 3), {});
  }
  const std::string bytes = content(path);
  EXPECT_EQ(bytes.substr(0, 4), "DTiJ");
  EXPECT_EQ(number_at<uint32_t>(bytes, 8), 40u);
  EXPECT_EQ(number_at<uint32_t>(bytes, 20), static_cast<uint32_t>(::getpid()));
  size_t at = 40;
  EXPECT_EQ(number_at<uint32_t>(bytes, at), 2u);  // lines
  EXPECT_EQ(number_at<uint32_t>(bytes, at + 4), 16u + 16 + (16 + 4) + (16 + 2));
  EXPECT_EQ(number_at<uint64_t>(bytes, at + 16), reinterpret_cast<uintptr_t>(code));
  EXPECT_EQ(number_at<uint64_t>(bytes, at + 24), 2u);
  EXPECT_EQ(number_at<uint32_t>(bytes, at + 40), 3u);
  EXPECT_EQ(bytes.substr(at + 48, 4), std::string("a.c\0", 4));
  EXPECT_EQ(bytes.substr(at + 68, 2), std::string("\xFF\0", 2));  // the same file
  at += number_at<uint32_t>(bytes, at + 4);
  for (const char* name : {"m!f", "g"}) {
    EXPECT_EQ(number_at<uint32_t>(bytes, at), 0u);  // code
    EXPECT_EQ(number_at<uint64_t>(bytes, at + 40), sizeof code);
    EXPECT_STREQ(bytes.c_str() + at + 56, name);
    EXPECT_EQ(std::memcmp(bytes.data() + at + 57 + std::strlen(name), code, sizeof code), 0);
    at += number_at<uint32_t>(bytes, at + 4);
  }
  EXPECT_EQ(at, bytes.size());
  std::filesystem::remove(path);
}

TEST(JitDump, SaysWhatIsWrong) {
  const auto dump = JitDump::create("/nowhere");
  ASSERT_FALSE(dump);
  EXPECT_EQ(dump.error().kind(), ErrorKind::Io);
}

}  // namespace
}  // namespace godwit::platform
