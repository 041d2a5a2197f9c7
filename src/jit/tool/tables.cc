// What the tables of all processors need.
#include "jit/tool/tables.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace godwit::jit::tool {

namespace {

constexpr std::string_view kHoleNames[] = {
#define GODWIT_HOLE(name, width) #name,
#include "jit/holes.def"
};

}  // namespace

std::optional<HoleKind> hole_kind(std::string_view symbol) {
  constexpr std::string_view kHolePrefix = "godwit_hole_";
  if (!symbol.starts_with(kHolePrefix)) return std::nullopt;
  symbol.remove_prefix(kHolePrefix.size());
  const auto* found = std::ranges::find(kHoleNames, symbol);
  if (found == std::end(kHoleNames)) return std::nullopt;
  return static_cast<HoleKind>(found - std::begin(kHoleNames));
}

size_t constant_size(const std::string& section) {
  constexpr std::string_view kConstantPrefix = ".rodata.cst";
  if (!section.starts_with(kConstantPrefix)) return 0;
  return std::strtoul(section.c_str() + kConstantPrefix.size(), nullptr, 10);
}

void write_bytes(std::ostream& out, const char* declaration, const std::vector<uint8_t>& bytes) {
  out << declaration << " = {";
  size_t column = 0;
  for (const uint8_t byte : bytes) out << (column++ % 32 == 0 ? "\n" : "") << unsigned{byte} << ',';
  if (bytes.empty()) out << '0';
  out << "};\n";
}

}  // namespace godwit::jit::tool
