// The types of values, functions and of what modules import and export.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/namespace.h"

namespace godwit::GODWIT_V1 {

/// The type of a value.
/// @spec https://webassembly.github.io/spec/core/syntax/types.html#value-types
enum class ValType : uint8_t {
  I32,
  I64,
  F32,
  F64,
  V128,
  FuncRef,    ///< a reference to a function, of whatever function type
  ExternRef,  ///< a reference to something of the host's
  OtherRef,   ///< any other reference type
};

/// The name of a type in the text format: "i32", "funcref", …; "ref" for OtherRef.
std::string_view to_string(ValType type);

/// Parameters and results, in order.
struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  /// True for equal lists.
  friend bool operator==(const FuncType&, const FuncType&) = default;
};

/// What a linear memory may become.
struct MemoryType {
  uint64_t min_pages = 0;                            ///< its size at the start
  std::optional<uint64_t> max_pages = std::nullopt;  ///< none: as far as the store's limits allow
  bool is_64 = false;                                ///< addressed by i64
  bool is_shared = false;                            ///< between threads; needs max_pages
  uint32_t page_bytes = 65536;                       ///< 1 or 65536
  /// True for equal types.
  friend bool operator==(const MemoryType&, const MemoryType&) = default;
};

/// What a table may become, and what it holds.
struct TableType {
  ValType element = ValType::FuncRef;
  uint64_t min = 0;                            ///< elements at the start
  std::optional<uint64_t> max = std::nullopt;  ///< none: as far as the store's limits allow
  bool is_64 = false;                          ///< addressed by i64
  /// True for equal types.
  friend bool operator==(const TableType&, const TableType&) = default;
};

/// What a global holds.
struct GlobalType {
  ValType value = ValType::I32;
  bool is_mutable = false;
  /// True for equal types.
  friend bool operator==(const GlobalType&, const GlobalType&) = default;
};

/// The values that the exceptions of a tag carry.
struct TagType {
  std::vector<ValType> payload;
  /// True for equal lists.
  friend bool operator==(const TagType&, const TagType&) = default;
};

/// The type of whatever can be imported or exported; the alternatives are in the order of ExternKind.
using ExternType = std::variant<FuncType, TableType, MemoryType, GlobalType, TagType>;

/// What kind of thing an import or an export is.
enum class ExternKind : uint8_t { Func, Table, Memory, Global, Tag };

/// One import of a module.
struct ImportType {
  std::string_view module;  ///< as long as the Module lives
  std::string_view name;    ///< as long as the Module lives
  ExternKind kind;
  ExternType type;  ///< of that kind
};

/// One export of a module.
struct ExportType {
  std::string_view name;  ///< as long as the Module lives
  ExternKind kind;
  ExternType type;  ///< of that kind
};

}  // namespace godwit::GODWIT_V1
