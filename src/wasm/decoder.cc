// Decoding: sections in their order, each a vector of entries.
#include "wasm/decoder.h"

#include "wasm/instruction.h"
#include "wasm/limits.h"
#include "wasm/name_section.h"
#include "wasm/reader.h"
#include "wasm/type_canon.h"

namespace godwit::wasm {

namespace {

// Position in the order of sections, which is not the order of ids.
constexpr uint8_t order_of(SectionId id) {
  using enum SectionId;
  constexpr SectionId kOrder[] = {Custom, Type,   Import, Func, Table,     Mem,  Tag,
                                  Global, Export, Start,  Elem, DataCount, Code, Data};
  uint8_t place = 0;
  while (kOrder[place] != id) ++place;
  return place;
}

class Decoder {
 public:
  Decoder(std::shared_ptr<const void> storage, Bytes bytes, const FeatureSet& features)
      : features_(features) {
    module_.storage = std::move(storage);
    module_.bytes = bytes;
  }

  Result<Module> run() {
    if (module_.bytes.size() > limits::kModuleBytes)
      return fail(ErrorKind::Malformed,
                  "module too large: the limit is " + std::to_string(limits::kModuleBytes) + " bytes");
    Reader reader(module_.bytes, {0, static_cast<uint32_t>(module_.bytes.size())}, features_);
    read_header(reader);
    while (!reader.failed() && !reader.at_end()) TRY(section(reader));
    if (reader.failed()) return fail(reader.take_error());
    TRY(check_counts());
    return std::move(module_);
  }

 private:
  static void read_header(Reader& reader) {
    constexpr uint32_t kMagic = 0x6D736100, kVersion = 1;
    if (reader.fixed32() != kMagic && !reader.failed())
      return reader.fail(0, "magic header not detected: a module begins with 00 61 73 6d");
    const uint32_t version = reader.fixed32();
    if (version != kVersion && !reader.failed())
      return reader.fail(4, "unknown binary version " + std::to_string(version) + ": this reads version 1");
  }

  Result<> section(Reader& reader) {
    const uint32_t at = reader.offset();
    const uint8_t id_byte = reader.u8();
    if (id_byte >= kSectionCount)
      return fail(Error(ErrorKind::Malformed, "malformed section id " + std::to_string(id_byte)).at(at));
    const auto id = static_cast<SectionId>(id_byte);
    const uint32_t size_at = reader.offset();
    const uint32_t size = reader.u32();
    if (reader.failed()) return {};
    if (size > reader.remaining())
      return fail(Error(ErrorKind::Malformed, "length out of bounds: a section of " + std::to_string(size) +
                                                  " bytes, " + std::to_string(reader.remaining()) +
                                                  " are left")
                      .at(size_at));
    if (id != SectionId::Custom) {
      if (order_of(id) <= last_order_)
        return fail(Error(ErrorKind::Malformed, "unexpected content after last section: section " +
                                                    std::to_string(id_byte) + " is repeated or out of order")
                        .at(at));
      last_order_ = order_of(id);
    }
    module_.section_offsets[id_byte] = at;
    Reader contents(module_.bytes, reader.take(size), features_);
    contents_of(id, contents);
    module_.features |= contents.used_features();
    if (contents.failed()) return fail(contents.take_error());
    if (!contents.at_end())
      return fail(
          Error(ErrorKind::Malformed, "section size mismatch: " + std::to_string(contents.remaining()) +
                                          " bytes are left at the section's end")
              .at(contents.offset()));
    return {};
  }

  void contents_of(SectionId id, Reader& reader) {
    switch (id) {
      case SectionId::Custom: return custom_section(reader);
      case SectionId::Type: return type_section(reader);
      case SectionId::Import: return import_section(reader);
      case SectionId::Func: return func_section(reader);
      case SectionId::Table: return table_section(reader);
      case SectionId::Mem: return memory_section(reader);
      case SectionId::Global: return global_section(reader);
      case SectionId::Export: return export_section(reader);
      case SectionId::Start:
        module_.offsets.start = reader.offset();
        module_.start = FuncIdx(reader.u32());
        return;
      case SectionId::Elem: return elem_section(reader);
      case SectionId::Code: return code_section(reader);
      case SectionId::Data: return data_section(reader);
      case SectionId::DataCount:
        reader.need(Feature::BulkMemory, reader.offset(), "malformed section id");
        module_.data_count = reader.u32();
        return;
      case SectionId::Tag: return tag_section(reader);
    }
  }

