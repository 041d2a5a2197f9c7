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

constexpr bool is_one_of(std::string_view operation, std::initializer_list<std::string_view> operations) {
  for (const std::string_view one : operations)
    if (operation == one) return true;
  return false;
}

// Which instructions of a class do one of some things.
using Set = std::array<bool, kOpcodeCount>;
consteval Set those_of(OpClass op_class, std::initializer_list<std::string_view> operations,
                       bool of_integers) {
  Set set{};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    set[i] = class_of(op) == op_class && is_one_of(operation_of(op), operations) &&
             (!of_integers || is_of_integers(op));
  }
  return set;
}

constexpr Set kCommutative = those_of(OpClass::Binary, {"add", "mul", "and", "or", "xor"}, false);
constexpr Set kAdditions = those_of(OpClass::Binary, {"add"}, false);
constexpr Set kSubtractions = those_of(OpClass::Binary, {"sub"}, true);
constexpr Set kConstant = those_of(OpClass::Binary, {"add", "sub", "mul"}, true);

// The instructions that do `operation`, by the type of their first operand.
using ByType = std::array<Opcode, 6>;
consteval ByType by_type(OpClass op_class, std::string_view operation) {
  ByType table{};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    if (class_of(op) == op_class && operation_of(op) == operation)
      table[static_cast<size_t>(signature_of(op).params()[0])] = op;
  }
  return table;
}
constexpr ByType kEqualities = by_type(OpClass::Compare, "eq");
constexpr ByType kInequalities = by_type(OpClass::Compare, "ne");
constexpr ByType kZeroTests = by_type(OpClass::Test, "eqz");

consteval Table additions_for() {
  Table table{};
  for (size_t i = 0; i < kOpcodeCount; ++i)
    table[i] = kSubtractions[i] ? of_same_type(i, "add") : static_cast<Opcode>(i);
  return table;
}
constexpr Table kAdditionsFor = additions_for();

}  // namespace

Opcode negated(Opcode op) { return kNegated[static_cast<size_t>(op)]; }
Opcode mirrored(Opcode op) { return kMirrored[static_cast<size_t>(op)]; }
Opcode equality_of(Signature::Type type) { return kEqualities[static_cast<size_t>(type)]; }
Opcode inequality_of(Signature::Type type) { return kInequalities[static_cast<size_t>(type)]; }
Opcode zero_test_of(Signature::Type type) { return kZeroTests[static_cast<size_t>(type)]; }
bool is_commutative(Opcode op) { return kCommutative[static_cast<size_t>(op)]; }
bool is_addition(Opcode op, Signature::Type type) {
  return kAdditions[static_cast<size_t>(op)] && signature_of(op).results()[0] == type;
}
Opcode as_addition(Opcode op) { return kAdditionsFor[static_cast<size_t>(op)]; }
bool is_constant_arithmetic(Opcode op) { return kConstant[static_cast<size_t>(op)]; }

}  // namespace godwit::wasm
