// Does an extern have the type that a module's import asks for?
// spec: https://webassembly.github.io/spec/core/valid/matching.html#external-types
#pragma once

#include "runtime/module.h"
#include "runtime/store.h"

namespace godwit::runtime {

bool matches_import(const TypeRegistry& types, const Module& module, const wasm::Import& import,
                    const Extern& value);

// How messages name an import: `module "env" field "print"`.
std::string name_of(const wasm::Import& import);

// The error for an extern of another type.
std::string mismatch_text(const TypeRegistry& types, const Module& module, const wasm::Import& import,
                          const Extern& value);

}  // namespace godwit::runtime
