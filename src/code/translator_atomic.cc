// The instructions of the threads proposal.
#include "code/translator.h"

namespace godwit::code {

using wasm::Opcode;
using wasm::ValKind;

// Operands from slots, the result to its slot and the accumulator: what they cost is the memory's business.
Result<> Translator::atomic(const wasm::Instruction& in) {
  if (in.op == Opcode::atomic_fence) {
    code_.emit(CellOp::atomic_fence, 0, 0, 0);
    return {};
  }
  uint32_t memory = in.mem.memory.value;
  TRY(check_memory(in, memory));
  const wasm::Signature& signature = wasm::info_of(in.op).signature;
  uint64_t slots = 0;
  for (size_t i = signature.params().size() - 1; i != 0; --i) {
    Operand operand = pop();
    to_readable_slot(operand);
    slots = slots << 16 | operand.place();
  }
  Operand address = pop();
  to_readable_slot(address);
  bool has_result = !signature.results().empty();
  if (has_result) flush(AccClass::Int);
  uint32_t cell = code_.emit_far(atomic_op(in.op), address.place(), next_slot(), in.mem.offset);
  code_.add_literal(memory_literal(memory));
  code_.add_literal(slots);
  if (has_result)
    made_written_result(signature.results()[0] == wasm::Signature::Type::I64 ? ValKind::I64 : ValKind::I32,
                        cell);
  return {};
}

}  // namespace godwit::code
