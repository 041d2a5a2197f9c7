// Structs, arrays, i31 references and casts. Small objects are allocated in line; where that has no room, and for arrays
// whose length is not known, a libcall does it, which may collect: whatever a native frame holds counts as a reference.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#aggregate-instructions
#include <llvm/IR/MDBuilder.h>

#include "function.h"
#include "runtime/gc_size_class.h"
#include "runtime/gc_type.h"

namespace godwit::llvm_tier {

using runtime::GcKind;
using runtime::GcStorage;
using runtime::Trap;
using wasm::HeapType;
using wasm::Opcode;

namespace {

// Longer arrays are made of slots.
constexpr uint32_t kMostElementsInLine = 16;

// As in meanings_gc.h.
std::string_view name_of(GcStorage storage, bool is_signed) {
  switch (storage) {
    case GcStorage::I8: return is_signed ? "I8S" : "I8U";
    case GcStorage::I16: return is_signed ? "I16S" : "I16U";
    case GcStorage::I32: return "I32";
    case GcStorage::I64: return "I64";
    case GcStorage::F32: return "F32";
    case GcStorage::F64: return "F64";
    case GcStorage::V128: return "V128";
    case GcStorage::Ref: return "Ref";
    case GcStorage::Func: return "Func";
  }
  return {};
}

bool is_signed(Opcode op) { return wasm::text_of(op).ends_with("_s"); }

}  // namespace

GcStorage FunctionTranslator::storage_of(wasm::ValType type) const {
  return runtime::gc_storage_of(type, [&](wasm::TypeIdx index) { return wasm_.types[index.value].kind; });
}

FunctionTranslator::Field FunctionTranslator::field_of(uint32_t type, uint32_t index) const {
  runtime::GcPlacer placer(runtime::kGcStructFields);
  for (uint32_t i = 0;; ++i) {
    const GcStorage storage = storage_of(wasm_.types[type].fields[i].storage);
    const uint32_t offset = placer.place(storage);
    if (i == index) return {storage, offset};
  }
}

// The canonical id of a type, which the instance knows.
llvm::Value* FunctionTranslator::canonical_id(uint32_t type) {
  llvm::Value* ids = unit_.context_field(b_, ctx_, ContextField::type_ids);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.i32, ids, type);
  return unit_.in(Area::Context, unit_.invariant(b_.CreateAlignedLoad(unit_.i32, at, llvm::Align(4))));
}

llvm::Value* FunctionTranslator::header_of(uint32_t type) {
  const GcKind kind = wasm_.types[type].kind == wasm::CompositeKind::Struct ? GcKind::Struct : GcKind::Array;
  return b_.CreateOr(canonical_id(type), number(runtime::gc_header(kind, 0)));
}

llvm::Value* FunctionTranslator::gc_call(std::string_view name, llvm::ArrayRef<llvm::Value*> arguments) {
  return b_.CreateCall(unit_.gc_meaning(name), arguments);
}

llvm::Value* FunctionTranslator::store_of_ctx() { return unit_.context_field(b_, ctx_, ContextField::store); }

llvm::Value* FunctionTranslator::allocate(uint32_t type, uint64_t size_bytes) {
  llvm::Value* header = header_of(type);
  llvm::BasicBlock* slow = new_block("slow");
  llvm::BasicBlock* next = new_block("next");
  llvm::PHINode* object = nullptr;
  if (size_bytes <= runtime::kGcMaxSmallBytes) {
    const uint32_t size_class = runtime::gc_size_class(static_cast<uint32_t>(size_bytes));
    llvm::Value* made = gc_call("bump", {store_of_ctx(), header, number(size_class)});
    llvm::BasicBlock* here = b_.GetInsertBlock();
    b_.CreateCondBr(b_.CreateIsNull(made), slow, next,
                    llvm::MDBuilder(unit_.context).createUnlikelyBranchWeights());
    b_.SetInsertPoint(next);
    object = b_.CreatePHI(unit_.i64, 2);
    object->addIncoming(made, here);
  } else {
    b_.CreateBr(slow);
    b_.SetInsertPoint(next);
    object = b_.CreatePHI(unit_.i64, 1);
  }
  b_.SetInsertPoint(slow);
  llvm::Value* made = unit_.call(b_, ctx_, Libcall::gc_allocate, {header, b_.getInt64(size_bytes)});
  object->addIncoming(made, slow);
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
  return object;
}

