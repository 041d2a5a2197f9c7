// Types of imports and exports as text, for messages.
#pragma once

#include <string>

#include "runtime/module.h"
#include "runtime/store.h"

namespace godwit::runtime {

// "func (i32, i64) -> i32"
std::string describe(const wasm::FuncType& type);
// "table funcref 2..10"
std::string describe(const wasm::TableType& type);
// "memory 1..4 pages"
std::string describe(const wasm::MemType& type);
// "global mut i32"
std::string describe(const wasm::GlobalType& type);

// The type that `module` wants for `import`.
std::string describe_wanted(const Module& module, const wasm::Import& import);
// The type of an extern, with its size as it is now.
std::string describe_found(const TypeRegistry& types, const Extern& value);

}  // namespace godwit::runtime
