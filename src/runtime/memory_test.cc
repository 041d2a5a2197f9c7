// Memories and tables: sizes, limits, growth in place.
#include "runtime/memory.h"

#include <gtest/gtest.h>

#include <limits>

namespace godwit::runtime {
namespace {

constexpr uint64_t kRefused = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kPage = 65536;

wasm::MemType pages(uint64_t min, std::optional<uint64_t> max = {}) {
  return {.limits = {.min = min, .max = max}};
}

TEST(Memory, GrowsInPlaceUpToItsMaximum) {
  auto memory = Memory::create(pages(1, 3), 4 * kGiB);
  ASSERT_TRUE(memory);
  EXPECT_FALSE((*memory)->needs_checks());
  uint8_t* base = (*memory)->vm().base;
  base[0] = 1;
  base[kPage - 1] = 2;
  EXPECT_EQ((*memory)->grow(0), 1u);
  EXPECT_EQ((*memory)->grow(2), 1u);
  EXPECT_EQ((*memory)->vm().base, base);
  EXPECT_EQ((*memory)->pages(), 3u);
  EXPECT_EQ(base[0] + base[kPage - 1], 3);
  EXPECT_EQ(base[3 * kPage - 1], 0);
  EXPECT_EQ((*memory)->grow(1), kRefused);
  EXPECT_EQ((*memory)->grow(kRefused), kRefused);
  EXPECT_EQ((*memory)->pages(), 3u);
}

TEST(Memory, MayBeEmptyAndGrow) {
  auto memory = Memory::create(pages(0), 4 * kGiB);
  ASSERT_TRUE(memory);
  EXPECT_TRUE((*memory)->bytes().empty());
  EXPECT_NE((*memory)->vm().base, nullptr);
  EXPECT_EQ((*memory)->grow(1), 0u);
  (*memory)->bytes()[kPage - 1] = 1;
}

TEST(Memory, HoldsTheStoresLimit) {
  auto memory = Memory::create(pages(1), 2 * kPage);
  ASSERT_TRUE(memory);
  EXPECT_EQ((*memory)->grow(2), kRefused);
  EXPECT_EQ((*memory)->grow(1), 1u);
  auto too_large = Memory::create(pages(3), 2 * kPage);
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().kind(), ErrorKind::Exhausted);
}

TEST(MemoryBudget, IsSharedByMemoriesAndTables) {
  auto budget = std::make_shared<MemoryBudget>(4 * kPage);
  auto memory = Memory::create(pages(1), kGiB, budget);
  ASSERT_TRUE(memory);
  auto table =
      Table::create({.elem = wasm::kFuncRef, .limits = {.min = kPage / 8, .max = {}}}, 1'000'000, 0, budget);
  ASSERT_TRUE(table);
  EXPECT_EQ(budget->used_bytes(), 2 * kPage);
  EXPECT_EQ((*memory)->grow(3), kRefused);
  EXPECT_EQ((*table)->grow(3 * kPage / 8, 0), kRefused);
  EXPECT_EQ((*memory)->grow(1), 1u);
  EXPECT_EQ((*table)->grow(kPage / 8, 0), kPage / 8);
  EXPECT_EQ(budget->used_bytes(), 4 * kPage);
  auto more = Memory::create(pages(1), kGiB, budget);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind(), ErrorKind::Exhausted);
  EXPECT_FALSE(Table::create({.elem = wasm::kFuncRef, .limits = {.min = 1, .max = {}}}, 10, 0, budget));
  // a refusal takes nothing, and what goes gives back
  EXPECT_EQ(budget->used_bytes(), 4 * kPage);
  memory->reset();
  EXPECT_EQ(budget->used_bytes(), 2 * kPage);
  EXPECT_TRUE(Memory::create(pages(2), kGiB, budget));
}

TEST(Memory, ReachesFourGiB) {
  auto memory = Memory::create(pages(0), 8 * kGiB);
  ASSERT_TRUE(memory);
  EXPECT_EQ((*memory)->grow(65537), kRefused);
  EXPECT_EQ((*memory)->grow(65536), 0u);
  (*memory)->vm().base[4 * kGiB - 1] = 1;
  EXPECT_EQ((*memory)->size_bytes(), 4 * kGiB);
  EXPECT_EQ((*memory)->grow(1), kRefused);
}

