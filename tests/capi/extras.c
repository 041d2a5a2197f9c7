/* What godwit.h has beyond wasm.h. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "check.h"

/* errors: kinds, words, frames. */

void test_errors(void) {
  CHECK(!strncmp(godwit_version(), "0.", 2));
  world_t world = world_new();
  wasm_module_t* module = NULL;
  godwit_error_t* error = godwit_module_new(world.store, (const uint8_t*)"\0asm", 4, "short", &module);
  CHECK(error && !module && godwit_error_kind(error) == GODWIT_ERROR_MALFORMED);
  CHECK(godwit_error_frame_count(error) == 0 && godwit_error_frame(error, 0).module == NULL);
  CHECK(!godwit_error_is_interruption(error));
  godwit_error_delete(error);
  error = godwit_module_from_file(world.store, "/no/such/file.wasm", &module);
  CHECK(error && godwit_error_kind(error) == GODWIT_ERROR_NOT_FOUND &&
        strstr(godwit_error_message(error), "/no/such"));
  godwit_error_delete(error);

  wasm_instance_t* instance = instance_of(world.store,
                                          "(module $m (func $f (drop (i32.div_u (i32.const 1) (i32.const "
                                          "0)))) (func (export \"run\") (call $f)))",
                                          NULL);
  wasm_func_t* run = func_of(instance, "run");
  const wasm_val_vec_t args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(run, &args, &results);
  const godwit_error_t* behind = godwit_trap_error(trap);
  CHECK(godwit_error_kind(behind) == GODWIT_ERROR_TRAP && godwit_error_frame_count(behind) == 2);
  const godwit_frame_t frame = godwit_error_frame(behind, 0);
  CHECK(!strcmp(frame.module, "m") && !strcmp(frame.function, "f") && frame.function_index == 0);
  CHECK(frame.offset != UINT64_MAX);
  wasm_trap_delete(trap);
  /* calls that do not fit */
  const wasm_val_t one = WASM_I32_VAL(1);
  wasm_val_t copy = one;
  const wasm_val_vec_t too_many = {1, &copy};
  trap = wasm_func_call(run, &too_many, &results);
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_USAGE);
  wasm_trap_delete(trap);
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  error = godwit_error_new(GODWIT_ERROR_IO, ENOENT, "not there");
  CHECK(godwit_error_kind(error) == GODWIT_ERROR_IO && godwit_error_code(error) == ENOENT);
  CHECK(!strcmp(godwit_error_describe(error), "not there"));
  godwit_error_delete(error);
  godwit_error_delete(NULL);
  world_delete(world);
}

/* limits: of the config, and of one store. */

