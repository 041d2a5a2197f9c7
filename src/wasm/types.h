// The types of WebAssembly 3.0 as plain data.
// spec: https://webassembly.github.io/spec/core/syntax/types.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong_id.h"

namespace godwit::wasm {

using TypeIdx = StrongId<struct TypeTag>;
using FuncIdx = StrongId<struct FuncTag>;
using TableIdx = StrongId<struct TableTag>;
using MemIdx = StrongId<struct MemTag>;
using GlobalIdx = StrongId<struct GlobalTag>;
using TagIdx = StrongId<struct TagTag>;
using ElemIdx = StrongId<struct ElemTag>;
using DataIdx = StrongId<struct DataTag>;
using LocalIdx = StrongId<struct LocalTag>;

// A heap type: an abstract one, or the index of a defined type.
class HeapType {
 public:
  enum class Abstract : uint32_t {
    Func,
    NoFunc,
    Extern,
    NoExtern,
    Any,
    Eq,
    I31,
    Struct,
    Array,
    None,
    Exn,
    NoExn
  };

  constexpr HeapType() = default;
  constexpr HeapType(Abstract kind)
      : bits_(kFirstAbstract + static_cast<uint32_t>(kind)) {}  // NOLINT: a heap type is one
  constexpr explicit HeapType(TypeIdx idx) : bits_(idx.value) {}
  static constexpr HeapType from_bits(uint32_t bits) {
    HeapType type;
    type.bits_ = bits;
    return type;
  }

  constexpr bool is_abstract() const { return bits_ >= kFirstAbstract; }
  constexpr Abstract abstract() const { return static_cast<Abstract>(bits_ - kFirstAbstract); }
  constexpr TypeIdx index() const { return TypeIdx(bits_); }
  constexpr uint32_t bits() const { return bits_; }  // 27 bits
  constexpr bool operator==(const HeapType&) const = default;

 private:
  static constexpr uint32_t kFirstAbstract = 0x7FFFF00;  // far above the limit on types of a module
  uint32_t bits_ = kFirstAbstract;
};

enum class ValKind : uint8_t { I32, I64, F32, F64, V128, Ref, I8, I16, Bot };

// A value type, or (I8, I16) a packed storage type, or (Bot) the validator's unknown. Four bytes.
class ValType {
 public:
  constexpr ValType() = default;
  constexpr ValType(ValKind kind)
      : bits_(static_cast<uint32_t>(kind) << 28) {}  // NOLINT: a number type is its kind
  static constexpr ValType ref(HeapType heap, bool nullable) {
    ValType type;
    type.bits_ =
        static_cast<uint32_t>(ValKind::Ref) << 28 | static_cast<uint32_t>(nullable) << 27 | heap.bits();
    return type;
  }

  constexpr ValKind kind() const { return static_cast<ValKind>(bits_ >> 28); }
  constexpr bool is_ref() const { return kind() == ValKind::Ref; }
  constexpr bool is_num() const { return kind() <= ValKind::F64; }
  constexpr bool is_packed() const { return kind() == ValKind::I8 || kind() == ValKind::I16; }
  constexpr bool is_bot() const { return kind() == ValKind::Bot; }
  constexpr bool nullable() const { return bits_ >> 27 & 1; }
  constexpr HeapType heap() const { return HeapType::from_bits(bits_ & 0x7FFFFFF); }
  // True if a local of this type needs no initialisation.
  constexpr bool is_defaultable() const { return !is_ref() || nullable(); }
  // 8-byte slots a value takes in a frame.
  constexpr uint32_t slots() const { return kind() == ValKind::V128 ? 2 : 1; }
  // All there is to the type, for hashing and for tables.
  constexpr uint32_t bits() const { return bits_; }
  constexpr bool operator==(const ValType&) const = default;

 private:
  uint32_t bits_ = static_cast<uint32_t>(ValKind::Bot) << 28;
};

inline constexpr ValType kFuncRef = ValType::ref(HeapType::Abstract::Func, true);
inline constexpr ValType kExternRef = ValType::ref(HeapType::Abstract::Extern, true);

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
};

struct FieldType {
  ValType storage;
  bool is_mutable = false;
  bool operator==(const FieldType&) const = default;
};

enum class CompositeKind : uint8_t { Func, Struct, Array };

// spec: https://webassembly.github.io/spec/core/syntax/types.html#composite-types
struct SubType {
  CompositeKind kind = CompositeKind::Func;
  bool is_final = true;
  std::optional<TypeIdx> super;
  FuncType func;                  // kind Func
  std::vector<FieldType> fields;  // kind Struct; kind Array has exactly one
  bool operator==(const SubType&) const = default;
};

// Types [first, first + count) of a module were defined together.
struct RecGroup {
  TypeIdx first;
  uint32_t count = 0;
};

enum class AddrType : uint8_t { I32, I64 };

struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  AddrType addr = AddrType::I32;
  bool operator==(const Limits&) const = default;
};

struct MemType {
  Limits limits;  // in pages
  bool is_shared = false;
  uint8_t page_size_log2 = 16;  // 0 or 16
  bool is_checked = false;      // code checks every access, whatever the type: the engine's choice
  bool operator==(const MemType&) const = default;
};

struct TableType {
  ValType elem = kFuncRef;
  Limits limits;  // in elements
  bool operator==(const TableType&) const = default;
};

struct GlobalType {
  ValType val;
  bool is_mutable = false;
  bool operator==(const GlobalType&) const = default;
};

struct TagType {
  TypeIdx type;
};

enum class ExternKind : uint8_t { Func, Table, Mem, Global, Tag };

// The type of a block.
// spec: https://webassembly.github.io/spec/core/syntax/instructions.html#control-instructions
struct BlockType {
  enum class Kind : uint8_t { Empty, Value, Type } kind = Kind::Empty;
  ValType value;  // Kind::Value: no parameters, one result
  TypeIdx type;   // Kind::Type
};

// As the text format writes them; defined types by their index, as in `(ref null 7)`.
std::string to_string(HeapType type);
std::string to_string(ValType type);
std::string to_string(const FuncType& type);
std::string_view to_string(ExternKind kind);

}  // namespace godwit::wasm