  // Counts that two sections must agree on.
  Result<> check_counts() {
    const size_t declared = module_.funcs.size() - module_.imported_funcs;
    if (declared != module_.bodies.size())
      return fail(Error(ErrorKind::Malformed,
                        "function and code section have inconsistent lengths: " + std::to_string(declared) +
                            " and " + std::to_string(module_.bodies.size()))
                      .at(module_.bytes.size()));
    if (module_.data_count && *module_.data_count != module_.datas.size())
      return fail(Error(ErrorKind::Malformed, "data count and data section have inconsistent lengths: " +
                                                  std::to_string(*module_.data_count) + " and " +
                                                  std::to_string(module_.datas.size()))
                      .at(module_.bytes.size()));
    return {};
  }

  // spec: https://webassembly.github.io/spec/core/binary/modules.html#custom-section
  void custom_section(Reader& reader) {
    const std::string_view name = reader.name();
    const ByteRange contents = reader.take(reader.remaining());
    if (reader.failed()) return;
    module_.customs.push_back({name, contents});
    if (name == "name") module_.names = read_names(module_.bytes, contents);
  }

  // spec: https://webassembly.github.io/spec/core/binary/modules.html#type-section
  void type_section(Reader& reader) {
    constexpr uint8_t kRec = 0x4E;
    const uint32_t count = reader.count(limits::kRecGroups, "recursion groups");
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      const uint32_t at = reader.offset();
      uint8_t form = reader.u8();
      RecGroup group{TypeIdx(module_.types.size()), 1};
      if (form == kRec) {
        reader.need(Feature::Gc, at, "malformed definition type");
        group.count = reader.count(limits::kTypes, "types");
        for (uint32_t k = 0; k < group.count && !reader.failed(); ++k) {
          form = reader.u8();
          sub_type(reader, form);
        }
      } else {
        sub_type(reader, form);
      }
      if (module_.types.size() > limits::kTypes)
        reader.fail(at, "too many types: the limit is " + std::to_string(limits::kTypes));
      module_.rec_groups.push_back(group);
    }
    if (reader.failed()) return;
    TypeCanon canon;
    module_.type_ids = canon.intern(module_.types, module_.rec_groups);
  }

  // `form`, the first byte, is read already.
  void sub_type(Reader& reader, uint8_t form) {
    constexpr uint8_t kSub = 0x50, kSubFinal = 0x4F;
    module_.offsets.types.push_back(reader.offset() - 1);
    SubType type;
    if (form == kSub || form == kSubFinal) {
      const uint32_t at = reader.offset();
      reader.need(Feature::Gc, at - 1, "malformed definition type");
      type.is_final = form == kSubFinal;
      const uint32_t supers = reader.count(limits::kTypes, "supertypes");
      if (supers > 1) reader.fail(at, "multiple supertypes: a type has at most one", ErrorKind::Invalid);
      if (supers == 1) type.super = TypeIdx(reader.u32());
      form = reader.u8();
    }
    composite_type(reader, form, type);
    module_.types.push_back(std::move(type));
  }

  void composite_type(Reader& reader, uint8_t form, SubType& type) {
    constexpr uint8_t kFunc = 0x60, kStruct = 0x5F, kArray = 0x5E;
    const uint32_t at = reader.offset() - 1;
    switch (form) {
      case kFunc:
        type.kind = CompositeKind::Func;
        type.func.params = val_types(reader, limits::kParams, "parameters");
        type.func.results = val_types(reader, limits::kResults, "results");
        if (type.func.results.size() > 1)
          module_.features |= uint64_t{1} << static_cast<unsigned>(Feature::MultiValue);
        return;
      case kStruct: {
        reader.need(Feature::Gc, at, "malformed definition type");
        type.kind = CompositeKind::Struct;
        const uint32_t count = reader.count(limits::kStructFields, "fields");
        for (uint32_t i = 0; i < count && !reader.failed(); ++i) type.fields.push_back(field_type(reader));
        return;
      }
      case kArray:
        reader.need(Feature::Gc, at, "malformed definition type");
        type.kind = CompositeKind::Array;
        type.fields.push_back(field_type(reader));
        return;
      default: return reader.fail(at, "malformed definition type " + std::to_string(form));
    }
  }

  static std::vector<ValType> val_types(Reader& reader, uint32_t limit, std::string_view what) {
    const uint32_t count = reader.count(limit, what);
    std::vector<ValType> types;
    types.reserve(count);
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) types.push_back(reader.val_type());
    return types;
  }

  static bool mutability(Reader& reader) {
    const uint32_t at = reader.offset();
    const uint8_t flag = reader.u8();
    if (flag > 1) reader.fail(at, "malformed mutability " + std::to_string(flag) + ": it is 0 or 1");
    return flag == 1;
  }