void test_limits(void) {
  wasm_config_t* config = wasm_config_new();
  godwit_config_set_limit(config, GODWIT_LIMIT_MEMORY_BYTES, 2 * MEMORY_PAGE_SIZE);
  godwit_config_set_limit(config, GODWIT_LIMIT_TABLE_ELEMENTS, 100);
  godwit_config_set_tier(config, GODWIT_TIER_BASELINE);
  godwit_config_set_lazy_validation(config, true);
  godwit_config_set_max_machine_code_bytes(config, 1 << 20);
  godwit_config_set_cache(config, false);
  godwit_config_set_perf_map(config, false);
  godwit_config_set_fuel(config, true);
  wasm_engine_t* engine = wasm_engine_new_with_config(config);
  CHECK(engine);
  wasm_store_t* store = wasm_store_new(engine);
  const godwit_limit_setting_t settings[] = {{GODWIT_LIMIT_MEMORY_BYTES, 4 * MEMORY_PAGE_SIZE},
                                             {GODWIT_LIMIT_STACK_BYTES, 1 << 16},
                                             {GODWIT_LIMIT_TOTAL_MEMORY_BYTES, 1 << 24},
                                             {GODWIT_LIMIT_GC_HEAP_BYTES, 1 << 20},
                                             {GODWIT_LIMIT_FUEL, 100}};
  wasm_store_t* larger = godwit_store_new(engine, settings, 5);
  static const char kText[] =
      "(module (memory 1) (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))";
  wasm_instance_t *small = instance_of(store, kText, NULL), *large = instance_of(larger, kText, NULL);
  wasm_func_t *grow = func_of(small, "grow"), *grow_more = func_of(large, "grow");
  CHECK(call_i32(grow, 1, 2, 0) == -1 && call_i32(grow, 1, 1, 0) == 1);
  CHECK(call_i32(grow_more, 1, 3, 0) == 1 && call_i32(grow_more, 1, 1, 0) == -1);
  CHECK(godwit_store_fuel(larger) == 96);
  godwit_store_set_fuel(larger, 1);
  wasm_val_t argument = WASM_I32_VAL(1), result = WASM_INIT_VAL;
  const wasm_val_vec_t arguments = {1, &argument};
  wasm_val_vec_t results = {1, &result};
  wasm_trap_t* trap = wasm_func_call(grow_more, &arguments, &results);
  CHECK(trap && godwit_store_fuel(larger) == 0);
  wasm_trap_delete(trap);
  wasm_module_t* greedy = module_of(store, "(module (memory 3))");
  const wasm_extern_vec_t none = WASM_EMPTY_VEC;
  CHECK(!wasm_instance_new(store, greedy, &none, NULL));
  CHECK(godwit_error_kind(godwit_last_error()) == GODWIT_ERROR_EXHAUSTED);
  const wasm_limits_t elements = {101, wasm_limits_max_default};
  wasm_tabletype_t* type = wasm_tabletype_new(wasm_valtype_new_funcref(), &elements);
  CHECK(!wasm_table_new(store, type, NULL));
  wasm_tabletype_delete(type);
  const wasm_limits_t pages = {3, wasm_limits_max_default};
  wasm_memorytype_t* memory = wasm_memorytype_new(&pages);
  CHECK(!wasm_memory_new(store, memory));
  wasm_memorytype_delete(memory);
  wasm_module_delete(greedy);
  wasm_func_delete(grow);
  wasm_func_delete(grow_more);
  wasm_instance_delete(small);
  wasm_instance_delete(large);
  wasm_store_delete(larger);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  wasm_config_delete(wasm_config_new());
  wasm_config_delete(NULL);
}

/* interruption: from another thread, and after some time. */

static wasm_trap_t* tell_that_it_runs(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)args;
  (void)results;
  pthread_barrier_wait(env);
  return NULL;
}

typedef struct stopper_t {
  pthread_barrier_t* running;
  godwit_interrupt_handle_t* handle;
} stopper_t;

static void* stop_it(void* argument) {
  const stopper_t* stopper = argument;
  pthread_barrier_wait(stopper->running);
  godwit_interrupt(stopper->handle);
  return NULL;
}

static const char kSpinText[] =
    "(module (import \"\" \"running\" (func $running)) (func (export \"idle\"))"
    " (func (export \"spin\") (call $running) (loop $l (br $l))))";

void test_interruption(void) {
  world_t world = world_new();
  pthread_barrier_t running;
  pthread_barrier_init(&running, NULL, 2);
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* callback = wasm_func_new_with_env(world.store, type, tell_that_it_runs, &running, NULL);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(callback)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance = instance_of(world.store, kSpinText, &imports);
  wasm_func_t* spin = func_of(instance, "spin");
  stopper_t stopper = {&running, godwit_interrupt_handle_new(world.store)};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, stop_it, &stopper) == 0);
  const wasm_val_vec_t args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(spin, &args, &results);
  CHECK(trap && godwit_error_is_interruption(godwit_trap_error(trap)));
  CHECK(godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_EXHAUSTED);
  CHECK(pthread_join(thread, NULL) == 0);
  wasm_trap_delete(trap);
  /* the next one ends before it begins; then the store may be used again */
  wasm_func_t* idle = func_of(instance, "idle");
  godwit_interrupt(stopper.handle);
  trap = wasm_func_call(idle, &args, &results);
  CHECK(trap && godwit_error_is_interruption(godwit_trap_error(trap)));
  wasm_trap_delete(trap);
  CHECK_NO_TRAP(wasm_func_call(idle, &args, &results));
  wasm_func_delete(idle);
  wasm_func_delete(spin);
  wasm_instance_delete(instance);
  wasm_func_delete(callback);
  world_delete(world);
  /* the store has gone: nothing happens */
  godwit_interrupt(stopper.handle);
  godwit_interrupt_handle_delete(stopper.handle);
  godwit_interrupt_handle_delete(NULL);
  pthread_barrier_destroy(&running);
}

