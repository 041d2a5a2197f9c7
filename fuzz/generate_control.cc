// Generated functions: statements, blocks, branches and calls.
#include <algorithm>

#include "module_generator.h"

namespace godwit::fuzz {

using wasm::Opcode;
using wasm::ValKind;
using wasm::ValType;

namespace {

constexpr size_t kMaxDepth = 5;      // of blocks
constexpr size_t kMaxOperands = 24;  // of one block, before some are dropped

bool ends_block(Opcode op) {
  switch (op) {
    case Opcode::unreachable:
    case Opcode::br:
    case Opcode::br_table:
    case Opcode::return_:
    case Opcode::return_call:
    case Opcode::return_call_indirect:
    case Opcode::return_call_ref:
    case Opcode::throw_:
    case Opcode::throw_ref:
    case Opcode::rethrow: return true;
    default: return false;
  }
}

bool opens_block(Opcode op) {
  switch (op) {
    case Opcode::block:
    case Opcode::loop:
    case Opcode::if_:
    case Opcode::try_:
    case Opcode::try_table: return true;
    default: return false;
  }
}

// Instructions that others bring along.
bool comes_with_another(Opcode op) {
  switch (op) {
    case Opcode::else_:
    case Opcode::end:
    case Opcode::catch_:
    case Opcode::catch_all:
    case Opcode::delegate: return true;
    default: return false;
  }
}

}  // namespace

void ModuleGenerator::begin_function(const Signature& type) {
  code_ = {};
  function_ = &type;
  ++function_idx_;
  stack_.clear();
  locals_ = type.params;
  labels_ = {{type.results, false}};
  burn_fuel();
}

void ModuleGenerator::end_function(const Signature& type) {
  const Types locals(locals_.begin() + std::ssize(type.params), locals_.end());
  module_.func(type.index, locals, code_);
}

void ModuleGenerator::function(const Signature& type) {
  begin_function(type);
  for (uint32_t more = choices_.below(10); more > 0; --more) locals_.push_back(some_type());
  statements(4 + choices_.below(60), type.results, 0);
  end_function(type);
}

// Traps when there is none left.
void ModuleGenerator::burn_fuel() {
  code_.op(Opcode::global_get, fuel_global_).i32(0).op(Opcode::i32_le_s);  // br_if takes it below 0
  code_.block(Opcode::if_).op(Opcode::unreachable).end();
  code_.op(Opcode::global_get, fuel_global_).i32(1).op(Opcode::i32_sub).op(Opcode::global_set, fuel_global_);
}

void ModuleGenerator::statements(uint32_t count, const Types& results, size_t base) {
  for (uint32_t i = 0; i < count && !choices_.at_end(); ++i) {
    if (statement(base)) continue;
    // what follows is unreachable: some of it, to see it skipped
    if (choices_.one_in(3)) code_.block(Opcode::block).i32(1).op(Opcode::drop).end();
    if (choices_.one_in(3)) code_.op(Opcode::i32_add).op(Opcode::drop);
    stack_.resize(base);
    stack_.insert(stack_.end(), results.begin(), results.end());
    return;
  }
  settle(results, base);
}

// Puts the results on top and takes away what lies below them.
void ModuleGenerator::settle(const Types& results, size_t base) {
  want(results, base);
  if (stack_.size() == base + results.size()) return retype(results);
  std::vector<uint32_t> saved;
  for (size_t i = results.size(); i-- > 0;) {
    locals_.push_back(results[i]);
    saved.push_back(static_cast<uint32_t>(locals_.size() - 1));
    code_.op(Opcode::local_set, saved.back());
    stack_.pop_back();
  }
  while (stack_.size() > base) show();
  for (size_t i = results.size(); i-- > 0;) code_.op(Opcode::local_get, saved[i]);
  stack_.insert(stack_.end(), results.begin(), results.end());
}

// Takes the top value where it can be seen from outside: into an exported global.
void ModuleGenerator::show() {
  const ValType type = stack_.back();
  stack_.pop_back();
  if (type.is_ref() && choices_.one_in(2)) {
    if (show_field(type)) return;
    code_.op(Opcode::ref_is_null);
    pushed(ValKind::I32);
    return show();
  }
  auto global = static_cast<uint32_t>(globals_.size());
  while (global > 0 && !(fits(type, globals_[global - 1].val) && globals_[global - 1].is_mutable)) --global;
  if (global == 0 || choices_.one_in(8)) {
    code_.op(Opcode::drop);
    return;
  }
  --global;
  if (type.kind() == ValKind::I32) code_.op(Opcode::global_get, global).op(Opcode::i32_xor);
  if (type.kind() == ValKind::I64) code_.op(Opcode::global_get, global).op(Opcode::i64_xor);
  code_.op(Opcode::global_set, global);
}

bool ModuleGenerator::statement(size_t base) {
  static constexpr Opcode kOften[] = {
      Opcode::block,     Opcode::loop,       Opcode::if_,           Opcode::br_if,      Opcode::br_if,
      Opcode::br_if,     Opcode::select,     Opcode::global_get,    Opcode::global_set, Opcode::local_get,
      Opcode::local_set, Opcode::local_set,  Opcode::local_tee,     Opcode::local_tee,  Opcode::call,
      Opcode::i32_load,  Opcode::i32_store,  Opcode::call_indirect, Opcode::try_table,  Opcode::try_,
      Opcode::throw_,    Opcode::struct_get, Opcode::struct_set,    Opcode::array_get,  Opcode::array_set,
      Opcode::ref_cast,  Opcode::i32_add};
  if (stack_.size() > base + kMaxOperands) {
    show();
    return true;
  }
  const uint32_t kind = choices_.below(8);
  if (kind < 2) return push(some_type()), true;
  const Opcode op =
      kind < 4 ? kOften[choices_.below(std::size(kOften))] : opcodes_[choices_.below(opcodes_.size())];
  if (!has(op) || (ends_block(op) && !choices_.one_in(8))) return true;
  if (opens_block(op) && labels_.size() > kMaxDepth) return true;
  if (comes_with_another(op)) return true;
  return emit(op, base);
}

void ModuleGenerator::block(Opcode op, size_t base) {
  const Types params = some_types(2), results = some_types(2);
  want(params, base);
  retype(params);
  const Types outer(stack_.begin(), stack_.end() - std::ssize(params));
  if (op == Opcode::if_) {
    push(ValKind::I32);
    popped(1);
  }
  const bool is_short = params.empty() && results.size() < 2 && choices_.one_in(2);
  if (!is_short) code_.block(op, type_of(params, results));
  else if (results.empty()) code_.block(op);
  else code_.block(op, results[0]);
  labels_.push_back({op == Opcode::loop ? params : results, op == Opcode::loop});
  statements(1 + choices_.below(12), results, outer.size());
  const bool may_lack_else = params == results;
  if (op == Opcode::if_ && !(may_lack_else && choices_.one_in(2))) {
    code_.op(Opcode::else_);
    stack_ = outer;
    stack_.insert(stack_.end(), params.begin(), params.end());
    statements(1 + choices_.below(8), results, outer.size());
  }
  code_.end();
  labels_.pop_back();
}

uint32_t ModuleGenerator::label_depth() { return choices_.below(labels_.size()); }

const ModuleGenerator::Label* ModuleGenerator::label_ending_in_ref(uint32_t& depth) {
  for (depth = 0; depth < labels_.size(); ++depth)
    if (const Label& found = label(depth); !found.types.empty() && found.types.back().is_ref()) return &found;
  return nullptr;
}

bool ModuleGenerator::branch(Opcode op, size_t base) {
  if (op == Opcode::return_) return want(labels_[0].types, base), code_.op(op), false;
  uint32_t depth = label_depth();
  const Types types = label(depth).types;
  if (op == Opcode::br) {
    if (label(depth).is_loop) burn_fuel();
    want(types, base);
    return code_.op(op, depth), false;
  }
  if (op == Opcode::br_if) {
    const bool counts = label(depth).is_loop;
    if (counts && choices_.one_in(4)) burn_fuel();
    else if (counts) {
      if (choices_.one_in(3)) return count_rounds(depth), true;
      // without a block of its own, which would settle all operands
      want(types, base);
      retype(types);
      code_.op(Opcode::global_get, fuel_global_)
          .i32(1)
          .op(Opcode::i32_sub)
          .op(Opcode::global_set, fuel_global_);
      code_.op(Opcode::global_get, fuel_global_).i32(0).op(Opcode::i32_gt_s);
      return code_.op(op, depth), true;
    }
    want(types, base);
    retype(types);
    condition();
    return code_.op(op, depth), true;
  }
  if (op == Opcode::br_table) {
    std::vector<uint32_t> depths;
    bool has_loop = false;
    for (uint32_t other = 0; other < labels_.size(); ++other) {
      if (label(other).types != types) continue;
      depths.push_back(other);
      has_loop |= label(other).is_loop;
    }
    if (has_loop) burn_fuel();
    want(types, base);
    push_small(false, 7);
    popped(1);
    wasm::Instruction table;
    table.op = op;
    for (uint32_t count = 1 + choices_.below(5); count > 0; --count)
      table.labels.push_back(depths[choices_.below(depths.size())]);
    return code_.add(table), false;
  }
  const ValType ref = some_ref();
  if (op == Opcode::br_on_null) {
    if (label(depth).is_loop) burn_fuel();
    want(types, base);
    retype(types);
    push(ref);
    code_.op(op, depth);
    stack_.back() = ValType::ref(stack_.back().heap(), false);
    return true;
  }
  // br_on_non_null
  const Label* found = label_ending_in_ref(depth);
  if (found == nullptr) {
    code_.block(Opcode::block, ref);
    push(ref);
    code_.op(op, 0).add({.op = Opcode::ref_null, .type = ref}).end();
    stack_.back() = ref;
    return true;
  }
  const Types whole = found->types, kept(whole.begin(), whole.end() - 1);
  if (found->is_loop) burn_fuel();
  want(kept, base);
  retype(kept);
  push(whole.back());
  popped(1);
  return code_.op(op, depth), true;
}

// The operand of a branch: something, tested, or two values compared.
void ModuleGenerator::condition() {
  static const std::vector<Opcode> kCompares = [] {
    std::vector<Opcode> found;
    for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
      if (wasm::class_of(static_cast<Opcode>(i)) == wasm::OpClass::Compare)
        found.push_back(static_cast<Opcode>(i));
    return found;
  }();
  if (choices_.one_in(3)) {
    emit(kCompares[choices_.below(kCompares.size())], stack_.size());  // nothing below is its operand
  } else {
    push(ValKind::I32);
    if (choices_.one_in(3)) code_.op(Opcode::i32_eqz);
    else if (choices_.one_in(2)) code_.i32(static_cast<int32_t>(choices_.below(4))).op(Opcode::i32_lt_s);
  }
  popped(1);
}

// The end of a counted loop: if (fuel) { count += step; if (count compares) continue; }
void ModuleGenerator::count_rounds(uint32_t depth) {
  const Types types = label(depth).types;
  code_.op(Opcode::global_get, fuel_global_).i32(1).op(Opcode::i32_sub).op(Opcode::global_set, fuel_global_);
  code_.op(Opcode::global_get, fuel_global_).i32(0).op(Opcode::i32_gt_s).block(Opcode::if_);
  const size_t height = stack_.size();
  for (const ValType type : types) push(type);
  stack_.resize(height);
  const bool is_wide = choices_.one_in(4);
  const ValKind kind = is_wide ? ValKind::I64 : ValKind::I32;
  const uint32_t count = local_of(kind);
  const auto step = static_cast<int32_t>(choices_.below(5)) - 2;
  code_.op(Opcode::local_get, count);
  if (is_wide) code_.i64(step).op(Opcode::i64_add);
  else code_.i32(step).op(Opcode::i32_add);
  code_.op(Opcode::local_tee, count);
  const auto limit = static_cast<int32_t>(choices_.below(70'000)) - 3;
  if (choices_.one_in(2)) code_.op(Opcode::local_get, local_of(kind));
  else if (is_wide) code_.i64(limit);
  else code_.i32(limit);
  // one of the ten comparisons of the type, which are neighbours
  const auto first = static_cast<unsigned>(is_wide ? Opcode::i64_eq : Opcode::i32_eq);
  code_.op(static_cast<Opcode>(first + choices_.below(10))).op(Opcode::br_if, depth + 1);
  for (size_t i = 0; i < types.size(); ++i) code_.op(Opcode::drop);
  code_.end();
}

bool ModuleGenerator::call(Opcode op, size_t base) {
  const bool is_tail =
      op == Opcode::return_call || op == Opcode::return_call_indirect || op == Opcode::return_call_ref;
  // mostly one that comes before this: recursion burns all fuel, and what traps shows no results
  const bool may_recurse = choices_.one_in(16);
  uint32_t callee = choices_.below(may_recurse ? funcs_.size() : function_idx_);
  if (is_tail) {
    std::vector<uint32_t> fitting;
    for (uint32_t i = 0; i < funcs_.size(); ++i)
      if (funcs_[i].results == labels_[0].types && (may_recurse || i < function_idx_)) fitting.push_back(i);
    if (fitting.empty()) return branch(Opcode::return_, base);
    callee = fitting[choices_.below(fitting.size())];
  }
  const Signature type = funcs_[callee];
  want(type.params, base);
  switch (op) {
    case Opcode::call_ref:
    case Opcode::return_call_ref:
      if (choices_.one_in(16))
        code_.add({.op = Opcode::ref_null, .type = ValType::ref(wasm::HeapType(type.index), true)});
      else code_.op(Opcode::ref_func, callee);
      code_.op(op, type.index.value);
      break;
    case Opcode::call_indirect:
    case Opcode::return_call_indirect: {
      const uint32_t table = choices_.one_in(16) ? 2 : 0;
      if (choices_.one_in(8)) {
        push_small(false, 15);
        popped(1);
      } else {
        code_.i32(static_cast<int32_t>(callee));
      }
      code_.op(op, type.index.value, table);
      break;
    }
    default: code_.op(op, callee);
  }
  if (is_tail) return false;
  popped(type.params.size());
  stack_.insert(stack_.end(), type.results.begin(), type.results.end());
  return true;
}

}  // namespace godwit::fuzz
