// Module: a decoded module, section by section. Plain, immutable after decoding.
// spec: https://webassembly.github.io/spec/core/syntax/modules.html
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/leb128.h"
#include "wasm/types.h"

namespace godwit::wasm {

// A range of the module's bytes, in bytes from its start.
struct ByteRange {
  uint32_t offset = 0;
  uint32_t size = 0;
};

// A constant expression, as the bytes of its instructions (the final `end` included).
struct ConstExpr {
  ByteRange range;
};

// The value of an expression that is nothing but an `i32.const`, whose bytes `expr` begins with: what the offset of
// nearly every segment is, and modules have a hundred thousand of these. Nothing if it is something else, or written
// in an unusual way.
struct ShortConstExpr {
  int32_t value;
  uint32_t size;  // in bytes
};
inline std::optional<ShortConstExpr> short_const_expr(Bytes expr) {
  constexpr uint8_t kI32Const = 0x41, kEnd = 0x0B;
  if (expr.size() < 3 || expr[0] != kI32Const) return std::nullopt;
  uint32_t digits = expr[1];  // as many as there are; zeros end a number like any other
  if (expr.size() > sizeof digits) [[likely]]
    digits = load_unaligned<uint32_t>(expr.data() + 1);
  else std::memcpy(&digits, expr.data() + 1, expr.size() - 1);
  const ShortLeb value = read_short_leb(digits);
  if (value.size == 0 || value.size + 2 > expr.size() || expr[value.size + 1] != kEnd) return std::nullopt;
  return ShortConstExpr{static_cast<int32_t>(value.as_signed()), value.size + 2};
}

struct Import {
  std::string_view module;  // views into the module's bytes
  std::string_view field;
  ExternKind kind;
  uint32_t index;   // in the index space of its kind
  uint32_t offset;  // of the entry, for messages
};

struct Export {
  std::string_view name;
  ExternKind kind;
  uint32_t index;
};

struct Global {
  GlobalType type;
  ConstExpr init;  // unused for imports
};

struct Table {
  TableType type;
  std::optional<ConstExpr> init;  // else null
};

enum class SegmentMode : uint8_t { Active, Passive, Declarative };

struct ElemSegment {
  SegmentMode mode = SegmentMode::Passive;
  ValType type = kFuncRef;
  TableIdx table;                // Active
  ConstExpr offset;              // Active
  uint32_t at = 0;               // where the segment begins in the module's bytes, for messages
  std::vector<FuncIdx> funcs;    // the short form: function indices
  std::vector<ConstExpr> exprs;  // the long form; exactly one of the two lists is used
  size_t size() const { return funcs.empty() ? exprs.size() : funcs.size(); }
};

struct DataSegment {
  SegmentMode mode = SegmentMode::Passive;
  MemIdx memory;     // Active
  ConstExpr offset;  // Active
  ByteRange bytes;
};

// spec: https://webassembly.github.io/spec/core/binary/modules.html#sections
enum class SectionId : uint8_t {
  Custom,
  Type,
  Import,
  Func,
  Table,
  Mem,
  Global,
  Export,
  Start,
  Elem,
  Code,
  Data,
  DataCount,
  Tag,
};
inline constexpr size_t kSectionCount = 14;

// Where a body lies: the bytes of its locals and expression, without the size that precedes them.
struct FuncBody {
  ByteRange range;
};

struct CustomSection {
  std::string_view name;
  ByteRange contents;
};

// The name section's contents that Godwit uses; sorted by index.
struct NameMap {
  std::string_view module;
  std::vector<std::pair<uint32_t, std::string_view>> funcs;
};

// Where declarations begin in the module's bytes, those that are imported too: for messages.
struct DeclarationOffsets {
  std::vector<uint32_t> types, tables, memories, globals, tags;
  uint32_t start = 0;  // the contents of the start section
};

struct Module {
  // The module's own copy of its bytes (or a mapped file); every string_view and ByteRange points into it.
  std::shared_ptr<const void> storage;
  Bytes bytes;

  std::vector<SubType> types;
  std::vector<RecGroup> rec_groups;
  // By type index: equal numbers for equal types of this module (not across modules: see TypeCanon).
  std::vector<uint32_t> type_ids;
  std::vector<Import> imports;
  // Index spaces: imports first, then definitions.
  std::vector<TypeIdx> funcs;
  std::vector<Table> tables;
  std::vector<MemType> memories;
  std::vector<Global> globals;
  std::vector<TagType> tags;
  uint32_t imported_funcs = 0, imported_tables = 0, imported_memories = 0, imported_globals = 0,
           imported_tags = 0;

  std::vector<Export> exports;
  std::optional<FuncIdx> start;
  std::vector<ElemSegment> elems;
  std::vector<DataSegment> datas;
  std::optional<uint32_t> data_count;
  std::vector<FuncBody> bodies;  // of the defined functions: bodies[i] is function imported_funcs + i
  std::vector<CustomSection> customs;
  NameMap names;
  // By SectionId: where the section's id byte lies; 0 if there is none. Meaningless for custom sections.
  std::array<uint32_t, kSectionCount> section_offsets{};
  // By function index: named outside of bodies and the start section, so that `ref.func` may name it in bodies.
  std::vector<bool> declared_funcs;
  DeclarationOffsets offsets;
  uint64_t features = 0;  // bit set of Feature: what decoding saw in use; bodies are not looked into

  const FuncType& func_type(FuncIdx idx) const { return types[funcs[idx.value].value].func; }
  const FuncBody& body(FuncIdx idx) const { return bodies[idx.value - imported_funcs]; }
  Bytes slice(ByteRange range) const { return bytes.subspan(range.offset, range.size); }
  // The function's name: name section, else first export of it, else empty.
  std::string_view func_name(FuncIdx idx) const;
};

}  // namespace godwit::wasm
