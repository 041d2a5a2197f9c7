// InstructionPrinter: one case per immediate kind.
#include "text/print_instruction.h"

namespace godwit::text {

using wasm::ImmKind;
using wasm::Instruction;

void InstructionPrinter::begin(Identifiers locals, Identifiers labels, const BodyScan& scan) {
  locals_ = std::move(locals);
  labels_.begin(std::move(labels), scan);
}

void InstructionPrinter::memory(uint32_t memory) {
  if (memory != 0) index(names_.memories, memory);
}

void InstructionPrinter::mem_arg(const Instruction& ins) {
  memory(ins.mem.memory.value);
  if (ins.mem.offset != 0) out_.put(" offset=").number(ins.mem.offset);
  const uint64_t align = uint64_t{1} << ins.mem.align_log2;
  if (align != access_bytes_of(ins.op)) out_.put(" align=").number(align);
}

void InstructionPrinter::try_table(const Instruction& ins) {
  types_.block_type(ins.block);
  for (const wasm::Catch& clause : ins.catches) {
    using enum wasm::Catch::Kind;
    switch (clause.kind) {
      case Catch: out_.put(" (catch"); break;
      case CatchRef: out_.put(" (catch_ref"); break;
      case CatchAll: out_.put(" (catch_all"); break;
      case CatchAllRef: out_.put(" (catch_all_ref"); break;
    }
    if (clause.kind == Catch || clause.kind == CatchRef) index(names_.tags, clause.tag.value);
    label(clause.label);
    out_.put(')');
  }
}

void InstructionPrinter::v128(const Instruction& ins) {
  out_.put(" i32x4");
  for (size_t lane = 0; lane < 4; ++lane)
    out_.put(" 0x").hex(load_unaligned<uint32_t>(ins.v128.data() + lane * 4), 8);
}

void InstructionPrinter::put(const Instruction& ins, uint32_t block_label) {
  out_.put(text_of(ins.op));
  switch (immediates_of(ins.op)) {
    case ImmKind::None:
    case ImmKind::ZeroByte: return;
    case ImmKind::Block: labels_.put_id(out_, block_label); return types_.block_type(ins.block);
    case ImmKind::TryTable: labels_.put_id(out_, block_label); return try_table(ins);
    case ImmKind::Label: return label(ins.index);
    case ImmKind::BrTable:
      for (const uint32_t depth : ins.labels) label(depth);
      return;
    case ImmKind::Func: return index(names_.funcs, ins.index);
    case ImmKind::CallIndirect:
      if (ins.index2 != 0) index(names_.tables, ins.index2);
      names_.types.put(out_.put(" (type "), ins.index);
      out_.put(')');
      return;
    case ImmKind::Type: return index(names_.types, ins.index);
    case ImmKind::SelectTypes:
      out_.put(" (result");
      for (const wasm::ValType type : ins.types) {
        out_.put(' ');
        types_.val_type(type);
      }
      out_.put(')');
      return;
    case ImmKind::Local: return index(locals_, ins.index);
    case ImmKind::Global: return index(names_.globals, ins.index);
    case ImmKind::Table: return index(names_.tables, ins.index);
    case ImmKind::TableInit: index(names_.tables, ins.index2); return index(names_.elems, ins.index);
    case ImmKind::TableCopy: index(names_.tables, ins.index); return index(names_.tables, ins.index2);
    case ImmKind::Elem: return index(names_.elems, ins.index);
    case ImmKind::Memory: return memory(ins.index);
    case ImmKind::MemoryInit: memory(ins.index2); return index(names_.datas, ins.index);
    case ImmKind::MemoryCopy:
      if (ins.index == 0 && ins.index2 == 0) return;
      index(names_.memories, ins.index);
      return index(names_.memories, ins.index2);
    case ImmKind::Data: return index(names_.datas, ins.index);
    case ImmKind::Tag: return index(names_.tags, ins.index);
    case ImmKind::MemArg: return mem_arg(ins);
    case ImmKind::MemArgLane:
      mem_arg(ins);
      out_.put(' ').number(ins.index2);
      return;
    case ImmKind::Lane: out_.put(' ').number(ins.index2); return;
    case ImmKind::Shuffle:
      for (const uint8_t lane : ins.v128) out_.put(' ').number(lane);
      return;
    case ImmKind::I32: out_.put(' ').signed_number(static_cast<int32_t>(ins.bits)); return;
    case ImmKind::I64: out_.put(' ').signed_number(static_cast<int64_t>(ins.bits)); return;
    case ImmKind::F32: out_.put(' ').f32(static_cast<uint32_t>(ins.bits)); return;
    case ImmKind::F64: out_.put(' ').f64(ins.bits); return;
    case ImmKind::V128: return v128(ins);
    case ImmKind::HeapType: out_.put(' '); return types_.heap_type(ins.type.heap());
    case ImmKind::RefType: out_.put(' '); return types_.val_type(ins.type);
    case ImmKind::BrOnCast:
      label(ins.index);
      out_.put(' ');
      types_.val_type(ins.type);
      out_.put(' ');
      return types_.val_type(ins.type2);
    case ImmKind::TypeField:
      index(names_.types, ins.index);
      names_.put_field(out_.put(' '), ins.index, ins.index2);
      return;
    case ImmKind::TypeCount:
      index(names_.types, ins.index);
      out_.put(' ').number(ins.index2);
      return;
    case ImmKind::TypeData: index(names_.types, ins.index); return index(names_.datas, ins.index2);
    case ImmKind::TypeElem: index(names_.types, ins.index); return index(names_.elems, ins.index2);
    case ImmKind::TypeType: index(names_.types, ins.index); return index(names_.types, ins.index2);
  }
}

}  // namespace godwit::text
