// SHA-256, and authentication codes made of it.
// spec: https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.180-4.pdf
// spec: https://www.rfc-editor.org/rfc/rfc2104
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"

namespace godwit {

using Digest = std::array<uint8_t, 32>;

class Sha256 final {
 public:
  void update(Bytes bytes);
  // Ends it: nothing may be added afterwards.
  Digest finish();

 private:
  static constexpr size_t kBlockBytes = 64;
  void block(const uint8_t* bytes);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, kBlockBytes> pending_{};
  uint64_t size_bytes_ = 0;
};

// HMAC-SHA-256 of the parts, one behind the other.
Digest hmac_sha256(Bytes key, std::initializer_list<Bytes> parts);

// Takes as long for digests that differ as for equal ones.
bool is_equal(const Digest& left, const Digest& right);

}  // namespace godwit
