// Subtyping between the types of one module.
// spec: https://webassembly.github.io/spec/core/valid/matching.html
#pragma once

#include "wasm/module.h"

namespace godwit::wasm {

// The validator's heap type of a reference about which nothing is known; it matches every heap type.
inline constexpr HeapType kBottomHeap = HeapType::from_bits(0x7FFFFFE);

// Each is true if `sub` may be used where `super` is asked for. Type indices must exist.
bool matches(const Module& module, HeapType sub, HeapType super);
bool matches(const Module& module, ValType sub, ValType super);
bool matches(const Module& module, const FieldType& sub, const FieldType& super);
// Compares the structure of two types, not what they declare as supertypes.
bool composite_matches(const Module& module, const SubType& sub, const SubType& super);

// True if both are the same type, under whatever indices.
bool equivalent(const Module& module, ValType a, ValType b);

// The greatest heap type of `type`'s hierarchy: any, func, extern or exn.
HeapType top_of(const Module& module, HeapType type);

}  // namespace godwit::wasm
