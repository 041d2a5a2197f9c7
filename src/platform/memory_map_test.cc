// Reservations and mapped files.
#include "platform/memory_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <limits>

namespace godwit::platform {
namespace {

TEST(Reservation, CommittedPagesReadAsZeroAndKeepTheirContents) {
  auto range = Reservation::reserve(size_t{8} << 30);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->size_bytes(), size_t{8} << 30);
  ASSERT_TRUE(range->commit(0, 2 * page_size()));
  EXPECT_EQ(range->base()[page_size()], 0);
  range->base()[0] = 42;
  ASSERT_TRUE(range->commit(0, 4 * page_size()));
  EXPECT_EQ(range->base()[0], 42);
  EXPECT_EQ(range->base()[3 * page_size()], 0);
}

TEST(Reservation, DecommittedPagesAreZeroWhenTheyComeBack) {
  auto range = Reservation::reserve(4 * page_size());
  ASSERT_TRUE(range);
  ASSERT_TRUE(range->commit(0, 2 * page_size()));
  range->base()[page_size()] = 7;
  ASSERT_TRUE(range->decommit(page_size(), page_size()));
  ASSERT_TRUE(range->commit(page_size(), page_size()));
  EXPECT_EQ(range->base()[page_size()], 0);
  range->base()[0] = 7;
  ASSERT_TRUE(range->discard(0, page_size()));
  EXPECT_EQ(range->base()[0], 0);
}

TEST(Reservation, MoreThanThereIsIsAnError) {
  auto range = Reservation::reserve(std::numeric_limits<size_t>::max());
  ASSERT_FALSE(range);
  EXPECT_EQ(range.error().kind(), ErrorKind::Exhausted);
  EXPECT_FALSE(Reservation::reserve(size_t{1} << 60));
  EXPECT_FALSE(Reservation::reserve(0));
}

TEST(Reservation, LiesWhereItIsToBeAligned) {
  constexpr size_t kAlignment = size_t{4} << 30;
  for (int i = 0; i < 3; ++i) {
    auto range = Reservation::reserve_aligned(kAlignment + page_size(), kAlignment);
    ASSERT_TRUE(range);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(range->base()) % kAlignment, 0U);
    EXPECT_EQ(range->size_bytes(), kAlignment + page_size());
    ASSERT_TRUE(range->commit(kAlignment, page_size()));
    range->base()[kAlignment] = 1;
  }
  EXPECT_FALSE(Reservation::reserve_aligned(size_t{1} << 60, kAlignment));
}

TEST(Reservation, MovesItsRange) {
  auto first = Reservation::reserve(page_size());
  ASSERT_TRUE(first);
  uint8_t* base = first->base();
  Reservation second = std::move(*first);
  EXPECT_EQ(first->base(), nullptr);
  EXPECT_EQ(second.base(), base);
  EXPECT_TRUE(second.contains(base + page_size() - 1));
  EXPECT_FALSE(second.contains(base + page_size()));
  EXPECT_FALSE(second.contains(base - 1));
}

TEST(ReservationDeathTest, PagesThatAreNotCommittedFault) {
  auto range = Reservation::reserve(2 * page_size());
  ASSERT_TRUE(range);
  ASSERT_TRUE(range->commit(0, page_size()));
  volatile uint8_t* base = range->base();
  EXPECT_DEATH(base[page_size()] = 1, "");
  ASSERT_TRUE(range->protect_read_only(0, page_size()));
  EXPECT_DEATH(base[0] = 1, "");
}

TEST(MappedFile, HasTheFilesBytes) {
  char path[] = "/tmp/godwit-map-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  auto empty = MappedFile::open(path);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->bytes().empty());
  ASSERT_EQ(::write(fd, "wasm", 4), 4);
  ::close(fd);
  auto file = MappedFile::open(path);
  ::unlink(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(as_text(file->bytes()), "wasm");
}

TEST(MappedFile, CopiesWhatMayChange) {
  char path[] = "/tmp/godwit-map-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  auto empty = MappedFile::copy(path);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->bytes().empty());
  ASSERT_EQ(::write(fd, "wasm", 4), 4);
  auto file = MappedFile::copy(path);
  ASSERT_TRUE(file);
  ASSERT_EQ(::pwrite(fd, "WASM", 4, 0), 4);
  ASSERT_EQ(::ftruncate(fd, 0), 0);
  ::close(fd);
  ::unlink(path);
  EXPECT_EQ(as_text(file->bytes()), "wasm");
  EXPECT_EQ(MappedFile::copy("/nowhere/file.wasm").error().kind(), ErrorKind::NotFound);
}

TEST(MappedFile, CopiesWhatTakesLargePages) {
  char path[] = "/tmp/godwit-map-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  std::string contents(kLargePageBytes + 5, '.');
  contents.front() = 'a';
  contents.back() = 'z';
  ASSERT_EQ(::write(fd, contents.data(), contents.size()), static_cast<ssize_t>(contents.size()));
  ::close(fd);
  auto file = MappedFile::copy(path);
  ::unlink(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(as_text(file->bytes()) == contents);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->bytes().data()) % kLargePageBytes, 0u);
}

TEST(MappedFile, SaysWhyItCannotBeOpened) {
  auto absent = MappedFile::open("/nowhere/file.wasm");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(absent.error().message(), "/nowhere/file.wasm: No such file or directory");
  auto directory = MappedFile::open("/");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().kind(), ErrorKind::Io);
  auto device = MappedFile::open("/dev/null");
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().message(), "/dev/null: not a regular file");
}

}  // namespace
}  // namespace godwit::platform
