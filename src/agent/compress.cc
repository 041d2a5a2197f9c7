// Zstandard, at the level that costs least.
#include "agent/compress.h"

#include <zstd.h>

namespace godwit::agent {
namespace {

constexpr int kLevel = 1;

}  // namespace

std::string compress(Bytes bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  // there is always room enough: nothing else can fail
  frame.resize(ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), kLevel));
  frame.shrink_to_fit();
  return frame;
}

Result<std::vector<uint8_t>> decompress(Bytes frame, uint64_t most_bytes) {
  const uint64_t size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
    return fail(ErrorKind::Malformed, "what was compressed cannot be read");
  if (size > most_bytes)
    return fail(ErrorKind::Exhausted, "what was compressed has " + std::to_string(size) +
                                          " bytes, more than the " + std::to_string(most_bytes) +
                                          " that are allowed");
  std::vector<uint8_t> bytes(size);
  const size_t got = ZSTD_decompress(bytes.data(), bytes.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) || got != size)
    return fail(ErrorKind::Malformed, "what was compressed cannot be read");
  return bytes;
}

}  // namespace godwit::agent
