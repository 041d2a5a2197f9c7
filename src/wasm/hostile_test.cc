// Validation takes work in proportion to a module's size, whatever the module, and can be interrupted.
#include <gtest/gtest.h>

#include "wasm/builder.h"
#include "wasm/decoder.h"
#include "wasm/hostile_modules.h"
#include "wasm/limits.h"
#include "wasm/validator.h"

namespace godwit::wasm {
namespace {

using enum Opcode;

struct Effort {
  uint64_t steps = 0;
  uint64_t bytes = 0;
  Result<> result;
};

// What it takes to validate the last function.
Effort validation_of(const std::vector<uint8_t>& bytes, Interrupt interrupt = {}) {
  const auto module = decode_copy(bytes);
  EXPECT_TRUE(module) << module.error().describe();
  EXPECT_TRUE(validate_declarations(*module));
  BodyValidator validator(*module);
  Effort effort;
  effort.result = validator.validate(FuncIdx(module->funcs.size() - 1), interrupt);
  effort.steps = validator.steps();
  effort.bytes = module->bodies.back().range.size;
  return effort;
}

TEST(HostileModules, ValidateInTimeThatTheirSizeBounds) {
  for (const test::HostileModule& module : test::hostile_modules()) {
    SCOPED_TRACE(module.name);
    const uint32_t count = std::min(module.max_count / 2, uint32_t{5'000});
    const Effort once = validation_of(module.build(count));
    const Effort twice = validation_of(module.build(2 * count));
    EXPECT_TRUE(once.result) << once.result.error().describe();
    EXPECT_TRUE(twice.result) << twice.result.error().describe();
    EXPECT_LE(once.steps, 100 * once.bytes);
    EXPECT_LE(twice.steps, 2 * once.steps + 100);
  }
}

// Ten thousand fields to be looked at for an instruction of three bytes: no compiler writes many of these.
TEST(HostileModules, AreRefusedIfTheyAreTooMuchWork) {
  ModuleBuilder builder;
  SubType large;
  large.kind = CompositeKind::Struct;
  large.fields.assign(limits::kStructFields, {ValKind::I32, true});
  const TypeIdx type = builder.type(large);
  CodeBuilder code;
  for (int i = 0; i < 1000; ++i) code.op(struct_new_default, type.value).op(drop);
  builder.func(builder.type(FuncType{}), {}, code);
  const Effort effort = validation_of(builder.build());
  ASSERT_FALSE(effort.result);
  EXPECT_EQ(effort.result.error().kind(), ErrorKind::Exhausted);
  EXPECT_TRUE(effort.result.error().message().starts_with("too much work to validate"));
  EXPECT_LE(effort.steps, 100'000 + 300 * effort.bytes);
}

TEST(HostileModules, CanBeInterrupted) {
  const std::vector<uint8_t> bytes = test::hostile_modules().front().build(50'000);
  const std::atomic<uint64_t> word{1};
  const Effort effort = validation_of(bytes, Interrupt(word));
  ASSERT_FALSE(effort.result);
  EXPECT_EQ(effort.result.error().kind(), ErrorKind::Exhausted);
  EXPECT_LE(effort.steps, 2 * WorkMeter::kStepsBetweenLooks);
  const auto module = decode_copy(bytes);
  ASSERT_TRUE(module);
  EXPECT_FALSE(validate(*module, {}, Interrupt(word)));
  EXPECT_TRUE(validate(*module));
}

// Locals beyond the first few are not kept one by one.
TEST(ManyLocals, HaveTheirTypes) {
  const ValType ref = ValType::ref(HeapType::Abstract::Func, false);
  const std::vector<std::pair<uint32_t, ValType>> groups = {{200, ValKind::I32}, {100, ValKind::I64},
                                                            {1, ValKind::F32},   {40'000, ValKind::F64},
                                                            {10, ref},           {5, ValKind::I32}};
  std::vector<ValType> locals;
  for (const auto& [count, type] : groups) locals.insert(locals.end(), count, type);
  const auto check = [&](uint32_t index, ValType result) {
    ModuleBuilder builder;
    builder.func(builder.type(FuncType{{ValKind::I64}, {result}}), locals,
                 CodeBuilder().op(local_get, index));
    return validation_of(builder.build()).result.has_value();
  };
  EXPECT_TRUE(check(0, ValKind::I64));  // the parameter
  uint32_t first = 1;
  for (const auto& [count, type] : groups) {
    const bool may_be_read = type != ref;
    for (const uint32_t index : {first, first + count - 1}) {
      EXPECT_EQ(check(index, type), may_be_read) << index;
      EXPECT_FALSE(check(index, ValKind::V128)) << index;
    }
    first += count;
  }
  EXPECT_FALSE(check(first, ValKind::I32));  // behind the last

  ModuleBuilder builder;
  CodeBuilder code;
  code.op(ref_func, 0).op(local_set, 40'305).op(local_get, 40'305);
  const TypeIdx type = builder.type(FuncType{{ValKind::I64}, {ref}});
  const FuncIdx func = builder.func(type, locals, code);
  builder.export_as("f", func);
  EXPECT_TRUE(validation_of(builder.build()).result);
}

}  // namespace
}  // namespace godwit::wasm
