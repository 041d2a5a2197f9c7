// Generated instructions: each on operands that are made for it.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>

#include "module_generator.h"

namespace godwit::fuzz {

using wasm::HeapType;
using wasm::ImmKind;
using wasm::OpClass;
using wasm::Opcode;
using wasm::ValKind;
using wasm::ValType;

namespace {

bool contains(Opcode op, std::string_view part) {
  return wasm::text_of(op).find(part) != std::string_view::npos;
}

// How many lanes "i16x8.…" has.
uint32_t lanes_of(Opcode op) {
  const std::string_view text = wasm::text_of(op);
  const size_t x = text.find('x');
  uint32_t lanes = 1;
  std::from_chars(text.data() + x + 1, text.data() + text.size(), lanes);
  return lanes;
}

bool is_atomic(OpClass op_class) { return op_class >= OpClass::AtomicLoad; }

}  // namespace

bool can_generate(Opcode op) {
  const OpClass op_class = wasm::class_of(op);
  if (wasm::signature_of(op).is_plain()) return true;
  switch (op_class) {
    case OpClass::Parametric:
    case OpClass::Variable:
    case OpClass::Table:
    case OpClass::Memory:
    case OpClass::Ref:
    case OpClass::Control:
    case OpClass::Gc:
    case OpClass::Exception: return true;
    default: return false;
  }
}

ValType ModuleGenerator::element_of(wasm::Signature::Type type) const {
  switch (type) {
    case wasm::Signature::Type::I64: return ValKind::I64;
    case wasm::Signature::Type::F32: return ValKind::F32;
    case wasm::Signature::Type::F64: return ValKind::F64;
    case wasm::Signature::Type::V128: return ValKind::V128;
    default: return ValKind::I32;
  }
}

bool ModuleGenerator::emit(Opcode op, size_t base) {
  switch (wasm::class_of(op)) {
    case OpClass::Control:
      switch (op) {
        case Opcode::nop: return code_.op(op), true;
        case Opcode::unreachable: return code_.op(op), false;
        case Opcode::block:
        case Opcode::loop:
        case Opcode::if_: return block(op, base), true;
        case Opcode::call:
        case Opcode::call_indirect:
        case Opcode::call_ref:
        case Opcode::return_call:
        case Opcode::return_call_indirect:
        case Opcode::return_call_ref: return call(op, base);
        case Opcode::br_on_cast:
        case Opcode::br_on_cast_fail: return cast_branch(op), true;
        default: return branch(op, base);
      }
    case OpClass::Parametric:
    case OpClass::Variable: return variable(op, base), true;
    case OpClass::Table: return table_op(op), true;
    case OpClass::Memory: return bulk(op), true;
    case OpClass::Ref: return reference(op, base), true;
    case OpClass::Gc: return object_op(op, base), true;
    case OpClass::Exception: return exception_op(op, base);
    default: break;
  }
  if (wasm::access_bytes_of(op) != 0) access(op, base);
  else plain(op, base);
  return true;
}

void ModuleGenerator::constant(ValType type) {
  static constexpr int64_t kEdges[] = {0,      1,          -1,           2,     7,   31,   63,     255,
                                       4096,   32767,      -32768,       65536, 127, -128, 0xFFFF, 32768,
                                       -32769, 0x7FFFFFFF, -0x80000000LL};
  const auto integer =
      choices_.one_in(5) ? static_cast<int64_t>(choices_.bits()) : kEdges[choices_.below(std::size(kEdges))];
  switch (type.kind()) {
    case ValKind::I32: code_.i32(static_cast<int32_t>(integer)); break;
    case ValKind::I64: code_.i64(integer); break;
    case ValKind::F32:
      if (choices_.one_in(16)) code_.add({.op = Opcode::f32_const, .bits = 0x7FC00000});
      else code_.f32(0.5f * static_cast<float>(integer));
      break;
    case ValKind::F64:
      if (choices_.one_in(16)) code_.add({.op = Opcode::f64_const, .bits = 0x7FF8000000000000});
      else code_.f64(0.25 * static_cast<double>(integer));
      break;
    case ValKind::V128: {
      wasm::Instruction vector{.op = Opcode::v128_const};
      const uint64_t halves[2] = {static_cast<uint64_t>(integer),
                                  static_cast<uint64_t>(integer) * 0x9E3779B97F4A7C15};
      std::memcpy(vector.v128.data(), halves, sizeof halves);
      code_.add(vector);
      break;
    }
    default: return push_ref(type);
  }
  pushed(type);
}

uint32_t ModuleGenerator::scratch_local(ValType type) {
  for (uint32_t i = static_cast<uint32_t>(function_->params.size()); i < locals_.size(); ++i)
    if (locals_[i] == type) return i;
  locals_.push_back(type);
  return static_cast<uint32_t>(locals_.size() - 1);
}

uint32_t ModuleGenerator::local_of(ValType type) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < locals_.size(); ++i)
    if (locals_[i] == type) found.push_back(i);
  if (!found.empty()) return found[choices_.below(found.size())];
  locals_.push_back(type);
  return static_cast<uint32_t>(locals_.size() - 1);
}