void test_timeout(void) {
  world_t world = world_new();
  wasm_instance_t* instance =
      instance_of(world.store, "(module (func (export \"spin\") (loop $l (br $l))))", NULL);
  wasm_func_t* spin = func_of(instance, "spin");
  godwit_error_t* error = godwit_store_set_timeout(world.store, 0);
  CHECK(error && godwit_error_kind(error) == GODWIT_ERROR_USAGE);
  godwit_error_delete(error);
  CHECK_OK(godwit_store_set_timeout(world.store, UINT64_MAX));
  CHECK_OK(godwit_store_set_timeout(world.store, 1000000));
  const wasm_val_vec_t args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(spin, &args, &results);
  CHECK(trap && godwit_error_is_interruption(godwit_trap_error(trap)));
  wasm_trap_delete(trap);
  wasm_func_delete(spin);
  wasm_instance_delete(instance);
  world_delete(world);
}

/* text: what is wrong is said with the line. */

void test_text(void) {
  world_t world = world_new();
  static const char kBad[] = "(module\n  (func (result i32)\n    (i64.const 1)))";
  wasm_module_t* module = NULL;
  godwit_error_t* error = godwit_module_from_text(world.store, kBad, sizeof kBad - 1, "bad.wat", &module);
  CHECK(error && !module && godwit_error_kind(error) == GODWIT_ERROR_INVALID);
  CHECK(strstr(godwit_error_message(error), "bad.wat:3") && strchr(godwit_error_message(error), '^'));
  godwit_error_delete(error);
  wasm_byte_vec_t binary;
  error = godwit_text_to_binary(world.engine, "(modul)", 7, &binary);
  CHECK(error && godwit_error_kind(error) == GODWIT_ERROR_MALFORMED);
  godwit_error_delete(error);
  CHECK_OK(godwit_text_to_binary(world.engine, "(module)", 8, &binary));
  CHECK(binary.size == 8 && !memcmp(binary.data, "\0asm\1\0\0\0", 8));
  CHECK_OK(godwit_module_new(world.store, (const uint8_t*)binary.data, binary.size, "empty", &module));
  wasm_module_delete(module);
  wasm_byte_vec_delete(&binary);
  world_delete(world);
}

/* wasi: arguments, environment, a directory, standard streams, the exit status. */

static const char kWasiText[] =
    "(module"
    " (import \"wasi_snapshot_preview1\" \"args_sizes_get\" (func $args_sizes (param i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"environ_sizes_get\" (func $environ_sizes (param i32 i32) (result "
    "i32)))"
    " (import \"wasi_snapshot_preview1\" \"fd_write\" (func $fd_write (param i32 i32 i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"fd_prestat_get\" (func $prestat (param i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
    " (memory (export \"memory\") 1) (data (i32.const 100) \"hello from C\\n\")"
    " (func (export \"_start\")"
    "  (drop (call $args_sizes (i32.const 0) (i32.const 4)))"
    "  (drop (call $environ_sizes (i32.const 8) (i32.const 12)))"
    "  (i32.store (i32.const 32) (i32.const 100)) (i32.store (i32.const 36) (i32.const 13))"
    "  (drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40)))"
    "  (if (call $prestat (i32.const 3) (i32.const 48)) (then unreachable))"
    "  (if (i32.eqz (call $prestat (i32.const 4) (i32.const 48))) (then unreachable))"
    "  (call $exit (i32.add (i32.mul (i32.load (i32.const 0)) (i32.const 10)) (i32.load (i32.const 8))))))";

