// Extern: whatever can be imported or exported.
#pragma once

#include <string_view>
#include <variant>

#include "godwit/exception.h"
#include "godwit/func.h"
#include "godwit/global.h"
#include "godwit/memory.h"
#include "godwit/table.h"

namespace godwit::GODWIT_V1 {

/// A handle to any of them; the alternatives are in the order of ExternKind.
using Extern = std::variant<Func, Table, Memory, Global, Tag>;

/// One export of an instance.
struct Export {
  std::string_view name;  ///< as long as the store lives
  Extern value;
};

}  // namespace godwit::GODWIT_V1
