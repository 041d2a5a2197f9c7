// Finding sequences in code.
#include "code/sequence.h"

#include <array>
#include <bit>
#include <string_view>

namespace godwit::code {

namespace {

// What is looked for is called by a number: a CellOp, or kCellOpCount + a row of sequences.def.
constexpr uint16_t kNone = 0xFFFF;
static_assert(kHandlerCount < kNone);

constexpr uint16_t number_of(CellOp op) { return static_cast<uint16_t>(op); }

struct Row {
  uint16_t parts[kLongestSequence];
  uint16_t count;
};

template <class... Op>
consteval Row row_of(Op... ops) {
  static_assert(sizeof...(Op) >= 2 && sizeof...(Op) <= kLongestSequence);
  return {{number_of(ops)...}, sizeof...(Op)};
}

using enum CellOp;

constexpr Row kRows[] = {
#define GODWIT_SEQUENCE(...) row_of(__VA_ARGS__),
#define GODWIT_SEQUENCE_INTO(...) row_of(__VA_ARGS__),
#define GODWIT_SEQUENCE_FROM(...) row_of(__VA_ARGS__),
#include "code/sequences.def"
};
static_assert(sizeof kRows / sizeof kRows[0] == kSequenceCount);

// A hash table: (number, op that follows) → number of the longer sequence.
struct Entry {
  uint16_t begin = kNone;
  uint16_t next = kNone;
  uint16_t whole = kNone;
};
constexpr size_t kTableSize = std::bit_ceil(kSequenceCount * 2);

constexpr size_t place_of(uint16_t begin, uint16_t next) {
  uint32_t key = uint32_t{begin} << 16 | next;
  return (key * 0x9E37'79B1u) >> (32 - std::bit_width(kTableSize - 1));
}

using Table = std::array<Entry, kTableSize>;

constexpr uint16_t find(const Table& table, uint16_t begin, uint16_t next) {
  for (size_t i = place_of(begin, next);; i = (i + 1) % kTableSize) {
    const Entry& entry = table[i];
    if (entry.begin == begin && entry.next == next) return entry.whole;
    if (entry.begin == kNone) return kNone;
  }
}

// A sequence of three begins with one of two that stands before it in the list, and so on.
consteval Table make_table() {
  Table table;
  for (size_t row = 0; row < kSequenceCount; ++row) {
    const Row& parts = kRows[row];
    uint16_t begin = parts.parts[0];
    for (size_t i = 1; i + 1 < parts.count; ++i) begin = find(table, begin, parts.parts[i]);
    uint16_t next = parts.parts[parts.count - 1];
    if (begin == kNone) wasm::reject_row("a sequence whose beginning is no sequence");
    if (find(table, begin, next) != kNone) wasm::reject_row("a sequence twice");
    size_t at = place_of(begin, next);
    while (table[at].begin != kNone) at = (at + 1) % kTableSize;
    table[at] = {begin, next, static_cast<uint16_t>(kCellOpCount + row)};
  }
  return table;
}
constexpr Table kTable = make_table();

// What an op may be looked for as, besides itself: the op that also writes its slot, which is right wherever a cell
// stands (translator.h), so that one handler serves both. Itself, if it has no such twin.
struct Kind {
  // Which ops may follow in a sequence that begins with it or its twin, by kind_bit(): most cells begin none, and are
  // told by this alone.
  uint64_t followers;
  uint16_t twin;
};

constexpr uint64_t kind_bit(size_t op) { return uint64_t{1} << (op % 64); }

constexpr std::array<Kind, kCellOpCount> make_kinds() {
  constexpr std::string_view kNames[] = {
#define GODWIT_CELL(name, ...) #name,
#define GODWIT_CONTROL_CELL(name) #name,
#include "code/cells.def"
  };
  std::array<Kind, kCellOpCount> kinds{};
  for (size_t i = 0; i < kCellOpCount; ++i) {
    bool has_twin = i + 1 < kCellOpCount && kNames[i + 1].size() == kNames[i].size() + 2 &&
                    kNames[i + 1].starts_with(kNames[i]) && kNames[i + 1].ends_with("_d");
    kinds[i].twin = static_cast<uint16_t>(has_twin ? i + 1 : i);
  }
  for (const Row& row : kRows) {
    const size_t next = row.parts[1];
    const bool is_twin = next != 0 && kinds[next - 1].twin == next;
    kinds[row.parts[0]].followers |= kind_bit(next) | (is_twin ? kind_bit(next - 1) : 0);
  }
  for (size_t i = 0; i + 1 < kCellOpCount; ++i) kinds[i].followers |= kinds[kinds[i].twin].followers;
  return kinds;
}
constexpr std::array<Kind, kCellOpCount> kKinds = make_kinds();

// The sequence of `begin` and then `op` or its twin.
uint16_t extended(uint16_t begin, CellOp op) {
  uint16_t whole = find(kTable, begin, number_of(op));
  return whole != kNone || kKinds[number_of(op)].twin == number_of(op)
             ? whole
             : find(kTable, begin, kKinds[number_of(op)].twin);
}

}  // namespace

void choose_handlers(std::span<const DraftCell> cells, std::vector<uint16_t>& chosen) {
  chosen.resize(cells.size());
  // how many handlers run from a cell on if nothing branches: of this one and those behind it
  uint32_t costs[kLongestSequence + 1] = {};
  uint64_t next_bit = 0;
  for (size_t i = cells.size(); i-- > 0;) {
    for (size_t k = kLongestSequence; k > 0; --k) costs[k] = costs[k - 1];
    uint16_t number = number_of(cells[i].op);
    chosen[i] = number;
    uint32_t best = costs[1];
    const Kind kind = kKinds[number];
    auto try_from = [&](uint16_t whole) {
      for (size_t k = 1; k < kLongestSequence && i + k < cells.size(); ++k) {
        whole = extended(whole, cells[i + k].op);
        if (whole == kNone) break;
        if (costs[k + 1] > best || (costs[k + 1] == best && chosen[i] >= kCellOpCount)) continue;
        best = costs[k + 1];
        chosen[i] = whole;
      }
    };
    if ((kind.followers & next_bit) != 0) {
      try_from(number);
      if (kind.twin != number) try_from(kind.twin);
    }
    next_bit = kind_bit(number);
    costs[0] = best + 1;
  }
}

std::vector<uint16_t> choose_handlers(std::span<const DraftCell> cells) {
  std::vector<uint16_t> chosen;
  choose_handlers(cells, chosen);
  return chosen;
}

}  // namespace godwit::code
