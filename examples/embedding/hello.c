/* Runs a WASI program: the least an embedder in C needs.
 *   hello app.wasm [argument...] */
#include <stdio.h>

#include "godwit.h"

/* The exit status for how the guest ended. */
static int report(const godwit_error_t* error) {
  if (godwit_error_kind(error) == GODWIT_ERROR_EXIT) return (int)godwit_error_code(error);
  fprintf(stderr, "error: %s\n", godwit_error_describe(error));
  return 1;
}

int main(int argc, char* argv[]) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s app.wasm [argument...]\n", argv[0]);
    return 2;
  }
  wasm_engine_t* engine = wasm_engine_new();
  if (!engine) return report(godwit_last_error());
  wasm_store_t* store = wasm_store_new(engine);
  godwit_linker_t* linker = godwit_linker_new();
  godwit_wasi_config_t* wasi = godwit_wasi_config_new();
  godwit_wasi_config_set_args(wasi, (size_t)argc - 1, (const char* const*)argv + 1);

  wasm_module_t* module = NULL;
  wasm_instance_t* instance = NULL;
  wasm_extern_t* start = NULL;
  wasm_trap_t* trap = NULL;
  int status = 0;
  godwit_error_t* error = godwit_linker_define_wasi(linker, wasi);
  if (!error) error = godwit_module_from_file(store, argv[1], &module);
  if (!error) error = godwit_linker_instantiate(linker, store, module, &instance);
  if (!error) {
    start = godwit_instance_export(instance, "_start");
    const wasm_val_vec_t args = WASM_EMPTY_VEC;
    wasm_val_vec_t results = WASM_EMPTY_VEC;
    if (start && wasm_extern_as_func(start))
      trap = wasm_func_call(wasm_extern_as_func(start), &args, &results);
    else error = godwit_error_new(GODWIT_ERROR_NOT_FOUND, 0, "no command: it exports no _start");
  }
  if (error) status = report(error);
  if (trap) status = report(godwit_trap_error(trap));

  if (trap) wasm_trap_delete(trap);
  if (start) wasm_extern_delete(start);
  if (instance) wasm_instance_delete(instance);
  if (module) wasm_module_delete(module);
  godwit_error_delete(error);
  godwit_linker_delete(linker);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return status;
}
