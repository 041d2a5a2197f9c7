// The hostile modules: each a way to make few bytes cost much.
#include "wasm/hostile_modules.h"

#include "wasm/builder.h"
#include "wasm/limits.h"

namespace godwit::wasm::test {

namespace {

using enum Opcode;

constexpr uint32_t kMany = limits::kParams;  // parameters or results of one function

std::vector<ValType> many(ValType type) { return std::vector<ValType>(kMany, type); }

// A module whose function 0, of type 0, makes many i64s out of nothing, whose type 1 takes and leaves many, and whose
// last function is to be added.
struct Start {
  ModuleBuilder builder;
  TypeIdx makes, keeps, nothing;
  FuncIdx make;
  Start() {
    makes = builder.type(FuncType{{}, many(ValKind::I64)});
    keeps = builder.type(FuncType{many(ValKind::I64), many(ValKind::I64)});
    nothing = builder.type(FuncType{});
    make = builder.func(makes, {}, CodeBuilder().op(unreachable));
  }
  std::vector<uint8_t> with(const CodeBuilder& code, const std::vector<ValType>& locals = {}) {
    builder.func(nothing, locals, CodeBuilder(code).op(unreachable));
    return builder.build();
  }
};

// Branches of four bytes that each take a thousand operands and leave them.
std::vector<uint8_t> branches(uint32_t count) {
  Start start;
  CodeBuilder code;
  code.block(block, start.makes).op(call, start.make.value);
  for (uint32_t i = 0; i < count; ++i) code.i32(0).op(br_if, 0);
  return start.with(code.end());
}

// The same, where the operands lie above those that the label wants: a branch would have to move them.
std::vector<uint8_t> moving_branches(uint32_t count) {
  Start start;
  CodeBuilder code;
  code.block(block, start.makes).i32(0).op(call, start.make.value);
  for (uint32_t i = 0; i < count; ++i) code.i32(0).op(br_if, 0);
  return start.with(code.op(br, 0).end());
}

// Blocks of five bytes that take and leave a thousand operands.
std::vector<uint8_t> blocks(uint32_t count) {
  Start start;
  CodeBuilder code;
  code.op(call, start.make.value);
  for (uint32_t i = 0; i < count; ++i) code.block(block, start.keeps).op(br, 0).end();
  return start.with(code);
}

// Calls that take and leave a thousand operands.
std::vector<uint8_t> calls(uint32_t count) {
  Start start;
  const FuncIdx keep = start.builder.func(start.keeps, {}, CodeBuilder().op(unreachable));
  CodeBuilder code;
  code.op(call, start.make.value);
  for (uint32_t i = 0; i < count; ++i) code.op(call, keep.value);
  return start.with(code);
}

// The same where nothing is reached.
std::vector<uint8_t> dead_calls(uint32_t count) {
  Start start;
  const FuncIdx keep = start.builder.func(start.keeps, {}, CodeBuilder().op(unreachable));
  CodeBuilder code;
  code.op(unreachable);
  for (uint32_t i = 0; i < count; ++i) code.op(call, keep.value).op(br, 0);
  return start.with(code);
}

// Instructions of a few bytes that take ten thousand operands, where the stack has all that anybody asks for.
std::vector<uint8_t> dead_arrays(uint32_t count) {
  Start start;
  SubType array;
  array.kind = CompositeKind::Array;
  array.fields = {{ValKind::I64, true}};
  const TypeIdx type = start.builder.type(array);
  CodeBuilder code;
  code.op(unreachable);
  for (uint32_t i = 0; i < count; ++i) code.op(array_new_fixed, type.value, limits::kArrayNewFixed).op(drop);
  return start.with(code);
}

// Operands that mean locals, deep in the stack, and writes to those locals.
std::vector<uint8_t> saved_locals(uint32_t count) {
  Start start;
  CodeBuilder code;
  for (uint32_t i = 0; i < count; ++i) code.op(local_get, i);
  for (uint32_t i = 0; i < count; ++i) code.i64(1);
  for (uint32_t i = 0; i < count; ++i) code.i64(0).op(local_set, i);
  return start.with(code, std::vector<ValType>(count, ValKind::I64));
}

// One local many times, and one write to it.
std::vector<uint8_t> repeated_local(uint32_t count) {
  Start start;
  CodeBuilder code;
  for (uint32_t i = 0; i < count; ++i) code.op(local_get, 0);
  return start.with(code.i64(0).op(local_set, 0), {ValKind::I64});
}

std::vector<uint8_t> nested_blocks(uint32_t count) {
  Start start;
  CodeBuilder code;
  for (uint32_t i = 0; i < count; ++i) code.block(block);
  for (uint32_t i = 0; i < count; ++i) code.end();
  return start.with(code);
}

// One br_table with a label for each of many blocks, each with an operand that must be moved.
std::vector<uint8_t> wide_table(uint32_t count) {
  Start start;
  CodeBuilder code;
  for (uint32_t i = 0; i < count; ++i) code.block(block, ValKind::I64);
  Instruction table;
  table.op = br_table;
  for (uint32_t i = 0; i < count; ++i) table.labels.push_back(i);
  code.i32(1).i64(7).i32(0).add(table);
  for (uint32_t i = 0; i < count; ++i) code.end();
  return start.with(code);
}

// Many br_tables of a thousand operands and a thousand labels that are all the same.
std::vector<uint8_t> many_tables(uint32_t count) {
  Start start;
  Instruction table;
  table.op = br_table;
  table.labels.assign(1000, 0);
  CodeBuilder code;
  code.op(call, start.make.value);
  for (uint32_t i = 0; i < count; ++i) code.block(block, start.keeps).i32(0).add(table).end();
  return start.with(code);
}

std::vector<uint8_t> selects(uint32_t count) {
  Start start;
  CodeBuilder code;
  code.op(local_get, 0);
  for (uint32_t i = 0; i < count; ++i) code.i64(1).i32(1).op(select);
  return start.with(code, {ValKind::I64});
}

}  // namespace

std::vector<HostileModule> hostile_modules() {
  return {
      {"branches", branches},
      {"moving branches", moving_branches},
      {"blocks", blocks},
      {"calls", calls},
      {"dead calls", dead_calls},
      {"dead arrays", dead_arrays},
      {"saved locals", saved_locals, 20'000},
      {"repeated local", repeated_local, 60'000},
      {"nested blocks", nested_blocks, 900'000},
      {"wide table", wide_table, 65'000},
      {"many tables", many_tables, 3'900},
      {"selects", selects},
  };
}

}  // namespace godwit::wasm::test
