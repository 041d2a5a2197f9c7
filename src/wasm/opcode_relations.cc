// The tables behind opcode_relations.h, computed when this file is compiled.
#include "wasm/opcode_relations.h"

namespace godwit::wasm {

namespace {

// The instruction on the same type that does `operation`.
consteval Opcode of_same_type(size_t row, std::string_view operation) {
  const std::string_view text = kOpcodes[row].text;
  const std::string_view type = text.substr(0, text.find('.') + 1);
  // rows of a type lie close together
  for (size_t distance = 0; distance < kOpcodeCount; ++distance) {
    for (const size_t other : {row - distance, row + distance}) {
      if (other >= kOpcodeCount) continue;
      const std::string_view found = kOpcodes[other].text;
      if (found.size() == type.size() + operation.size() && found.starts_with(type) &&
          found.ends_with(operation))
        return static_cast<Opcode>(other);
    }
  }
  reject_row("an instruction has no relative");
  return {};
}

struct Relative {
  std::string_view of, is;
};
constexpr Relative kNegations[] = {{"eq", "ne"}, {"lt", "ge"}, {"gt", "le"}};
constexpr Relative kMirrors[] = {{"eq", "eq"}, {"ne", "ne"}, {"lt", "gt"}, {"le", "ge"}};

using Table = std::array<Opcode, kOpcodeCount>;

// The relatives of the comparisons, by the first two letters of what they do; the sign that follows stays.
template <size_t count>
consteval Table relate(const Relative (&relatives)[count], bool are_integers) {
  Table table{};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    table[i] = op;
    if (class_of(op) != OpClass::Compare || (are_integers && !is_of_integers(op))) continue;
    const std::string_view operation = operation_of(op), sign = operation.substr(2);
    bool is_known = false;
    for (const Relative& relative : relatives) {
      for (const auto& [of, is] : {relative, Relative{relative.is, relative.of}}) {
        if (!operation.starts_with(of) || is_known) continue;
        const char related[] = {is[0], is[1], sign.empty() ? '\0' : sign[0], sign.empty() ? '\0' : sign[1]};
        table[i] = of_same_type(i, {related, 2 + sign.size()});
        is_known = true;
      }
    }
    if (!is_known) reject_row("a comparison that is related to none");
  }
  return table;
}

constexpr Table kNegated = relate(kNegations, true);
constexpr Table kMirrored = relate(kMirrors, false);

bool is_one_of(std::string_view operation, std::initializer_list<std::string_view> operations) {
  for (const std::string_view one : operations)
    if (operation == one) return true;
  return false;
}

}  // namespace

Opcode negated(Opcode op) { return kNegated[static_cast<size_t>(op)]; }
Opcode mirrored(Opcode op) { return kMirrored[static_cast<size_t>(op)]; }

bool is_commutative(Opcode op) {
  return class_of(op) == OpClass::Binary && is_one_of(operation_of(op), {"add", "mul", "and", "or", "xor"});
}

Opcode as_addition(Opcode op) {
  static constexpr Table kAdditions = [] {
    Table table{};
    for (size_t i = 0; i < kOpcodeCount; ++i) {
      table[i] = static_cast<Opcode>(i);
      if (class_of(table[i]) == OpClass::Binary && is_of_integers(table[i]) &&
          operation_of(table[i]) == "sub")
        table[i] = of_same_type(i, "add");
    }
    return table;
  }();
  return kAdditions[static_cast<size_t>(op)];
}

bool is_constant_arithmetic(Opcode op) {
  return class_of(op) == OpClass::Binary && is_of_integers(op) &&
         is_one_of(operation_of(op), {"add", "sub", "mul"});
}

}  // namespace godwit::wasm
