/* What programs usually do with wasm.h: the shortest ways through it. */
#include "check.h"

/* hello: a module that calls the host. */

static int hello_count;

static wasm_trap_t* say_hello(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  CHECK(args->size == 0 && results->size == 0);
  ++hello_count;
  return NULL;
}

void test_hello(void) {
  world_t world = world_new();
  static const char kText[] =
      "(module (import \"\" \"hello\" (func $hello)) (func (export \"run\") (call $hello)))";
  wasm_byte_vec_t binary;
  CHECK_OK(godwit_text_to_binary(world.engine, kText, sizeof kText - 1, &binary));
  CHECK(wasm_module_validate(world.store, &binary));
  wasm_module_t* module = wasm_module_new(world.store, &binary);
  CHECK(module);
  wasm_byte_vec_delete(&binary);
  CHECK(binary.size == 0);

  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* hello = wasm_func_new(world.store, type, say_hello);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(hello)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance = wasm_instance_new(world.store, module, &imports, NULL);
  CHECK(instance);
  wasm_func_delete(hello);

  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  CHECK(exports.size == 1);
  const wasm_func_t* run = wasm_extern_as_func(exports.data[0]);
  CHECK(run && wasm_func_param_arity(run) == 0 && wasm_func_result_arity(run) == 0);
  wasm_module_delete(module);
  wasm_instance_delete(instance);
  const wasm_val_vec_t args = WASM_EMPTY_VEC;
  wasm_val_vec_t results = WASM_EMPTY_VEC;
  CHECK_NO_TRAP(wasm_func_call(run, &args, &results));
  CHECK(hello_count == 1);
  wasm_extern_vec_delete(&exports);
  world_delete(world);
}

/* reflect: what a module imports and exports. */

static void check_type(const wasm_externtype_t* type, wasm_externkind_t kind) {
  CHECK(wasm_externtype_kind(type) == kind);
  CHECK((wasm_externtype_as_functype_const(type) != NULL) == (kind == WASM_EXTERN_FUNC));
  CHECK((wasm_externtype_as_globaltype_const(type) != NULL) == (kind == WASM_EXTERN_GLOBAL));
  CHECK((wasm_externtype_as_tabletype_const(type) != NULL) == (kind == WASM_EXTERN_TABLE));
  CHECK((wasm_externtype_as_memorytype_const(type) != NULL) == (kind == WASM_EXTERN_MEMORY));
  CHECK((wasm_externtype_as_tagtype_const(type) != NULL) == (kind == WASM_EXTERN_TAG));
}

