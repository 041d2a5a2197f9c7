/* Types, vectors, references of every kind: what all of them have in common, and how long things live. */
#include <pthread.h>

#include "check.h"

/* types: copies are equal, and none shares anything with what it was copied of. */

static wasm_functype_t* some_functype(void) {
  return wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_externref(), wasm_valtype_new_f64());
}

void test_types(void) {
  CHECK(!wasm_valtype_new(77));
  wasm_valtype_t* value = wasm_valtype_new_funcref();
  wasm_valtype_t* value_copy = wasm_valtype_copy(value);
  wasm_valtype_delete(value);
  CHECK(wasm_valtype_kind(value_copy) == WASM_FUNCREF);
  wasm_valtype_delete(value_copy);
  wasm_valtype_delete(NULL);

  wasm_functype_t* func = some_functype();
  wasm_functype_t* func_copy = wasm_functype_copy(func);
  wasm_functype_delete(func);
  CHECK(wasm_functype_params(func_copy)->size == 2 && wasm_functype_results(func_copy)->size == 1);
  CHECK(wasm_valtype_kind(wasm_functype_params(func_copy)->data[1]) == WASM_EXTERNREF);

  const wasm_limits_t limits = {2, 5};
  wasm_globaltype_t* global = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_VAR);
  wasm_tabletype_t* table = wasm_tabletype_new(wasm_valtype_new_externref(), &limits);
  wasm_memorytype_t* memory = wasm_memorytype_new(&limits);
  wasm_tagtype_t* tag = wasm_tagtype_new(wasm_functype_copy(func_copy));
  wasm_globaltype_t* global_copy = wasm_globaltype_copy(global);
  wasm_tabletype_t* table_copy = wasm_tabletype_copy(table);
  wasm_memorytype_t* memory_copy = wasm_memorytype_copy(memory);
  wasm_tagtype_t* tag_copy = wasm_tagtype_copy(tag);
  CHECK(wasm_globaltype_mutability(global_copy) == WASM_VAR);
  CHECK(wasm_tabletype_limits(table_copy)->max == 5 && wasm_memorytype_limits(memory_copy)->min == 2);
  CHECK(wasm_functype_params(wasm_tagtype_functype(tag_copy))->size == 2);

