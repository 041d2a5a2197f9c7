// Writing and recognising them.
#include "engine/trailing_section.h"

#include <string>

namespace godwit::engine {

Result<std::vector<uint8_t>> with_section(Bytes wasm, std::string_view name, Bytes contents) {
  const uint64_t whole = uint64_t{1} + name.size() + contents.size();
  if (whole + wasm.size() + 1 + kTrailingSizeBytes > UINT32_MAX)
    return fail(ErrorKind::Exhausted, "a module of " + std::to_string(wasm.size()) + " bytes with " +
                                          std::to_string(contents.size()) + " bytes in the section '" +
                                          std::string(name) + "' has more than 2^32");
  std::vector<uint8_t> bytes(wasm.begin(), wasm.end());
  bytes.reserve(wasm.size() + trailing_head_bytes(name) + contents.size());
  bytes.push_back(static_cast<uint8_t>(wasm::SectionId::Custom));
  auto size = static_cast<uint32_t>(whole);
  for (size_t i = 0; i < kTrailingSizeBytes; ++i, size >>= 7)
    bytes.push_back(static_cast<uint8_t>((size & 0x7F) | (i + 1 < kTrailingSizeBytes ? 0x80 : 0)));
  bytes.push_back(static_cast<uint8_t>(name.size()));
  const Bytes text = as_bytes(name);
  bytes.insert(bytes.end(), text.begin(), text.end());
  bytes.insert(bytes.end(), contents.begin(), contents.end());
  return bytes;
}

std::optional<TrailingSection> trailing_section(const wasm::Module& module, const wasm::CustomSection& custom,
                                                std::string_view name) {
  const size_t head = trailing_head_bytes(name);
  if (custom.name != name || custom.contents.offset < head) return std::nullopt;
  return TrailingSection{custom.contents.offset - static_cast<uint32_t>(head), module.slice(custom.contents)};
}

}  // namespace godwit::engine
