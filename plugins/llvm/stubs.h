// The code between compiled code and the rest: thunks from register code, and calls of functions that are not compiled.
#pragma once

#include "unit.h"

namespace godwit::llvm_tier {

// The name of the thunk for functions of a type (image::Thunk).
std::string thunk_name(wasm::TypeIdx type);
void make_thunk(Unit& unit, wasm::TypeIdx type);

// Gives a record caller its body.
void make_record_caller(Unit& unit, wasm::TypeIdx type);

// Gives a finisher its body.
void make_finisher(Unit& unit, wasm::TypeIdx type);

// Gives the function that tail calls of own function `defined` go to a body that asks the caller to make the call.
void make_tail_stub(Unit& unit, uint32_t defined);

// Gives `function`, which stands for own function `defined`, a body that calls that by its number.
void make_own_caller(Unit& unit, llvm::Function& function, uint32_t defined);

}  // namespace godwit::llvm_tier
