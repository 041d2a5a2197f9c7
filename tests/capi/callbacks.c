/* Functions of the host's that guests call: what they may do, and what becomes of the guest. */
#include "check.h"

/* callback: arguments, results, and a pointer of the host's with its finalizer. */

static int finalized;

static void count_finalized(void* env) {
  CHECK(env);
  ++finalized;
}

static wasm_trap_t* add_env(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  CHECK(args->size == 1 && args->data[0].kind == WASM_I32 && results->size == 1);
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = args->data[0].of.i32 + *(int*)env;
  return NULL;
}

void test_callback(void) {
  world_t world = world_new();
  int env = 40;
  finalized = 0;
  wasm_functype_t* type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_func_t* callback = wasm_func_new_with_env(world.store, type, add_env, &env, count_finalized);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(callback)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (import \"\" \"f\" (func $f (param i32) (result i32)))"
                  " (func (export \"run\") (param i32) (result i32) (call $f (call $f (local.get 0)))))",
                  &imports);
  wasm_func_t* run = func_of(instance, "run");
  CHECK(call_i32(run, 1, 2, 0) == 82);
  CHECK(call_i32(callback, 1, 2, 0) == 42);
  type = wasm_func_type(callback);
  CHECK(wasm_functype_params(type)->size == 1);
  wasm_functype_delete(type);
  /* no v128 in wasm_val_t */
  wasm_functype_t* vector = wasm_functype_new_1_0(wasm_valtype_new(GODWIT_V128));
  CHECK(!wasm_func_new_with_env(world.store, vector, add_env, &env, count_finalized));
  CHECK(finalized == 1);
  wasm_functype_delete(vector);
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  wasm_func_delete(callback);
  CHECK(finalized == 1);
  world_delete(world);
  CHECK(finalized == 2);
}

/* A callback's trap ends the guest with its message, and an exit with its status. */

static wasm_trap_t* refuse(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)results;
  wasm_store_t* store = env;
  if (args->data[0].of.i32 != 0)
    return godwit_trap_new(store,
                           godwit_error_new(GODWIT_ERROR_EXIT, (uint32_t)args->data[0].of.i32, "enough"));
  wasm_message_t message;
  wasm_name_new_from_string_nt(&message, "not today");
  wasm_trap_t* trap = wasm_trap_new(store, &message);
  wasm_name_delete(&message);
  return trap;
}

void test_callback_traps(void) {
  world_t world = world_new();
  wasm_functype_t* type = wasm_functype_new_1_0(wasm_valtype_new_i32());
  wasm_func_t* callback = wasm_func_new_with_env(world.store, type, refuse, world.store, NULL);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(callback)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance = instance_of(world.store,
                                          "(module $guest (import \"\" \"refuse\" (func $refuse (param i32)))"
                                          " (func $inner (param i32) (call $refuse (local.get 0)))"
                                          " (func (export \"run\") (param i32) (call $inner (local.get 0))))",
                                          &imports);
  wasm_func_t* run = func_of(instance, "run");
  wasm_val_t arg_array[] = {WASM_I32_VAL(0)};
  const wasm_val_vec_t args = WASM_ARRAY_VEC(arg_array);
  wasm_val_vec_t none = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(run, &args, &none);
  CHECK(trap && !strcmp(godwit_error_message(godwit_trap_error(trap)), "not today"));
  CHECK(godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_TRAP);
  wasm_frame_vec_t frames;
  wasm_trap_trace(trap, &frames);
  CHECK(frames.size == 2 && !strcmp(godwit_frame_function(frames.data[0]), "inner"));
  CHECK(!strcmp(godwit_frame_module(frames.data[1]), "guest"));
  wasm_frame_vec_delete(&frames);
  wasm_trap_delete(trap);
  arg_array[0].of.i32 = 3;
  trap = wasm_func_call(run, &args, &none);
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_EXIT);
  CHECK(godwit_error_code(godwit_trap_error(trap)) == 3);
  wasm_trap_delete(trap);
  /* the store goes on */
  arg_array[0].of.i32 = 0;
  trap = wasm_func_call(run, &args, &none);
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_TRAP);
  wasm_trap_delete(trap);
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  wasm_func_delete(callback);
  world_delete(world);
}

