// Feature, FeatureSet: which proposals a module may use, or does use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace godwit::wasm {

enum class Feature : uint8_t {
#define GODWIT_FEATURE(name, option, is_default, version, title) name,
#include "wasm/features.def"
#undef GODWIT_FEATURE
};

// What features.def says about a feature.
struct FeatureInfo {
  std::string_view name;     // the enumerator
  std::string_view option;   // for command lines
  bool is_default;           // on unless switched off
  std::string_view version;  // of WebAssembly, or "proposal"
  std::string_view title;    // for people
};

inline constexpr FeatureInfo kFeatures[] = {
#define GODWIT_FEATURE(name, option, is_default, version, title) {#name, option, is_default, version, title},
#include "wasm/features.def"
#undef GODWIT_FEATURE
};
inline constexpr size_t kFeatureCount = sizeof kFeatures / sizeof kFeatures[0];
static_assert(kFeatureCount <= 64, "FeatureSet is one word");

// What the table says about `feature`.
constexpr const FeatureInfo& info_of(Feature feature) { return kFeatures[static_cast<size_t>(feature)]; }

// The feature that command lines spell `option`, or nothing.
constexpr std::optional<Feature> feature_of_option(std::string_view option) {
  for (size_t i = 0; i < kFeatureCount; ++i)
    if (kFeatures[i].option == option) return static_cast<Feature>(i);
  return std::nullopt;
}

// A set of features. Default-constructed: those that are on by default.
class FeatureSet {
 public:
  constexpr FeatureSet() {
    for (size_t i = 0; i < kFeatureCount; ++i)
      if (kFeatures[i].is_default) bits_ |= uint64_t{1} << i;
  }
  // The set with exactly the features of `bits`: bit i stands for the i-th Feature.
  static constexpr FeatureSet from_bits(uint64_t bits) {
    FeatureSet set;
    set.bits_ = bits;
    return set;
  }
  static constexpr FeatureSet all() { return from_bits((uint64_t{1} << kFeatureCount) - 1); }
  // WebAssembly 1.0 alone.
  static constexpr FeatureSet mvp() { return from_bits(1); }

  constexpr bool has(Feature feature) const { return bits_ >> static_cast<unsigned>(feature) & 1; }
  constexpr FeatureSet& enable(Feature feature) {
    bits_ |= uint64_t{1} << static_cast<unsigned>(feature);
    return *this;
  }
  // Mvp stays.
  constexpr FeatureSet& disable(Feature feature) {
    bits_ = (bits_ & ~(uint64_t{1} << static_cast<unsigned>(feature))) | 1;
    return *this;
  }
  constexpr uint64_t bits() const { return bits_; }
  constexpr bool operator==(const FeatureSet&) const = default;

 private:
  uint64_t bits_ = 0;
};

}  // namespace godwit::wasm
