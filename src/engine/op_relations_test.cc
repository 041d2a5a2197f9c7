// What opcode_relations.h says of instructions follows from their meaning.
#include <gtest/gtest.h>

#include "engine/op_reference.h"
#include "wasm/opcode_relations.h"

namespace godwit::engine {

namespace {

using wasm::OpClass;
using wasm::Opcode;

// Calls `check` with each instruction of two like operands, and each pair of edges.
void for_pairs(OpClass op_class, void (*check)(Opcode, const Value*)) {
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    if (wasm::class_of(op) != op_class) continue;
    const std::vector<Value>& values = edges(wasm::signature_of(op).params()[0]);
    for (const Value& x : values) {
      for (const Value& y : values) {
        const Value pair[] = {x, y};
        check(op, pair);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

Value value_of(Opcode op, const Value* operands) { return reference({.op = op}, operands).results[0]; }

}  // namespace

TEST(OpRelations, OfComparisonsHold) {
  for_pairs(OpClass::Compare, [](Opcode op, const Value* pair) {
    const Value swapped[] = {pair[1], pair[0]};
    EXPECT_EQ(value_of(op, pair).low, value_of(wasm::mirrored(op), swapped).low) << wasm::text_of(op);
    if (wasm::is_of_integers(op))
      EXPECT_NE(value_of(op, pair).low, value_of(wasm::negated(op), pair).low) << wasm::text_of(op);
  });
}

TEST(OpRelations, OfArithmeticHold) {
  for_pairs(OpClass::Binary, [](Opcode op, const Value* pair) {
    const OperandType type = wasm::signature_of(op).results()[0];
    if (wasm::is_commutative(op)) {
      const Value swapped[] = {pair[1], pair[0]};
      EXPECT_TRUE(is_same(op, type, value_of(op, swapped), value_of(op, pair), pair)) << wasm::text_of(op);
    }
    if (const Opcode addition = wasm::as_addition(op); addition != op) {
      const Value negative[] = {pair[0], {0 - pair[1].low}};
      EXPECT_TRUE(is_same(op, type, value_of(addition, negative), value_of(op, pair), pair))
          << wasm::text_of(op);
    }
  });
  EXPECT_NE(wasm::as_addition(Opcode::i32_sub), Opcode::i32_sub);
  EXPECT_EQ(wasm::as_addition(Opcode::f32_sub), Opcode::f32_sub);
  EXPECT_FALSE(wasm::is_commutative(Opcode::i64_sub));
  EXPECT_TRUE(wasm::is_constant_arithmetic(Opcode::i64_sub));
  EXPECT_FALSE(wasm::is_constant_arithmetic(Opcode::f64_add));
}

}  // namespace godwit::engine