/* A callback calls the guest again, and passes on what becomes of it. */

typedef struct reentry_t {
  wasm_func_t* func; /* of the guest; null at first */
  int depth;
} reentry_t;

static wasm_trap_t* call_again(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  reentry_t* reentry = env;
  ++reentry->depth;
  return wasm_func_call(reentry->func, args, results);
}

void test_callback_reenters(void) {
  world_t world = world_new();
  reentry_t reentry = {NULL, 0};
  wasm_functype_t* type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_func_t* callback = wasm_func_new_with_env(world.store, type, call_again, &reentry, NULL);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(callback)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (import \"\" \"again\" (func $again (param i32) (result i32)))"
                  " (func (export \"fac\") (param i32) (result i32)"
                  "  (if (result i32) (i32.le_s (local.get 0) (i32.const 1)) (then (i32.const 1))"
                  "   (else (i32.mul (local.get 0) (call $again (i32.sub (local.get 0) (i32.const 1)))))))"
                  " (func (export \"sink\") (param i32) (result i32)"
                  "  (if (i32.eqz (local.get 0)) (then unreachable))"
                  "  (i32.add (i32.const 1) (call $again (i32.sub (local.get 0) (i32.const 1))))))",
                  &imports);
  reentry.func = func_of(instance, "fac");
  CHECK(call_i32(reentry.func, 1, 10, 0) == 3628800);
  CHECK(reentry.depth == 9);
  wasm_func_delete(reentry.func);
  /* a trap deep inside comes out with the frames of all stays */
  reentry.func = func_of(instance, "sink");
  wasm_val_t arg_array[] = {WASM_I32_VAL(4)}, result_array[] = {WASM_INIT_VAL};
  const wasm_val_vec_t args = WASM_ARRAY_VEC(arg_array);
  wasm_val_vec_t results = WASM_ARRAY_VEC(result_array);
  wasm_trap_t* trap = wasm_func_call(reentry.func, &args, &results);
  CHECK(trap && !strcmp(godwit_error_message(godwit_trap_error(trap)), "unreachable"));
  CHECK(godwit_error_frame_count(godwit_trap_error(trap)) == 5);
  wasm_trap_delete(trap);
  /* endless recursion through the host ends with a limit, not with the process */
  arg_array[0].of.i32 = 1 << 30;
  trap = wasm_func_call(reentry.func, &args, &results);
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_EXHAUSTED);
  wasm_trap_delete(trap);
  wasm_func_delete(reentry.func);
  wasm_instance_delete(instance);
  wasm_func_delete(callback);
  world_delete(world);
}

/* A callback grows the memory and the table of the guest that called it; the guest sees them grown. */

static wasm_trap_t* grow_memory(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)args;
  (void)results;
  wasm_memory_t* memory = *(wasm_memory_t**)env;
  const byte_t* before = wasm_memory_data(memory);
  CHECK(wasm_memory_grow(memory, 10));
  CHECK(wasm_memory_data(memory) == before);
  wasm_memory_data(memory)[wasm_memory_data_size(memory) - 1] = 42;
  return NULL;
}

void test_callback_grows_memory(void) {
  world_t world = world_new();
  wasm_memory_t* memory = NULL;
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* callback = wasm_func_new_with_env(world.store, type, grow_memory, &memory, NULL);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(callback)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (import \"\" \"grow\" (func $grow)) (memory (export \"memory\") 1)"
                  " (func (export \"run\") (result i32) (i32.store (i32.const 0) (i32.const 7)) (call $grow)"
                  "  (i32.add (i32.load8_u (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))"
                  "           (i32.load (i32.const 0)))))",
                  &imports);
  wasm_extern_t* exported = godwit_instance_export(instance, "memory");
  memory = wasm_extern_as_memory(exported);
  wasm_func_t* run = func_of(instance, "run");
  for (int i = 0; i < 50; ++i) CHECK(call_i32(run, 0, 0, 0) == 49);
  CHECK(wasm_memory_size(memory) == 501);
  wasm_func_delete(run);
  wasm_extern_delete(exported);
  wasm_instance_delete(instance);
  wasm_func_delete(callback);
  world_delete(world);
}

