// Ten thousand damaged modules: each decodes and validates or fails with a byte offset, and nothing else happens.
#include <gtest/gtest.h>

#include <random>

#include "wasm/decoder.h"
#include "wasm/test_modules.h"
#include "wasm/validator.h"

namespace godwit::wasm {
namespace {

constexpr uint32_t kMutants = 10'000;

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  std::vector<uint8_t> mutate(std::vector<uint8_t> bytes, const std::vector<uint8_t>& donor) {
    const uint32_t rounds = 1 + below(4);
    for (uint32_t i = 0; i < rounds && bytes.size() > 8; ++i) mutate_once(bytes, donor);
    return bytes;
  }

  uint32_t below(size_t end) { return static_cast<uint32_t>(random_() % end); }

 private:
  // Past the header, which is not worth damaging often.
  size_t place(const std::vector<uint8_t>& bytes) { return 8 + below(bytes.size() - 8); }

  void mutate_once(std::vector<uint8_t>& bytes, const std::vector<uint8_t>& donor) {
    static constexpr uint8_t kTelling[] = {0x00, 0x01, 0x0B, 0x40, 0x7F, 0x80, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF};
    const size_t at = place(bytes);
    const auto here = bytes.begin() + static_cast<ptrdiff_t>(at);
    switch (below(7)) {
      case 0: bytes.resize(at); return;
      case 1: bytes[at] ^= static_cast<uint8_t>(1u << below(8)); return;
      case 2: bytes[at] = static_cast<uint8_t>(random_()); return;
      case 3: bytes[at] = kTelling[below(std::size(kTelling))]; return;
      case 4: bytes.insert(here, static_cast<uint8_t>(random_())); return;
      case 5: bytes.erase(here, here + std::min<ptrdiff_t>(1 + below(8), bytes.end() - here)); return;
      default: {  // a splice
        const size_t from = below(donor.size());
        const size_t size = std::min<size_t>({1 + below(64), donor.size() - from, bytes.size() - at});
        std::copy_n(donor.begin() + static_cast<ptrdiff_t>(from), size, here);
        return;
      }
    }
  }

  std::mt19937 random_;
};

void expect_place(const Error& error, size_t size, uint32_t seed) {
  EXPECT_TRUE(error.kind() == ErrorKind::Malformed || error.kind() == ErrorKind::Invalid)
      << "mutant " << seed;
  EXPECT_NE(error.offset(), kNoOffset) << "mutant " << seed << ": " << error.describe();
  EXPECT_LE(error.offset(), size) << "mutant " << seed << ": " << error.describe();
}

TEST(Mutation, EndsInErrorsWithAnOffset) {
  const auto modules = test::all_modules();
  uint32_t malformed = 0, invalid = 0, valid = 0;
  for (uint32_t seed = 0; seed < kMutants; ++seed) {
    Mutator mutator(seed);
    const auto& origin = modules[mutator.below(modules.size())].bytes;
    const auto& donor = modules[mutator.below(modules.size())].bytes;
    const std::vector<uint8_t> bytes = mutator.mutate(origin, donor);
    const auto module = decode_copy(bytes);
    if (!module) {
      expect_place(module.error(), bytes.size(), seed);
      ++malformed;
      continue;
    }
    const auto result = validate(*module);
    if (!result) expect_place(result.error(), bytes.size(), seed);
    ++(result ? valid : invalid);
  }
  // The mutants must reach all of the code, not only its first checks.
  EXPECT_GT(malformed, kMutants / 20);
  EXPECT_GT(invalid, kMutants / 20);
  EXPECT_GT(valid, kMutants / 100);
}

TEST(Mutation, SurvivesEveryTruncation) {
  for (const auto& [name, bytes] : test::all_modules()) {
    if (name == "plain") continue;  // long, and of one kind
    for (size_t size = 0; size < bytes.size(); ++size) {
      const auto module = decode_copy(Bytes(bytes).first(size));
      if (!module) expect_place(module.error(), size, static_cast<uint32_t>(size));
    }
  }
}

}  // namespace
}  // namespace godwit::wasm
