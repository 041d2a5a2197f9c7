// Between the public API's types and those of the rooms below.
#pragma once

#include <optional>

#include "base/error.h"
#include "godwit/error.h"
#include "godwit/result.h"
#include "godwit/types.h"
#include "runtime/limits.h"
#include "wasm/types.h"

#pragma GCC visibility push(hidden)
namespace godwit::v1 {

struct Limits;

Error to_public(::godwit::Error error);
ValType to_public(wasm::ValType type);
ExternKind to_public(wasm::ExternKind kind);
FuncType to_public(const wasm::FuncType& type);
MemoryType to_public(const wasm::MemType& type);
TableType to_public(const wasm::TableType& type);
GlobalType to_public(const wasm::GlobalType& type);
runtime::Limits to_runtime(const Limits& limits);
::godwit::Error to_runtime(Error error);
// Nothing for OtherRef, which stands for many types.
std::optional<wasm::ValType> to_runtime(ValType type);
std::optional<wasm::FuncType> to_runtime(const FuncType& type);

// An error of kind Usage.
Error usage_error(std::string message);
// An error of kind Exhausted.
Error exhausted_error(std::string message);

}  // namespace godwit::v1

#pragma GCC visibility pop
