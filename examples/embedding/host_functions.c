/* Functions of the host's that a guest calls, in C: by wasm.h, and without conversions by godwit.h. */
#include <stdio.h>
#include <string.h>

#include "godwit.h"

static const char kText[] =
    "(module"
    "  (import \"host\" \"print\" (func $print (param i32 i32)))"
    "  (import \"host\" \"hypotenuse\" (func $hypotenuse (param f64 f64) (result f64)))"
    "  (memory (export \"memory\") 1)"
    "  (data (i32.const 16) \"hello from the guest\")"
    "  (func (export \"greet\") (call $print (i32.const 16) (i32.const 20)))"
    "  (func (export \"lose\") (call $print (i32.const 65530) (i32.const 20)))"
    "  (func (export \"measure\") (param f64 f64) (result f64)"
    "    (f64.mul (f64.const 10) (call $hypotenuse (local.get 0) (local.get 1)))))";

/* Prints a text of the guest's, which must lie in its memory. */
static wasm_trap_t* print(void* env, godwit_caller_t* caller, godwit_slot_t slots[]) {
  size_t size;
  const uint8_t* memory = godwit_caller_memory(caller, &size);
  const uint32_t at = (uint32_t)slots[0].i32, length = (uint32_t)slots[1].i32;
  if (at > size || length > size - at) return godwit_caller_trap(caller, "there is no such text");
  fprintf(env, "%.*s\n", (int)length, (const char*)memory + at);
  return NULL;
}

/* By Newton, so that nothing but the C library is needed. */
static wasm_trap_t* hypotenuse(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  const double a = args->data[0].of.f64, b = args->data[1].of.f64, square = a * a + b * b;
  double root = square > 1 ? square : 1;
  for (int i = 0; i < 60; ++i) root = (root + square / root) / 2;
  results->data[0].kind = WASM_F64;
  results->data[0].of.f64 = root;
  return NULL;
}

static int fail(const godwit_error_t* error) {
  fprintf(stderr, "error: %s\n", godwit_error_describe(error));
  return 1;
}

static wasm_func_t* find(const wasm_instance_t* instance, const char* name, wasm_extern_t** holder) {
  *holder = godwit_instance_export(instance, name);
  return *holder ? wasm_extern_as_func(*holder) : NULL;
}

int main(void) {
  wasm_engine_t* engine = wasm_engine_new();
  if (!engine) return fail(godwit_last_error());
  wasm_store_t* store = wasm_store_new(engine);

  wasm_func_t* printer = NULL;
  godwit_error_t* error = godwit_func_new(store, "ii", print, stdout, NULL, &printer);
  if (error) return fail(error);
  wasm_functype_t* type =
      wasm_functype_new_2_1(wasm_valtype_new_f64(), wasm_valtype_new_f64(), wasm_valtype_new_f64());
  wasm_func_t* measurer = wasm_func_new(store, type, hypotenuse);
  wasm_functype_delete(type);

  /* imports in the module's order */
  wasm_module_t* module = NULL;
  error = godwit_module_from_text(store, kText, strlen(kText), "example.wat", &module);
  if (error) return fail(error);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(printer), wasm_func_as_extern(measurer)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_trap_t* trap = NULL;
  wasm_instance_t* instance = wasm_instance_new(store, module, &imports, &trap);
  if (!instance) return fail(godwit_trap_error(trap));

  const wasm_val_vec_t none = WASM_EMPTY_VEC;
  wasm_val_vec_t no_results = WASM_EMPTY_VEC;
  wasm_extern_t *greet_export, *lose_export, *measure_export;
  trap = wasm_func_call(find(instance, "greet", &greet_export), &none, &no_results);
  if (trap) return fail(godwit_trap_error(trap));

  /* checked once, called often */
  godwit_typed_func_t* measure = NULL;
  error = godwit_typed_func_new(find(instance, "measure", &measure_export), "FF:F", &measure);
  if (error) return fail(error);
  godwit_slot_t slots[2];
  slots[0].f64 = 3;
  slots[1].f64 = 4;
  trap = godwit_typed_func_call(measure, slots);
  if (trap) return fail(godwit_trap_error(trap));
  printf("ten times the hypotenuse of 3 and 4: %g\n", slots[0].f64);

  trap = wasm_func_call(find(instance, "lose", &lose_export), &none, &no_results);
  if (!trap) return 1;
  printf("the guest ended: %s\n", godwit_error_message(godwit_trap_error(trap)));
  wasm_trap_delete(trap);

  godwit_typed_func_delete(measure);
  wasm_extern_delete(greet_export);
  wasm_extern_delete(lose_export);
  wasm_extern_delete(measure_export);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_func_delete(measurer);
  wasm_func_delete(printer);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}