/* There and back under the general name, which a copy is made of, too. */
#define CHECK_CASTS(name, object, kind_of_it)                                      \
  {                                                                                \
    wasm_externtype_t* general = wasm_##name##_as_externtype(object);              \
    CHECK(wasm_externtype_kind(general) == (kind_of_it));                          \
    CHECK(wasm_externtype_as_##name(general) == (object));                         \
    CHECK(wasm_##name##_as_externtype_const(object) == general);                   \
    CHECK(wasm_externtype_as_##name##_const(general) == (object));                 \
    wasm_externtype_t* copy = wasm_externtype_copy(general);                       \
    CHECK(copy != general && wasm_externtype_kind(copy) == (kind_of_it));          \
    CHECK(wasm_externtype_as_functype(copy) || (kind_of_it) != WASM_EXTERN_FUNC);  \
    CHECK(!wasm_externtype_as_functype(copy) || (kind_of_it) == WASM_EXTERN_FUNC); \
    wasm_externtype_delete(copy);                                                  \
  }
  CHECK_CASTS(functype, func_copy, WASM_EXTERN_FUNC)
  CHECK_CASTS(globaltype, global, WASM_EXTERN_GLOBAL)
  CHECK_CASTS(tabletype, table, WASM_EXTERN_TABLE)
  CHECK_CASTS(memorytype, memory, WASM_EXTERN_MEMORY)
  CHECK_CASTS(tagtype, tag, WASM_EXTERN_TAG)

  wasm_name_t module, name;
  wasm_name_new_from_string(&module, "env");
  wasm_name_new_from_string(&name, "memory");
  wasm_importtype_t* import = wasm_importtype_new(&module, &name, wasm_memorytype_as_externtype(memory_copy));
  CHECK(module.size == 0 && !name.data);
  wasm_importtype_t* import_copy = wasm_importtype_copy(import);
  wasm_importtype_delete(import);
  CHECK(wasm_importtype_name(import_copy)->size == 6 && wasm_importtype_module(import_copy)->data[0] == 'e');
  wasm_name_new_from_string(&name, "tag");
  wasm_exporttype_t* export_ = wasm_exporttype_new(&name, wasm_tagtype_as_externtype(tag_copy));
  wasm_exporttype_t* export_copy = wasm_exporttype_copy(export_);
  wasm_exporttype_delete(export_);
  CHECK(wasm_externtype_kind(wasm_exporttype_type(export_copy)) == WASM_EXTERN_TAG);

/* A vector of them: made, copied, empty, uninitialised. */
#define CHECK_VEC(name, own_element)                                            \
  {                                                                             \
    wasm_##name##_t* elements[] = {own_element, NULL};                          \
    wasm_##name##_vec_t made, copied, empty;                                    \
    wasm_##name##_vec_new(&made, 2, elements);                                  \
    wasm_##name##_vec_copy(&copied, &made);                                     \
    CHECK(made.size == 2 && copied.size == 2 && made.data != copied.data);      \
    CHECK(copied.data[0] != made.data[0] && copied.data[0] && !copied.data[1]); \
    wasm_##name##_vec_delete(&made);                                            \
    CHECK(made.size == 0 && !made.data);                                        \
    wasm_##name##_vec_delete(&copied);                                          \
    wasm_##name##_vec_new_empty(&empty);                                        \
    CHECK(empty.size == 0 && !empty.data);                                      \
    wasm_##name##_vec_copy(&copied, &empty);                                    \
    CHECK(copied.size == 0);                                                    \
    wasm_##name##_vec_delete(&empty);                                           \
    wasm_##name##_vec_new_uninitialized(&empty, 3);                             \
    CHECK(empty.size == 3);                                                     \
    wasm_##name##_vec_delete(&empty);                                           \
  }
  CHECK_VEC(valtype, wasm_valtype_new_f32())
  CHECK_VEC(functype, func_copy)
  CHECK_VEC(globaltype, global)
  CHECK_VEC(tabletype, table)
  CHECK_VEC(memorytype, memory)
  CHECK_VEC(tagtype, tag)
  CHECK_VEC(externtype, wasm_globaltype_as_externtype(global_copy))
  CHECK_VEC(importtype, import_copy)
  CHECK_VEC(exporttype, export_copy)
  wasm_tabletype_delete(table_copy);
  wasm_tagtype_delete(NULL);

  /* the short forms */
  wasm_functype_t* forms[] = {
      wasm_functype_new_0_0(),
      wasm_functype_new_1_0(wasm_valtype_new_i32()),
      wasm_functype_new_2_0(wasm_valtype_new_i32(), wasm_valtype_new_i64()),
      wasm_functype_new_3_0(wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_f32()),
      wasm_functype_new_0_1(wasm_valtype_new_f64()),
      wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_f64()),
      some_functype(),
      wasm_functype_new_3_1(wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_f32(),
                            wasm_valtype_new_f64()),
      wasm_functype_new_0_2(wasm_valtype_new_i32(), wasm_valtype_new_i64()),
      wasm_functype_new_1_2(wasm_valtype_new_i32(), wasm_valtype_new_i32(), wasm_valtype_new_i64()),
      wasm_functype_new_2_2(wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_i32(),
                            wasm_valtype_new_i64()),
      wasm_functype_new_3_2(wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_f32(),
                            wasm_valtype_new_i32(), wasm_valtype_new_i64()),
  };
  for (size_t i = 0; i < 12; ++i) {
    CHECK(wasm_functype_params(forms[i])->size == i % 4 && wasm_functype_results(forms[i])->size == i / 4);
    wasm_functype_delete(forms[i]);
  }
}

/* vectors of bytes and of values. */

void test_vectors(void) {
  wasm_byte_vec_t bytes, copied;
  wasm_byte_vec_new(&bytes, 3, "abc");
  wasm_byte_vec_copy(&copied, &bytes);
  CHECK(copied.size == 3 && copied.data != bytes.data && !memcmp(copied.data, "abc", 3));
  wasm_byte_vec_delete(&copied);
  wasm_byte_vec_delete(&bytes);
  wasm_byte_vec_delete(&bytes);
  wasm_byte_vec_new_empty(&bytes);
  CHECK(bytes.size == 0 && !bytes.data);
  wasm_byte_vec_new_uninitialized(&bytes, 1 << 20);
  memset(bytes.data, 1, bytes.size);
  wasm_byte_vec_delete(&bytes);

  world_t world = world_new();
  wasm_foreign_t* foreign = wasm_foreign_new(world.store);
  const wasm_val_t elements[] = {WASM_I32_VAL(1), WASM_REF_VAL(wasm_foreign_as_ref(foreign)), WASM_INIT_VAL};
  wasm_val_vec_t values, more;
  wasm_val_vec_new(&values, 3, elements);
  wasm_val_vec_copy(&more, &values);
  CHECK(more.data[1].of.ref != values.data[1].of.ref &&
        wasm_ref_same(more.data[1].of.ref, values.data[1].of.ref));
  CHECK(more.data[0].of.i32 == 1 && !more.data[2].of.ref);
  wasm_val_vec_delete(&values);
  wasm_val_t one;
  wasm_val_copy(&one, &more.data[1]);
  wasm_val_delete(&one);
  wasm_val_vec_delete(&more);
  wasm_val_vec_new_empty(&more);
  wasm_val_vec_delete(&more);
  wasm_val_vec_new_uninitialized(&more, 2);
  wasm_val_vec_delete(&more);
  wasm_val_init_ptr(&one, world.store);
  CHECK(wasm_val_ptr(&one) == world.store);
  wasm_extern_vec_t externs;
  wasm_extern_vec_new_empty(&externs);
  wasm_extern_vec_delete(&externs);
  wasm_extern_vec_new_uninitialized(&externs, 2);
  wasm_extern_vec_delete(&externs);
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* func = wasm_func_new(world.store, type, NULL);
  wasm_functype_delete(type);
  wasm_extern_t* pair[] = {wasm_func_as_extern(func), NULL};
  wasm_extern_vec_new(&externs, 2, pair);
  wasm_extern_vec_delete(&externs);
  world_delete(world);
}

/* refs: what every kind of reference has. */

static int finalizer_calls;
static void* finalizer_got;

static void note_finalized(void* info) {
  ++finalizer_calls;
  finalizer_got = info;
}

/* The host's pointer goes with the object, whichever handle it is asked of; the kinds are told apart. */
#define CHECK_REF(name, object)                                                    \
  {                                                                                \
    int first, second;                                                             \
    wasm_##name##_t* copy = wasm_##name##_copy(object);                            \
    CHECK(copy != (object) && wasm_##name##_same(copy, object));                   \
    CHECK(!wasm_##name##_get_host_info(object));                                   \
    wasm_##name##_set_host_info(object, &first);                                   \
    CHECK(wasm_##name##_get_host_info(copy) == &first);                            \
    finalizer_calls = 0;                                                           \
    wasm_##name##_set_host_info_with_finalizer(copy, &second, note_finalized);     \
    CHECK(wasm_##name##_get_host_info(object) == &second && finalizer_calls == 0); \
    wasm_##name##_set_host_info(object, NULL);                                     \
    CHECK(finalizer_calls == 1 && finalizer_got == &second);                       \
    wasm_##name##_delete(copy);                                                    \
    wasm_##name##_delete(NULL);                                                    \
  }
#define CHECK_REF_CASTS(name, object)                                            \
  {                                                                              \
    CHECK_REF(name, object)                                                      \
    wasm_ref_t* general = wasm_##name##_as_ref(object);                          \
    CHECK(wasm_ref_as_##name(general) == (object));                              \
    CHECK(wasm_##name##_as_ref_const(object) == general);                        \
    CHECK(wasm_ref_as_##name##_const(general) == (object));                      \
    CHECK(!wasm_ref_as_##name(another) && !wasm_ref_as_##name##_const(another)); \
    CHECK(!wasm_ref_same(general, another));                                     \
  }

void test_refs(void) {
  world_t world = world_new();
  wasm_module_t* module = module_of(world.store,
                                    "(module (func (export \"f\")) (global (export \"g\") i32 (i32.const 0))"
                                    " (table (export \"t\") 1 funcref) (memory (export \"m\") 1))");
  const wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_instance_t* instance = wasm_instance_new(world.store, module, &none, NULL);
  wasm_foreign_t* foreign = wasm_foreign_new(world.store);
  wasm_message_t message;
  wasm_name_new_from_string_nt(&message, "oh");
  wasm_trap_t* trap = wasm_trap_new(world.store, &message);
  wasm_name_delete(&message);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);

  const wasm_ref_t* other_const = wasm_foreign_as_ref_const(foreign);
  wasm_ref_t* another = wasm_foreign_as_ref(foreign);
  CHECK(other_const == another);
  CHECK_REF_CASTS(module, module)
  CHECK_REF_CASTS(instance, instance)
  CHECK_REF_CASTS(trap, trap)
  CHECK_REF_CASTS(func, wasm_extern_as_func(exports.data[0]))
  CHECK_REF_CASTS(global, wasm_extern_as_global(exports.data[1]))
  CHECK_REF_CASTS(table, wasm_extern_as_table(exports.data[2]))
  CHECK_REF_CASTS(memory, wasm_extern_as_memory(exports.data[3]))
  CHECK_REF_CASTS(extern, exports.data[3])
  another = wasm_module_as_ref(module);
  CHECK_REF_CASTS(foreign, foreign)
  wasm_ref_t* general = wasm_foreign_as_ref(foreign);
  CHECK_REF(ref, general)

  wasm_extern_vec_delete(&exports);
  wasm_trap_delete(trap);
  wasm_foreign_delete(foreign);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  world_delete(world);
}

/* hostref: objects of the host's pass through guests and stay what they are. */

void test_hostref(void) {
  world_t world = world_new();
  wasm_instance_t* instance = instance_of(
      world.store,
      "(module (global $g (export \"global\") (mut externref) (ref.null extern))"
      " (table $t (export \"table\") 10 externref)"
      " (func (export \"global.set\") (param externref) (global.set $g (local.get 0)))"
      " (func (export \"global.get\") (result externref) (global.get $g))"
      " (func (export \"any\") (param externref) (result anyref) (any.convert_extern (local.get 0)))"
      " (func (export \"guests\") (result externref) (extern.convert_any (ref.i31 (i32.const 5)))))",
      NULL);
  wasm_func_t *set = func_of(instance, "global.set"), *get = func_of(instance, "global.get");
  int one, two;
  wasm_foreign_t *first = wasm_foreign_new(world.store), *second = wasm_foreign_new(world.store);
  wasm_foreign_set_host_info(first, &one);
  wasm_foreign_set_host_info(second, &two);
  wasm_ref_t* refs[] = {wasm_foreign_as_ref(first), wasm_foreign_as_ref(second),
                        wasm_instance_as_ref(instance), NULL};
  for (size_t round = 0; round < 2; ++round) {
    for (size_t i = 0; i < 4; ++i) {
      wasm_val_t arg = WASM_REF_VAL(refs[i]), result = WASM_INIT_VAL;
      const wasm_val_vec_t args = {1, &arg};
      wasm_val_vec_t no_results = WASM_EMPTY_VEC, results = {1, &result};
      const wasm_val_vec_t no_args = WASM_EMPTY_VEC;
      CHECK_NO_TRAP(wasm_func_call(set, &args, &no_results));
      CHECK_NO_TRAP(wasm_func_call(get, &no_args, &results));
      CHECK(result.kind == WASM_EXTERNREF && !result.of.ref == !refs[i]);
      if (refs[i]) CHECK(wasm_ref_same(result.of.ref, refs[i]));
      if (i == 1) CHECK(wasm_foreign_get_host_info(wasm_ref_as_foreign(result.of.ref)) == &two);
      wasm_val_delete(&result);
    }
  }
  wasm_extern_t *global = godwit_instance_export(instance, "global"),
                *table = godwit_instance_export(instance, "table");
  wasm_val_t value = WASM_REF_VAL(refs[0]), back;
  wasm_global_set(wasm_extern_as_global(global), &value);
  wasm_global_get(wasm_extern_as_global(global), &back);
  CHECK(wasm_ref_same(back.of.ref, refs[0]));
  wasm_val_delete(&back);
  CHECK(wasm_table_set(wasm_extern_as_table(table), 3, refs[1]));
  wasm_ref_t* element = wasm_table_get(wasm_extern_as_table(table), 3);
  CHECK(wasm_ref_same(element, refs[1]));
  wasm_ref_delete(element);

  /* as anyref, and what the guest made itself */
  wasm_func_t *any = func_of(instance, "any"), *guests = func_of(instance, "guests");
  const wasm_val_vec_t args = {1, &value};
  const wasm_val_vec_t no_args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = {1, &back};
  CHECK_NO_TRAP(wasm_func_call(any, &args, &results));
  CHECK(back.kind == GODWIT_OTHERREF && wasm_ref_same(back.of.ref, refs[0]));
  wasm_val_delete(&back);
  CHECK_NO_TRAP(wasm_func_call(guests, &no_args, &results));
  CHECK(back.of.ref && !wasm_ref_as_foreign(back.of.ref) && !wasm_ref_get_host_info(back.of.ref));
  const wasm_val_vec_t again = {1, &back};
  wasm_val_vec_t no_results = WASM_EMPTY_VEC;
  CHECK_NO_TRAP(wasm_func_call(set, &again, &no_results));
  wasm_val_delete(&back);

  /* another store's are refused */
  wasm_store_t* other_store = wasm_store_new(world.engine);
  wasm_foreign_t* stranger = wasm_foreign_new(other_store);
  wasm_val_t strange = WASM_REF_VAL(wasm_foreign_as_ref(stranger));
  const wasm_val_vec_t strange_args = {1, &strange};
  wasm_trap_t* trap = wasm_func_call(set, &strange_args, &no_results);
  CHECK(trap && strstr(godwit_error_message(godwit_trap_error(trap)), "another store"));
  wasm_trap_delete(trap);
  wasm_foreign_delete(stranger);
  wasm_store_delete(other_store);

  wasm_func_delete(any);
  wasm_func_delete(guests);
  wasm_extern_delete(global);
  wasm_extern_delete(table);
  wasm_foreign_delete(first);
  wasm_foreign_delete(second);
  wasm_func_delete(set);
  wasm_func_delete(get);
  wasm_instance_delete(instance);
  world_delete(world);
}

/* finalize: each finalizer is called once, at the latest when the store goes. */

static int live_count;

static void finalize_one(void* info) {
  CHECK((size_t)info <= 3000);
  --live_count;
}

void test_finalize(void) {
  world_t world = world_new();
  wasm_module_t* module = module_of(world.store, "(module (func (export \"f\")) (func (export \"g\")))");
  const wasm_extern_vec_t none = WASM_EMPTY_VEC;
  for (size_t i = 1; i <= 100; ++i) {
    wasm_instance_t* instance = wasm_instance_new(world.store, module, &none, NULL);
    wasm_instance_set_host_info_with_finalizer(instance, (void*)i, finalize_one);
    wasm_func_t* func = func_of(instance, "f");
    wasm_func_set_host_info_with_finalizer(func, (void*)i, finalize_one);
    wasm_foreign_t* foreign = wasm_foreign_new(world.store);
    wasm_foreign_set_host_info_with_finalizer(foreign, (void*)i, finalize_one);
    live_count += 3;
    wasm_foreign_delete(foreign);
    wasm_func_delete(func);
    wasm_instance_delete(instance);
  }
  CHECK(live_count == 200); /* nobody refers to the foreign objects */
  wasm_module_set_host_info_with_finalizer(module, (void*)1, finalize_one);
  ++live_count;
  wasm_module_delete(module);
  CHECK(live_count == 200);
  world_delete(world);
  CHECK(live_count == 0);
}

/* Handles keep what they lead to, after store and engine were deleted. */

void test_handles_keep_the_store(void) {
  world_t world = world_new();
  wasm_instance_t* instance = instance_of(
      world.store, "(module (memory (export \"m\") 1) (func (export \"f\") (result i32) (i32.const 9)))",
      NULL);
  wasm_instance_set_host_info_with_finalizer(instance, (void*)1, finalize_one);
  live_count = 1;
  wasm_func_t* func = func_of(instance, "f");
  wasm_instance_delete(instance);
  world_delete(world);
  CHECK(call_i32(func, 0, 0, 0) == 9 && live_count == 1);
  wasm_func_delete(func);
  CHECK(live_count == 0);
}

/* threads: one module, shared by threads that each have a store of their own. */

enum { kThreads = 4, kRounds = 5 };

typedef struct shared_t {
  wasm_engine_t* engine;
  wasm_shared_module_t* module;
} shared_t;

static wasm_trap_t* add_one(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  *(int*)env += args->data[0].of.i32;
  (void)results;
  return NULL;
}

static void* run_thread(void* argument) {
  const shared_t* shared = argument;
  wasm_store_t* store = wasm_store_new(shared->engine);
  wasm_module_t* module = wasm_module_obtain(store, shared->module);
  for (int round = 0; round < kRounds; ++round) {
    int sum = 0;
    wasm_functype_t* type = wasm_functype_new_1_0(wasm_valtype_new_i32());
    wasm_func_t* func = wasm_func_new_with_env(store, type, add_one, &sum, NULL);
    wasm_functype_delete(type);
    wasm_extern_t* import_array[] = {wasm_func_as_extern(func)};
    const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
    wasm_instance_t* instance = wasm_instance_new(store, module, &imports, NULL);
    CHECK(instance);
    wasm_func_t* run = func_of(instance, "run");
    call_i32(run, 1, 100, 0);
    CHECK(sum == 5050);
    wasm_func_delete(run);
    wasm_instance_delete(instance);
    wasm_func_delete(func);
  }
  wasm_module_delete(module);
  wasm_store_delete(store);
  return NULL;
}

static const char kSumText[] =
    "(module (import \"\" \"add\" (func $add (param i32)))"
    " (func (export \"run\") (param i32)"
    "  (loop $more (call $add (local.get 0)) (local.set 0 (i32.sub (local.get 0) (i32.const 1)))"
    "   (br_if $more (local.get 0)))))";

void test_threads(void) {
  world_t world = world_new();
  wasm_module_t* module = module_of(world.store, kSumText);
  shared_t shared = {world.engine, wasm_module_share(module)};
  wasm_module_delete(module);
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, run_thread, &shared) == 0);
  for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  wasm_shared_module_delete(shared.module);
  world_delete(world);
}

/* Two engines in one process: each runs its own, modules go from one to the other as their bytes, and what must not be mixed
 * is refused. */

void test_two_engines(void) {
  wasm_config_t* config = wasm_config_new();
  godwit_config_set_tier(config, GODWIT_TIER_INTERPRETER);
  world_t one = world_new(), two;
  two.engine = wasm_engine_new_with_config(config);
  two.store = wasm_store_new(two.engine);
  /* types that have other numbers in the other engine */
  wasm_instance_delete(
      instance_of(two.store, "(module (type (func (param f32 f32 f32 i64))) (func (type 0)))", NULL));
  static const char kText[] =
      "(module (type $t (func (param i32) (result i32))) (table funcref (elem $twice))"
      " (func $twice (type $t) (i32.mul (local.get 0) (i32.const 2)))"
      " (func (export \"f\") (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 0)))"
      " (func (export \"fault\") (drop (i32.load (i32.const 0)))) (memory 0))";
  wasm_module_t* module = module_of(one.store, kText);
  const wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_trap_t* trap = NULL;
  CHECK(!wasm_instance_new(two.store, module, &none, &trap));
  CHECK(trap && strstr(godwit_error_message(godwit_trap_error(trap)), "another engine"));
  wasm_trap_delete(trap);
  wasm_shared_module_t* shared = wasm_module_share(module);
  wasm_module_t* obtained = wasm_module_obtain(two.store, shared);
  wasm_shared_module_delete(shared);
  wasm_instance_t* here = wasm_instance_new(one.store, module, &none, NULL);
  wasm_instance_t* there = wasm_instance_new(two.store, obtained, &none, NULL);
  wasm_func_t *f = func_of(here, "f"), *g = func_of(there, "f");
  wasm_func_t *fault = func_of(here, "fault"), *fault_there = func_of(there, "fault");
  for (int i = 0; i < 3; ++i) {
    CHECK(call_i32(f, 1, 4, 0) == 8 && call_i32(g, 1, 5, 0) == 10);
    char *message = message_of_trap(fault), *other = message_of_trap(fault_there);
    CHECK(strstr(message, "out of bounds") && strstr(other, "out of bounds"));
    free(message);
    free(other);
  }
  /* a function of the one is no import for the other */
  wasm_module_t* wanting =
      module_of(two.store, "(module (import \"\" \"f\" (func (param i32) (result i32))))");
  wasm_extern_t* import_array[] = {wasm_func_as_extern(f)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  CHECK(!wasm_instance_new(two.store, wanting, &imports, NULL));
  wasm_module_delete(wanting);
  wasm_func_delete(f);
  wasm_func_delete(fault);
  wasm_instance_delete(here);
  wasm_module_delete(module);
  world_delete(one);
  CHECK(call_i32(g, 1, 6, 0) == 12);
  wasm_func_delete(g);
  wasm_func_delete(fault_there);
  wasm_instance_delete(there);
  wasm_module_delete(obtained);
  world_delete(two);
}
