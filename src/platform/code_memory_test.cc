// CodeMemory: two views of the same bytes.
#include "platform/code_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>

namespace godwit::platform {
namespace {

TEST(CodeMemory, WhatIsWrittenAtOnePlaceIsReadAtTheOther) {
  auto memory = CodeMemory::create(1);
  ASSERT_TRUE(memory) << memory.error().describe();
  EXPECT_NE(memory->writable(), memory->executable());
  std::memcpy(memory->writable(), "code", 5);
  publish_code(memory->executable(), 5);
  EXPECT_STREQ(reinterpret_cast<const char*>(memory->executable()), "code");
}

TEST(CodeMemory, NoPageIsWritableAndExecutable) {
  auto memory = CodeMemory::create(size_t{1} << 20);
  ASSERT_TRUE(memory) << memory.error().describe();
  memory->writable()[0] = 1;
  std::ifstream maps("/proc/self/maps");
  size_t views = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("godwit-code") == std::string::npos) continue;
    ++views;
    EXPECT_FALSE(line.find(" rwx") != std::string::npos) << line;
  }
  EXPECT_EQ(views, 2u);
}

TEST(CodeMemory, WhatItHoldsIsNowhereWritable) {
  const std::string code(100'000, 'c');
  auto memory = CodeMemory::hold(as_bytes(code));
  ASSERT_TRUE(memory) << memory.error().describe();
  EXPECT_EQ(memory->writable(), nullptr);
  EXPECT_EQ(memory->size_bytes() % 4096, 0u);
  EXPECT_TRUE(std::equal(code.begin(), code.end(), memory->executable()));
  std::ifstream maps("/proc/self/maps");
  size_t views = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("godwit-code") == std::string::npos) continue;
    ++views;
    EXPECT_TRUE(line.find(" r-xs") != std::string::npos) << line;
  }
  EXPECT_EQ(views, 1u);
  EXPECT_TRUE(CodeMemory::hold({}));
}

#if defined(__x86_64__)
TEST(CodeMemory, CodeRuns) {
  auto memory = CodeMemory::create(256);
  ASSERT_TRUE(memory) << memory.error().describe();
  const uint8_t code[] = {0xB8, 42, 0, 0, 0, 0xC3};  // mov eax, 42; ret
  constexpr size_t kAt = 64;  // sanitizers read what lies before a function that is called
  std::memcpy(memory->writable() + kAt, code, sizeof code);
  publish_code(memory->executable() + kAt, sizeof code);
  EXPECT_EQ(reinterpret_cast<int (*)()>(reinterpret_cast<uintptr_t>(memory->executable() + kAt))(), 42);
}
#endif

}  // namespace
}  // namespace godwit::platform
