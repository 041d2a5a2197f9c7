// Tests of LEB128 integers.
#include "base/leb128.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>

namespace godwit {
namespace {

using Bytes = std::vector<uint8_t>;

template <unsigned kBits, class T>
Leb<T> read(const Bytes& bytes) {
  return read_leb<kBits, T>(bytes.data(), bytes.data() + bytes.size());
}

template <class T>
void round_trip(T value) {
  Bytes bytes;
  if constexpr (std::is_signed_v<T>) append_signed_leb(bytes, value);
  else append_unsigned_leb(bytes, value);
  const Leb<T> leb = read<sizeof(T) * 8, T>(bytes);
  EXPECT_EQ(leb.status, LebStatus::Ok) << value;
  EXPECT_EQ(leb.value, value);
  EXPECT_EQ(leb.next, bytes.data() + bytes.size()) << value;
}

TEST(Leb128, RoundTrips) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 32, UINT64_MAX}) {
    round_trip<uint64_t>(value);
    round_trip<uint32_t>(static_cast<uint32_t>(value));
    round_trip<int64_t>(static_cast<int64_t>(value));
    round_trip<int32_t>(static_cast<int32_t>(value));
  }
  for (unsigned bit = 0; bit < 64; ++bit) {
    round_trip<uint64_t>(uint64_t{1} << bit);
    round_trip<int64_t>(static_cast<int64_t>(~(uint64_t{1} << bit)));
  }
  round_trip<int32_t>(std::numeric_limits<int32_t>::min());
  round_trip<int64_t>(std::numeric_limits<int64_t>::min());
}

// Four bytes are looked at: what the number is followed by does not matter.
ShortLeb read_short(Bytes bytes, uint8_t then) {
  bytes.resize(4, then);
  uint32_t word;
  std::memcpy(&word, bytes.data(), sizeof word);
  return read_short_leb(word);
}

TEST(Leb128, ReadsShortOnesAtOnce) {
  for (const int byte : {0x00, 0x7F, 0x80, 0xFF}) {
    const auto then = static_cast<uint8_t>(byte);
    for (const uint32_t value :
         {0u, 1u, 0x3Fu, 0x40u, 0x7Fu, 0x80u, 0x1FFFu, 0x2000u, 0x3FFFu, 0x4000u, 0xF'FFFFu, 0x10'0000u,
          0x1F'FFFFu, 0x20'0000u, 0x7FF'FFFFu, 0x800'0000u, 0xFFF'FFFFu}) {
      Bytes bytes;
      append_unsigned_leb(bytes, value);
      const ShortLeb found = read_short(bytes, then);
      EXPECT_EQ(found.size, bytes.size()) << value;
      EXPECT_EQ(found.bits, value);
    }
    for (const int64_t value :
         {0, -1, 63, -64, 64, -65, 8191, -8192, 8192, 1 << 20, -(1 << 20), -(1 << 27)}) {
      Bytes bytes;
      append_signed_leb(bytes, value);
      const ShortLeb found = read_short(bytes, then);
      EXPECT_EQ(found.size, bytes.size()) << value;
      EXPECT_EQ(found.as_signed(), value);
    }
  }
  EXPECT_EQ(read_short({0x80, 0x80, 0x00}, 0xFF).size, 3u);
  EXPECT_EQ(read_short({0x80, 0x80, 0x80, 0x80}, 0).size, 0u);
}

TEST(Leb128, AcceptsPadding) {
  EXPECT_EQ((read<32, uint32_t>({0x82, 0x80, 0x80, 0x80, 0x00}).value), 2u);
  EXPECT_EQ((read<32, int32_t>({0xFF, 0xFF, 0xFF, 0xFF, 0x7F}).value), -1);
  EXPECT_EQ((read<33, int64_t>({0x80, 0x80, 0x80, 0x80, 0x70}).value), -(int64_t{1} << 32));
}

TEST(Leb128, RefusesWhatIsTooLongTooLargeOrCutOff) {
  EXPECT_EQ((read<32, uint32_t>({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}).status), LebStatus::TooLong);
  EXPECT_EQ((read<32, uint32_t>({0x80, 0x80, 0x80, 0x80, 0x10}).status), LebStatus::TooLarge);
  EXPECT_EQ((read<32, int32_t>({0x80, 0x80, 0x80, 0x80, 0x08}).status), LebStatus::TooLarge);
  EXPECT_EQ((read<32, int32_t>({0xFF, 0xFF, 0xFF, 0xFF, 0x0F}).status), LebStatus::TooLarge);
  EXPECT_EQ((read<64, uint64_t>({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02}).status),
            LebStatus::TooLarge);
  EXPECT_EQ((read<64, int64_t>({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}).status),
            LebStatus::TooLarge);
  EXPECT_EQ((read<32, uint32_t>({0x80}).status), LebStatus::UnexpectedEnd);
  EXPECT_EQ((read<32, uint32_t>({}).status), LebStatus::UnexpectedEnd);
}

}  // namespace
}  // namespace godwit