// One that may hold a value of this type.
uint32_t ModuleGenerator::local_for(ValType type) {
  if (!type.is_ref()) return local_of(type);
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < locals_.size(); ++i)
    if (fits(type, locals_[i])) found.push_back(i);
  if (!found.empty() && !choices_.one_in(4)) return found[choices_.below(found.size())];
  return local_of(ValType::ref(type.heap(), true));
}

void ModuleGenerator::push(ValType type) {
  if (type.is_ref()) return push_ref(type);
  switch (choices_.below(4)) {
    case 0: return constant(type);
    case 3:
      for (uint32_t i = 0; i < globals_.size(); ++i)
        if (globals_[i].val == type && i != fuel_global_) {
          code_.op(Opcode::global_get, i);
          return pushed(type);
        }
      [[fallthrough]];
    default: code_.op(Opcode::local_get, local_of(type)); return pushed(type);
  }
}

void ModuleGenerator::want(const Types& types, size_t base) {
  const bool are_there = stack_.size() >= base + types.size() &&
                         std::equal(types.rbegin(), types.rend(), stack_.rbegin(),
                                    [this](ValType wanted, ValType have) { return fits(have, wanted); });
  if (are_there && !choices_.one_in(4)) return;
  // the first by luck
  const bool is_first_there = types.size() > 1 && stack_.size() > base && fits(stack_.back(), types[0]);
  for (size_t i = is_first_there && choices_.one_in(2) ? 1 : 0; i < types.size(); ++i) push(types[i]);
}

void ModuleGenerator::push_small(bool is_64, uint32_t mask) {
  const ValKind kind = is_64 ? ValKind::I64 : ValKind::I32;
  const uint32_t way = choices_.below(32);
  if (way < 8) {
    const uint32_t number = choices_.below(size_t{mask} + 1);
    if (is_64) code_.i64(number);
    else code_.i32(static_cast<int32_t>(number));
    return pushed(kind);
  }
  push(kind);
  if (way == 31) return;  // wherever that is
  if (is_64) code_.i64(mask).op(Opcode::i64_and);
  else code_.i32(static_cast<int32_t>(mask)).op(Opcode::i32_and);
}

void ModuleGenerator::canonicalise(ValType type) {
  const auto choose = [&](Opcode const_op, uint64_t bits, Opcode equal) {
    const uint32_t local = scratch_local(type);
    code_.op(Opcode::local_tee, local).add({.op = const_op, .bits = bits});
    code_.op(Opcode::local_get, local).op(Opcode::local_get, local).op(equal).op(Opcode::select);
  };
  switch (type.kind()) {
    case ValKind::F32: return choose(Opcode::f32_const, 0x7FC00000, Opcode::f32_eq);
    case ValKind::F64: return choose(Opcode::f64_const, 0x7FF8000000000000, Opcode::f64_eq);
    default: return;
  }
}

