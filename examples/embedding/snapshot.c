/* A guest that takes long to get ready does so once, in C: every later one begins where that one was. */
#include <stdio.h>
#include <string.h>

#include "godwit.h"

static const char kText[] =
    "(module (memory 16) (global $asked (mut i32) (i32.const 0))"
    "  (func (export \"prepare\") (local $i i32)"
    "    (loop $more"
    "      (i32.store (i32.mul (local.get $i) (i32.const 4)) (i32.mul (local.get $i) (local.get $i)))"
    "      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const "
    "100000)))))"
    "  (func (export \"square\") (param i32) (result i32 i32)"
    "    (global.set $asked (i32.add (global.get $asked) (i32.const 1)))"
    "    (i32.load (i32.mul (local.get 0) (i32.const 4))) (global.get $asked)))";

static int report(godwit_error_t* error) {
  fprintf(stderr, "error: %s\n", godwit_error_message(error));
  godwit_error_delete(error);
  return 1;
}

/* Calls an export with the slots; frees what that takes. Returns 0 if it went well. */
static int call(const wasm_instance_t* instance, const char* name, const char* type, godwit_slot_t slots[]) {
  wasm_extern_t* found = godwit_instance_export(instance, name);
  godwit_typed_func_t* func = NULL;
  godwit_error_t* error = godwit_typed_func_new(wasm_extern_as_func(found), type, &func);
  if (error) return report(error);
  wasm_trap_t* trap = godwit_typed_func_call(func, slots);
  godwit_typed_func_delete(func);
  wasm_extern_delete(found);
  if (!trap) return 0;
  fprintf(stderr, "error: %s\n", godwit_error_message(godwit_trap_error(trap)));
  wasm_trap_delete(trap);
  return 1;
}

int main(void) {
  wasm_config_t* config = wasm_config_new();
  godwit_config_set_pool(config, true);
  wasm_engine_t* engine = wasm_engine_new_with_config(config);
  if (!engine) return 1;
  godwit_linker_t* linker = godwit_linker_new();

  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = NULL;
  godwit_error_t* error = godwit_module_from_text(store, kText, strlen(kText), "squares.wat", &module);
  if (error) return report(error);
  wasm_instance_t* ready = NULL;
  if ((error = godwit_linker_instantiate(linker, store, module, &ready))) return report(error);
  godwit_slot_t none[1];
  if (call(ready, "prepare", ":", none)) return 1;
  godwit_snapshot_t* snapshot = NULL;
  if ((error = godwit_snapshot_new(ready, &snapshot))) return report(error);
  wasm_instance_delete(ready);
  wasm_module_delete(module);
  wasm_store_delete(store);

  int32_t sum = 0, asked = 0;
  for (int32_t i = 1; i <= 3; ++i) {
    wasm_store_t* own = wasm_store_new(engine);
    wasm_instance_t* fork = NULL;
    if ((error = godwit_linker_instantiate_snapshot(linker, own, snapshot, &fork))) return report(error);
    for (int32_t k = 0; k < i; ++k) {
      godwit_slot_t slots[2] = {{.i32 = i}};
      if (call(fork, "square", "i:ii", slots)) return 1;
      sum += slots[0].i32;
      asked = slots[1].i32;
    }
    wasm_instance_delete(fork);
    wasm_store_delete(own);
  }
  printf("1 + 2 * 4 + 3 * 9 = %d; the last one was asked %d times\n", sum, asked);
  godwit_snapshot_delete(snapshot);
  godwit_linker_delete(linker);
  wasm_engine_delete(engine);
}
