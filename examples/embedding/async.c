/* Many guests on one thread, in C: while one waits, here for a clock, the others run. */
#include <stdio.h>
#include <string.h>

#include "godwit.h"

/* Waits 10 ms for each step, by WASI's poll_oneoff, and tells the host before each. */
static const char kText[] =
    "(module"
    "  (import \"wasi_snapshot_preview1\" \"poll_oneoff\" (func $poll (param i32 i32 i32 i32) (result i32)))"
    "  (import \"host\" \"step\" (func $step))"
    "  (memory (export \"memory\") 1)"
    "  (func (export \"run\") (param $steps i32)"
    "    (i32.store (i32.const 16) (i32.const 1))"        /* the monotonic clock */
    "    (i64.store (i32.const 24) (i64.const 10000000))" /* nanoseconds from now */
    "    (loop $next"
    "      (call $step)"
    "      (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)) (then unreachable))"
    "      (br_if $next (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))))";

enum { kGuests = 3, kSteps = 3 };

typedef struct guest_t {
  wasm_engine_t* engine;
  godwit_scheduler_t* scheduler;
  char name;
} guest_t;

static char story[kGuests * kSteps + 1]; /* each guest's steps among those of the others */
static int running, most_running;

static wasm_trap_t* step(void* env, godwit_caller_t* caller, godwit_slot_t slots[]) {
  (void)caller;
  (void)slots;
  const size_t length = strlen(story);
  if (length + 1 < sizeof story) story[length] = ((const guest_t*)env)->name;
  return NULL;
}

static void report(godwit_error_t* error) {
  fprintf(stderr, "error: %s\n", godwit_error_message(error));
  godwit_error_delete(error);
}

static void run_in(wasm_store_t* store, godwit_linker_t* linker, guest_t* guest) {
  godwit_wasi_config_t* wasi = godwit_wasi_config_new();
  godwit_wasi_config_set_scheduler(wasi, guest->scheduler);
  wasm_module_t* module = NULL;
  wasm_func_t* callback = NULL;
  wasm_instance_t* instance = NULL;
  godwit_typed_func_t* run = NULL;
  godwit_error_t* error = godwit_linker_define_wasi(linker, wasi);
  if (!error) error = godwit_func_new(store, ":", step, guest, NULL, &callback);
  if (!error) error = godwit_linker_define(linker, "host", "step", wasm_func_as_extern(callback));
  if (!error) error = godwit_module_from_text(store, kText, strlen(kText), "steps.wat", &module);
  if (!error) error = godwit_linker_instantiate(linker, store, module, &instance);
  wasm_extern_t* found = error ? NULL : godwit_instance_export(instance, "run");
  if (!error) error = godwit_typed_func_new(wasm_extern_as_func(found), "i:", &run);
  godwit_slot_t slots[1] = {{.i32 = kSteps}};
  wasm_trap_t* trap = error ? NULL : godwit_typed_func_call(run, slots);
  if (trap) fprintf(stderr, "error: %s\n", godwit_error_message(godwit_trap_error(trap)));
  if (trap) wasm_trap_delete(trap);
  if (error) report(error);
  godwit_typed_func_delete(run);
  if (found) wasm_extern_delete(found);
  if (instance) wasm_instance_delete(instance);
  if (module) wasm_module_delete(module);
  if (callback) wasm_func_delete(callback);
}

static void run(void* env) {
  guest_t* guest = env;
  if (++running > most_running) most_running = running;
  wasm_store_t* store = wasm_store_new(guest->engine);
  godwit_linker_t* linker = godwit_linker_new();
  run_in(store, linker, guest);
  godwit_linker_delete(linker);
  wasm_store_delete(store);
  --running;
}

int main(void) {
  wasm_engine_t* engine = wasm_engine_new();
  if (!engine) return 1;
  godwit_scheduler_t* scheduler = NULL;
  godwit_error_t* error = godwit_scheduler_new(&scheduler);
  guest_t guests[kGuests];
  for (int i = 0; i < kGuests && !error; ++i) {
    guests[i] = (guest_t){engine, scheduler, (char)('a' + i)};
    error = godwit_scheduler_spawn(scheduler, run, &guests[i]);
  }
  if (!error) error = godwit_scheduler_run(scheduler);
  if (error) return report(error), 1;
  printf("guests at a time: %d; steps: %zu; the first three: %.3s\n", most_running, strlen(story), story);
  godwit_scheduler_delete(scheduler);
  wasm_engine_delete(engine);
}