static wasm_trap_t* grow_table(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  (void)results;
  wasm_table_t* table = *(wasm_table_t**)env;
  CHECK(args->data[0].kind == WASM_FUNCREF);
  CHECK(wasm_table_grow(table, 1000, args->data[0].of.ref));
  return NULL;
}

void test_callback_grows_tables(void) {
  world_t world = world_new();
  wasm_table_t* table = NULL;
  wasm_functype_t* type = wasm_functype_new_1_0(wasm_valtype_new_funcref());
  wasm_func_t* callback = wasm_func_new_with_env(world.store, type, grow_table, &table, NULL);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(callback)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance = instance_of(
      world.store,
      "(module (import \"\" \"grow\" (func $grow (param funcref))) (table $t (export \"table\") 1 funcref)"
      " (type $i (func (result i32))) (func $six (type $i) (i32.const 6)) (elem declare func $six)"
      " (func (export \"run\") (result i32) (call $grow (ref.func $six))"
      "  (call_indirect (type $i) (i32.sub (table.size $t) (i32.const 1)))))",
      &imports);
  wasm_extern_t* exported = godwit_instance_export(instance, "table");
  table = wasm_extern_as_table(exported);
  wasm_func_t* run = func_of(instance, "run");
  for (int i = 0; i < 20; ++i) CHECK(call_i32(run, 0, 0, 0) == 6);
  CHECK(wasm_table_size(table) == 20001);
  wasm_func_delete(run);
  wasm_extern_delete(exported);
  wasm_instance_delete(instance);
  wasm_func_delete(callback);
  world_delete(world);
}

/* A callback deletes every handle that there is, and its store: they live until the call has returned. */

typedef struct deletion_t {
  world_t world;
  wasm_func_t *callback, *run;
  wasm_instance_t* instance;
  bool is_over;
} deletion_t;

static wasm_trap_t* delete_all(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  deletion_t* all = env;
  wasm_func_delete(all->run);
  wasm_func_delete(all->callback);
  wasm_instance_delete(all->instance);
  world_delete(all->world);
  CHECK(!all->is_over);
  wasm_val_copy(&results->data[0], &args->data[0]);
  return NULL;
}

static void note_the_end(void* env) { ((deletion_t*)env)->is_over = true; }

void test_callback_deletes(void) {
  deletion_t all = {.world = world_new()};
  wasm_functype_t* type = wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
  all.callback = wasm_func_new_with_env(all.world.store, type, delete_all, &all, note_the_end);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(all.callback)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  all.instance =
      instance_of(all.world.store,
                  "(module (import \"\" \"f\" (func $f (param externref) (result externref)))"
                  " (func (export \"run\") (param externref) (result externref) (call $f (local.get 0))))",
                  &imports);
  all.run = func_of(all.instance, "run");
  wasm_foreign_t* foreign = wasm_foreign_new(all.world.store);
  wasm_foreign_set_host_info(foreign, &all);
  wasm_val_t arg = WASM_REF_VAL(wasm_foreign_as_ref(foreign)), result = WASM_INIT_VAL;
  const wasm_val_vec_t args = {1, &arg};
  wasm_val_vec_t results = {1, &result};
  CHECK_NO_TRAP(wasm_func_call(all.run, &args, &results));
  wasm_foreign_delete(foreign);
  /* the result is the last handle */
  CHECK(!all.is_over && wasm_ref_get_host_info(result.of.ref) == &all);
  wasm_val_delete(&result);
  CHECK(all.is_over);
}

/* What a callback written in C++ throws ends the guest with an error (throws.cc). */

wasm_trap_t* throwing_callback(const wasm_val_vec_t* args, wasm_val_vec_t* results);
wasm_trap_t* throwing_slot_callback(void* env, godwit_caller_t* caller, godwit_slot_t slots[]);

