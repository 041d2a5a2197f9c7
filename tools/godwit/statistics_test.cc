// What --stats prints.
#include "statistics.h"

#include <gtest/gtest.h>

namespace godwit::cli {
namespace {

using std::chrono::microseconds;

TEST(Statistics, IsATable) {
  Statistics statistics;
  statistics.validation = {12, 3456, microseconds(1'007)};
  statistics.interpreter = {11, 123'456'789, microseconds(9)};
  EXPECT_EQ(describe(statistics),
            "stats        functions        bytes         ms\n"
            "validation          12         3456      1.007\n"
            "interpreter         11    123456789      0.009\n"
            "baseline             0            0      0.000\n"
            "peak                 0            0      0.000\n");
}

TEST(Statistics, SayWhyFunctionsAreInterpreted) {
  Statistics statistics;
  statistics.functions_without_room = 7;
  statistics.functions_too_large = 2;
  statistics.obstacle = "no memory for machine code: memfd_create: Operation not permitted";
  EXPECT_TRUE(describe(statistics)
                  .ends_with("interpreted for lack of room for machine code: 7 functions\n"
                             "interpreted since they are too large to compile: 2 functions\n"
                             "all functions are interpreted: no memory for machine code: memfd_create: "
                             "Operation not permitted\n"));
}

TEST(Statistics, OfGarbageAreOneLine) {
  const Store::GarbageStatistics statistics{.collections = 3,
                                            .total_pause = microseconds(1500),
                                            .longest_pause = microseconds(1000),
                                            .allocated_bytes = 10,
                                            .live_bytes = 4};
  EXPECT_EQ(describe(statistics),
            "gc: 3 collections, 1.500 ms in all, 1.000 ms the longest; 10 bytes allocated, 4 live after the "
            "last\n");
}

}  // namespace
}  // namespace godwit::cli
