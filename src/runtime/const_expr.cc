// Constant expressions: a small stack machine over the common instruction reader.
#include "runtime/const_expr.h"

#include <cstring>

#include "runtime/gc_access.h"
#include "runtime/gc_heap.h"
#include "runtime/memory.h"
#include "wasm/instruction.h"
#include "wasm/opcode_relations.h"

namespace godwit::runtime {

namespace {

using wasm::Opcode;

// So many elements are written between two looks at the poll word.
constexpr uint32_t kPollElements = 1 << 20;

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
      case Opcode::ref_i31:
        if (stack_.empty()) return lacks_operands();
        stack_.back() = one_slot(make_i31(static_cast<uint32_t>(stack_.back().value[0])));
        return {};
      case Opcode::any_convert_extern:
      case Opcode::extern_convert_any: return {};  // the reference is the same
      case Opcode::struct_new: return new_struct(instruction.index, true);
      case Opcode::struct_new_default: return new_struct(instruction.index, false);
      case Opcode::array_new: return new_array(instruction.index, Elements::Same);
      case Opcode::array_new_default: return new_array(instruction.index, Elements::Default);
      case Opcode::array_new_fixed: return new_array(instruction.index, Elements::Fixed, instruction.index2);
      default:
        return fail(
            Error(ErrorKind::Unsupported,
                  "the constant instruction " + std::string(text_of(instruction.op)) + " is not supported")
                .at(instruction.offset));
    }
  }

  void push(Slot value) { stack_.push_back(one_slot(value)); }

  Result<> arithmetic(Opcode op) {
    if (stack_.size() < 2) return lacks_operands();
    const Slot y = stack_.back().value[0];
    stack_.pop_back();
    const Slot x = stack_.back().value[0];
    const std::string_view operation = wasm::operation_of(op);
    const Slot result = operation == "add" ? x + y : operation == "sub" ? x - y : x * y;
    const bool is_short = wasm::signature_of(op).results()[0] == wasm::Signature::Type::I32;
    stack_.back() = one_slot(is_short ? static_cast<uint32_t>(result) : result);
    return {};
  }

  static Result<> lacks_operands() {
    return fail(ErrorKind::Invalid, "type mismatch: a constant expression lacks operands");
  }

  // A new object, which nothing refers to yet: allocations by the host do not collect.
  Result<Ref> allocate(uint32_t header, uint64_t size_bytes) {
    ASSIGN_OR_RETURN(GcHeap* const heap, instance_.store().ensure_gc_heap());
    const GcAllocation made = heap->allocate_for_host(header, size_bytes);
    if (made.trap == Trap::None) return made.object;
    return fail(
        Error(ErrorKind::Exhausted, static_cast<uint32_t>(made.trap), std::string(to_string(made.trap))));
  }

  Result<> new_struct(uint32_t type_index, bool has_operands) {
    const uint32_t id = instance_.module().type_ids[type_index];
    const GcType& type = instance_.module().gc_types[id];
    const size_t operands = has_operands ? type.field_count : 0;
    if (stack_.size() < operands) return lacks_operands();
    ASSIGN_OR_RETURN(const Ref object, allocate(gc_header(GcKind::Struct, id), type.size_bytes));
    const VmGlobal* values = stack_.data() + stack_.size() - operands;
    for (size_t i = 0; i < operands; ++i)
      store_slot(instance_.store(), object, type.fields[i].offset, type.fields[i].storage(), values[i].value);
    stack_.resize(stack_.size() - operands);
    push(object);
    return {};
  }

  enum class Elements : uint8_t { Same, Default, Fixed };
  Result<> new_array(uint32_t type_index, Elements elements, uint32_t count = 0) {
    const uint32_t id = instance_.module().type_ids[type_index];
    const GcStorage storage = instance_.module().gc_types[id].element;
    if (elements != Elements::Fixed) {
      if (stack_.empty()) return lacks_operands();
      count = static_cast<uint32_t>(stack_.back().value[0]);
      stack_.pop_back();
    }
    const size_t operands = elements == Elements::Fixed ? count : elements == Elements::Same ? 1 : 0;
    if (stack_.size() < operands) return lacks_operands();
    ASSIGN_OR_RETURN(const Ref array, allocate(gc_header(GcKind::Array, id),
                                               kGcElements + (uint64_t{count} << log2_size(storage))));
    gc_store(array, kGcLengthOffset, count);
    const VmGlobal* values = stack_.data() + stack_.size() - operands;
    for (uint32_t i = 0; operands != 0 && i < count; ++i) {
      // As when a guest is left: a module of a few bytes may ask for an array of a gigabyte.
      if (i % kPollElements == kPollElements - 1 &&
          instance_.store().vm().interrupt.load(std::memory_order_relaxed) != 0)
        return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(Trap::Interrupted),
                          std::string(to_string(Trap::Interrupted))));
      const VmGlobal& value = values[elements == Elements::Fixed ? i : 0];
      store_slot(instance_.store(), array, kGcElements + (i << log2_size(storage)), storage, value.value);
    }
    stack_.resize(stack_.size() - operands);
    push(array);
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