// Only after ops that make lanes of floats: any other bits are determined, whatever they would be as floats.
void ModuleGenerator::canonicalise_lanes(Opcode made_by) {
  const bool is_wide = wasm::text_of(made_by).starts_with("f64x2.");
  if (!is_wide && !wasm::text_of(made_by).starts_with("f32x4.")) return;
  const Opcode equal = is_wide ? Opcode::f64x2_eq : Opcode::f32x4_eq;
  if (!has(equal) || !has(Opcode::v128_bitselect)) return;
  wasm::Instruction canonical{.op = Opcode::v128_const};
  const uint64_t bits = is_wide ? 0x7FF8000000000000 : 0x7FC000007FC00000;
  const uint64_t halves[2] = {bits, bits};
  std::memcpy(canonical.v128.data(), halves, sizeof halves);
  const uint32_t local = scratch_local(ValKind::V128);
  code_.op(Opcode::local_tee, local).add(canonical).op(Opcode::local_get, local).op(Opcode::local_get, local);
  code_.op(equal)
      .op(Opcode::v128_bitselect)
      .op(Opcode::local_tee, local);  // the local is used otherwise, too
}

void ModuleGenerator::plain(Opcode op, size_t base) {
  const wasm::OpInfo& info = wasm::info_of(op);
  Types params, results;
  for (const auto type : info.signature.params()) params.push_back(element_of(type));
  for (const auto type : info.signature.results()) results.push_back(element_of(type));

  const bool looks_at_nans = op == Opcode::i32_reinterpret_f32 || op == Opcode::i64_reinterpret_f64 ||
                             op == Opcode::f32_copysign || op == Opcode::f64_copysign;
  const bool is_division = (contains(op, ".div_") || contains(op, ".rem_")) && params.size() == 2;
  const bool may_not_fit = contains(op, ".trunc_f") && info.op_class == OpClass::Convert;
  if (looks_at_nans) {
    for (const ValType type : params) {
      push(type);
      canonicalise(type);
    }
  } else if (may_not_fit && !choices_.one_in(8)) {
    if (params[0].kind() == ValKind::F32) code_.f32(0.5f * static_cast<float>(choices_.below(200)));
    else code_.f64(0.5 * static_cast<double>(choices_.below(200)));
    pushed(params[0]);
  } else {
    want(params, base);
  }
  if (is_division && !choices_.one_in(16)) {
    if (params[0].kind() == ValKind::I32) code_.i32(1).op(Opcode::i32_or);
    else code_.i64(1).op(Opcode::i64_or);
  }

  wasm::Instruction instruction{.op = op};
  switch (info.imm) {
    case ImmKind::Lane: instruction.index2 = choices_.below(lanes_of(op)); break;
    case ImmKind::Shuffle:
      for (uint8_t& lane : instruction.v128) lane = static_cast<uint8_t>(choices_.below(32));
      break;
    case ImmKind::V128:
    case ImmKind::I32:
    case ImmKind::I64:
    case ImmKind::F32:
    case ImmKind::F64: return constant(results[0]);
    default: break;
  }
  code_.add(instruction);
  popped(params.size());
  stack_.insert(stack_.end(), results.begin(), results.end());
  if (!results.empty() && results[0].kind() == ValKind::V128) canonicalise_lanes(op);
}

void ModuleGenerator::access(Opcode op, size_t base) {
  const wasm::OpInfo& info = wasm::info_of(op);
  const uint32_t memory = choices_.one_in(3) ? choices_.below(memories_.size()) : 0;
  const MemoryInfo& where = memories_[memory];
  push_small(where.is_64, is_atomic(info.op_class) ? where.mask & ~7u : where.mask);
  if (!is_atomic(info.op_class) && choices_.one_in(2)) add_to_address(where.is_64);
  for (const auto type : info.signature.params().subspan(1)) {
    const bool is_timeout = info.op_class == OpClass::AtomicWait && type == info.signature.params().back() &&
                            info.signature.params().size() == 3;
    if (is_timeout) {  // in nanoseconds; less than 0 would be for ever
      code_.i64(choices_.below(2000));
      pushed(ValKind::I64);
      continue;
    }
    push(element_of(type));
    canonicalise(element_of(type));
  }
  wasm::Instruction instruction{.op = op};
  instruction.mem.memory = wasm::MemIdx(memory);
  const auto natural = static_cast<uint32_t>(std::countr_zero(info.access_bytes));
  instruction.mem.align_log2 = is_atomic(info.op_class) ? natural : choices_.below(natural + 1);
  if (choices_.one_in(3))
    instruction.mem.offset = 16 * choices_.below(memory == 2 ? 8 : memory == 0 ? 5500 : 2000);
  if (!is_atomic(info.op_class)) instruction.mem.offset += choices_.below(4);
  if (choices_.one_in(64)) instruction.mem.offset = 0xFFFFFFFF;
  if (info.imm == ImmKind::MemArgLane) instruction.index2 = choices_.below(16 / info.access_bytes);
  code_.add(instruction);
  popped(info.signature.params().size());
  for (const auto type : info.signature.results()) pushed(element_of(type));
  if (info.op_class == OpClass::Load && choices_.one_in(2)) use_loaded(base);
}

