// RangeTable: membership, reuse of slots, growth over chunks.
#include "platform/range_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace godwit::platform {
namespace {

TEST(RangeTable, HoldsWhatWasAddedUntilItIsRemoved) {
  static RangeTable table;
  EXPECT_FALSE(table.contains(0));
  std::vector<RangeSlot*> slots;
  for (uintptr_t i = 1; i <= 1000; ++i) slots.push_back(table.add(i * 100, i * 100 + 10));
  for (uintptr_t i = 1; i <= 1000; ++i) {
    EXPECT_TRUE(table.contains(i * 100));
    EXPECT_TRUE(table.contains(i * 100 + 9));
    EXPECT_FALSE(table.contains(i * 100 + 10));
    EXPECT_FALSE(table.contains(i * 100 - 1));
  }
  for (size_t i = 0; i < slots.size(); i += 2) table.remove(slots[i]);
  EXPECT_FALSE(table.contains(100));
  EXPECT_TRUE(table.contains(200));
  RangeSlot* reused = table.add(5, 6);
  EXPECT_TRUE(table.contains(5));
  table.remove(reused);
  EXPECT_FALSE(table.contains(5));
}

}  // namespace
}  // namespace godwit::platform
