// Constant expressions: a small stack machine over the common instruction reader.
#include "runtime/const_expr.h"

#include <cstring>

#include "runtime/memory.h"
#include "wasm/instruction.h"
#include "wasm/opcode_relations.h"

namespace godwit::runtime {

namespace {

using wasm::Opcode;

VmGlobal one_slot(Slot value) { return {{value, 0}}; }

// Validation has checked that operands are there and of the right type.
class Evaluator final {
 public:
  explicit Evaluator(Instance& instance) : instance_(instance) {}

  Result<VmGlobal> run(const wasm::ConstExpr& expression) {
    wasm::InstructionReader reader(instance_.module().declarations, expression.range);
    wasm::Instruction instruction;
    for (;;) {
      TRY(reader.next(instruction));
      if (instruction.op == Opcode::end) break;
      TRY(step(instruction));
    }
    if (stack_.empty())
      return fail(ErrorKind::Invalid, "type mismatch: a constant expression without a value");
    return stack_.back();
  }

 private:
  Result<> step(const wasm::Instruction& instruction) {
    if (wasm::is_constant_arithmetic(instruction.op)) return arithmetic(instruction.op);
    switch (instruction.op) {
      case Opcode::i32_const: push(static_cast<uint32_t>(instruction.bits)); return {};
      case Opcode::i64_const:
      case Opcode::f32_const:
      case Opcode::f64_const: push(instruction.bits); return {};
      case Opcode::v128_const: {
        VmGlobal value;
        std::memcpy(value.value, instruction.v128.data(), sizeof value.value);
        stack_.push_back(value);
        return {};
      }
      case Opcode::ref_null: push(0); return {};
      case Opcode::ref_func:
        push(reinterpret_cast<Ref>(instance_.func(wasm::FuncIdx(instruction.index))));
        return {};
      case Opcode::global_get: stack_.push_back(global(instruction.index)); return {};
      default:
        return fail(Error(ErrorKind::Unsupported, "the constant instruction " +
                                                      std::string(text_of(instruction.op)) +
                                                      " (garbage collection proposal) is not supported")
                        .at(instruction.offset));
    }
  }

  void push(Slot value) { stack_.push_back(one_slot(value)); }

  Result<> arithmetic(Opcode op) {
    if (stack_.size() < 2)
      return fail(ErrorKind::Invalid, "type mismatch: a constant expression lacks operands");
    const Slot y = stack_.back().value[0];
    stack_.pop_back();
    const Slot x = stack_.back().value[0];
    const std::string_view operation = wasm::operation_of(op);
    const Slot result = operation == "add" ? x + y : operation == "sub" ? x - y : x * y;
    const bool is_short = wasm::signature_of(op).results()[0] == wasm::Signature::Type::I32;
    stack_.back() = one_slot(is_short ? static_cast<uint32_t>(result) : result);
    return {};
  }

  VmGlobal global(uint32_t index) const {
    const VmContext& context = *instance_.vmctx();
    const uint32_t imported = instance_.module().declarations.imported_globals;
    return index < imported ? *context.imported_globals[index] : context.globals[index - imported];
  }

  Instance& instance_;
  std::vector<VmGlobal> stack_;
};

}  // namespace

Result<VmGlobal> evaluate(Instance& instance, const wasm::ConstExpr& expression) {
  return Evaluator(instance).run(expression);
}

Result<uint64_t> evaluate_offset(Instance& instance, const wasm::ConstExpr& expression, wasm::AddrType type) {
  if (const auto constant = wasm::short_const_expr(instance.module().declarations.slice(expression.range)))
    return static_cast<uint32_t>(constant->value);
  ASSIGN_OR_RETURN(const VmGlobal value, evaluate(instance, expression));
  return type == wasm::AddrType::I32 ? uint64_t{static_cast<uint32_t>(value.value[0])} : value.value[0];
}

}  // namespace godwit::runtime