void test_callback_catches(void) {
  world_t world = world_new();
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* slow = wasm_func_new(world.store, type, throwing_callback);
  wasm_functype_delete(type);
  wasm_func_t* quick = NULL;
  CHECK_OK(godwit_func_new(world.store, "", throwing_slot_callback, NULL, NULL, &quick));
  wasm_extern_t* import_array[] = {wasm_func_as_extern(slow), wasm_func_as_extern(quick)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (import \"\" \"slow\" (func $slow)) (import \"\" \"quick\" (func $quick))"
                  " (func (export \"slow\") (call $slow)) (func (export \"quick\") (call $quick)))",
                  &imports);
  const char* kNames[] = {"slow", "quick"};
  for (size_t i = 0; i < 2; ++i) {
    wasm_func_t* run = func_of(instance, kNames[i]);
    for (int round = 0; round < 3; ++round) {
      char* message = message_of_trap(run);
      CHECK(!strcmp(message, "a host function threw an exception: thrown by a callback"));
      free(message);
    }
    wasm_func_delete(run);
  }
  wasm_instance_delete(instance);
  wasm_func_delete(slow);
  wasm_func_delete(quick);
  world_delete(world);
}

/* trap: message, origin and trace. */

void test_trap(void) {
  world_t world = world_new();
  wasm_instance_t* instance = instance_of(world.store,
                                          "(module $m (func $boom unreachable) (func $middle (call $boom))"
                                          " (func (export \"run\") (call $middle)))",
                                          NULL);
  wasm_func_t* run = func_of(instance, "run");
  const wasm_val_vec_t args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(run, &args, &results);
  wasm_frame_t* origin = wasm_trap_origin(trap);
  CHECK(wasm_frame_func_index(origin) == 0 && !wasm_frame_instance(origin));
  /* the body: no locals, then `unreachable` */
  CHECK(wasm_frame_func_offset(origin) == 1);
  CHECK(wasm_frame_module_offset(origin) > 20);
  CHECK(!strcmp(godwit_frame_function(origin), "boom") && !strcmp(godwit_frame_module(origin), "m"));
  wasm_frame_vec_t frames;
  wasm_trap_trace(trap, &frames);
  CHECK(frames.size == 3 && wasm_frame_func_index(frames.data[2]) == 2);
  CHECK(wasm_frame_module_offset(frames.data[0]) == wasm_frame_module_offset(origin));
  wasm_frame_t* copy = wasm_frame_copy(origin);
  wasm_frame_delete(origin);
  CHECK(wasm_frame_func_index(copy) == 0);
  wasm_frame_t* pair[] = {copy, NULL};
  wasm_frame_vec_t made, copied, empty;
  wasm_frame_vec_new(&made, 2, pair);
  wasm_frame_vec_copy(&copied, &made);
  CHECK(copied.size == 2 && copied.data[0] != copy && !copied.data[1]);
  wasm_frame_vec_new_empty(&empty);
  wasm_frame_vec_delete(&empty);
  wasm_frame_vec_new_uninitialized(&empty, 1);
  CHECK(!empty.data[0]);
  wasm_frame_vec_delete(&empty);
  wasm_frame_vec_delete(&made);
  wasm_frame_vec_delete(&copied);
  wasm_frame_vec_delete(&frames);
  const char* text = godwit_error_describe(godwit_trap_error(trap));
  CHECK(strstr(text, "unreachable\n") && strstr(text, "at m!boom (0x"));
  CHECK(wasm_trap_same(trap, trap));
  wasm_trap_t* other = wasm_trap_copy(trap);
  CHECK(wasm_trap_same(trap, other) && wasm_ref_as_trap(wasm_trap_as_ref(other)) == other);
  wasm_trap_delete(other);
  wasm_trap_delete(trap);
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  world_delete(world);
}

void test_deep_trap(void) {
  world_t world = world_new();
  wasm_instance_t* instance =
      instance_of(world.store, "(module (func $f (export \"run\") (call $f) (call $f)))", NULL);
  wasm_func_t* run = func_of(instance, "run");
  const wasm_val_vec_t args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(run, &args, &results);
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_EXHAUSTED);
  wasm_frame_vec_t frames;
  wasm_trap_trace(trap, &frames);
  CHECK(frames.size >= 10 && frames.size < godwit_error_frame_count(godwit_trap_error(trap)));
  for (size_t i = 0; i < frames.size; ++i) CHECK(wasm_frame_module_offset(frames.data[i]) != 0);
  wasm_frame_vec_delete(&frames);
  wasm_trap_delete(trap);
  wasm_func_delete(run);
  wasm_instance_delete(instance);
  world_delete(world);
}
