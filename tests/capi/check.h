/* What the tests of the C API share. */
#ifndef GODWIT_TESTS_CAPI_CHECK_H
#define GODWIT_TESTS_CAPI_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godwit.h"
#include "wasm.h"

/* Ends the process with the place and the condition that does not hold. */
#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: %s: not true\n", __FILE__, __LINE__, #condition); \
      abort();                                                                  \
    }                                                                           \
  } while (0)

/* A call of godwit.h's that must succeed. */
#define CHECK_OK(call)                                                                        \
  do {                                                                                        \
    godwit_error_t* check_error = (call);                                                     \
    if (check_error) {                                                                        \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, godwit_error_describe(check_error)); \
      abort();                                                                                \
    }                                                                                         \
  } while (0)

/* A call of wasm.h's that must not trap. */
#define CHECK_NO_TRAP(call)                                          \
  do {                                                               \
    wasm_trap_t* check_trap = (call);                                \
    if (check_trap) {                                                \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,             \
              godwit_error_describe(godwit_trap_error(check_trap))); \
      abort();                                                       \
    }                                                                \
  } while (0)

/* An engine and a store. */
typedef struct world_t {
  wasm_engine_t* engine;
  wasm_store_t* store;
} world_t;

static inline world_t world_new(void) {
  world_t world;
  world.engine = wasm_engine_new();
  CHECK(world.engine);
  world.store = wasm_store_new(world.engine);
  CHECK(world.store);
  return world;
}

static inline void world_delete(world_t world) {
  wasm_store_delete(world.store);
  wasm_engine_delete(world.engine);
}

/* A module of a text. */
static inline wasm_module_t* module_of(wasm_store_t* store, const char* text) {
  wasm_module_t* module = NULL;
  CHECK_OK(godwit_module_from_text(store, text, strlen(text), "test.wat", &module));
  return module;
}

/* An instance of a text with these imports. */
static inline wasm_instance_t* instance_of(wasm_store_t* store, const char* text,
                                           const wasm_extern_vec_t* imports) {
  wasm_module_t* module = module_of(store, text);
  wasm_trap_t* trap = NULL;
  const wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_instance_t* instance = wasm_instance_new(store, module, imports ? imports : &none, &trap);
  CHECK_NO_TRAP(trap);
  CHECK(instance);
  wasm_module_delete(module);
  return instance;
}

/* An exported function, an own handle. */
static inline wasm_func_t* func_of(const wasm_instance_t* instance, const char* name) {
  wasm_extern_t* found = godwit_instance_export(instance, name);
  CHECK(found);
  wasm_func_t* func = wasm_extern_as_func(found);
  CHECK(func);
  return func;
}

/* Calls a function of i32s with up to three of them; the result, or 0 if it has none. */
static inline int32_t call_i32(const wasm_func_t* func, size_t count, int32_t a, int32_t b) {
  wasm_val_t arg_array[2] = {WASM_I32_VAL(a), WASM_I32_VAL(b)};
  wasm_val_t result_array[1] = {WASM_INIT_VAL};
  const wasm_val_vec_t args = {count, arg_array};
  wasm_val_vec_t results = {wasm_func_result_arity(func), result_array};
  CHECK(results.size <= 1);
  CHECK_NO_TRAP(wasm_func_call(func, &args, &results));
  return results.size == 1 ? result_array[0].of.i32 : 0;
}

/* Calls a function without parameters and results, which must trap; the message, to be freed. */
static inline char* message_of_trap(const wasm_func_t* func) {
  const wasm_val_vec_t args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(func, &args, &results);
  CHECK(trap);
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  CHECK(message.size > 0 && message.data[message.size - 1] == '\0');
  char* copy = strdup(message.data);
  wasm_byte_vec_delete(&message);
  wasm_trap_delete(trap);
  return copy;
}

/* The tests: each file has some. */
#define TEST(name) void test_##name(void);
#include "tests.def"
#undef TEST

#endif
