// Arities: plain instructions by their signature, the others by a table of their own.
#include "text/print_arity.h"

#include <array>

namespace godwit::text {

namespace {

using wasm::Opcode;

// How many values: a number, or what it depends on.
enum class Count : uint8_t {
  Zero,
  One,
  Two,
  Three,
  Four,
  Five,
  Unknown,
  Label,         // what a branch to the label takes
  LabelAndOne,   // and one more
  LabelLessOne,  // and one less
  Return,        // the function's results
  Params,        // of the type that is called
  ParamsAndOne,  // and the callee
  Results,       // of the type that is called
  TagParams,
  Fields,
  Immediate,  // the second number after the opcode
};

struct Effect {
  Count operands = Count::Unknown;
  Count results = Count::Unknown;
};

struct Row {
  Opcode op;
  Effect effect;
};

constexpr Row kRows[] = {
    {Opcode::unreachable, {Count::Zero, Count::Zero}},
    {Opcode::br, {Count::Label, Count::Zero}},
    {Opcode::br_if, {Count::LabelAndOne, Count::Label}},
    {Opcode::br_table, {Count::LabelAndOne, Count::Zero}},
    {Opcode::return_, {Count::Return, Count::Zero}},
    {Opcode::call, {Count::Params, Count::Results}},
    {Opcode::call_indirect, {Count::ParamsAndOne, Count::Results}},
    {Opcode::call_ref, {Count::ParamsAndOne, Count::Results}},
    {Opcode::return_call, {Count::Params, Count::Zero}},
    {Opcode::return_call_indirect, {Count::ParamsAndOne, Count::Zero}},
    {Opcode::return_call_ref, {Count::ParamsAndOne, Count::Zero}},
    {Opcode::throw_, {Count::TagParams, Count::Zero}},
    {Opcode::throw_ref, {Count::One, Count::Zero}},
    {Opcode::rethrow, {Count::Zero, Count::Zero}},
    {Opcode::br_on_null, {Count::LabelAndOne, Count::LabelAndOne}},
    {Opcode::br_on_non_null, {Count::Label, Count::LabelLessOne}},
    {Opcode::br_on_cast, {Count::Label, Count::Label}},
    {Opcode::br_on_cast_fail, {Count::Label, Count::Label}},
    {Opcode::drop, {Count::One, Count::Zero}},
    {Opcode::select, {Count::Three, Count::One}},
    {Opcode::select_t, {Count::Three, Count::One}},
    {Opcode::local_get, {Count::Zero, Count::One}},
    {Opcode::local_set, {Count::One, Count::Zero}},
    {Opcode::local_tee, {Count::One, Count::One}},
    {Opcode::global_get, {Count::Zero, Count::One}},
    {Opcode::global_set, {Count::One, Count::Zero}},
    {Opcode::memory_copy, {Count::Three, Count::Zero}},
    {Opcode::table_get, {Count::One, Count::One}},
    {Opcode::table_set, {Count::Two, Count::Zero}},
    {Opcode::table_init, {Count::Three, Count::Zero}},
    {Opcode::table_copy, {Count::Three, Count::Zero}},
    {Opcode::table_grow, {Count::Two, Count::One}},
    {Opcode::table_size, {Count::Zero, Count::One}},
    {Opcode::table_fill, {Count::Three, Count::Zero}},
    {Opcode::ref_null, {Count::Zero, Count::One}},
    {Opcode::ref_is_null, {Count::One, Count::One}},
    {Opcode::ref_func, {Count::Zero, Count::One}},
    {Opcode::ref_eq, {Count::Two, Count::One}},
    {Opcode::ref_as_non_null, {Count::One, Count::One}},
    {Opcode::ref_test, {Count::One, Count::One}},
    {Opcode::ref_test_null, {Count::One, Count::One}},
    {Opcode::ref_cast, {Count::One, Count::One}},
    {Opcode::ref_cast_null, {Count::One, Count::One}},
    {Opcode::struct_new, {Count::Fields, Count::One}},
    {Opcode::struct_new_default, {Count::Zero, Count::One}},
    {Opcode::struct_get, {Count::One, Count::One}},
    {Opcode::struct_get_s, {Count::One, Count::One}},
    {Opcode::struct_get_u, {Count::One, Count::One}},
    {Opcode::struct_set, {Count::Two, Count::Zero}},
    {Opcode::array_new, {Count::Two, Count::One}},
    {Opcode::array_new_default, {Count::One, Count::One}},
    {Opcode::array_new_fixed, {Count::Immediate, Count::One}},
    {Opcode::array_new_data, {Count::Two, Count::One}},
    {Opcode::array_new_elem, {Count::Two, Count::One}},
    {Opcode::array_get, {Count::Two, Count::One}},
    {Opcode::array_get_s, {Count::Two, Count::One}},
    {Opcode::array_get_u, {Count::Two, Count::One}},
    {Opcode::array_set, {Count::Three, Count::Zero}},
    {Opcode::array_len, {Count::One, Count::One}},
    {Opcode::array_fill, {Count::Four, Count::Zero}},
    {Opcode::array_copy, {Count::Five, Count::Zero}},
    {Opcode::array_init_data, {Count::Four, Count::Zero}},
    {Opcode::array_init_elem, {Count::Four, Count::Zero}},
    {Opcode::any_convert_extern, {Count::One, Count::One}},
    {Opcode::extern_convert_any, {Count::One, Count::One}},
    {Opcode::ref_i31, {Count::One, Count::One}},
    {Opcode::i31_get_s, {Count::One, Count::One}},
    {Opcode::i31_get_u, {Count::One, Count::One}},
};

constexpr auto kEffects = [] {
  std::array<Effect, wasm::kOpcodeCount> table{};
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const wasm::Signature& signature = wasm::kOpcodes[i].signature;
    if (signature.is_plain())
      table[i] = {static_cast<Count>(signature.params().size()),
                  static_cast<Count>(signature.results().size())};
  }
  for (const Row& row : kRows) table[static_cast<size_t>(row.op)] = row.effect;
  return table;
}();

}  // namespace