// Puts the address on top into a local, or makes it a sum, or both.
void ModuleGenerator::add_to_address(bool is_64) {
  const uint32_t local = local_of(is_64 ? ValKind::I64 : ValKind::I32);
  if (choices_.one_in(2)) {
    code_.op(Opcode::local_set, local).op(Opcode::local_get, local);
    if (choices_.one_in(2)) return;
  }
  const auto addend = static_cast<int32_t>(choices_.below(16));
  if (is_64) code_.i64(addend);
  else code_.i32(addend);
  if (choices_.one_in(2)) code_.op(Opcode::local_tee, local);
  code_.op(is_64 ? Opcode::i64_add : Opcode::i32_add);
}

// Makes the number that was just loaded the right operand of something, or the left.
void ModuleGenerator::use_loaded(size_t base) {
  static const std::vector<Opcode> kBinary = [] {
    std::vector<Opcode> found;
    for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
      if (const auto op = static_cast<Opcode>(i); wasm::class_of(op) == OpClass::Binary &&
                                                  !contains(op, "div_") && !contains(op, "rem_") &&
                                                  !contains(op, "copysign"))
        found.push_back(op);
    return found;
  }();
  const ValType type = stack_.back();
  std::vector<Opcode> fitting;
  for (const Opcode op : kBinary)
    if (ValType(element_of(wasm::signature_of(op).results()[0])) == type) fitting.push_back(op);
  const bool is_below = stack_.size() >= base + 2 && stack_[stack_.size() - 2] == type;
  if (is_below) popped(1);
  else code_.op(Opcode::local_get, local_of(type));
  code_.op(fitting[choices_.below(fitting.size())]);
}

void ModuleGenerator::bulk(Opcode op) {
  const uint32_t memory = choices_.below(memories_.size());
  const MemoryInfo& where = memories_[memory];
  const ValType address = where.is_64 ? ValKind::I64 : ValKind::I32;
  switch (op) {
    case Opcode::memory_size: code_.op(op, memory); return pushed(address);
    case Opcode::memory_grow:
      push_small(where.is_64, 1);
      code_.op(op, memory);
      return;
    case Opcode::data_drop: code_.op(op, choices_.below(datas_)); return;
    case Opcode::memory_init:
      push_small(where.is_64, where.mask);
      push_small(false, 7);
      push_small(false, 7);
      code_.op(op, choices_.below(datas_), memory);
      return popped(3);
    case Opcode::memory_fill:
      push_small(where.is_64, where.mask);
      push(ValKind::I32);
      push_small(where.is_64, 0x3F);
      code_.op(op, memory);
      return popped(3);
    default: {  // memory_copy
      const uint32_t from = choices_.one_in(3) ? choices_.below(memories_.size()) : memory;
      push_small(where.is_64, where.mask);
      push_small(memories_[from].is_64, memories_[from].mask);
      push_small(where.is_64 && memories_[from].is_64, 0x3F);
      code_.op(op, memory, from);
      return popped(3);
    }
  }
}

