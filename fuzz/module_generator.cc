// The parts of a generated module: types, memories, tables, globals, segments and exports.
#include "module_generator.h"

#include <string>

namespace godwit::fuzz {

using wasm::CodeBuilder;
using wasm::FuncIdx;
using wasm::FuncType;
using wasm::Opcode;
using wasm::ValKind;
using wasm::ValType;

namespace {

constexpr uint32_t kImportedFuncs = 1;
constexpr uint32_t kTableSize = 8;
constexpr ValType kSureFunc = ValType::ref(wasm::HeapType::Abstract::Func, false);

CodeBuilder zero_of(ValType type) {
  CodeBuilder code;
  switch (type.kind()) {
    case ValKind::I32: return code.i32(7);
    case ValKind::I64: return code.i64(-9);
    case ValKind::F32: return code.f32(1.5f);
    case ValKind::F64: return code.f64(-2.25);
    case ValKind::V128: return code.add({.op = Opcode::v128_const, .v128 = {1, 2, 3, 0xFF}});
    default: return code.add({.op = Opcode::ref_null, .type = type});
  }
}

}  // namespace

wasm::TypeIdx ModuleGenerator::type_of(const Types& params, const Types& results) {
  const wasm::TypeIdx type = module_.type(FuncType{params, results});
  defined_types_.resize(size_t{type.value} + 1);
  defined_types_[type.value].func = {params, results};
  return type;
}

ValType ModuleGenerator::some_type() {
  switch (choices_.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3: return value_types_[choices_.below(value_types_.size())];
    case 4:
    case 5: return some_ref();
    default: return ValKind::I32;
  }
}

bool ModuleGenerator::has_any(wasm::OpClass first, wasm::OpClass last) const {
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    if (has(op) && wasm::class_of(op) >= first && wasm::class_of(op) <= last) return true;
  }
  return false;
}

ModuleGenerator::Types ModuleGenerator::some_types(uint32_t most) {
  Types types(choices_.below(most + 1));
  for (ValType& type : types) type = some_type();
  return types;
}

void ModuleGenerator::declare() {
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    if (has(op) && can_generate(op)) opcodes_.push_back(op);
  }
  value_types_ = {ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64};
  if (has_simd()) value_types_.push_back(ValKind::V128);
  ref_types_ = {wasm::kFuncRef, wasm::kExternRef};
  if (has_any(wasm::OpClass::Gc, wasm::OpClass::Gc) || has(Opcode::br_on_cast) ||
      has(Opcode::br_on_cast_fail))
    declare_objects();
  declare_types();
  declare_tags();
  declare_memories();
  declare_tables();
  declare_globals();
}

void ModuleGenerator::declare_types() {
  const Types host_params = {ValKind::I32, ValKind::I64}, host_results = {ValKind::I64};
  const wasm::TypeIdx host = type_of(host_params, host_results);
  module_.import_func("env", "f", host);
  funcs_.push_back({host_params, host_results, host});
  const Types all = {ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64};
  types_.push_back({all, all, type_of(all, all)});
  // two with the same results, for tail calls
  types_.push_back({{ValKind::I32}, all, type_of({ValKind::I32}, all)});
  for (const Signature& type : types_) ref_types_.push_back(ValType::ref(wasm::HeapType(type.index), true));
  for (uint32_t more = choices_.below(3); more > 0; --more) {
    const Types params = some_types(6), results = some_types(4);
    types_.push_back({params, results, type_of(params, results)});
  }
}