void test_wasi(void) {
  world_t world = world_new();
  int pipe_ends[2];
  CHECK(pipe(pipe_ends) == 0);
  godwit_wasi_config_t* config = godwit_wasi_config_new();
  const char* args[] = {"guest", "one", "two"};
  godwit_wasi_config_set_args(config, 3, args);
  godwit_wasi_config_add_env(config, "A", "1");
  godwit_wasi_config_add_env(config, "B", "2");
  godwit_wasi_config_add_preopen(config, "/tmp", "/data", true);
  godwit_wasi_config_set_stdio(config, -1, pipe_ends[1], 2);
  godwit_wasi_config_allow_connect(config, "127.0.0.1:*");
  godwit_wasi_config_allow_listen(config, "127.0.0.1:0");
  godwit_linker_t* linker = godwit_linker_new();
  CHECK_OK(godwit_linker_define_wasi(linker, config));
  wasm_module_t* module = module_of(world.store, kWasiText);
  wasm_instance_t* instance = NULL;
  CHECK_OK(godwit_linker_instantiate(linker, world.store, module, &instance));
  godwit_linker_delete(linker);
  wasm_func_t* start = func_of(instance, "_start");
  const wasm_val_vec_t none = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(start, &none, &results);
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_EXIT);
  CHECK(godwit_error_code(godwit_trap_error(trap)) == 32);
  wasm_trap_delete(trap);
  close(pipe_ends[1]);
  char text[64] = {0};
  CHECK(read(pipe_ends[0], text, sizeof text) == 13 && !strcmp(text, "hello from C\n"));
  close(pipe_ends[0]);

  /* a directory that is not there; a config that is not used; the environment of this process */
  config = godwit_wasi_config_new();
  godwit_wasi_config_add_preopen(config, "/no/such/directory", ".", false);
  linker = godwit_linker_new();
  godwit_error_t* error = godwit_linker_define_wasi(linker, config);
  CHECK(error && strstr(godwit_error_message(error), "/no/such/directory"));
  godwit_error_delete(error);
  config = godwit_wasi_config_new();
  CHECK(setenv("GODWIT_TEST_ENV", "here", 1) == 0);
  godwit_wasi_config_inherit_env(config);
  CHECK_OK(godwit_linker_define_wasi(linker, config));
  godwit_wasi_config_delete(godwit_wasi_config_new());
  godwit_wasi_config_delete(NULL);
  godwit_linker_delete(linker);
  wasm_func_delete(start);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  world_delete(world);
}

/* linker: by names; what is missing is named. */

static wasm_trap_t* give_three(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)args;
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = 3;
  return NULL;
}

void test_linker(void) {
  world_t world = world_new();
  wasm_functype_t* type = wasm_functype_new_0_1(wasm_valtype_new_i32());
  wasm_func_t* three = wasm_func_new(world.store, type, give_three);
  wasm_functype_delete(type);
  godwit_linker_t* linker = godwit_linker_new();
  CHECK_OK(godwit_linker_define(linker, "env", "three", wasm_func_as_extern(three)));
  wasm_instance_t* library = instance_of(
      world.store,
      "(module (func (export \"twice\") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))",
      NULL);
  CHECK_OK(godwit_linker_define_instance(linker, "library", library));
  wasm_module_t* module = module_of(world.store,
                                    "(module (import \"env\" \"three\" (func $three (result i32)))"
                                    " (import \"library\" \"twice\" (func $twice (param i32) (result i32)))"
                                    " (func (export \"run\") (result i32) (call $twice (call $three))))");
  wasm_instance_t* instance = NULL;
  CHECK_OK(godwit_linker_instantiate(linker, world.store, module, &instance));
  wasm_func_t* run = func_of(instance, "run");
  CHECK(call_i32(run, 0, 0, 0) == 6);
  CHECK(!godwit_instance_export(instance, "walk"));
  wasm_module_t* wanting = module_of(world.store, "(module (import \"env\" \"four\" (func)))");
  wasm_instance_t* none = NULL;
  godwit_error_t* error = godwit_linker_instantiate(linker, world.store, wanting, &none);
  CHECK(error && !none && godwit_error_kind(error) == GODWIT_ERROR_UNLINKABLE);
  CHECK(strstr(godwit_error_message(error), "four"));
  godwit_error_delete(error);
  /* of another store */
  wasm_store_t* other = wasm_store_new(world.engine);
  error = godwit_linker_instantiate(linker, other, module, &none);
  CHECK(error && !none);
  godwit_error_delete(error);
  wasm_store_delete(other);
  godwit_linker_delete(linker);
  godwit_linker_delete(NULL);
  wasm_module_delete(wanting);
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_instance_delete(library);
  wasm_func_delete(three);
  world_delete(world);
}

/* typed: calls with slots, whatever their upper halves hold. */

