// Constant expressions: a small stack machine over the common instruction reader.
#include "runtime/const_expr.h"

#include <cstring>

#include "runtime/memory.h"
#include "wasm/instruction.h"

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
      case Opcode::i32_add:
        return binary([](uint64_t a, uint64_t b) { return uint64_t{static_cast<uint32_t>(a + b)}; });
      case Opcode::i32_sub:
        return binary([](uint64_t a, uint64_t b) { return uint64_t{static_cast<uint32_t>(a - b)}; });
      case Opcode::i32_mul:
        return binary([](uint64_t a, uint64_t b) { return uint64_t{static_cast<uint32_t>(a * b)}; });
      case Opcode::i64_add: return binary([](uint64_t a, uint64_t b) { return a + b; });
      case Opcode::i64_sub: return binary([](uint64_t a, uint64_t b) { return a - b; });
      case Opcode::i64_mul: return binary([](uint64_t a, uint64_t b) { return a * b; });
      default:
        return fail(Error(ErrorKind::Unsupported, "the constant instruction " +
                                                      std::string(text_of(instruction.op)) +
                                                      " (garbage collection proposal) is not supported")
                        .at(instruction.offset));
    }
  }

  void push(Slot value) { stack_.push_back(one_slot(value)); }

  template <class Operation>
  Result<> binary(Operation operation) {
    if (stack_.size() < 2)
      return fail(ErrorKind::Invalid, "type mismatch: a constant expression lacks operands");
    const Slot right = stack_.back().value[0];
    stack_.pop_back();
    stack_.back() = one_slot(operation(stack_.back().value[0], right));
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
  ASSIGN_OR_RETURN(const VmGlobal value, evaluate(instance, expression));
  return type == wasm::AddrType::I32 ? uint64_t{static_cast<uint32_t>(value.value[0])} : value.value[0];
}

}  // namespace godwit::runtime
