/* Snapshots, and many guests on one thread. */
#include "check.h"

/* snapshot: forks begin where the first one was, and see nothing of each other. */

void test_snapshot(void) {
  wasm_config_t* config = wasm_config_new();
  godwit_config_set_pool(config, true);
  wasm_engine_t* engine = wasm_engine_new_with_config(config);
  CHECK(engine);
  wasm_store_t* store = wasm_store_new(engine);
  godwit_linker_t* linker = godwit_linker_new();
  wasm_instance_t* first =
      instance_of(store,
                  "(module (memory 1) (func (export \"add\") (param i32 i32) (result i32)"
                  "  (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0)))"
                  "  (i32.load (i32.const 8))))",
                  NULL);
  wasm_func_t* add = func_of(first, "add");
  CHECK(call_i32(add, 2, 5, 0) == 5);
  godwit_snapshot_t* snapshot = NULL;
  CHECK_OK(godwit_snapshot_new(first, &snapshot));
  CHECK(call_i32(add, 2, 5, 0) == 10);
  wasm_func_delete(add);
  wasm_instance_delete(first);
  wasm_store_delete(store);
  for (int i = 0; i < 3; ++i) {
    store = wasm_store_new(engine);
    wasm_instance_t* fork = NULL;
    CHECK_OK(godwit_linker_instantiate_snapshot(linker, store, snapshot, &fork));
    add = func_of(fork, "add");
    CHECK(call_i32(add, 2, 2, 0) == 7);
    wasm_func_delete(add);
    wasm_instance_delete(fork);
    wasm_store_delete(store);
  }
  wasm_engine_t* other = wasm_engine_new();
  store = wasm_store_new(other);
  wasm_instance_t* none = NULL;
  godwit_error_t* error = godwit_linker_instantiate_snapshot(linker, store, snapshot, &none);
  CHECK(error && !none && godwit_error_kind(error) == GODWIT_ERROR_USAGE);
  godwit_error_delete(error);
  wasm_store_delete(store);
  wasm_engine_delete(other);
  godwit_snapshot_delete(snapshot);
  godwit_snapshot_delete(NULL);
  godwit_linker_delete(linker);
  wasm_engine_delete(engine);
}

/* scheduler: who waits lets others run. */

typedef struct sleeper_t {
  godwit_scheduler_t* scheduler;
  char name;
} sleeper_t;

static char order[16];

static void sleep_twice(void* env) {
  const sleeper_t* sleeper = env;
  world_t world = world_new();
  godwit_linker_t* linker = godwit_linker_new();
  godwit_wasi_config_t* wasi = godwit_wasi_config_new();
  godwit_wasi_config_set_scheduler(wasi, sleeper->scheduler);
  CHECK_OK(godwit_linker_define_wasi(linker, wasi));
  wasm_module_t* module =
      module_of(world.store,
                "(module (import \"wasi_snapshot_preview1\" \"poll_oneoff\""
                "    (func $poll (param i32 i32 i32 i32) (result i32)))"
                "  (memory (export \"memory\") 1)"
                "  (func (export \"sleep\") (result i32)"
                "    (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 10000000))"
                "    (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96))))");
  wasm_instance_t* instance = NULL;
  CHECK_OK(godwit_linker_instantiate(linker, world.store, module, &instance));
  wasm_func_t* sleep = func_of(instance, "sleep");
  for (int i = 0; i < 2; ++i) {
    order[strlen(order)] = sleeper->name;
    CHECK(call_i32(sleep, 0, 0, 0) == 0);
  }
  wasm_func_delete(sleep);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  godwit_linker_delete(linker);
  world_delete(world);
}

void test_scheduler(void) {
  godwit_scheduler_t* scheduler = NULL;
  CHECK_OK(godwit_scheduler_new(&scheduler));
  sleeper_t sleepers[2] = {{scheduler, 'a'}, {scheduler, 'b'}};
  for (int i = 0; i < 2; ++i) CHECK_OK(godwit_scheduler_spawn(scheduler, sleep_twice, &sleepers[i]));
  CHECK_OK(godwit_scheduler_run(scheduler));
  CHECK(strlen(order) == 4 && !strncmp(order, "ab", 2));
  godwit_scheduler_delete(scheduler);
  godwit_scheduler_delete(NULL);
}
