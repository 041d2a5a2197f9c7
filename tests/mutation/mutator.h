// Mutator: damaged modules made from sound ones, the same ones for the same number every time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace godwit::mutation {

struct Mutant {
  std::string origin;  // the seed module and what was done to it, for messages
  std::vector<uint8_t> bytes;
};

class Mutator final {
 public:
  // Takes the modules of `min_bytes` to `max_bytes` in and below `folders` as seeds, in order of their files' names: .wasm
  // files, and what .wast scripts hold. Those that are not `is_sound` are passed over where others are near: damage to
  // the damaged is soon found.
  Mutator(std::span<const std::filesystem::path> folders, size_t min_bytes, size_t max_bytes,
          bool (*is_sound)(Bytes));

  size_t seeds() const { return seeds_.size(); }
  // Mutant `number`; there must be a seed.
  Mutant make(uint64_t number) const;

 private:
  struct Seed {
    std::string name;
    std::vector<uint8_t> bytes;
  };
  const Seed& pick(std::mt19937_64& random) const;

  bool (*is_sound_)(Bytes);
  std::vector<Seed> seeds_;
};

}  // namespace godwit::mutation