void test_reflect(void) {
  world_t world = world_new();
  wasm_module_t* module = module_of(world.store,
                                    "(module (import \"env\" \"log\" (func (param i32 f64 externref)))"
                                    " (func (export \"func\") (param i32 f64 f32) (result i64) (i64.const 0))"
                                    " (global (export \"global\") (mut f64) (f64.const 0))"
                                    " (table (export \"table\") 1 50 funcref) (memory (export \"memory\") 1)"
                                    " (tag (export \"tag\") (param i32 v128)))");
  wasm_importtype_vec_t imports;
  wasm_module_imports(module, &imports);
  CHECK(imports.size == 1);
  const wasm_name_t* from = wasm_importtype_module(imports.data[0]);
  const wasm_name_t* name = wasm_importtype_name(imports.data[0]);
  CHECK(from->size == 3 && !memcmp(from->data, "env", 3));
  CHECK(name->size == 3 && !memcmp(name->data, "log", 3));
  check_type(wasm_importtype_type(imports.data[0]), WASM_EXTERN_FUNC);
  const wasm_valtype_vec_t* params =
      wasm_functype_params(wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[0])));
  CHECK(params->size == 3 && wasm_valtype_kind(params->data[2]) == WASM_EXTERNREF);
  CHECK(wasm_valtype_is_num(params->data[1]) && wasm_valtype_is_ref(params->data[2]));

  wasm_exporttype_vec_t exports;
  wasm_module_exports(module, &exports);
  static const wasm_externkind_t kKinds[] = {WASM_EXTERN_FUNC, WASM_EXTERN_GLOBAL, WASM_EXTERN_TABLE,
                                             WASM_EXTERN_MEMORY, WASM_EXTERN_TAG};
  CHECK(exports.size == 5);
  for (size_t i = 0; i < 5; ++i) check_type(wasm_exporttype_type(exports.data[i]), kKinds[i]);
  CHECK(wasm_exporttype_name(exports.data[1])->size == 6);
  const wasm_limits_t* limits =
      wasm_tabletype_limits(wasm_externtype_as_tabletype_const(wasm_exporttype_type(exports.data[2])));
  CHECK(limits->min == 1 && limits->max == 50);
  limits = wasm_memorytype_limits(wasm_externtype_as_memorytype_const(wasm_exporttype_type(exports.data[3])));
  CHECK(limits->min == 1 && limits->max == wasm_limits_max_default);
  const wasm_functype_t* tag =
      wasm_tagtype_functype(wasm_externtype_as_tagtype_const(wasm_exporttype_type(exports.data[4])));
  CHECK(wasm_functype_params(tag)->size == 2 && wasm_functype_results(tag)->size == 0);
  CHECK(wasm_valtype_kind(wasm_functype_params(tag)->data[1]) == GODWIT_V128);

  /* the same of an instance */
  wasm_instance_t* instance = instance_of(world.store,
                                          "(module (func (export \"f\") (param i32)) (global (export \"g\") "
                                          "i64 (i64.const 0)) (table (export \"t\") 2 externref)"
                                          " (memory (export \"m\") 1 2) (tag (export \"e\") (param f32)))",
                                          NULL);
  wasm_extern_vec_t values;
  wasm_instance_exports(instance, &values);
  CHECK(values.size == 5);
  for (size_t i = 0; i < 5; ++i) {
    CHECK(wasm_extern_kind(values.data[i]) == kKinds[i]);
    wasm_externtype_t* type = wasm_extern_type(values.data[i]);
    check_type(type, kKinds[i]);
    wasm_externtype_delete(type);
    CHECK((wasm_extern_as_func(values.data[i]) != NULL) == (i == 0));
    CHECK((wasm_extern_as_global(values.data[i]) != NULL) == (i == 1));
    CHECK((wasm_extern_as_table(values.data[i]) != NULL) == (i == 2));
    CHECK((wasm_extern_as_memory(values.data[i]) != NULL) == (i == 3));
    CHECK((wasm_extern_as_func_const(values.data[i]) != NULL) == (i == 0));
    CHECK((wasm_extern_as_global_const(values.data[i]) != NULL) == (i == 1));
    CHECK((wasm_extern_as_table_const(values.data[i]) != NULL) == (i == 2));
    CHECK((wasm_extern_as_memory_const(values.data[i]) != NULL) == (i == 3));
  }
  CHECK(wasm_func_as_extern_const(wasm_extern_as_func(values.data[0])) == values.data[0]);
  CHECK(wasm_global_as_extern_const(wasm_extern_as_global(values.data[1])) == values.data[1]);
  CHECK(wasm_table_as_extern_const(wasm_extern_as_table(values.data[2])) == values.data[2]);
  CHECK(wasm_memory_as_extern_const(wasm_extern_as_memory(values.data[3])) == values.data[3]);
  wasm_extern_vec_t copy;
  wasm_extern_vec_copy(&copy, &values);
  CHECK(copy.size == 5 && copy.data[4] != values.data[4] && wasm_extern_same(copy.data[4], values.data[4]));
  wasm_extern_vec_delete(&copy);
  wasm_extern_vec_delete(&values);
  wasm_instance_delete(instance);
  wasm_importtype_vec_delete(&imports);
  wasm_exporttype_vec_delete(&exports);
  wasm_module_delete(module);
  world_delete(world);
}

/* global: made by the host, by the guest, seen by both. */

