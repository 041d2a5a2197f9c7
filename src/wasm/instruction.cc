// InstructionReader: opcodes, then immediates by their kind.
// spec: https://webassembly.github.io/spec/core/binary/instructions.html
#include "wasm/instruction.h"

#include <cstdio>

#include "wasm/limits.h"

namespace godwit::wasm {

namespace {

// What every instruction needs of its row, dense enough to stay in the cache.
struct OpEssentials {
  ImmKind imm;
  Feature feature;
};

constexpr auto kEssentials = [] {
  std::array<OpEssentials, kOpcodeCount> table{};
  for (size_t i = 0; i < kOpcodeCount; ++i) table[i] = {kOpcodes[i].imm, kOpcodes[i].feature};
  return table;
}();

std::string hex(uint32_t byte) {
  char text[16];
  std::snprintf(text, sizeof text, "%02x", byte);
  return text;
}

}  // namespace

Result<> InstructionReader::next_any(Instruction& into) {
  read_opcode(into);
  read_immediates(into);
  if (reader_.failed()) [[unlikely]]
    return fail(reader_.take_error());
  return {};
}

void InstructionReader::read_opcode(Instruction& into) {
  const uint32_t at = into.offset;
  const uint8_t byte = reader_.u8();
  uint16_t index;
  if (is_prefix(byte)) {
    const uint32_t code = reader_.u32();
    index = kOpcodeIndex.prefixed(byte, code);
    if (index == OpcodeIndex::kNone) [[unlikely]] {
      reader_.fail(at, "illegal opcode " + hex(byte) + " " + hex(code));
      index = 0;
    }
  } else {
    index = kOpcodeIndex.one_byte(byte);
    if (index == OpcodeIndex::kNone) [[unlikely]] {
      reader_.fail(at, "illegal opcode " + hex(byte));
      index = 0;
    }
  }
  into.op = static_cast<Opcode>(index);
  const Feature feature = kEssentials[index].feature;
  if (feature == Feature::Mvp) return;
  // `throw` is in both designs of exceptions.
  if (into.op == Opcode::throw_ && reader_.features().has(Feature::LegacyExceptions)) return;
  reader_.need(feature, at, "illegal opcode");
}

void InstructionReader::read_immediates(Instruction& into) {
  const uint32_t at = reader_.offset();
  switch (kEssentials[static_cast<size_t>(into.op)].imm) {
    case ImmKind::None: return;
    case ImmKind::Block: into.block = reader_.block_type(); return;
    case ImmKind::TryTable: read_try_table(into); return;
    case ImmKind::BrTable: read_br_table(into); return;
    case ImmKind::Label:
    case ImmKind::Func:
    case ImmKind::Type:
    case ImmKind::Local:
    case ImmKind::Global:
    case ImmKind::Table:
    case ImmKind::Elem:
    case ImmKind::Tag: into.index = reader_.u32(); return;
    case ImmKind::CallIndirect:
      into.index = reader_.u32();
      if (reader_.features().has(Feature::ReferenceTypes)) {
        into.index2 = reader_.u32();
      } else {
        into.index2 = reader_.u8();
        if (into.index2 != 0) reader_.fail(reader_.offset() - 1, "zero flag expected");
      }
      return;
    case ImmKind::SelectTypes: read_select_types(into); return;
    case ImmKind::TableInit:
    case ImmKind::TableCopy:
    case ImmKind::TypeField:
    case ImmKind::TypeCount:
    case ImmKind::TypeElem:
    case ImmKind::TypeType:
      into.index = reader_.u32();
      into.index2 = reader_.u32();
      return;
    case ImmKind::TypeData:
      into.index = reader_.u32();
      into.index2 = reader_.u32();
      if (!may_name_data_) reader_.fail(at, "data count section required");
      return;
    case ImmKind::Memory: into.index = read_memory_index().value; return;
    case ImmKind::MemoryInit:
      into.index = reader_.u32();
      into.index2 = read_memory_index().value;
      if (!may_name_data_) reader_.fail(at, "data count section required");
      return;
    case ImmKind::MemoryCopy:
      into.index = read_memory_index().value;
      into.index2 = read_memory_index().value;
      return;
    case ImmKind::Data:
      into.index = reader_.u32();
      if (!may_name_data_) reader_.fail(at, "data count section required");
      return;
    case ImmKind::MemArg: read_mem_arg(into); return;
    case ImmKind::MemArgLane:
      read_mem_arg(into);
      into.index2 = reader_.u8();
      return;
    case ImmKind::Lane: into.index2 = reader_.u8(); return;
    case ImmKind::Shuffle:
    case ImmKind::V128:
      for (uint8_t& byte : into.v128) byte = reader_.u8();
      return;
    case ImmKind::I32: into.bits = static_cast<uint64_t>(int64_t{reader_.s32()}); return;
    case ImmKind::I64: into.bits = static_cast<uint64_t>(reader_.s64()); return;
    case ImmKind::F32: into.bits = reader_.fixed32(); return;
    case ImmKind::F64: into.bits = reader_.fixed64(); return;
    case ImmKind::HeapType: into.type = ValType::ref(reader_.heap_type(), true); return;
    case ImmKind::RefType: {
      const bool nullable = into.op == Opcode::ref_test_null || into.op == Opcode::ref_cast_null;
      into.type = ValType::ref(reader_.heap_type(), nullable);
      return;
    }
    case ImmKind::BrOnCast: read_br_on_cast(into); return;
    case ImmKind::ZeroByte:
      if (reader_.u8() != 0) reader_.fail(at, "zero byte expected");
      return;
  }
}

MemIdx InstructionReader::read_memory_index() {
  const uint32_t at = reader_.offset();
  if (reader_.features().has(Feature::MultiMemory)) return MemIdx(reader_.u32());
  const uint8_t index = reader_.u8();
  if (index != 0) reader_.fail(at, "zero byte expected");
  return MemIdx(uint32_t{index});
}

// Bit 6 of the flags says that a memory index follows; the bits below are the alignment, which had to be below 32
// before there were several memories.
void InstructionReader::read_mem_arg(Instruction& into) {
  constexpr uint32_t kMaxAlignment = 0x20, kHasMemory = 0x40;
  const uint32_t at = reader_.offset();
  const uint32_t flags = reader_.u32();
  into.mem.memory = MemIdx(0);
  if (flags >= kMaxAlignment) [[unlikely]] {
    if (flags >= kHasMemory * 2) reader_.fail(at, "malformed memop flags");
    reader_.need(Feature::MultiMemory, at, "malformed memop flags");
    if (flags & kHasMemory) into.mem.memory = MemIdx(reader_.u32());
  }
  into.mem.align_log2 = flags & (kHasMemory - 1);
  into.mem.offset = reader_.features().has(Feature::Memory64) ? reader_.u64() : reader_.u32();
}

void InstructionReader::read_br_table(Instruction& into) {
  into.labels.clear();
  const uint32_t count = reader_.count(limits::kBrTableLabels, "labels of br_table");
  into.labels.reserve(count + 1);
  for (uint32_t i = 0; i < count; ++i) into.labels.push_back(reader_.u32());
  into.labels.push_back(reader_.u32());
}

void InstructionReader::read_select_types(Instruction& into) {
  into.types.clear();
  const uint32_t count = reader_.count(limits::kResults, "types of select");
  for (uint32_t i = 0; i < count && !reader_.failed(); ++i) into.types.push_back(reader_.val_type());
}

void InstructionReader::read_try_table(Instruction& into) {
  into.block = reader_.block_type();
  into.catches.clear();
  const uint32_t count = reader_.count(limits::kTryTableCatches, "catch clauses");
  for (uint32_t i = 0; i < count && !reader_.failed(); ++i) {
    const uint32_t at = reader_.offset();
    const uint8_t kind = reader_.u8();
    if (kind > static_cast<uint8_t>(Catch::Kind::CatchAllRef))
      return reader_.fail(at, "malformed catch clause");
    Catch clause;
    clause.kind = static_cast<Catch::Kind>(kind);
    if (clause.kind == Catch::Kind::Catch || clause.kind == Catch::Kind::CatchRef)
      clause.tag = TagIdx(reader_.u32());
    clause.label = reader_.u32();
    into.catches.push_back(clause);
  }
}

// Bit 0 of the flags: the source may be null; bit 1: the target may be null.
void InstructionReader::read_br_on_cast(Instruction& into) {
  const uint32_t at = reader_.offset();
  const uint8_t flags = reader_.u8();
  if (flags > 3) return reader_.fail(at, "malformed br_on_cast flags");
  into.index = reader_.u32();
  into.type = ValType::ref(reader_.heap_type(), flags & 1);
  into.type2 = ValType::ref(reader_.heap_type(), flags & 2);
}

Result<> InstructionReader::locals(std::vector<LocalGroup>& into) {
  into.clear();
  uint64_t total = 0;
  const uint32_t count = reader_.count(limits::kBodyBytes, "groups of locals");
  for (uint32_t i = 0; i < count && !reader_.failed(); ++i) {
    const uint32_t at = reader_.offset();
    const uint32_t number = reader_.u32();
    const ValType type = reader_.val_type();
    total += number;
    if (total > limits::kLocals)
      reader_.fail(at, "too many locals: the limit is " + std::to_string(limits::kLocals) + " per function");
    into.push_back({number, type});
  }
  if (reader_.failed()) return fail(reader_.take_error());
  return {};
}

Result<std::vector<InstructionReader::LocalGroup>> InstructionReader::locals() {
  std::vector<LocalGroup> groups;
  TRY(locals(groups));
  return groups;
}

}  // namespace godwit::wasm