llvm::Value* FunctionTranslator::read_heap(GcStorage storage, bool is_signed, llvm::Value* object,
                                           llvm::Value* offset) {
  return gc_call("read_" + std::string(name_of(storage, is_signed)), {ctx_, object, offset});
}

void FunctionTranslator::write_heap(GcStorage storage, llvm::Value* object, llvm::Value* offset,
                                    llvm::Value* value) {
  std::string_view how = "I32";
  if (storage == GcStorage::I8 || storage == GcStorage::I16) how = storage == GcStorage::I8 ? "I8" : "I16";
  else if (storage == GcStorage::Func) value = unit_.call(b_, ctx_, Libcall::gc_func_word, {value});
  else if (storage == GcStorage::Ref) value = b_.CreateTrunc(value, unit_.i32);
  else how = name_of(storage, false);
  gc_call("write_" + std::string(how), {object, offset, value});
}

void FunctionTranslator::struct_new(uint32_t type, bool is_default) {
  runtime::GcPlacer placer(runtime::kGcStructFields);
  std::vector<Field> fields;
  for (const wasm::FieldType& field : wasm_.types[type].fields) {
    const GcStorage storage = storage_of(field.storage);
    fields.push_back({storage, placer.place(storage)});
  }
  steps_ += fields.size();
  Values values;
  if (!is_default) {
    values.assign(stack_.end() - static_cast<ptrdiff_t>(fields.size()), stack_.end());
    stack_.resize(stack_.size() - fields.size());
  }
  llvm::Value* object = allocate(type, placer.size_bytes());
  for (size_t i = 0; i < values.size(); ++i)
    write_heap(fields[i].storage, object, number(fields[i].offset), values[i]);
  push(object);
}

void FunctionTranslator::struct_access(const wasm::Instruction& in) {
  const Field field = field_of(in.index, in.index2);
  llvm::Value* value = in.op == Opcode::struct_set ? pop() : nullptr;
  llvm::Value* object = pop();
  trap_if(b_.CreateIsNull(object), Trap::NullStructureReference);
  if (value != nullptr) write_heap(field.storage, object, number(field.offset), value);
  else push(read_heap(field.storage, is_signed(in.op), object, number(field.offset)));
}

void FunctionTranslator::array_access(const wasm::Instruction& in) {
  const GcStorage storage = storage_of(wasm_.types[in.index].fields[0].storage);
  llvm::Value* value = in.op == Opcode::array_set ? pop() : nullptr;
  llvm::Value* index = pop();
  llvm::Value* array = pop();
  trap_if(b_.CreateIsNull(array), Trap::NullArrayReference);
  trap_if(b_.CreateICmpUGE(index, gc_call("length", {array})), Trap::ArrayOutOfBounds);
  llvm::Value* offset =
      b_.CreateAdd(b_.CreateShl(index, runtime::log2_size(storage)), number(runtime::kGcElements));
  if (value != nullptr) write_heap(storage, array, offset, value);
  else push(read_heap(storage, is_signed(in.op), array, offset));
}