void ModuleGenerator::table_op(Opcode op) {
  const uint32_t table = choices_.below(tables_.size());
  const wasm::TableType& type = tables_[table];
  const bool is_64 = type.limits.addr == wasm::AddrType::I64;
  constexpr uint32_t kMask = 7;
  const auto of_same_type = [&](uint32_t bound, const auto& type_at) {
    std::vector<uint32_t> found;
    for (uint32_t i = 0; i < bound; ++i)
      if (fits(type_at(i), type.elem)) found.push_back(i);
    return found[choices_.below(found.size())];
  };
  switch (op) {
    case Opcode::table_get:
      push_small(is_64, kMask);
      code_.op(op, table);
      popped(1);
      return pushed(type.elem);
    case Opcode::table_set:
      push_small(is_64, kMask);
      push(type.elem);
      code_.op(op, table);
      return popped(2);
    case Opcode::table_size: code_.op(op, table); return pushed(is_64 ? ValKind::I64 : ValKind::I32);
    case Opcode::table_grow:
      push(type.elem);
      push_small(is_64, 1);
      code_.op(op, table);
      popped(2);
      return pushed(is_64 ? ValKind::I64 : ValKind::I32);
    case Opcode::table_fill:
      push_small(is_64, kMask);
      push(type.elem);
      push_small(is_64, 3);
      code_.op(op, table);
      return popped(3);
    case Opcode::elem_drop: code_.op(op, choices_.below(elems_)); return;
    case Opcode::table_init:
      push_small(is_64, 3);
      push_small(false, 1);
      push_small(false, 1);
      code_.op(op, of_same_type(elems_, [&](uint32_t i) { return elem_types_[i]; }), table);
      return popped(3);
    default: {  // table_copy
      const uint32_t from =
          of_same_type(static_cast<uint32_t>(tables_.size()), [&](uint32_t i) { return tables_[i].elem; });
      const bool from_64 = tables_[from].limits.addr == wasm::AddrType::I64;
      push_small(is_64, 3);
      push_small(from_64, 3);
      push_small(is_64 && from_64, 3);
      code_.op(op, table, from);
      return popped(3);
    }
  }
}

void ModuleGenerator::variable(Opcode op, size_t base) {
  switch (op) {
    case Opcode::local_get: {
      const ValType type = some_type();
      code_.op(op, local_of(type));
      return pushed(type);
    }
    case Opcode::local_set:
    case Opcode::local_tee: {
      if (stack_.size() == base) push(some_type());
      const uint32_t local = local_for(stack_.back());
      code_.op(op, local);
      popped(1);
      if (op == Opcode::local_tee) pushed(locals_[local]);
      return;
    }
    case Opcode::global_get: {
      const uint32_t global = choices_.below(globals_.size());
      if (global == fuel_global_) return;
      code_.op(op, global);
      return pushed(globals_[global].val);
    }
    case Opcode::global_set: {
      const uint32_t global = choices_.below(globals_.size());
      if (!globals_[global].is_mutable) return;
      want({globals_[global].val}, base);
      code_.op(op, global);
      return popped(1);
    }
    case Opcode::drop:
      if (stack_.size() == base) push(some_type());
      code_.op(op);
      return popped(1);
    default: {  // select
      ValType type = some_type();
      if (op == Opcode::select && type.is_ref()) type = ValKind::I64;
      want({type, type}, base);
      push(ValKind::I32);
      if (choices_.one_in(4)) code_.op(Opcode::i32_eqz);
      wasm::Instruction select{.op = op};
      select.types = {type};
      code_.add(select);
      popped(3);
      return pushed(type);
    }
  }
}

void ModuleGenerator::reference(Opcode op, size_t base) {
  const ValType type = some_ref();
  switch (op) {
    case Opcode::ref_null: return make_null(type.heap());
    case Opcode::ref_func: return make_ref(HeapType::Abstract::Func);
    case Opcode::ref_is_null:
      want({type}, base);
      code_.op(op);
      popped(1);
      return pushed(ValKind::I32);
    case Opcode::ref_eq:
      if (has_objects()) return object_op(op, base);
      make_null(HeapType::Abstract::Eq);
      make_null(HeapType::Abstract::Eq);
      code_.op(op);
      popped(2);
      return pushed(ValKind::I32);
    default:  // ref_as_non_null
      if (choices_.one_in(4)) want({type}, base);
      else make_ref(choices_.one_in(2) ? HeapType(HeapType::Abstract::Func) : type.heap());
      code_.op(op);
      stack_.back() = ValType::ref(stack_.back().heap(), false);
  }
}

}  // namespace godwit::fuzz
