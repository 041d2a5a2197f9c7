// The heap by itself: what roots lead to survives, everything else is given out again.
#include "runtime/gc_heap.h"

#include <gtest/gtest.h>

#include <set>

#include "runtime/gc_marker.h"
#include "runtime/type_registry.h"

namespace godwit::runtime {
namespace {

using wasm::CompositeKind;
using wasm::HeapType;
using wasm::SubType;
using wasm::ValKind;
using wasm::ValType;

constexpr ValType kAny = ValType::ref(HeapType::Abstract::Any, true);

// Types: 0 struct {any any i32}, 1 array of any, 2 array of i8, 3 func (any i64).
wasm::Module some_types() {
  wasm::Module module;
  SubType pair;
  pair.kind = CompositeKind::Struct;
  pair.is_final = false;
  pair.fields = {{kAny, true}, {kAny, true}, {ValKind::I32, true}};
  SubType refs;
  refs.kind = CompositeKind::Array;
  refs.fields = {{kAny, true}};
  SubType bytes;
  bytes.kind = CompositeKind::Array;
  bytes.fields = {{ValKind::I8, true}};
  SubType tag;
  tag.func.params = {kAny, ValKind::I64};
  module.types = {pair, refs, bytes, tag};
  for (uint32_t i = 0; i < 4; ++i) module.rec_groups.push_back({wasm::TypeIdx(i), 1});
  return module;
}

class TestRoots final : public GcRoots {
 public:
  std::vector<Ref> precise;
  std::vector<Slot> words;
  void mark_roots(GcMarker& marker, const Slot*) override {
    marker.refs(precise);
    marker.conservative(words.data(), words.data() + words.size());
  }
};

class GcHeapTest : public ::testing::Test {
 protected:
  void make(const GcOptions& options = {.max_bytes = uint64_t{256} << 20}) {
    ids_ = types_.intern(some_types());
    vm_.gc_types = *types_.gc_types();
    heap_ = *GcHeap::create(vm_, roots_, options);
  }
  Ref pair(Ref first = 0, Ref second = 0) {
    const GcAllocation made =
        heap_->allocate(gc_header(GcKind::Struct, ids_[0]), vm_.gc_types[ids_[0]].size_bytes, nullptr);
    EXPECT_EQ(made.trap, Trap::None);
    gc_store(made.object, 4, static_cast<RefWord>(first));
    gc_store(made.object, 8, static_cast<RefWord>(second));
    return made.object;
  }
  GcAllocation try_array(uint32_t type, uint32_t length, uint32_t element_bytes) {
    const GcAllocation made =
        heap_->allocate(gc_header(GcKind::Array, ids_[type]), 8 + uint64_t{length} * element_bytes, nullptr);
    if (made.trap == Trap::None) gc_store(made.object, kGcLengthOffset, length);
    return made;
  }
  Ref array(uint32_t length) { return try_array(1, length, 4).object; }
  Ref bytes(uint32_t length) { return try_array(2, length, 1).object; }
  bool is_there(Ref object) { return heap_->find_object(static_cast<uint32_t>(object)) != 0; }

