// Between the public API's types and those of the rooms below.
#pragma once

#include "base/error.h"
#include "godwit/error.h"
#include "godwit/result.h"
#include "godwit/types.h"
#include "runtime/limits.h"
#include "wasm/types.h"

namespace godwit::v1 {

struct Limits;

Error to_public(::godwit::Error error);
ValType to_public(wasm::ValType type);
ExternKind to_public(wasm::ExternKind kind);
FuncType to_public(const wasm::FuncType& type);
runtime::Limits to_runtime(const Limits& limits);

// An error of kind Usage.
Error usage_error(std::string message);

}  // namespace godwit::v1
