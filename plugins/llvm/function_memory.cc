// Memories and tables.
#include "function.h"
#include "runtime/vm.h"

namespace godwit::llvm_tier {

using wasm::OpClass;
using wasm::Opcode;

bool needs_checks(const wasm::MemType& type) {
  return type.limits.addr == wasm::AddrType::I64 || type.page_size_log2 != 16;
}

llvm::Value* FunctionTranslator::memory_at(uint32_t memory) {
  if (memory == 0) return unit_.context_field(b_, ctx_, ContextField::memory0);
  llvm::Value* all = unit_.context_field(b_, ctx_, ContextField::memories);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.ptr, all, memory);
  return unit_.in(Area::Context, unit_.invariant(b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8))));
}

llvm::Value* FunctionTranslator::memory_base(uint32_t memory) {
  if (memory == 0) return unit_.context_field(b_, ctx_, ContextField::memory0_base);
  static_assert(offsetof(runtime::VmMemory, base) == 0);
  llvm::LoadInst* base = b_.CreateAlignedLoad(unit_.ptr, memory_at(memory), llvm::Align(8));
  return unit_.in(Area::Context, unit_.invariant(base));
}

llvm::Value* FunctionTranslator::memory_size(uint32_t memory) {
  llvm::Value* at =
      b_.CreateConstInBoundsGEP1_64(unit_.i8, memory_at(memory), offsetof(runtime::VmMemory, size_bytes));
  llvm::LoadInst* size = b_.CreateAlignedLoad(unit_.i64, at, llvm::Align(8));
  size->setAtomic(llvm::AtomicOrdering::Monotonic);  // another thread may let it grow
  return unit_.in(Area::Context, size);
}

llvm::Value* FunctionTranslator::table_at(uint32_t table) {
  llvm::Value* all = unit_.context_field(b_, ctx_, ContextField::tables);
  llvm::Value* at = b_.CreateConstInBoundsGEP1_64(unit_.ptr, all, table);
  return unit_.in(Area::Context, unit_.invariant(b_.CreateAlignedLoad(unit_.ptr, at, llvm::Align(8))));
}

llvm::Value* FunctionTranslator::table_size(uint32_t table) {
  llvm::Value* at =
      b_.CreateConstInBoundsGEP1_64(unit_.i8, table_at(table), offsetof(runtime::VmTable, size));
  return unit_.in(Area::Tables, b_.CreateAlignedLoad(unit_.i64, at, llvm::Align(8)));
}

llvm::Value* FunctionTranslator::place(const wasm::MemArg& mem, uint32_t bytes, uint32_t alignment) {
  const wasm::MemType& type = wasm_.memories[mem.memory.value];
  llvm::Value* address = pop_wide();
  llvm::Value *sum = nullptr, *is_beyond = nullptr;
  if (alignment != 1 || needs_checks(type)) {
    sum = b_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_with_overflow, address, b_.getInt64(mem.offset));
    is_beyond = b_.CreateExtractValue(sum, 1);
  }
  if (alignment != 1) {
    llvm::Value* low = b_.CreateAnd(b_.CreateExtractValue(sum, 0), alignment - 1);
    // what has no address at all is outside, not unaligned
    trap_if(b_.CreateAnd(b_.CreateIsNotNull(low), b_.CreateNot(is_beyond)), runtime::Trap::UnalignedAtomic);
  }
  if (needs_checks(type)) {
    llvm::Value* size = memory_size(mem.memory.value);
    address = b_.CreateExtractValue(sum, 0);
    llvm::Value* last =
        b_.CreateBinaryIntrinsic(llvm::Intrinsic::usub_with_overflow, size, b_.getInt64(bytes));
    llvm::Value* is_outside = b_.CreateOr(is_beyond, b_.CreateExtractValue(last, 1));
    is_outside = b_.CreateOr(is_outside, b_.CreateICmpUGT(address, b_.CreateExtractValue(last, 0)));
    trap_if(is_outside, runtime::Trap::MemoryOutOfBounds);
  }
  llvm::Value* at = b_.CreateGEP(unit_.i8, memory_base(mem.memory.value), address, "", place_flags());
  if (needs_checks(type) || mem.offset == 0) return at;
  return b_.CreateGEP(unit_.i8, at, b_.getInt64(mem.offset), "", place_flags());
}

