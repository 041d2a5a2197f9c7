// SHA-256, block by block.
#include "base/sha256.h"

#include <algorithm>
#include <bit>

namespace godwit {

namespace {

constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t big_endian(const uint8_t* bytes) { return std::byteswap(load_unaligned<uint32_t>(bytes)); }

}  // namespace

void Sha256::block(const uint8_t* bytes) {
  std::array<uint32_t, 64> words;
  for (size_t i = 0; i < 16; ++i) words[i] = big_endian(bytes + 4 * i);
  for (size_t i = 16; i < 64; ++i) {
    const uint32_t early = words[i - 15], late = words[i - 2];
    words[i] = words[i - 16] + (std::rotr(early, 7) ^ std::rotr(early, 18) ^ early >> 3) + words[i - 7] +
               (std::rotr(late, 17) ^ std::rotr(late, 19) ^ late >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (size_t i = 0; i < 64; ++i) {
    const uint32_t choice = (e & f) ^ (~e & g), majority = (a & b) ^ (a & c) ^ (b & c);
    const uint32_t first =
        h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + choice + kRoundConstants[i] + words[i];
    const uint32_t second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + majority;
    h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
  }
  const std::array<uint32_t, 8> added = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state_[i] += added[i];
}

void Sha256::update(Bytes bytes) {
  size_t pending = size_bytes_ % kBlockBytes;
  size_bytes_ += bytes.size();
  if (pending != 0) {
    const size_t taken = std::min(bytes.size(), kBlockBytes - pending);
    std::copy_n(bytes.data(), taken, pending_.data() + pending);
    bytes = bytes.subspan(taken);
    pending += taken;
    if (pending < kBlockBytes) return;
    block(pending_.data());
  }
  for (; bytes.size() >= kBlockBytes; bytes = bytes.subspan(kBlockBytes)) block(bytes.data());
  std::copy(bytes.begin(), bytes.end(), pending_.begin());
}

Digest Sha256::finish() {
  const uint64_t size_bits = std::byteswap(8 * size_bytes_);
  constexpr uint8_t kEnd = 0x80, kZero = 0;
  update(Bytes(&kEnd, 1));
  while (size_bytes_ % kBlockBytes != kBlockBytes - sizeof size_bits) update(Bytes(&kZero, 1));
  update(Bytes(reinterpret_cast<const uint8_t*>(&size_bits), sizeof size_bits));
  Digest digest;
  for (size_t i = 0; i < 8; ++i) store_unaligned(digest.data() + 4 * i, std::byteswap(state_[i]));
  return digest;
}

Digest hmac_sha256(Bytes key, std::initializer_list<Bytes> parts) {
  constexpr size_t kBlockBytes = 64;
  std::array<uint8_t, kBlockBytes> inner_pad{};
  if (key.size() > kBlockBytes) {
    Sha256 hash;
    hash.update(key);
    const Digest digest = hash.finish();
    std::ranges::copy(digest, inner_pad.begin());
  } else {
    std::ranges::copy(key, inner_pad.begin());
  }
  std::array<uint8_t, kBlockBytes> outer_pad = inner_pad;
  for (uint8_t& byte : inner_pad) byte ^= 0x36;
  for (uint8_t& byte : outer_pad) byte ^= 0x5c;
  Sha256 inner;
  inner.update(inner_pad);
  for (const Bytes part : parts) inner.update(part);
  const Digest digest = inner.finish();
  Sha256 outer;
  outer.update(outer_pad);
  outer.update(digest);
  return outer.finish();
}

bool is_equal(const Digest& left, const Digest& right) {
  uint8_t difference = 0;
  for (size_t i = 0; i < left.size(); ++i) difference |= left[i] ^ right[i];
  return difference == 0;
}

}  // namespace godwit
