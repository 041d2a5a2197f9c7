// Custom sections that are put behind a module, so that it stays one.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "wasm/module.h"

namespace godwit::engine {

struct TrailingSection {
  uint32_t begin;  // in the module's bytes, which end there without it
  Bytes contents;
};

inline constexpr size_t kTrailingSizeBytes = 5;  // of the section's size, always as long as it can be
// The bytes of such a section before its contents.
constexpr size_t trailing_head_bytes(std::string_view name) {
  return 1 + kTrailingSizeBytes + 1 + name.size();
}

// The module `wasm` with a section behind it.
// @param name  less than 128 bytes
// @errors Exhausted: the section would have more bytes than one can.
Result<std::vector<uint8_t>> with_section(Bytes wasm, std::string_view name, Bytes contents);

// A custom section that with_section() can have written.
// @return nothing if that one is none.
std::optional<TrailingSection> trailing_section(const wasm::Module& module, const wasm::CustomSection& custom,
                                                std::string_view name);

}  // namespace godwit::engine