// In memory that other threads write to, every access happens once: volatile.
llvm::LoadInst* FunctionTranslator::load_from(const wasm::MemArg& mem, llvm::Type* type, llvm::Value* at) {
  llvm::LoadInst* load = unit_.in(Area::Memory, b_.CreateAlignedLoad(type, at, llvm::Align(1)));
  load->setVolatile(wasm_.memories[mem.memory.value].is_shared);
  loads_.push_back(load);
  return load;
}

void FunctionTranslator::store_to(const wasm::MemArg& mem, llvm::Value* value, llvm::Value* at) {
  llvm::StoreInst* store = unit_.in(Area::Memory, b_.CreateAlignedStore(value, at, llvm::Align(1)));
  store->setVolatile(wasm_.memories[mem.memory.value].is_shared);
}

bool FunctionTranslator::load(const wasm::Instruction& in) {
  const uint32_t bytes = wasm::access_bytes_of(in.op);
  llvm::Type* integer = b_.getIntNTy(8 * bytes);
  if (wasm::class_of(in.op) == OpClass::SimdLoadLane) {
    llvm::Value* vector = b_.CreateBitCast(pop(), llvm::FixedVectorType::get(integer, 16 / bytes));
    llvm::Value* lane = load_from(in.mem, integer, place(in.mem, bytes));
    push(b_.CreateBitCast(b_.CreateInsertElement(vector, lane, in.index2), unit_.v128));
    return true;
  }
  llvm::Value* at = place(in.mem, bytes);
  if (wasm::class_of(in.op) == OpClass::SimdLoad) {
    llvm::Function* meaning = unit_.meaning(in.op);
    push(b_.CreateCall(meaning, {load_from(in.mem, meaning->getArg(0)->getType(), at)}));
    return true;
  }
  using Type = wasm::Signature::Type;
  switch (wasm::signature_of(in.op).results()[0]) {
    case Type::F32: push(load_from(in.mem, unit_.f32, at)); return true;
    case Type::F64: push(load_from(in.mem, unit_.f64, at)); return true;
    case Type::I32:
    case Type::I64: {
      llvm::Type* type = wasm::signature_of(in.op).results()[0] == Type::I32 ? unit_.i32 : unit_.i64;
      llvm::Value* value = load_from(in.mem, integer, at);
      push(wasm::text_of(in.op).ends_with("_s") ? b_.CreateSExt(value, type) : b_.CreateZExt(value, type));
      return true;
    }
    default: return leave_out(in);
  }
}

bool FunctionTranslator::store(const wasm::Instruction& in) {
  const uint32_t bytes = wasm::access_bytes_of(in.op);
  llvm::Value* value = pop();
  if (wasm::class_of(in.op) == OpClass::SimdStoreLane) {
    auto* lanes = llvm::FixedVectorType::get(b_.getIntNTy(8 * bytes), 16 / bytes);
    value = b_.CreateExtractElement(b_.CreateBitCast(value, lanes), in.index2);
  } else if (value->getType()->isIntegerTy()) {
    value = b_.CreateTrunc(value, b_.getIntNTy(8 * bytes));
  }
  store_to(in.mem, value, place(in.mem, bytes));
  return true;
}

// Code without loops may consist of millions of these.
void FunctionTranslator::poll() {
  llvm::Value* at = unit_.store_field_address(b_, ctx_, StoreField::interrupt);
  llvm::LoadInst* word = b_.CreateAlignedLoad(unit_.i64, at, llvm::Align(8));
  word->setAtomic(llvm::AtomicOrdering::Monotonic);
  trap_if(b_.CreateIsNotNull(unit_.in(Area::Context, word)), runtime::Trap::Interrupted);
}