void ModuleGenerator::declare_memories() {
  const bool is_imported = choices_.one_in(4);
  const bool is_64 = options_.memory64 && choices_.one_in(4);
  const wasm::AddrType addr = is_64 ? wasm::AddrType::I64 : wasm::AddrType::I32;
  const bool is_small = !is_64 && choices_.one_in(8);                 // pages of one byte
  wasm::MemType first{.limits = {.min = 2, .max = 3, .addr = addr}};  // offsets may need 17 bits
  if (is_small) first = {.limits = {.min = 100'000, .max = 150'000}, .page_size_log2 = 0};
  if (is_imported) module_.import_memory("env", "m", first);
  else module_.memory(first);
  memories_.push_back({is_64, 0x7FFF});
  module_.memory({.limits = {.min = 1, .max = 2}});
  memories_.push_back({false, 0x7FFF});
  module_.memory({.limits = {.min = 600, .max = 1000}, .page_size_log2 = 0});
  memories_.push_back({false, 0x1FF});
  if (options_.memory64) {
    module_.memory({.limits = {.min = 1, .max = 2, .addr = wasm::AddrType::I64}});
    memories_.push_back({true, 0x7FFF});
  }
  if (has_any(wasm::OpClass::AtomicLoad, wasm::OpClass::AtomicFence)) {
    module_.memory({.limits = {.min = 1, .max = 2}, .is_shared = true});
    memories_.push_back({false, 0x7FFF});
  }
}

void ModuleGenerator::declare_tables() {
  const wasm::TableType funcs{wasm::kFuncRef, {.min = kTableSize, .max = 20}};
  if (choices_.one_in(4)) module_.import_table("env", "t", funcs);
  else module_.table(funcs);
  tables_.push_back(funcs);
  const wasm::TableType externs{wasm::kExternRef, {.min = kTableSize, .max = 20}};
  module_.table(externs);
  tables_.push_back(externs);
  module_.table(funcs);
  tables_.push_back(funcs);
  if (options_.memory64) {
    tables_.push_back({wasm::kFuncRef, {.min = kTableSize, .max = 20, .addr = wasm::AddrType::I64}});
    module_.table(tables_.back());
  }
  if (has(Opcode::call_ref)) {  // no null in it
    tables_.push_back({kSureFunc, {.min = kTableSize, .max = 20}});
    module_.table(tables_.back(), CodeBuilder().op(Opcode::ref_func, kImportedFuncs));
  }
  if (has_objects()) {
    tables_.push_back({ValType::ref(wasm::HeapType::Abstract::Any, true), {.min = kTableSize, .max = 20}});
    module_.table(tables_.back());
    tables_.push_back(
        {ValType::ref(wasm::HeapType(structs_[0].index), true), {.min = kTableSize, .max = 20}});
    module_.table(tables_.back());
  }
}

void ModuleGenerator::declare_globals() {
  if (choices_.one_in(3)) {
    for (const ValType type : {ValType(ValKind::I64), ValType(ValKind::F32)}) {
      module_.import_global("env", "g", {type, true});
      globals_.push_back({type, true});
    }
  }
  fuel_global_ = static_cast<uint32_t>(globals_.size());
  module_.export_as("fuel", module_.global({ValKind::I32, true}, CodeBuilder().i32(kFuel)));
  globals_.push_back({ValKind::I32, false});  // not to be written by what is generated
  Types all = value_types_;
  all.insert(all.end(), ref_types_.begin(), ref_types_.end());
  for (const ValType type : all) {
    const wasm::GlobalIdx global = module_.global({type, true}, zero_of(type));
    module_.export_as("g" + std::to_string(global.value), global);
    globals_.push_back({type, true});
  }
  module_.global({ValKind::I64, false}, CodeBuilder().i64(42));
  globals_.push_back({ValKind::I64, false});
  if (has_objects() && has(Opcode::struct_new_default)) {
    const ValType type = ValType::ref(wasm::HeapType(structs_[1].index), false);
    module_.global({type, false}, CodeBuilder().op(Opcode::struct_new_default, structs_[1].index.value));
    globals_.push_back({type, false});
  }
  if (has_objects() && has(Opcode::ref_i31)) {
    const ValType type = ValType::ref(wasm::HeapType::Abstract::I31, false);
    module_.global({type, false}, CodeBuilder().i32(-5).op(Opcode::ref_i31));
    globals_.push_back({type, false});
  }
}

