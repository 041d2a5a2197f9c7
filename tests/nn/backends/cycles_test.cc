// 10,000 times: load a model, compute, unload it. What that leaves behind does not grow.
#include <gtest/gtest.h>

#include <fstream>

#include "table.h"

namespace {

using namespace backends;

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0;
  file >> pages >> pages;
  return pages * 4096;
}

class Cycles : public testing::TestWithParam<Format> {};

TEST_P(Cycles, LeaveNothingBehind) {
  constexpr int kCycles = 10'000;
  constexpr int kFirst = kCycles / 4;  // until then caches of libraries fill up
  // OpenVINO makes code for each model that it loads, which takes a tenth of a second; TensorFlow a session, a fiftieth.
  const std::string_view encoding = GetParam().encoding;
  const int cycles = encoding == "openvino"     ? kCycles / 40
                     : encoding == "tensorflow" ? kCycles / 10
                                                : kCycles;
  const auto files = files_of(GetParam(), "double_f32");
  uint64_t before = 0;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    Execution run(GetParam().encoding);
    ASSERT_EQ(run.open_files(files), GODWIT_NN_OK) << run.host.explanation;
    ASSERT_EQ(run.set(0, GODWIT_NN_F32, {2, 3}, std::vector<float>(6, 1.5f)), GODWIT_NN_OK);
    ASSERT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
    ASSERT_EQ(run.output<float>(), std::vector<float>(6, 3.0f));
    if (cycle == cycles * kFirst / kCycles) before = resident_bytes();
  }
  const uint64_t after = resident_bytes();
  const uint64_t grown = after > before ? after - before : 0;
  std::printf("%s: %d cycles, grown by %llu KiB in the last %d\n", GetParam().encoding, cycles,
              static_cast<unsigned long long>(grown / 1024), cycles - cycles * kFirst / kCycles);
  // Less than a page for each eight of them: a model that stayed would be several pages.
  EXPECT_LT(grown, static_cast<uint64_t>(cycles) * 512);
}

INSTANTIATE_TEST_SUITE_P(All, Cycles, testing::ValuesIn(formats()),
                         [](const auto& parameter) { return parameter.param.text(); });

}  // namespace