void test_global(void) {
  world_t world = world_new();
  wasm_globaltype_t* variable = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_VAR);
  wasm_globaltype_t* constant = wasm_globaltype_new(wasm_valtype_new_f32(), WASM_CONST);
  const wasm_val_t seven = WASM_I64_VAL(7), half = WASM_F32_VAL(0.5f);
  wasm_global_t* counter = wasm_global_new(world.store, variable, &seven);
  wasm_global_t* fixed = wasm_global_new(world.store, constant, &half);
  CHECK(counter && fixed);
  CHECK(!wasm_global_new(world.store, variable, &half));
  CHECK(godwit_error_kind(godwit_last_error()) == GODWIT_ERROR_USAGE);
  wasm_globaltype_delete(variable);
  wasm_globaltype_delete(constant);
  wasm_extern_t* import_array[] = {wasm_global_as_extern(counter), wasm_global_as_extern(fixed)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance = instance_of(
      world.store,
      "(module (import \"\" \"counter\" (global $counter (mut i64))) (import \"\" \"fixed\" (global $fixed "
      "f32))"
      " (func (export \"count\") (global.set $counter (i64.add (global.get $counter) (i64.const 1))))"
      " (func (export \"read\") (result i32) (i32.trunc_f32_s (f32.mul (global.get $fixed) (f32.const "
      "100)))))",
      &imports);
  wasm_func_t* count = func_of(instance, "count");
  call_i32(count, 0, 0, 0);
  wasm_val_t value;
  wasm_global_get(counter, &value);
  CHECK(value.kind == WASM_I64 && value.of.i64 == 8);
  const wasm_val_t ten = WASM_I64_VAL(10), wrong = WASM_F64_VAL(1.5);
  wasm_global_set(counter, &ten);
  wasm_global_set(counter, &wrong);
  wasm_global_set(fixed, &half);
  call_i32(count, 0, 0, 0);
  wasm_global_get(counter, &value);
  CHECK(value.of.i64 == 11);
  wasm_func_t* read = func_of(instance, "read");
  CHECK(call_i32(read, 0, 0, 0) == 50);
  wasm_globaltype_t* type = wasm_global_type(fixed);
  CHECK(wasm_globaltype_mutability(type) == WASM_CONST);
  CHECK(wasm_valtype_kind(wasm_globaltype_content(type)) == WASM_F32);
  wasm_globaltype_delete(type);
  wasm_func_delete(read);
  wasm_func_delete(count);
  wasm_instance_delete(instance);
  wasm_global_delete(counter);
  wasm_global_delete(fixed);
  world_delete(world);
}

/* table: functions that the host puts into a guest's table. */

static wasm_trap_t* negate(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = -args->data[0].of.i32;
  return NULL;
}

