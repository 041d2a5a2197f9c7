// Encoding types and instructions.
#include "wasm/encoder.h"

namespace godwit::wasm {

namespace {

uint8_t code_of(HeapType::Abstract type) {
  using enum HeapType::Abstract;
  switch (type) {
    case Exn: return 0x69;
    case Array: return 0x6A;
    case Struct: return 0x6B;
    case I31: return 0x6C;
    case Eq: return 0x6D;
    case Any: return 0x6E;
    case Extern: return 0x6F;
    case Func: return 0x70;
    case None: return 0x71;
    case NoExtern: return 0x72;
    case NoFunc: return 0x73;
    case NoExn: return 0x74;
  }
  return 0;
}

}  // namespace

Encoder& Encoder::u8(uint8_t value) { return bytes_.push_back(value), *this; }
Encoder& Encoder::u32(uint64_t value) { return append_unsigned_leb(bytes_, value), *this; }
Encoder& Encoder::s64(int64_t value) { return append_signed_leb(bytes_, value), *this; }

Encoder& Encoder::fixed32(uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) u8(static_cast<uint8_t>(value >> shift));
  return *this;
}

Encoder& Encoder::fixed64(uint64_t value) {
  return fixed32(static_cast<uint32_t>(value)).fixed32(static_cast<uint32_t>(value >> 32));
}

Encoder& Encoder::raw(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

Encoder& Encoder::sized(Bytes bytes) { return u32(bytes.size()).raw(bytes); }
Encoder& Encoder::name(std::string_view text) { return sized(as_bytes(text)); }
Encoder& Encoder::truncate(size_t size) { return bytes_.resize(size), *this; }

Encoder& Encoder::heap_type(HeapType type) {
  return type.is_abstract() ? u8(code_of(type.abstract())) : s64(type.index().value);
}

Encoder& Encoder::val_type(ValType type) {
  switch (type.kind()) {
    case ValKind::I32: return u8(0x7F);
    case ValKind::I64: return u8(0x7E);
    case ValKind::F32: return u8(0x7D);
    case ValKind::F64: return u8(0x7C);
    case ValKind::V128: return u8(0x7B);
    case ValKind::I8: return u8(0x78);
    case ValKind::I16: return u8(0x77);
    case ValKind::Ref:
      if (type.nullable() && type.heap().is_abstract()) return heap_type(type.heap());
      return u8(type.nullable() ? 0x63 : 0x64).heap_type(type.heap());
    case ValKind::Bot: return u8(0);
  }
  return *this;
}

Encoder& Encoder::val_types(const std::vector<ValType>& types) {
  u32(types.size());
  for (const ValType type : types) val_type(type);
  return *this;
}

Encoder& Encoder::sub_type(const SubType& type) {
  if (type.super || !type.is_final) {
    u8(type.is_final ? 0x4F : 0x50).u32(type.super.has_value());
    if (type.super) u32(type.super->value);
  }
  if (type.kind == CompositeKind::Func)
    return u8(0x60).val_types(type.func.params).val_types(type.func.results);
  if (type.kind == CompositeKind::Struct) u8(0x5F).u32(type.fields.size());
  else u8(0x5E);
  for (const FieldType& field : type.fields) val_type(field.storage).u8(field.is_mutable);
  return *this;
}

Encoder& Encoder::block_type(const BlockType& type) {
  switch (type.kind) {
    case BlockType::Kind::Empty: return u8(0x40);
    case BlockType::Kind::Value: return val_type(type.value);
    case BlockType::Kind::Type: return s64(type.type.value);
  }
  return *this;
}

Encoder& Encoder::limits(const Limits& limits, uint8_t more_flags) {
  u8(static_cast<uint8_t>(more_flags | (limits.max ? 1 : 0) | (limits.addr == AddrType::I64 ? 4 : 0)));
  u32(limits.min);
  return limits.max ? u32(*limits.max) : *this;
}

Encoder& Encoder::memory_type(const MemType& type) {
  const bool has_page_size = type.page_size_log2 != 16;
  limits(type.limits, static_cast<uint8_t>((type.is_shared ? 2 : 0) | (has_page_size ? 8 : 0)));
  return has_page_size ? u32(type.page_size_log2) : *this;
}

Encoder& Encoder::table_type(const TableType& type) { return val_type(type.elem).limits(type.limits, 0); }
Encoder& Encoder::global_type(const GlobalType& type) { return val_type(type.val).u8(type.is_mutable); }

Encoder& Encoder::opcode(Opcode op) {
  const OpInfo& row = info_of(op);
  return row.prefix != 0 ? u8(row.prefix).u32(row.code) : u8(static_cast<uint8_t>(row.code));
}

void Encoder::mem_arg(const MemArg& mem) {
  if (mem.memory.value == 0) u32(mem.align_log2);
  else u32(mem.align_log2 | 0x40).u32(mem.memory.value);
  u32(mem.offset);
}

Encoder& Encoder::instruction(const Instruction& ins) {
  opcode(ins.op);
  switch (immediates_of(ins.op)) {
    case ImmKind::None: return *this;
    case ImmKind::Block: return block_type(ins.block);
    case ImmKind::TryTable:
      block_type(ins.block).u32(ins.catches.size());
      for (const Catch& clause : ins.catches) {
        u8(static_cast<uint8_t>(clause.kind));
        if (clause.kind == Catch::Kind::Catch || clause.kind == Catch::Kind::CatchRef) u32(clause.tag.value);
        u32(clause.label);
      }
      return *this;
    case ImmKind::BrTable:
      u32(ins.labels.size() - 1);
      for (const uint32_t label : ins.labels) u32(label);
      return *this;
    case ImmKind::Label:
    case ImmKind::Func:
    case ImmKind::Type:
    case ImmKind::Local:
    case ImmKind::Global:
    case ImmKind::Table:
    case ImmKind::Elem:
    case ImmKind::Memory:
    case ImmKind::Data:
    case ImmKind::Tag: return u32(ins.index);
    case ImmKind::SelectTypes: return val_types(ins.types);
    case ImmKind::CallIndirect:
    case ImmKind::TableInit:
    case ImmKind::TableCopy:
    case ImmKind::MemoryInit:
    case ImmKind::MemoryCopy:
    case ImmKind::TypeField:
    case ImmKind::TypeCount:
    case ImmKind::TypeData:
    case ImmKind::TypeElem:
    case ImmKind::TypeType: return u32(ins.index).u32(ins.index2);
    case ImmKind::MemArg: return mem_arg(ins.mem), *this;
    case ImmKind::MemArgLane: return mem_arg(ins.mem), u8(static_cast<uint8_t>(ins.index2));
    case ImmKind::Lane: return u8(static_cast<uint8_t>(ins.index2));
    case ImmKind::Shuffle:
    case ImmKind::V128: return raw(ins.v128);
    case ImmKind::I32:
    case ImmKind::I64: return s64(static_cast<int64_t>(ins.bits));
    case ImmKind::F32: return fixed32(static_cast<uint32_t>(ins.bits));
    case ImmKind::F64: return fixed64(ins.bits);
    case ImmKind::HeapType:
    case ImmKind::RefType: return heap_type(ins.type.heap());
    case ImmKind::BrOnCast:
      u8(static_cast<uint8_t>((ins.type.nullable() ? 1 : 0) | (ins.type2.nullable() ? 2 : 0))).u32(ins.index);
      return heap_type(ins.type.heap()).heap_type(ins.type2.heap());
    case ImmKind::ZeroByte: return u8(0);
  }
  return *this;
}

}  // namespace godwit::wasm