void test_typed(void) {
  world_t world = world_new();
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (func (export \"mix\") (param i32 i64 f32 f64) (result f64)"
                  "  (f64.add (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))"
                  "           (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))"
                  " (func (export \"wide\") (param i32) (result i64) (i64.extend_i32_u (local.get 0)))"
                  " (func (export \"vector\") (param v128 i32) (result v128) (i32x4.add (local.get 0) "
                  "(i32x4.splat (local.get 1))))"
                  " (func (export \"boom\") unreachable))",
                  NULL);
  wasm_func_t *mix = func_of(instance, "mix"), *wide = func_of(instance, "wide"),
              *vector = func_of(instance, "vector"), *boom = func_of(instance, "boom");
  godwit_typed_func_t* typed = NULL;
  godwit_error_t* error = godwit_typed_func_new(mix, "iI:F", &typed);
  CHECK(error && !typed && godwit_error_kind(error) == GODWIT_ERROR_USAGE);
  godwit_error_delete(error);
  error = godwit_typed_func_new(mix, "iIfFx:F", &typed);
  CHECK(error && strstr(godwit_error_message(error), "iIfFx:F"));
  godwit_error_delete(error);
  CHECK_OK(godwit_typed_func_new(mix, "iIfF:F", &typed));
  godwit_slot_t slots[4];
  memset(slots, 0xff, sizeof slots);
  slots[0].i32 = -1;
  slots[1].i64 = 1000;
  slots[2].f32 = 0.5f;
  slots[3].f64 = 0.25;
  CHECK_NO_TRAP(godwit_typed_func_call(typed, slots));
  CHECK(slots[0].f64 == 999.75);
  godwit_typed_func_delete(typed);
  CHECK_OK(godwit_typed_func_new(wide, "i:I", &typed));
  slots[0].bits = UINT64_MAX;
  slots[0].i32 = -2;
  CHECK_NO_TRAP(godwit_typed_func_call(typed, slots));
  CHECK(slots[0].i64 == 0xfffffffe);
  godwit_typed_func_delete(typed);
  CHECK_OK(godwit_typed_func_new(vector, "Vi:V", &typed));
  slots[0].bits = 0x0000000200000001;
  slots[1].bits = 0x0000000400000003;
  slots[2].i32 = 10;
  CHECK_NO_TRAP(godwit_typed_func_call(typed, slots));
  CHECK(slots[0].bits == 0x0000000c0000000b && slots[1].bits == 0x0000000e0000000d);
  godwit_typed_func_delete(typed);
  CHECK_OK(godwit_typed_func_new(boom, ":", &typed));
  wasm_trap_t* trap = godwit_typed_func_call(typed, slots);
  CHECK(trap && !strcmp(godwit_error_message(godwit_trap_error(trap)), "unreachable"));
  wasm_trap_delete(trap);
  godwit_typed_func_delete(typed);
  godwit_typed_func_delete(NULL);
  wasm_func_delete(mix);
  wasm_func_delete(wide);
  wasm_func_delete(vector);
  wasm_func_delete(boom);
  wasm_instance_delete(instance);
  world_delete(world);
}

/* Callbacks with slots, which see the guest that calls. */

static int slot_finalized;

static void note(void* env) {
  CHECK(env == &slot_finalized);
  ++slot_finalized;
}

static wasm_trap_t* sum_text(void* env, godwit_caller_t* caller, godwit_slot_t slots[]) {
  CHECK(env == &slot_finalized && !godwit_caller_interrupted(caller));
  size_t size;
  const uint8_t* memory = godwit_caller_memory(caller, &size);
  const uint32_t at = (uint32_t)slots[0].i32, count = (uint32_t)slots[1].i32;
  if (at > size || count > size - at)
    return godwit_caller_trap(caller, "the text does not lie in the memory");
  wasm_extern_t* exported = godwit_caller_export(caller, "one");
  CHECK(exported && !godwit_caller_export(caller, "none"));
  int64_t sum = call_i32(wasm_extern_as_func(exported), 0, 0, 0);
  wasm_extern_delete(exported);
  for (uint32_t i = 0; i < count; ++i) sum += memory[at + i];
  slots[0].bits = UINT64_MAX;
  slots[0].i32 = (int32_t)sum;
  return NULL;
}

void test_slot_callback(void) {
  world_t world = world_new();
  slot_finalized = 0;
  wasm_func_t* func = NULL;
  godwit_error_t* error = godwit_func_new(world.store, "i:i:i", sum_text, &slot_finalized, note, &func);
  CHECK(error && !func && slot_finalized == 1);
  godwit_error_delete(error);
  CHECK_OK(godwit_func_new(world.store, "ii:i", sum_text, &slot_finalized, note, &func));
  wasm_extern_t* import_array[] = {wasm_func_as_extern(func)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (import \"\" \"sum\" (func $sum (param i32 i32) (result i32))) (memory 1) (data "
                  "(i32.const 8) \"\\01\\02\\03\")"
                  " (func (export \"one\") (result i32) (i32.const 1))"
                  " (func (export \"run\") (param i32) (result i32)"
                  "  (i32.add (i32.wrap_i64 (i64.shr_u (i64.extend_i32_u (call $sum (i32.const 8) (local.get "
                  "0))) (i64.const 32)))"
                  "           (call $sum (i32.const 8) (local.get 0))))"
                  " (func (export \"far\") (drop (call $sum (i32.const 65535) (i32.const 2)))))",
                  &imports);
  wasm_func_t *run = func_of(instance, "run"), *far = func_of(instance, "far");
  CHECK(call_i32(run, 1, 3, 0) == 7);
  char* message = message_of_trap(far);
  CHECK(!strcmp(message, "the text does not lie in the memory"));
  free(message);
  wasm_func_delete(run);
  wasm_func_delete(far);
  wasm_func_delete(func);
  wasm_instance_delete(instance);
  world_delete(world);
  CHECK(slot_finalized == 2);
}

/* garbage: what the guest drops goes. */

void test_garbage(void) {
  world_t world = world_new();
  wasm_instance_t* instance = instance_of(world.store,
                                          "(module (type $a (array (mut i8))) (func (export \"make\") "
                                          "(result (ref null $a)) (array.new_default $a (i32.const 100))))",
                                          NULL);
  wasm_func_t* make = func_of(instance, "make");
  for (int i = 0; i < 10; ++i) {
    wasm_val_t result = WASM_INIT_VAL;
    const wasm_val_vec_t none = WASM_EMPTY_VEC;
    wasm_val_vec_t results = {1, &result};
    CHECK_NO_TRAP(wasm_func_call(make, &none, &results));
    CHECK(result.kind == GODWIT_OTHERREF && result.of.ref);
    CHECK_OK(godwit_store_collect_garbage(world.store));
    wasm_ref_t* copy = wasm_ref_copy(result.of.ref);
    CHECK(wasm_ref_same(copy, result.of.ref));
    wasm_ref_delete(copy);
    wasm_val_delete(&result);
  }
  wasm_func_delete(make);
  wasm_instance_delete(instance);
  world_delete(world);
}

/* A wasm exception that nobody catches is a trap of a kind of its own, and passes through callbacks as such. */

void test_exceptions(void) {
  world_t world = world_new();
  wasm_instance_t* thrower = instance_of(
      world.store,
      "(module (tag $e (export \"e\") (param i32)) (func (export \"throw\") (throw $e (i32.const 4))))",
      NULL);
  wasm_func_t* throw_ = func_of(thrower, "throw");
  const wasm_val_vec_t none = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(throw_, &none, &results);
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_EXCEPTION);
  wasm_trap_delete(trap);
  /* a tag is imported as what it is */
  wasm_extern_t* import_array[] = {godwit_instance_export(thrower, "e"), wasm_func_as_extern(throw_)};
  CHECK(wasm_extern_kind(import_array[0]) == WASM_EXTERN_TAG);
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* catcher =
      instance_of(world.store,
                  "(module (import \"\" \"e\" (tag $e (param i32))) (import \"\" \"throw\" (func $throw))"
                  " (func (export \"run\") (result i32) (block $h (result i32) (try_table (catch $e $h) "
                  "(call $throw)) (i32.const 0))))",
                  &imports);
  wasm_func_t* run = func_of(catcher, "run");
  CHECK(call_i32(run, 0, 0, 0) == 4);
  wasm_extern_delete(import_array[0]);
  wasm_func_delete(run);
  wasm_func_delete(throw_);
  wasm_instance_delete(catcher);
  wasm_instance_delete(thrower);
  world_delete(world);
}