  TypeRegistry types_;
  VmStore vm_{};
  TestRoots roots_;
  std::vector<uint32_t> ids_;
  std::unique_ptr<GcHeap> heap_;
};

TEST_F(GcHeapTest, LaysOutFieldsInOrder) {
  make();
  const GcType& pair_type = vm_.gc_types[ids_[0]];
  EXPECT_EQ(pair_type.size_bytes, 16U);
  EXPECT_EQ(pair_type.ref_count, 2U);
  EXPECT_EQ(pair_type.fields[2].offset, 12U);
  const GcType& tag = vm_.gc_types[ids_[3]];
  EXPECT_EQ(tag.fields[0].offset, 8U);
  EXPECT_EQ(tag.fields[1].offset, 16U);
  EXPECT_EQ(tag.size_bytes, 24U);
}

TEST_F(GcHeapTest, ObjectsAreZeroAndApart) {
  make();
  std::set<Ref> seen;
  for (int i = 0; i < 10'000; ++i) {
    const Ref object = pair();
    EXPECT_EQ(gc_load<uint64_t>(object, 8), 0U);
    EXPECT_TRUE(seen.insert(object).second);
    gc_store(object, 8, ~uint64_t{0});
  }
}

TEST_F(GcHeapTest, WhatRootsLeadToSurvives) {
  make();
  const Ref leaf = pair();
  const Ref middle = array(3);
  gc_store(middle, kGcElements + 8, static_cast<RefWord>(leaf));
  const Ref root = pair(make_i31(5), middle);
  const Ref garbage = pair(leaf, root);
  roots_.precise = {root, 0, make_i31(1)};
  ASSERT_TRUE(heap_->collect(nullptr));
  EXPECT_TRUE(is_there(root));
  EXPECT_TRUE(is_there(middle));
  EXPECT_TRUE(is_there(leaf));
  EXPECT_FALSE(is_there(garbage));
}

TEST_F(GcHeapTest, CyclesAreFreed) {
  make();
  const Ref first = pair();
  const Ref second = pair(first);
  gc_store(first, 4, static_cast<RefWord>(second));
  ASSERT_TRUE(heap_->collect(nullptr));
  EXPECT_FALSE(is_there(first));
  EXPECT_FALSE(is_there(second));
  EXPECT_EQ(heap_->used_bytes(), 0U);
}

TEST_F(GcHeapTest, EachHalfOfAWordAndEachInnerAddressKeepsAnObject) {
  make();
  const Ref by_address = pair();
  const Ref by_low_half = pair();
  const Ref by_high_half = pair();
  const Ref by_inside = array(1000);
  const Ref large = array(100'000);
  const Ref lost = pair();
  roots_.words = {by_address, by_low_half & kGcOffsetMask, by_high_half << 32, by_inside + 2002,
                  large + 200'001};
  ASSERT_TRUE(heap_->collect(nullptr));
  for (const Ref each : {by_address, by_low_half, by_high_half, by_inside, large})
    EXPECT_TRUE(is_there(each));
  EXPECT_FALSE(is_there(lost));
}

TEST_F(GcHeapTest, WordsThatAreNoAddressesKeepNothing) {
  make();
  const Ref object = pair();
  roots_.words = {0, 1, 0xFFFF'FFFF'FFFF'FFFF, uint64_t{heap_->used_bytes()} << 20, object - 1'000'000};
  ASSERT_TRUE(heap_->collect(nullptr));
  EXPECT_FALSE(is_there(object));
}

TEST_F(GcHeapTest, ALongListAndAWideTreeNeedNoRecursion) {
  make();
  Ref list = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    list = pair(list);
    roots_.precise = {list};
  }
  // Each array has more elements than the marking stack has room for in all.
  const Ref wide = array(3'000'000);
  roots_.precise = {list, wide};
  for (uint32_t i = 0; i < 3'000'000; ++i) gc_store(wide, kGcElements + 4 * i, static_cast<RefWord>(pair()));
  ASSERT_TRUE(heap_->collect(nullptr));
  for (Ref at = list; at != 0; at = ref_of_word(gc_load<RefWord>(at, 4), at)) ASSERT_TRUE(is_there(at));
  for (uint32_t i = 0; i < 3'000'000; i += 999)
    EXPECT_TRUE(is_there(gc_base_of(wide) | gc_load<RefWord>(wide, 8 + 4 * i)));
}

TEST_F(GcHeapTest, AMarkingStackThatOverflowsLosesNothing) {
  make({.max_bytes = uint64_t{1} << 30});
  // A chain of arrays of 1,000 leaves each, the next array last: every leaf waits on the stack.
  constexpr uint32_t kLength = 1000;
  constexpr uint32_t kArrays = 1500;
  Ref chain = 0;
  for (uint32_t i = 0; i < kArrays; ++i) {
    const Ref next = array(kLength);
    gc_store(next, kGcElements + 4 * (kLength - 1), static_cast<RefWord>(chain));
    chain = next;
    roots_.precise = {chain};
    for (uint32_t j = 0; j + 1 < kLength; ++j)
      gc_store(chain, kGcElements + 4 * j, static_cast<RefWord>(pair()));
  }
  ASSERT_TRUE(heap_->collect(nullptr));
  const uint64_t live_bytes = heap_->statistics().live_bytes;
  EXPECT_GE(live_bytes, uint64_t{kArrays} * (kLength - 1) * 16);
  EXPECT_EQ(heap_->statistics().live_bytes, live_bytes);
  roots_.precise.clear();
  ASSERT_TRUE(heap_->collect(nullptr));
  EXPECT_EQ(heap_->statistics().live_bytes, 0U);
}

TEST_F(GcHeapTest, GarbageDoesNotGrowTheHeap) {
  make();
  for (int i = 0; i < 3'000'000; ++i) pair();
  for (int i = 0; i < 300; ++i) EXPECT_NE(array(100'000), 0U);
  EXPECT_LT(heap_->used_bytes(), uint64_t{20} << 20);
  EXPECT_GT(heap_->statistics().collections, 5U);
}

TEST_F(GcHeapTest, BlocksCountTowardsTheBudgetOfAllMemories) {
  const auto budget = std::make_shared<MemoryBudget>(uint64_t{2} << 20);
  make({.max_bytes = uint64_t{256} << 20, .budget = budget});
  ASSERT_TRUE(budget->take(uint64_t{1} << 20));
  GcAllocation made;
  while ((made = try_array(2, 100'000, 1)).trap == Trap::None) roots_.precise.push_back(made.object);
  EXPECT_EQ(made.trap, Trap::OutOfGcHeap);
  EXPECT_EQ(budget->used_bytes(), (uint64_t{1} << 20) + heap_->used_bytes());
  EXPECT_EQ(roots_.precise.size(), 8U);  // each has two blocks of 64 KiB
  roots_.precise.clear();
  ASSERT_TRUE(heap_->collect(nullptr));
  EXPECT_NE(bytes(100'000), 0U);
  heap_.reset();
  EXPECT_EQ(budget->used_bytes(), uint64_t{1} << 20);
}

TEST_F(GcHeapTest, TheLimitHoldsAndIsNoEnd) {
  make({.max_bytes = uint64_t{4} << 20});
  while (true) {
    const GcAllocation made = try_array(2, 1000, 1);
    if (made.trap != Trap::None) {
      EXPECT_EQ(made.trap, Trap::OutOfGcHeap);
      break;
    }
    roots_.precise.push_back(made.object);
  }
  EXPECT_LE(heap_->used_bytes(), uint64_t{4} << 20);
  EXPECT_GT(roots_.precise.size(), 3000U);
  roots_.precise.clear();
  EXPECT_NE(bytes(1000), 0U);
  EXPECT_EQ(try_array(2, 0xFFFF'FFFF, 1).trap, Trap::OutOfGcHeap);
  EXPECT_EQ(try_array(1, 0xFFFF'FFFF, 16).trap, Trap::OutOfGcHeap);
}

TEST_F(GcHeapTest, LargeObjectsAreZeroWhenTheirMemoryComesBack) {
  make();
  for (int round = 0; round < 50; ++round) {
    for (const uint32_t size : {40'000U, 100'000U, 3'000'000U}) {
      const Ref object = bytes(size);
      for (uint32_t at = 8; at < size; at += 1000) ASSERT_EQ(gc_load<uint8_t>(object, at), 0);
      std::memset(gc_address(object, 8), 0xFF, size);
    }
    ASSERT_TRUE(heap_->collect(nullptr));
  }
}

TEST_F(GcHeapTest, AnInterruptedCollectionFreesNothing) {
  make();
  const Ref garbage = pair();
  vm_.interrupt.store(1);
  EXPECT_FALSE(heap_->collect(nullptr));
  EXPECT_TRUE(is_there(garbage));
  vm_.interrupt.store(0);
  EXPECT_TRUE(heap_->collect(nullptr));
  EXPECT_FALSE(is_there(garbage));
}

TEST_F(GcHeapTest, HostAllocationsWaitWithCollecting) {
  make({.max_bytes = uint64_t{64} << 20});
  for (int i = 0; i < 1'000'000; ++i)
    ASSERT_EQ(heap_->allocate_for_host(gc_header(GcKind::Extern, 0), kGcExternBytes).trap, Trap::None);
  EXPECT_EQ(heap_->statistics().collections, 0U);
  EXPECT_EQ(vm_.gc_is_due, 1U);
  ASSERT_TRUE(heap_->collect(nullptr));
  EXPECT_EQ(vm_.gc_is_due, 0U);
  EXPECT_EQ(heap_->used_bytes(), 0U);
}

TEST_F(GcHeapTest, TheStressModeCollectsAtEveryAllocationAndSpoilsTheDead) {
  make({.max_bytes = uint64_t{64} << 20, .collects_always = true});
  const Ref lost = pair();
  const Ref kept = pair();
  roots_.precise = {kept};
  const uint64_t before = heap_->statistics().collections;
  pair();
  pair();
  EXPECT_EQ(heap_->statistics().collections, before + 2);
  EXPECT_FALSE(is_there(lost) && gc_header_of(lost) == 0);
  EXPECT_EQ(gc_kind(gc_header_of(kept)), GcKind::Struct);
}

// Random graphs against a model that knows what can be reached.
TEST_F(GcHeapTest, RandomGraphsSurviveWhole) {
  make({.max_bytes = uint64_t{64} << 20, .collects_always = false});
  uint64_t random = 88172645463325252;
  auto below = [&](uint64_t bound) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random % bound;
  };
  roots_.precise.assign(64, 0);
  std::vector<uint32_t> numbers(64);
  for (int round = 0; round < 200'000; ++round) {
    const size_t at = below(64);
    const Ref made = pair(roots_.precise[below(64)], roots_.precise[below(64)]);
    numbers[at] = static_cast<uint32_t>(round);
    gc_store(made, 12, numbers[at]);
    roots_.precise[at] = made;
    if (below(16) == 0) roots_.precise[below(64)] = 0;
    if (below(4000) == 0) ASSERT_TRUE(heap_->collect(nullptr));
    const size_t look = below(64);
    if (roots_.precise[look] == 0) continue;
    ASSERT_EQ(gc_load<uint32_t>(roots_.precise[look], 12), numbers[look]);
    for (Ref walk = roots_.precise[look], steps = 0; walk != 0 && steps < 20; ++steps) {
      ASSERT_EQ(gc_header_of(walk), gc_header(GcKind::Struct, ids_[0]));
      walk = ref_of_word(gc_load<RefWord>(walk, 4 + 4 * static_cast<uint32_t>(below(2))), walk);
    }
  }
}

}  // namespace
}  // namespace godwit::runtime