void test_table(void) {
  world_t world = world_new();
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (table (export \"table\") 2 10 funcref) (type $t (func (param i32) (result i32)))"
                  " (func $twice (export \"twice\") (type $t) (i32.mul (local.get 0) (i32.const 2)))"
                  " (elem (i32.const 0) $twice)"
                  " (func (export \"call\") (param i32 i32) (result i32) (call_indirect (type $t) (local.get "
                  "0) (local.get 1))))",
                  NULL);
  wasm_extern_t* exported = godwit_instance_export(instance, "table");
  wasm_table_t* table = wasm_extern_as_table(exported);
  wasm_func_t* call = func_of(instance, "call");
  CHECK(wasm_table_size(table) == 2 && call_i32(call, 2, 21, 0) == 42);
  wasm_tabletype_t* type = wasm_table_type(table);
  CHECK(wasm_valtype_kind(wasm_tabletype_element(type)) == WASM_FUNCREF &&
        wasm_tabletype_limits(type)->max == 10);
  wasm_tabletype_delete(type);

  wasm_functype_t* func_type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_func_t* negator = wasm_func_new(world.store, func_type, negate);
  wasm_functype_delete(func_type);
  CHECK(wasm_table_set(table, 1, wasm_func_as_ref(negator)));
  CHECK(call_i32(call, 2, 21, 1) == -21);
  wasm_ref_t* element = wasm_table_get(table, 1);
  CHECK(element && wasm_ref_as_func(element) && wasm_ref_same(element, wasm_func_as_ref(negator)));
  wasm_ref_delete(element);

  CHECK(wasm_table_grow(table, 3, wasm_func_as_ref(negator)) && wasm_table_size(table) == 5);
  CHECK(call_i32(call, 2, 5, 4) == -5);
  CHECK(!wasm_table_grow(table, 6, NULL) && wasm_table_size(table) == 5);
  CHECK(!wasm_table_set(table, 5, NULL) && !wasm_table_get(table, 5));
  wasm_foreign_t* foreign = wasm_foreign_new(world.store);
  CHECK(!wasm_table_set(table, 0, wasm_foreign_as_ref(foreign)));
  wasm_foreign_delete(foreign);
  CHECK(wasm_table_set(table, 4, NULL) && !wasm_table_get(table, 4));

  const wasm_limits_t limits = {3, 3};
  wasm_tabletype_t* own_type = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
  wasm_table_t* own_table = wasm_table_new(world.store, own_type, wasm_func_as_ref(negator));
  CHECK(own_table && wasm_table_size(own_table) == 3);
  element = wasm_table_get(own_table, 2);
  CHECK(element);
  wasm_ref_delete(element);
  CHECK(wasm_table_as_extern(own_table) && !wasm_table_same(own_table, table));
  wasm_tabletype_delete(own_type);
  wasm_table_delete(own_table);
  wasm_func_delete(negator);
  wasm_func_delete(call);
  wasm_extern_delete(exported);
  wasm_instance_delete(instance);
  world_delete(world);
}

/* memory: bytes that host and guest share. */

void test_memory(void) {
  world_t world = world_new();
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (memory (export \"memory\") 2 3) (data (i32.const 0x1000) \"\\01\\02\\03\\04\")"
                  " (func (export \"load\") (param i32) (result i32) (i32.load8_s (local.get 0)))"
                  " (func (export \"store\") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))",
                  NULL);
  wasm_extern_t* exported = godwit_instance_export(instance, "memory");
  wasm_memory_t* memory = wasm_extern_as_memory(exported);
  wasm_func_t *load = func_of(instance, "load"), *store = func_of(instance, "store");
  byte_t* data = wasm_memory_data(memory);
  CHECK(wasm_memory_size(memory) == 2 && wasm_memory_data_size(memory) == 2 * MEMORY_PAGE_SIZE);
  CHECK(data[0x1003] == 4 && call_i32(load, 1, 0x1002, 0) == 3);
  data[0x1003] = 5;
  CHECK(call_i32(load, 1, 0x1003, 0) == 5);
  call_i32(store, 2, 0x1002, 6);
  CHECK(data[0x1002] == 6);
  CHECK(wasm_memory_grow(memory, 1) && wasm_memory_size(memory) == 3);
  CHECK(wasm_memory_data(memory) == data && data[3 * MEMORY_PAGE_SIZE - 1] == 0);
  CHECK(!wasm_memory_grow(memory, 1) && wasm_memory_size(memory) == 3);
  wasm_memorytype_t* type = wasm_memory_type(memory);
  CHECK(wasm_memorytype_limits(type)->min == 2 && wasm_memorytype_limits(type)->max == 3);
  wasm_memory_t* another = wasm_memory_new(world.store, type);
  CHECK(another && wasm_memory_size(another) == 2 && wasm_memory_as_extern(another));
  wasm_memory_delete(another);
  wasm_memorytype_delete(type);
  wasm_func_delete(load);
  wasm_func_delete(store);
  wasm_extern_delete(exported);
  wasm_instance_delete(instance);
  world_delete(world);
}

/* serialize: a module as bytes and back. */

void test_serialize(void) {
  world_t world = world_new();
  wasm_module_t* module =
      module_of(world.store, "(module (func (export \"five\") (result i32) (i32.const 5)))");
  wasm_byte_vec_t bytes;
  wasm_module_serialize(module, &bytes);
  wasm_module_delete(module);
  module = wasm_module_deserialize(world.store, &bytes);
  CHECK(module);
  bytes.data[0] ^= 1;
  CHECK(!wasm_module_deserialize(world.store, &bytes));
  CHECK(godwit_error_kind(godwit_last_error()) == GODWIT_ERROR_MALFORMED);
  CHECK(!wasm_module_validate(world.store, &bytes));
  wasm_byte_vec_delete(&bytes);
  const wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_instance_t* instance = wasm_instance_new(world.store, module, &none, NULL);
  wasm_func_t* five = func_of(instance, "five");
  CHECK(call_i32(five, 0, 0, 0) == 5);
  wasm_func_delete(five);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  world_delete(world);
}

/* multi: several results, of a callback and of a guest. */

static wasm_trap_t* reverse(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  for (size_t i = 0; i < 4; ++i) wasm_val_copy(&results->data[i], &args->data[3 - i]);
  return NULL;
}

void test_multi(void) {
  world_t world = world_new();
  wasm_valtype_t* param_array[] = {wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_f32(),
                                   wasm_valtype_new_f64()};
  wasm_valtype_t* result_array[] = {wasm_valtype_new_f64(), wasm_valtype_new_f32(), wasm_valtype_new_i64(),
                                    wasm_valtype_new_i32()};
  wasm_valtype_vec_t params, results;
  wasm_valtype_vec_new(&params, 4, param_array);
  wasm_valtype_vec_new(&results, 4, result_array);
  wasm_functype_t* type = wasm_functype_new(&params, &results);
  CHECK(params.size == 0);
  wasm_func_t* reverser = wasm_func_new(world.store, type, reverse);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(reverser)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  wasm_instance_t* instance =
      instance_of(world.store,
                  "(module (import \"\" \"f\" (func $f (param i32 i64 f32 f64) (result f64 f32 i64 i32)))"
                  " (func (export \"g\") (param i32 i64 f32 f64) (result f64 f32 i64 i32)"
                  "  (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
                  &imports);
  wasm_func_t* func = func_of(instance, "g");
  wasm_val_t in[] = {WASM_I32_VAL(1), WASM_I64_VAL(2), WASM_F32_VAL(3), WASM_F64_VAL(4)};
  wasm_val_t out[] = {WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL};
  const wasm_val_vec_t args = WASM_ARRAY_VEC(in);
  wasm_val_vec_t values = WASM_ARRAY_VEC(out);
  CHECK_NO_TRAP(wasm_func_call(func, &args, &values));
  CHECK(out[0].kind == WASM_F64 && out[0].of.f64 == 4 && out[1].of.f32 == 3 && out[2].of.i64 == 2 &&
        out[3].of.i32 == 1);
  wasm_func_delete(func);
  wasm_instance_delete(instance);
  wasm_func_delete(reverser);
  world_delete(world);
}

/* start: a start function that traps. */

void test_start(void) {
  world_t world = world_new();
  wasm_module_t* module = module_of(world.store, "(module (func $start unreachable) (start $start))");
  const wasm_extern_vec_t none = WASM_EMPTY_VEC;
  wasm_trap_t* trap = NULL;
  CHECK(!wasm_instance_new(world.store, module, &none, &trap));
  CHECK(trap);
  wasm_frame_t* origin = wasm_trap_origin(trap);
  CHECK(origin && wasm_frame_func_index(origin) == 0);
  wasm_frame_delete(origin);
  wasm_trap_delete(trap);
  /* too few imports, and of the wrong type */
  wasm_module_t* wanting = module_of(world.store, "(module (import \"\" \"g\" (global i32)))");
  CHECK(!wasm_instance_new(world.store, wanting, &none, &trap));
  CHECK(trap && godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_USAGE);
  wasm_trap_delete(trap);
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* func = wasm_func_new(world.store, type, say_hello);
  wasm_functype_delete(type);
  wasm_extern_t* import_array[] = {wasm_func_as_extern(func)};
  const wasm_extern_vec_t imports = WASM_ARRAY_VEC(import_array);
  CHECK(!wasm_instance_new(world.store, wanting, &imports, &trap));
  CHECK(godwit_error_kind(godwit_trap_error(trap)) == GODWIT_ERROR_UNLINKABLE);
  wasm_trap_delete(trap);
  CHECK(!wasm_instance_new(world.store, wanting, &imports, NULL));
  wasm_func_delete(func);
  wasm_module_delete(wanting);
  wasm_module_delete(module);
  world_delete(world);
}