  static FieldType field_type(Reader& reader) {
    const ValType storage = reader.storage_type();
    return {storage, mutability(reader)};
  }

  static constexpr uint8_t kHasMax = 1, kShared = 2, kAddr64 = 4, kHasPageSize = 8;

  // spec: https://webassembly.github.io/spec/core/binary/types.html#limits
  static Limits limits_after(Reader& reader, uint8_t flags) {
    Limits limits;
    if (flags & kAddr64) limits.addr = AddrType::I64;
    const bool wide = reader.features().has(Feature::Memory64);
    limits.min = wide ? reader.u64() : reader.u32();
    if (flags & kHasMax) limits.max = wide ? reader.u64() : reader.u32();
    return limits;
  }

  static uint8_t limits_flags(Reader& reader, uint8_t allowed) {
    const uint32_t at = reader.offset();
    const uint8_t flags = reader.u8();
    if (flags & ~allowed)
      return reader.fail(at, "malformed limits flags " + std::to_string(flags)), uint8_t{0};
    if (flags & kShared) reader.need(Feature::Threads, at, "malformed limits flags");
    if (flags & kAddr64) reader.need(Feature::Memory64, at, "malformed limits flags");
    if (flags & kHasPageSize) reader.need(Feature::CustomPageSizes, at, "malformed limits flags");
    return flags;
  }

  static MemType memory_type(Reader& reader) {
    const uint8_t flags = limits_flags(reader, kHasMax | kShared | kAddr64 | kHasPageSize);
    MemType type;
    type.is_shared = flags & kShared;
    type.limits = limits_after(reader, flags);
    if (flags & kHasPageSize) {
      const uint32_t at = reader.offset();
      const uint32_t log2 = reader.u32();
      if (log2 > 64) reader.fail(at, "invalid custom page size: 2^" + std::to_string(log2) + " bytes");
      type.page_size_log2 = static_cast<uint8_t>(log2);
    }
    return type;
  }

  static TableType table_type(Reader& reader) {
    TableType type;
    type.elem = reader.ref_type();
    type.limits = limits_after(reader, limits_flags(reader, kHasMax | kAddr64));
    return type;
  }

  static GlobalType global_type(Reader& reader) {
    const ValType type = reader.val_type();
    return {type, mutability(reader)};
  }

  static TagType tag_type(Reader& reader) {
    const uint32_t at = reader.offset();
    if (reader.u8() != 0) reader.fail(at, "malformed tag attribute");
    return {TypeIdx(reader.u32())};
  }