// Before the functions' code: it names segments.
void ModuleGenerator::declare_segments() {
  std::vector<uint8_t> bytes(200);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 + i / 3);
  module_.data(wasm::MemIdx(1), CodeBuilder().i32(24), bytes);
  module_.data(bytes);
  module_.data(Bytes(bytes).first(5));
  datas_ = 3;
  elem_types_ = {wasm::kFuncRef, wasm::kExternRef, wasm::kFuncRef, kSureFunc};
  if (has_objects()) {
    elem_types_.push_back(ValType::ref(wasm::HeapType::Abstract::Any, true));
    elem_types_.push_back(ValType::ref(wasm::HeapType(structs_[0].index), true));
  }
  elems_ = static_cast<uint32_t>(elem_types_.size());
  for (size_t i = 0; i < funcs_.size(); ++i) defined_.push_back(FuncIdx(static_cast<uint32_t>(i)));
}

std::vector<uint8_t> ModuleGenerator::finish() {
  std::vector<CodeBuilder> nulls(2, CodeBuilder().add({.op = Opcode::ref_null, .type = wasm::kExternRef}));
  std::vector<CodeBuilder> some = {CodeBuilder().op(Opcode::ref_func, 0),
                                   CodeBuilder().add({.op = Opcode::ref_null, .type = wasm::kFuncRef}),
                                   CodeBuilder().op(Opcode::ref_func, kImportedFuncs)};
  module_.elem(wasm::TableIdx(0), CodeBuilder().i32(0),
               {defined_.begin(), defined_.begin() + std::min<ptrdiff_t>(std::ssize(defined_), kTableSize)});
  module_.elem(wasm::SegmentMode::Passive, wasm::kExternRef, nulls);
  module_.elem(wasm::SegmentMode::Passive, wasm::kFuncRef, some);
  module_.elem(wasm::SegmentMode::Passive, kSureFunc, {some[0], some[2], some[0], some[2]});
  for (size_t i = 4; i < elem_types_.size(); ++i) {
    const wasm::HeapType heap = elem_types_[i].heap();
    CodeBuilder one = CodeBuilder().add({.op = Opcode::ref_null, .type = elem_types_[i]});
    if (heap.is_abstract() && has(Opcode::ref_i31)) one = CodeBuilder().i32(77).op(Opcode::ref_i31);
    if (!heap.is_abstract() && has(Opcode::struct_new_default))
      one = CodeBuilder().op(Opcode::struct_new_default, heap.index().value);
    const std::vector<CodeBuilder> ones = {
        one, CodeBuilder().add({.op = Opcode::ref_null, .type = elem_types_[i]}), one, one, one};
    module_.elem(wasm::SegmentMode::Passive, elem_types_[i], ones);
  }
  for (size_t i = kImportedFuncs; i < funcs_.size(); ++i)
    module_.export_as("f" + std::to_string(i - kImportedFuncs), FuncIdx(static_cast<uint32_t>(i)));
  for (uint32_t i = 0; i < memories_.size(); ++i) module_.export_as("m" + std::to_string(i), wasm::MemIdx(i));
  for (uint32_t i = 0; i < tables_.size(); ++i) module_.export_as("t" + std::to_string(i), wasm::TableIdx(i));
  return module_.build();
}

std::vector<uint8_t> ModuleGenerator::build() {
  declare();
  const uint32_t count = 2 + choices_.below(5);
  for (uint32_t i = 0; i < count; ++i) funcs_.push_back(types_[choices_.below(types_.size())]);
  declare_segments();
  for (uint32_t i = 0; i < count; ++i) {
    const Signature type = funcs_[kImportedFuncs + i];
    function(type);
  }
  return finish();
}

std::vector<uint8_t> ModuleGenerator::build_for(Opcode op) {
  declare();
  funcs_.push_back(types_[1]);
  funcs_.push_back(types_[0]);
  declare_segments();
  begin_function(types_[1]);  // to be called
  settle(types_[1].results, 0);
  end_function(types_[1]);
  begin_function(types_[0]);
  if (op == Opcode::else_ || op == Opcode::end) op = Opcode::if_;
  if (op == Opcode::catch_ || op == Opcode::catch_all || op == Opcode::delegate) op = Opcode::try_;
  falls_through_ = emit(op, 0);
  if (falls_through_) settle(types_[0].results, 0);
  end_function(types_[0]);
  return finish();
}

}  // namespace godwit::fuzz
