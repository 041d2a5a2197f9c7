// CodeCache: what it gives out and takes back.
#include "jit/code_cache.h"

#include <gtest/gtest.h>

namespace godwit::jit {
namespace {

constexpr size_t kLimit = size_t{64} << 10;

TEST(CodeCache, GivesAlignedRoomUpToItsLimit) {
  CodeCache cache(kLimit);
  const auto first = cache.allocate(1), second = cache.allocate(100);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->size, 32u);
  EXPECT_EQ(second->size, 128u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second->executable) % 32, 0u);
  EXPECT_EQ(second->executable - first->executable, second->writable - first->writable);
  EXPECT_FALSE(cache.allocate(kLimit));
}

TEST(CodeCache, JoinsWhatIsGivenBack) {
  CodeCache cache(kLimit);
  const auto whole = cache.allocate(kLimit);
  ASSERT_TRUE(whole);
  EXPECT_FALSE(cache.allocate(1));
  cache.release(*whole);
  const auto a = cache.allocate(kLimit / 4), b = cache.allocate(kLimit / 4), c = cache.allocate(kLimit / 2);
  ASSERT_TRUE(a && b && c);
  cache.release(*a);
  cache.release(*c);
  EXPECT_FALSE(cache.allocate(kLimit / 4 * 3));
  cache.release(*b);
  const auto again = cache.allocate(kLimit);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->executable, whole->executable);
}

}  // namespace
}  // namespace godwit::jit
