// The types of values, functions and of what modules import and export.
#pragma once

#include <cstdint>
#include <string_view>
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
};

/// What kind of thing an import or an export is.
enum class ExternKind : uint8_t { Func, Table, Memory, Global, Tag };

/// One import of a module.
struct ImportType {
  std::string_view module;  ///< as long as the Module lives
  std::string_view name;    ///< as long as the Module lives
  ExternKind kind;
};

/// One export of a module.
struct ExportType {
  std::string_view name;  ///< as long as the Module lives
  ExternKind kind;
};

}  // namespace godwit::GODWIT_V1