TEST(Memory, OtherKindsAreChecked) {
  wasm::MemType wide = pages(1, 4);
  wide.limits.addr = wasm::AddrType::I64;
  auto memory = Memory::create(wide, kGiB);
  ASSERT_TRUE(memory);
  EXPECT_TRUE((*memory)->needs_checks());
  EXPECT_EQ((*memory)->grow(3), 1u);
  (*memory)->vm().base[4 * kPage - 1] = 1;

  wasm::MemType bytes = pages(10);
  bytes.page_size_log2 = 0;
  auto small = Memory::create(bytes, kGiB);
  ASSERT_TRUE(small);
  EXPECT_TRUE((*small)->needs_checks());
  EXPECT_EQ((*small)->pages(), 10u);
  EXPECT_EQ((*small)->grow(1), 10u);
  EXPECT_EQ((*small)->size_bytes(), 11u);
  EXPECT_EQ((*small)->grow(kGiB), kRefused);

  // a number of pages that no i32 can say
  EXPECT_EQ((*Memory::create(bytes, 4 * kGiB))->grow(4 * kGiB - 10), kRefused);

  wasm::MemType huge = pages(0, uint64_t{1} << 48);
  huge.limits.addr = wasm::AddrType::I64;
  auto limited = Memory::create(huge, kGiB);
  ASSERT_TRUE(limited);
  EXPECT_EQ((*limited)->grow(uint64_t{1} << 47), kRefused);
  EXPECT_EQ((*limited)->grow(2), 0u);
}

TEST(Memory, ManyFitSideBySide) {
  std::vector<std::unique_ptr<Memory>> memories;
  for (int i = 0; i < 200; ++i) {
    auto memory = Memory::create(pages(1), 4 * kGiB);
    ASSERT_TRUE(memory) << memory.error().message();
    memories.push_back(std::move(*memory));
  }
}

wasm::TableType elements(uint64_t min, std::optional<uint64_t> max = {}) {
  return {.elem = wasm::kFuncRef, .limits = {.min = min, .max = max}};
}

TEST(Table, GrowsInPlaceWithAValue) {
  for (const std::optional<uint64_t> max : {std::optional<uint64_t>(20), std::optional<uint64_t>()}) {
    auto table = Table::create(elements(2, max), 1'000'000, 0);
    ASSERT_TRUE(table);
    Ref* base = (*table)->vm().base;
    EXPECT_EQ(base[1], 0u);
    base[1] = 5;
    EXPECT_EQ((*table)->grow(3, 7), 2u);
    EXPECT_EQ((*table)->vm().base, base);
    EXPECT_EQ((*table)->size(), 5u);
    EXPECT_EQ(base[1], 5u);
    EXPECT_EQ(base[4], 7u);
    EXPECT_EQ((*table)->grow(kRefused, 0), kRefused);
    EXPECT_EQ((*table)->grow(1'000'000, 0), kRefused);
    if (max) EXPECT_EQ((*table)->grow(16, 0), kRefused);
    EXPECT_EQ((*table)->grow(0, 0), 5u);
  }
}

TEST(Table, StartsWithItsValueAndHoldsTheLimit) {
  auto table = Table::create(elements(3), 10, 42);
  ASSERT_TRUE(table);
  for (const Ref element : (*table)->elements()) EXPECT_EQ(element, 42u);
  EXPECT_EQ((*table)->grow(8, 0), kRefused);
  EXPECT_EQ((*table)->grow(7, 0), 3u);
  auto too_large = Table::create(elements(11), 10, 0);
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().kind(), ErrorKind::Exhausted);
  auto no_room = Table::create(elements(0, 0), 10, 0);
  ASSERT_TRUE(no_room);
  EXPECT_EQ((*no_room)->grow(1, 0), kRefused);
  auto large = Table::create(elements(0), 10'000'000, 0);
  ASSERT_TRUE(large);
  EXPECT_EQ((*large)->grow(5'000'000, 1), 0u);
  EXPECT_EQ((*large)->elements().back(), 1u);
}

}  // namespace
}  // namespace godwit::runtime
