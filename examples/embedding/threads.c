/* One module in many threads, in C: the module is shared, each thread has a store of its own. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "godwit.h"

static const char kText[] =
    "(module (func (export \"sum\") (param i32) (result i32) (local i32)"
    "  (loop $more (local.set 1 (i32.add (local.get 1) (local.get 0)))"
    "    (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
    "  (local.get 1)))";

enum { kThreads = 4 };

typedef struct job_t {
  wasm_engine_t* engine;
  const wasm_shared_module_t* module;
  int32_t number;
} job_t;

static void* run(void* argument) {
  job_t* job = argument;
  wasm_store_t* store = wasm_store_new(job->engine);
  wasm_module_t* module = wasm_module_obtain(store, job->module);
  const wasm_extern_vec_t imports = WASM_EMPTY_VEC;
  wasm_instance_t* instance = wasm_instance_new(store, module, &imports, NULL);
  wasm_extern_t* sum = godwit_instance_export(instance, "sum");
  wasm_val_t arg_array[] = {WASM_I32_VAL(job->number)}, result_array[] = {WASM_INIT_VAL};
  const wasm_val_vec_t args = WASM_ARRAY_VEC(arg_array);
  wasm_val_vec_t results = WASM_ARRAY_VEC(result_array);
  wasm_trap_t* trap = wasm_func_call(wasm_extern_as_func(sum), &args, &results);
  job->number = trap ? -1 : result_array[0].of.i32;
  if (trap) wasm_trap_delete(trap);
  wasm_extern_delete(sum);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  return NULL;
}

int main(void) {
  wasm_engine_t* engine = wasm_engine_new();
  if (!engine) return 1;
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = NULL;
  godwit_error_t* error = godwit_module_from_text(store, kText, strlen(kText), "sum.wat", &module);
  if (error) {
    fprintf(stderr, "error: %s\n", godwit_error_message(error));
    return 1;
  }
  wasm_shared_module_t* shared = wasm_module_share(module);
  wasm_module_delete(module);
  wasm_store_delete(store);

  pthread_t threads[kThreads];
  job_t jobs[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    jobs[i] = (job_t){engine, shared, 1000 * (i + 1)};
    if (pthread_create(&threads[i], NULL, run, &jobs[i]) != 0) return 1;
  }
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    printf("the sum of the first %d numbers: %d\n", 1000 * (i + 1), (int)jobs[i].number);
  }
  wasm_shared_module_delete(shared);
  wasm_engine_delete(engine);
  return 0;
}