  // spec: https://webassembly.github.io/spec/core/binary/modules.html#import-section
  void import_section(Reader& reader) {
    const uint32_t count = reader.count(limits::kImports, "imports");
    module_.imports.reserve(count);
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      Import entry;
      entry.offset = reader.offset();
      entry.module = reader.name();
      entry.field = reader.name();
      const uint32_t at = reader.offset();
      const uint8_t kind = reader.u8();
      if (kind > static_cast<uint8_t>(ExternKind::Tag))
        return reader.fail(at, "malformed import kind " + std::to_string(kind));
      entry.kind = static_cast<ExternKind>(kind);
      entry.index = import_type(reader, entry.kind, entry.offset);
      module_.imports.push_back(entry);
    }
    module_.imported_funcs = static_cast<uint32_t>(module_.funcs.size());
    module_.imported_tables = static_cast<uint32_t>(module_.tables.size());
    module_.imported_memories = static_cast<uint32_t>(module_.memories.size());
    module_.imported_globals = static_cast<uint32_t>(module_.globals.size());
    module_.imported_tags = static_cast<uint32_t>(module_.tags.size());
    module_.declared_funcs.resize(module_.funcs.size());
  }

  // Reads the type of an import, adds it to its index space and returns the index there.
  uint32_t import_type(Reader& reader, ExternKind kind, uint32_t at) {
    size_t index = 0;
    switch (kind) {
      case ExternKind::Func:
        index = module_.funcs.size();
        module_.funcs.emplace_back(reader.u32());
        break;
      case ExternKind::Table:
        index = module_.tables.size();
        module_.offsets.tables.push_back(at);
        module_.tables.push_back({table_type(reader), std::nullopt});
        break;
      case ExternKind::Mem:
        index = module_.memories.size();
        module_.offsets.memories.push_back(at);
        module_.memories.push_back(memory_type(reader));
        break;
      case ExternKind::Global:
        index = module_.globals.size();
        module_.offsets.globals.push_back(at);
        module_.globals.push_back({global_type(reader), {}});
        if (module_.globals.back().type.is_mutable)
          module_.features |= uint64_t{1} << static_cast<unsigned>(Feature::MutableGlobals);
        break;
      case ExternKind::Tag:
        need_exceptions(reader, "malformed import kind");
        index = module_.tags.size();
        module_.offsets.tags.push_back(at);
        module_.tags.push_back(tag_type(reader));
        break;
    }
    return static_cast<uint32_t>(index);
  }

  // Tags belong to both designs of exceptions.
  static void need_exceptions(Reader& reader, std::string_view message) {
    const bool legacy =
        !reader.features().has(Feature::Exceptions) && reader.features().has(Feature::LegacyExceptions);
    reader.need(legacy ? Feature::LegacyExceptions : Feature::Exceptions, reader.offset(), message);
  }

  void func_section(Reader& reader) {
    const uint32_t count = reader.count(
        limits::kFuncs - std::min<uint32_t>(limits::kFuncs, module_.imported_funcs), "functions");
    module_.funcs.reserve(module_.funcs.size() + count);
    for (uint32_t i = 0; i < count; ++i) module_.funcs.emplace_back(reader.u32());
    module_.declared_funcs.resize(module_.funcs.size());
  }

  // spec: https://webassembly.github.io/spec/core/binary/modules.html#table-section
  void table_section(Reader& reader) {
    constexpr uint8_t kWithInit = 0x40;
    const uint32_t count = reader.count(limits::kTables, "tables");
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      const uint32_t at = reader.offset();
      module_.offsets.tables.push_back(at);
      if (reader.next_is(kWithInit)) {
        reader.u8();
        reader.need(Feature::FunctionReferences, at, "malformed reference type");
        if (reader.u8() != 0) reader.fail(at + 1, "zero byte expected");
        const TableType type = table_type(reader);
        module_.tables.push_back({type, const_expr(reader)});
      } else {
        module_.tables.push_back({table_type(reader), std::nullopt});
      }
    }
  }

  void memory_section(Reader& reader) {
    const uint32_t count = reader.count(limits::kMemories, "memories");
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      module_.offsets.memories.push_back(reader.offset());
      module_.memories.push_back(memory_type(reader));
    }
  }

  void tag_section(Reader& reader) {
    need_exceptions(reader, "malformed section id");
    const uint32_t count = reader.count(limits::kTags, "tags");
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      module_.offsets.tags.push_back(reader.offset());
      module_.tags.push_back(tag_type(reader));
    }
  }

  void global_section(Reader& reader) {
    const uint32_t count = reader.count(limits::kGlobals, "globals");
    module_.globals.reserve(module_.globals.size() + count);
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      module_.offsets.globals.push_back(reader.offset());
      const GlobalType type = global_type(reader);
      module_.globals.push_back({type, const_expr(reader)});
    }
  }

  void export_section(Reader& reader) {
    const uint32_t count = reader.count(limits::kExports, "exports");
    module_.exports.reserve(count);
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      Export entry;
      entry.name = reader.name();
      const uint32_t at = reader.offset();
      const uint8_t kind = reader.u8();
      if (kind > static_cast<uint8_t>(ExternKind::Tag))
        return reader.fail(at, "malformed export kind " + std::to_string(kind));
      entry.kind = static_cast<ExternKind>(kind);
      entry.index = reader.u32();
      if (entry.kind == ExternKind::Func) declare(entry.index);
      module_.exports.push_back(entry);
    }
  }

  void declare(uint32_t func) {
    if (func < module_.declared_funcs.size()) module_.declared_funcs[func] = true;
  }

  // spec: https://webassembly.github.io/spec/core/binary/modules.html#element-section
  void elem_section(Reader& reader) {
    const uint32_t count = reader.count(limits::kElemSegments, "element segments");
    module_.elems.reserve(count);
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) module_.elems.push_back(elem_segment(reader));
  }

  ElemSegment elem_segment(Reader& reader) {
    // Bit 0: passive or declarative; bit 1: an explicit table index, or declarative; bit 2: expressions.
    constexpr uint32_t kNotActive = 1, kExplicit = 2, kExprs = 4;
    const uint32_t at = reader.offset();
    const uint32_t flags = reader.u32();
    ElemSegment segment;
    segment.at = at;
    if (flags > 7)
      return reader.fail(at, "malformed elements segment kind " + std::to_string(flags)), segment;
    if (flags & ~kExplicit)
      reader.need(flags & kExprs ? Feature::ReferenceTypes : Feature::BulkMemory, at,
                  "malformed elements segment kind");
    if (flags & kNotActive) {
      segment.mode = flags & kExplicit ? SegmentMode::Declarative : SegmentMode::Passive;
    } else {
      segment.mode = SegmentMode::Active;
      if (flags & kExplicit) segment.table = TableIdx(reader.u32());
      segment.offset = const_expr(reader);
    }
    if (flags & (kNotActive | kExplicit)) {
      const uint32_t kind_at = reader.offset();
      if (flags & kExprs) segment.type = reader.ref_type();
      else if (reader.u8() != 0) reader.fail(kind_at, "malformed element kind");
    }
    if (!(flags & kExprs)) segment.type = ValType::ref(HeapType::Abstract::Func, false);
    const uint32_t entries = reader.count(limits::kElemSegmentEntries, "entries of an element segment");
    if (flags & kExprs) {
      segment.exprs.reserve(entries);
      for (uint32_t i = 0; i < entries && !reader.failed(); ++i) segment.exprs.push_back(const_expr(reader));
    } else {
      segment.funcs.reserve(entries);
      for (uint32_t i = 0; i < entries; ++i) {
        segment.funcs.emplace_back(reader.u32());
        declare(segment.funcs.back().value);
      }
    }
    return segment;
  }

  // spec: https://webassembly.github.io/spec/core/binary/modules.html#code-section
  void code_section(Reader& reader) {
    const uint32_t count = reader.count(limits::kFuncs, "function bodies");
    module_.bodies.reserve(count);
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      const uint32_t at = reader.offset();
      const ByteRange body = reader.sized_bytes();
      if (body.size > limits::kBodyBytes)
        reader.fail(at,
                    "function body too large: the limit is " + std::to_string(limits::kBodyBytes) + " bytes");
      module_.bodies.push_back({body});
    }
  }

  // spec: https://webassembly.github.io/spec/core/binary/modules.html#data-section
  void data_section(Reader& reader) {
    constexpr uint32_t kActive = 0, kPassive = 1, kActiveExplicit = 2;
    const uint32_t count = reader.count(limits::kDataSegments, "data segments");
    module_.datas.reserve(count);
    for (uint32_t i = 0; i < count && !reader.failed(); ++i) {
      const uint32_t at = reader.offset();
      const uint32_t flags = reader.u32();
      if (flags > kActiveExplicit)
        return reader.fail(at, "malformed data segment kind " + std::to_string(flags));
      if (flags == kPassive) reader.need(Feature::BulkMemory, at, "malformed data segment kind");
      DataSegment segment;
      segment.mode = flags == kPassive ? SegmentMode::Passive : SegmentMode::Active;
      if (flags == kActiveExplicit) segment.memory = MemIdx(reader.u32());
      if (flags == kActive || flags == kActiveExplicit) segment.offset = const_expr(reader);
      segment.bytes = reader.sized_bytes();
      module_.datas.push_back(segment);
    }
  }

  // Delimits an expression: up to the `end` that matches none of its blocks.
  ConstExpr const_expr(Reader& reader) {
    const uint32_t first = reader.offset();
    if (const auto constant = short_const_expr(module_.slice({first, reader.remaining()}))) {
      reader.advance(constant->size);
      return {{first, constant->size}};
    }
    InstructionReader instructions(module_, {first, reader.remaining()}, features_,
                                   InstructionReader::Place::ConstExpr);
    for (uint32_t depth = 0;;) {
      if (auto read = instructions.next(instruction_); !read) {
        const auto at = static_cast<uint32_t>(read.error().offset());
        reader.fail(at, read.error().message());
        return {};
      }
      if (instruction_.op == Opcode::ref_func) declare(instruction_.index);
      const ImmKind imm = immediates_of(instruction_.op);
      if (imm == ImmKind::Block || imm == ImmKind::TryTable) ++depth;
      if (instruction_.op == Opcode::end || instruction_.op == Opcode::delegate) {
        if (depth == 0) break;
        --depth;
      }
    }
    reader.skip_to(instructions.offset());
    module_.features |= instructions.used_features();
    return {{first, instructions.offset() - first}};
  }

  Module module_;
  FeatureSet features_;
  uint8_t last_order_ = 0;
  Instruction instruction_;  // scratch of const_expr
};

}  // namespace

Result<Module> decode(std::shared_ptr<const void> storage, Bytes bytes, const FeatureSet& features) {
  return Decoder(std::move(storage), bytes, features).run();
}

Result<Module> decode_copy(Bytes bytes, const FeatureSet& features) {
  auto copy = std::make_shared<std::vector<uint8_t>>(bytes.begin(), bytes.end());
  const Bytes view = *copy;
  return decode(std::move(copy), view, features);
}

}  // namespace godwit::wasm
