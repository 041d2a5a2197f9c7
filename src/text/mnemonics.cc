// A hash table of the names in opcodes.def, made by the compiler.
#include "text/mnemonics.h"

#include <algorithm>
#include <array>
#include <vector>

namespace godwit::text {
namespace {

constexpr size_t kSlots = 2048;
constexpr uint16_t kFree = 0xFFFF;
static_assert(wasm::kOpcodeCount * 2 < kSlots, "the table stays sparse");

constexpr size_t slot_of(std::string_view text) {
  uint32_t hash = 2166136261;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  return (hash ^ hash >> 15) % kSlots;
}

constexpr auto kTable = [] {
  std::array<uint16_t, kSlots> table{};
  for (uint16_t& entry : table) entry = kFree;
  for (size_t op = 0; op < wasm::kOpcodeCount; ++op) {
    size_t slot = slot_of(wasm::kOpcodes[op].text);
    while (table[slot] != kFree && wasm::kOpcodes[table[slot]].text != wasm::kOpcodes[op].text)
      slot = (slot + 1) % kSlots;
    if (table[slot] == kFree) table[slot] = static_cast<uint16_t>(op);
  }
  return table;
}();

// How many letters must be put in, taken out or changed, at most `limit` + 1.
size_t distance(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<size_t> row(b.size() + 1);
  for (size_t i = 0; i <= b.size(); ++i) row[i] = i;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<wasm::Opcode> find_mnemonic(std::string_view text) {
  for (size_t slot = slot_of(text); kTable[slot] != kFree; slot = (slot + 1) % kSlots)
    if (wasm::kOpcodes[kTable[slot]].text == text) return static_cast<wasm::Opcode>(kTable[slot]);
  return {};
}

std::optional<std::string_view> similar_mnemonic(std::string_view text) {
  constexpr size_t kLongest = 40;
  if (text.size() > kLongest) return {};
  size_t best = text.size() < 6 ? 1 : 2;
  std::optional<std::string_view> found;
  for (const wasm::OpInfo& row : wasm::kOpcodes) {
    const size_t far = distance(text, row.text, best);
    if (far > best || (far == best && found)) continue;
    best = far;
    found = row.text;
  }
  return found;
}

}  // namespace godwit::text
