// PerfMap: the file that perf reads.
#include "platform/perf_map.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

namespace godwit::platform {
namespace {

std::string path() { return "/tmp/perf-" + std::to_string(::getpid()) + ".map"; }

std::string content(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(PerfMap, HasALineForEachFunction) {
  const auto* place = reinterpret_cast<const uint8_t*>(uintptr_t{0xABC000});
  {
    PerfMap map;
    ASSERT_TRUE(map.is_open());
    map.add(place, 0x20, "module`add");
    map.add(place + 0x20, 7, "two\nlines \x01 \xC3\xA4");
  }
  EXPECT_EQ(content(path()), "abc000 20 module`add\nabc020 7 two?lines ? ??\n");
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ::unlink(path().c_str());
}

// Anybody may put something under the file's name.
TEST(PerfMap, DoesNotWriteThroughALink) {
  const std::string victim = path() + ".victim";
  std::ofstream(victim) << "precious";
  ASSERT_EQ(::symlink(victim.c_str(), path().c_str()), 0);
  PerfMap().add(nullptr, 1, "x");
  EXPECT_EQ(content(victim), "precious");
  EXPECT_EQ(content(path()), "0 1 x\n");
  ::unlink(path().c_str());
  ::unlink(victim.c_str());
}

}  // namespace
}  // namespace godwit::platform