bool FunctionTranslator::memory(const wasm::Instruction& in) {
  auto address_type = [&](uint32_t memory) {
    return wasm_.memories[memory].limits.addr == wasm::AddrType::I64 ? unit_.i64 : unit_.i32;
  };
  switch (in.op) {
    case Opcode::memory_size: {
      llvm::Value* pages = b_.CreateLShr(memory_size(in.index), wasm_.memories[in.index].page_size_log2);
      push(b_.CreateTrunc(pages, address_type(in.index)));
      return true;
    }
    case Opcode::memory_grow: {
      llvm::Value* before = unit_.call(b_, ctx_, Libcall::memory_grow, {number(in.index), pop_wide()});
      push(b_.CreateTrunc(before, address_type(in.index)));
      return true;
    }
    case Opcode::memory_fill: fill_memory(in); return true;
    case Opcode::memory_copy: copy_memory(in); return true;
    case Opcode::memory_init: {
      llvm::Value* size = pop_wide();
      llvm::Value* from = pop_wide();
      unit_.call(b_, ctx_, Libcall::memory_init,
                 {number(in.index), number(in.index2), pop_wide(), from, size});
      break;
    }
    case Opcode::data_drop: unit_.call(b_, ctx_, Libcall::data_drop, {number(in.index)}); break;
    default: return leave_out(in);
  }
  poll();
  return true;
}

// The address of an element, its index checked.
llvm::Value* FunctionTranslator::table_element_address(uint32_t table, llvm::Value* index,
                                                       runtime::Trap beyond) {
  trap_if(b_.CreateICmpUGE(index, table_size(table)), beyond);
  static_assert(offsetof(runtime::VmTable, base) == 0);
  llvm::Value* base = unit_.in(
      Area::Context, unit_.invariant(b_.CreateAlignedLoad(unit_.ptr, table_at(table), llvm::Align(8))));
  return b_.CreateInBoundsGEP(unit_.i64, base, index);
}

llvm::Value* FunctionTranslator::table_element(uint32_t table, llvm::Value* index, runtime::Trap beyond) {
  llvm::Value* at = table_element_address(table, index, beyond);
  return unit_.in(Area::Tables, b_.CreateAlignedLoad(unit_.i64, at, llvm::Align(8)));
}

bool FunctionTranslator::table(const wasm::Instruction& in) {
  auto index_type = [&](uint32_t table) {
    return wasm_.tables[table].type.limits.addr == wasm::AddrType::I64 ? unit_.i64 : unit_.i32;
  };
  switch (in.op) {
    case Opcode::table_get:
      push(table_element(in.index, pop_wide(), runtime::Trap::TableOutOfBounds));
      return true;
    case Opcode::table_set: {
      llvm::Value* value = pop();
      llvm::Value* at = table_element_address(in.index, pop_wide(), runtime::Trap::TableOutOfBounds);
      unit_.in(Area::Tables, b_.CreateAlignedStore(value, at, llvm::Align(8)));
      return true;
    }
    case Opcode::table_size: push(b_.CreateTrunc(table_size(in.index), index_type(in.index))); return true;
    case Opcode::table_grow: {
      llvm::Value* delta = pop_wide();
      llvm::Value* before = unit_.call(b_, ctx_, Libcall::table_grow, {number(in.index), delta, pop()});
      push(b_.CreateTrunc(before, index_type(in.index)));
      return true;
    }
    case Opcode::table_fill: {
      llvm::Value* size = pop_wide();
      llvm::Value* value = pop();
      unit_.call(b_, ctx_, Libcall::table_fill, {number(in.index), pop_wide(), value, size});
      break;
    }
    case Opcode::table_copy: {
      llvm::Value* size = pop_wide();
      llvm::Value* from = pop_wide();
      unit_.call(b_, ctx_, Libcall::table_copy,
                 {number(in.index), number(in.index2), pop_wide(), from, size});
      break;
    }
    case Opcode::table_init: {
      llvm::Value* size = pop_wide();
      llvm::Value* from = pop_wide();
      unit_.call(b_, ctx_, Libcall::table_init,
                 {number(in.index), number(in.index2), pop_wide(), from, size});
      break;
    }
    case Opcode::elem_drop: unit_.call(b_, ctx_, Libcall::elem_drop, {number(in.index)}); break;
    default: return leave_out(in);
  }
  poll();
  return true;
}

}  // namespace godwit::llvm_tier