void FunctionTranslator::array_new_in_line(uint32_t type, uint32_t count) {
  const GcStorage storage = storage_of(wasm_.types[type].fields[0].storage);
  const Values values(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  const uint64_t bytes = runtime::kGcElements + (uint64_t{count} << runtime::log2_size(storage));
  llvm::Value* array =
      allocate(type, (bytes + runtime::kGcAlignment - 1) / runtime::kGcAlignment * runtime::kGcAlignment);
  write_heap(GcStorage::I32, array, number(runtime::kGcLengthOffset), number(count));
  for (uint32_t i = 0; i < count; ++i)
    write_heap(storage, array, number(runtime::kGcElements + (i << runtime::log2_size(storage))), values[i]);
  push(array);
}

// An operation on operands in slots.
void FunctionTranslator::array_operation(Libcall which, size_t operands, const wasm::Instruction& in,
                                         uint64_t more, bool makes_array) {
  const Values values(stack_.end() - static_cast<ptrdiff_t>(operands), stack_.end());
  stack_.resize(stack_.size() - operands);
  llvm::Value* slots = to_scratch(values);
  llvm::Value* storage =
      b_.getInt64(static_cast<uint64_t>(storage_of(wasm_.types[in.index].fields[0].storage)) << 32);
  llvm::Value* type = b_.CreateOr(b_.CreateZExt(header_of(in.index), unit_.i64), storage);
  unit_.call(b_, ctx_, which, {slots, number(slots_of(values)), type, b_.getInt64(more)});
  if (makes_array) push(unit_.in(Area::Slots, b_.CreateAlignedLoad(unit_.i64, slots, llvm::Align(8))));
  poll();
}

// 1 if the reference matches the type, else 0.
llvm::Value* FunctionTranslator::is_of(llvm::Value* ref, wasm::ValType type) {
  const HeapType heap = type.heap();
  llvm::BasicBlock* here = b_.GetInsertBlock();
  llvm::BasicBlock* look = new_block("look");
  llvm::BasicBlock* next = new_block("next");
  b_.CreateCondBr(b_.CreateIsNull(ref), next, look);
  b_.SetInsertPoint(look);
  llvm::Value* answer = nullptr;
  if (heap.is_abstract()) {
    answer = gc_call("is_abstract", {ref, number(static_cast<uint32_t>(heap.abstract()))});
  } else if (const uint32_t wanted = heap.index().value;
             wasm_.types[wanted].kind == wasm::CompositeKind::Func) {
    answer = unit_.call(b_, ctx_, Libcall::gc_is_func_of, {ref, canonical_id(wanted)});
  } else {
    uint32_t depth = 0;
    for (auto super = wasm_.types[wanted].super; super; super = wasm_.types[super->value].super) ++depth;
    answer = gc_call("is_instance", {store_of_ctx(), ref, header_of(wanted), number(depth)});
  }
  llvm::BasicBlock* looked = b_.GetInsertBlock();
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
  llvm::PHINode* result = b_.CreatePHI(unit_.i32, 2);
  result->addIncoming(number(type.nullable() ? 1 : 0), here);
  result->addIncoming(answer, looked);
  return result;
}

// The reference stays on the stack, whichever way control goes.
void FunctionTranslator::branch_on_cast(const wasm::Instruction& in) {
  llvm::Value* matches = b_.CreateIsNotNull(is_of(top(), in.type2));
  if (in.op == Opcode::br_on_cast_fail) matches = b_.CreateNot(matches);
  branch_if(matches, in.index);
}

bool FunctionTranslator::gc(const wasm::Instruction& in) {
  using enum Opcode;
  switch (in.op) {
    case any_convert_extern:
    case extern_convert_any: return true;  // the reference is the same
    case ref_i31: push(gc_call("i31", {pop()})); return true;
    case i31_get_s:
    case i31_get_u:
      trap_if(b_.CreateIsNull(top()), Trap::NullI31Reference);
      push(gc_call(in.op == i31_get_s ? "i31_s" : "i31_u", {pop()}));
      return true;
    case array_len:
      trap_if(b_.CreateIsNull(top()), Trap::NullArrayReference);
      push(gc_call("length", {pop()}));
      return true;
    case ref_test:
    case ref_test_null: push(is_of(pop(), in.type)); return true;
    case ref_cast:
    case ref_cast_null: trap_if(b_.CreateIsNull(is_of(top(), in.type)), Trap::CastFailure); return true;
    case struct_new:
    case struct_new_default: this->struct_new(in.index, in.op == struct_new_default); return true;
    case struct_get:
    case struct_get_s:
    case struct_get_u:
    case struct_set: struct_access(in); return true;
    case array_get:
    case array_get_s:
    case array_get_u:
    case array_set: array_access(in); return true;
    case array_new: array_operation(Libcall::array_new, 2, in, 0, true); return true;
    case array_new_default: array_operation(Libcall::array_new_default, 1, in, 0, true); return true;
    case array_new_fixed:
      steps_ += in.index2;
      if (in.index2 <= kMostElementsInLine) array_new_in_line(in.index, in.index2);
      else array_operation(Libcall::array_new_fixed, in.index2, in, in.index2, true);
      return true;
    case array_new_data: array_operation(Libcall::array_new_data, 2, in, in.index2, true); return true;
    case array_new_elem: array_operation(Libcall::array_new_elem, 2, in, in.index2, true); return true;
    case array_fill: array_operation(Libcall::array_fill, 4, in, 0, false); return true;
    case array_copy: array_operation(Libcall::array_copy, 5, in, 0, false); return true;
    case array_init_data: array_operation(Libcall::array_init_data, 4, in, in.index2, false); return true;
    case array_init_elem: array_operation(Libcall::array_init_elem, 4, in, in.index2, false); return true;
    default: return leave_out(in);
  }
}

}  // namespace godwit::llvm_tier
