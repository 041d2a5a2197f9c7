// One look at all bodies, then exceptions are followed from callees to callers.
#include "facts.h"

#include "wasm/instruction.h"

namespace godwit::llvm_tier {

using wasm::Opcode;

CallFacts::CallFacts(const wasm::Module& module, wasm::FeatureSet features, const std::vector<bool>& by_table)
    : throws_(by_table), requests_(by_table) {
  std::vector<std::vector<uint32_t>> callers(module.bodies.size());
  wasm::Instruction in;
  for (uint32_t defined = 0; defined < module.bodies.size(); ++defined) {
    if (by_table[defined]) continue;
    wasm::InstructionReader reader(module, module.bodies[defined].range, features);
    if (!reader.locals()) continue;  // none that is compiled
    while (!reader.at_end() && reader.next(in)) {
      switch (in.op) {
        case Opcode::return_call: requests_[defined] = true; [[fallthrough]];
        case Opcode::call:
          if (in.index < module.imported_funcs) throws_[defined] = true;
          else callers[in.index - module.imported_funcs].push_back(defined);
          break;
        case Opcode::return_call_indirect:
        case Opcode::return_call_ref: requests_[defined] = true; [[fallthrough]];
        case Opcode::call_indirect:
        case Opcode::call_ref:
        case Opcode::throw_:
        case Opcode::throw_ref:
        case Opcode::rethrow: throws_[defined] = true; break;
        default: break;
      }
    }
  }
  std::vector<uint32_t> todo;
  for (uint32_t defined = 0; defined < throws_.size(); ++defined)
    if (throws_[defined]) todo.push_back(defined);
  while (!todo.empty()) {
    const uint32_t callee = todo.back();
    todo.pop_back();
    for (const uint32_t caller : callers[callee]) {
      if (throws_[caller]) continue;
      throws_[caller] = true;
      todo.push_back(caller);
    }
  }
}

}  // namespace godwit::llvm_tier
