// Trying out instructions.
#include "vocabulary.h"

#include <map>

#include "code/translate.h"
#include "finding.h"
#include "random_input.h"
#include "trial.h"

namespace godwit::fuzz {

using wasm::Opcode;

namespace {

constexpr size_t kInputBytes = 200;  // more choices than a module of one instruction has

bool has_instruction(const wasm::Module& module, Opcode op) {
  wasm::InstructionReader reader(module, module.body(wasm::FuncIdx(module.imported_funcs + 1)).range);
  if (!reader.locals()) return false;
  wasm::Instruction instruction;
  while (!reader.at_end() && reader.next(instruction))
    if (instruction.op == op) return true;
  return false;
}

bool can_run_memory64() {
  wasm::ModuleBuilder module;
  module.memory({.limits = {.min = 1, .max = 1, .addr = wasm::AddrType::I64}});
  const wasm::TypeIdx type = module.type(wasm::FuncType{});
  module.func(type, {}, wasm::CodeBuilder().i64(0).access(Opcode::i32_load).op(Opcode::drop));
  Trial trial;
  const auto loaded = trial.load(module.build());
  return loaded && code::translate(**loaded, wasm::FuncIdx(0)).has_value();
}

}  // namespace

Vocabulary::Vocabulary() {
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
    if (wasm::feature_of(static_cast<Opcode>(i)) == wasm::Feature::Mvp) options_.opcodes.set(i);
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    options_.opcodes.set(i);
    if (!can_generate(op) || !try_out(op)) options_.opcodes.reset(i);
  }
  options_.memory64 = can_run_memory64();
}

bool Vocabulary::try_out(Opcode op) {
  constexpr uint64_t kTries = 64;
  for (uint64_t seed = 0; seed < kTries; ++seed) {
    const std::vector<uint8_t> input = random_bytes(seed, kInputBytes);
    ModuleGenerator generator(input, options_);
    const std::vector<uint8_t> bytes = generator.build_for(op);
    Trial trial;
    const auto module = trial.load(bytes);
    if (!module)
      report_finding("a module for " + std::string(wasm::text_of(op)) + ": " + module.error().describe(),
                     bytes);
    if (!has_instruction((*module)->declarations, op)) continue;
    const wasm::FuncIdx func((*module)->declarations.imported_funcs + 1);
    if (const auto translated = code::translate(**module, func); !translated) {
      if (translated.error().kind() == ErrorKind::Unsupported) return false;
      report_finding(translated.error().describe(), bytes);
    }
    trial.run(*module);
    // the other function always returns
    const bool did_return = trial.returned() > Trial::kCallsPerFunction;
    if (trial.refused() == 0 && (did_return || (!generator.falls_through() && trial.ended() != 0)))
      return true;
  }
  return false;
}

std::string Vocabulary::summary() const {
  std::map<wasm::Feature, uint32_t> left_out;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
    if (!options_.opcodes.test(i)) ++left_out[wasm::feature_of(static_cast<Opcode>(i))];
  std::string text =
      std::to_string(executed()) + " of " + std::to_string(wasm::kOpcodeCount) + " instructions executed";
  const char* before = "; not executed by this version: ";
  for (const auto& [feature, count] : left_out) {
    text.append(before).append(std::to_string(count)).append(" of ").append(wasm::info_of(feature).option);
    before = ", ";
  }
  before = "\nmissing: ";
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    if (options_.opcodes.test(i)) continue;
    text.append(before).append(wasm::kOpcodes[i].name);
    before = " ";
  }
  return text;
}

}  // namespace godwit::fuzz