bool has_arity(Opcode op) { return kEffects[static_cast<size_t>(op)].operands != Count::Unknown; }

void Arities::begin(size_t results) { labels_.assign(1, static_cast<uint32_t>(results)); }

void Arities::open(const wasm::Instruction& block) {
  const Arity arity = of(block.block);
  labels_.push_back(block.op == Opcode::loop ? arity.operands : arity.results);
}

Arity Arities::of(const wasm::BlockType& type) const {
  switch (type.kind) {
    case wasm::BlockType::Kind::Empty: return {0, 0};
    case wasm::BlockType::Kind::Value: return {0, 1};
    case wasm::BlockType::Kind::Type: return of_type(type.type.value);
  }
  return {0, 0};
}

Arity Arities::of_type(uint32_t type) const {
  if (type >= module_.types.size()) return {0, 0};
  const wasm::FuncType& func = module_.types[type].func;  // empty for other types
  return {static_cast<uint32_t>(func.params.size()), static_cast<uint32_t>(func.results.size())};
}

uint32_t Arities::of_label(uint32_t depth) const {
  return depth < labels_.size() ? labels_[labels_.size() - 1 - depth] : 0;
}

std::optional<Arity> Arities::of(const wasm::Instruction& ins) const {
  const Effect effect = kEffects[static_cast<size_t>(ins.op)];
  if (effect.operands == Count::Unknown) return std::nullopt;
  const auto callee = [&] {
    if (immediates_of(ins.op) != wasm::ImmKind::Func) return of_type(ins.index);
    return ins.index < module_.funcs.size() ? of_type(module_.funcs[ins.index].value) : Arity{0, 0};
  };
  const auto label = [&] { return of_label(ins.op == Opcode::br_table ? ins.labels.back() : ins.index); };
  const auto count = [&](Count of) -> uint32_t {
    switch (of) {
      case Count::Label: return label();
      case Count::LabelAndOne: return label() + 1;
      case Count::LabelLessOne: return label() == 0 ? 0 : label() - 1;
      case Count::Return: return labels_.front();
      case Count::Params: return callee().operands;
      case Count::ParamsAndOne: return callee().operands + 1;
      case Count::Results: return callee().results;
      case Count::TagParams:
        return ins.index < module_.tags.size() ? of_type(module_.tags[ins.index].type.value).operands : 0;
      case Count::Fields:
        return ins.index < module_.types.size()
                   ? static_cast<uint32_t>(module_.types[ins.index].fields.size())
                   : 0;
      case Count::Immediate: return ins.index2;
      default: return static_cast<uint32_t>(of);
    }
  };
  return Arity{count(effect.operands), count(effect.results)};
}

}  // namespace godwit::text
