// Callbacks in C++ that throw.
#include <stdexcept>

#include "godwit.h"

extern "C" {
wasm_trap_t* throwing_callback(const wasm_val_vec_t* args, wasm_val_vec_t* results);
wasm_trap_t* throwing_slot_callback(void* env, godwit_caller_t* caller, godwit_slot_t slots[]);
}

wasm_trap_t* throwing_callback(const wasm_val_vec_t* /*args*/, wasm_val_vec_t* /*results*/) {
  throw std::runtime_error("thrown by a callback");
}

wasm_trap_t* throwing_slot_callback(void* /*env*/, godwit_caller_t* /*caller*/, godwit_slot_t /*slots*/[]) {
  throw std::runtime_error("thrown by a callback");
}
