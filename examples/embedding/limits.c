/* Guests that want too much, in C: each ends with an error, and the host goes on. */
#include <stdio.h>
#include <string.h>

#include "godwit.h"

static const char kText[] =
    "(module"
    "  (memory (export \"memory\") 1)"
    "  (func (export \"spin\") (loop $forever (br $forever)))"
    "  (func $recurse (export \"recurse\") (call $recurse) (call $recurse))"
    "  (func (export \"hoard\") (if (i32.ne (memory.grow (i32.const 1000)) (i32.const -1)) (then "
    "unreachable))))";

int main(void) {
  wasm_engine_t* engine = wasm_engine_new();
  if (!engine) return 1;
  static const char* const kNames[] = {"hoard", "recurse", "spin"};
  for (size_t i = 0; i < 3; ++i) {
    const godwit_limit_setting_t limits[] = {{GODWIT_LIMIT_MEMORY_BYTES, 1 << 20},
                                             {GODWIT_LIMIT_STACK_BYTES, 1 << 18}};
    wasm_store_t* store = godwit_store_new(engine, limits, 2);
    wasm_module_t* module = NULL;
    godwit_error_t* error = godwit_module_from_text(store, kText, strlen(kText), "limits.wat", &module);
    if (!error) error = godwit_store_set_timeout(store, 50 * 1000 * 1000);
    if (error) {
      fprintf(stderr, "error: %s\n", godwit_error_message(error));
      return 1;
    }
    const wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    wasm_instance_t* instance = wasm_instance_new(store, module, &imports, NULL);
    wasm_extern_t* found = godwit_instance_export(instance, kNames[i]);
    const wasm_val_vec_t args = WASM_EMPTY_VEC;
    wasm_val_vec_t results = WASM_EMPTY_VEC;
    wasm_trap_t* trap = wasm_func_call(wasm_extern_as_func(found), &args, &results);
    printf("%s: %s\n", kNames[i],
           trap ? godwit_error_message(godwit_trap_error(trap)) : "was refused the memory");
    if (trap) wasm_trap_delete(trap);
    wasm_extern_delete(found);
    wasm_instance_delete(instance);
    wasm_module_delete(module);
    wasm_store_delete(store);
  }
  wasm_engine_delete(engine);
  return 0;
}
