/* The WebAssembly C API: the names, types and rules of ownership that all runtimes with such an API share.
 *
 * The interface is that of https://github.com/WebAssembly/wasm-c-api (include/wasm.h, revision 9d6b937; copyright its
 * contributors, Apache License 2.0, see LICENSE). This header declares exactly that, in words of its own; what Godwit has
 * beyond it stands in godwit.h. Programs are linked with -lgodwit.
 *
 * Who frees what. `own` before a type says that whoever receives the value must free it with wasm_<type>_delete, or pass it on
 * to something that takes it as `own`. An `own` vector owns its elements, too. Without `own` a pointer is lent: from a
 * parameter for the time of the call, from a result as long as the object lives that it was taken from. A parameter `out` is
 * where an own result is written. What is deleted is a handle: the object behind it lives as long as anything refers to it,
 * and in any case until its store is gone, which all handles to its objects keep alive.
 *
 * Threads. An engine, a config that nobody changes, types, vectors and shared modules may be used on any thread; a store, and
 * whatever belongs to it, on one at a time.
 *
 * Failure. Functions that make something return null if they cannot; godwit_last_error() of godwit.h says why. */
#ifndef WASM_H
#define WASM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef WASM_API_EXTERN
/* How the functions are exported and imported. */
#define WASM_API_EXTERN __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Machine types and ownership ---- */

static_assert(sizeof(float) == 4, "float is not the IEEE 754 single format");
static_assert(sizeof(double) == 8, "double is not the IEEE 754 double format");
static_assert(sizeof(intptr_t) == 4 || sizeof(intptr_t) == 8, "pointers have neither 32 nor 64 bits");

typedef char byte_t;      /* one byte of a name or of a module */
typedef float float32_t;  /* f32 */
typedef double float64_t; /* f64 */

#define own /* see above; undefined again at the end of this header */

/* An opaque type and the function that frees a handle to it; null is ignored. */
#define WASM_DECLARE_OWN(name)                    \
  typedef struct wasm_##name##_t wasm_##name##_t; \
  WASM_API_EXTERN void wasm_##name##_delete(own wasm_##name##_t*);

/* Vectors: `size` elements at `data`, null if there are none.
 * _new takes over the elements of an array, not the array; _new_uninitialized has elements that are to be written before
 * the vector is used or deleted (they are zeroed); _copy copies the elements, too; _delete frees them and leaves the vector
 * empty. */
#define WASM_DECLARE_VEC(name, ptr_or_none)                                                            \
  typedef struct wasm_##name##_vec_t {                                                                 \
    size_t size;                                                                                       \
    wasm_##name##_t ptr_or_none* data;                                                                 \
  } wasm_##name##_vec_t;                                                                               \
  WASM_API_EXTERN void wasm_##name##_vec_new_empty(own wasm_##name##_vec_t* out);                      \
  WASM_API_EXTERN void wasm_##name##_vec_new_uninitialized(own wasm_##name##_vec_t* out, size_t size); \
  WASM_API_EXTERN void wasm_##name##_vec_new(own wasm_##name##_vec_t* out, size_t size,                \
                                             own wasm_##name##_t ptr_or_none const elements[]);        \
  WASM_API_EXTERN void wasm_##name##_vec_copy(own wasm_##name##_vec_t* out,                            \
                                              const wasm_##name##_vec_t* from);                        \
  WASM_API_EXTERN void wasm_##name##_vec_delete(own wasm_##name##_vec_t*);

typedef byte_t wasm_byte_t; /* an element of wasm_byte_vec_t */
WASM_DECLARE_VEC(byte, )

typedef wasm_byte_vec_t wasm_name_t; /* a text: UTF-8, with no NUL at its end unless somebody says so */

#define wasm_name wasm_byte_vec
#define wasm_name_new wasm_byte_vec_new
#define wasm_name_new_empty wasm_byte_vec_new_empty
#define wasm_name_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_copy wasm_byte_vec_copy
#define wasm_name_delete wasm_byte_vec_delete

/* A name from a C string, without its NUL. */
static inline void wasm_name_new_from_string(own wasm_name_t* out, const char* string) {
  wasm_name_new(out, strlen(string), string);
}

/* A name from a C string, with its NUL: what wasm_message_t wants. */
static inline void wasm_name_new_from_string_nt(own wasm_name_t* out, const char* string) {
  wasm_name_new(out, strlen(string) + 1, string);
}

/* ---- Config, engine, store ---- */

WASM_DECLARE_OWN(config)
WASM_DECLARE_OWN(engine)
WASM_DECLARE_OWN(store)

/* The settings of an engine to be made; godwit.h has what changes them. */
WASM_API_EXTERN own wasm_config_t* wasm_config_new(void);

/* An engine, of which one per process is enough. Null: this machine cannot run guests. */
WASM_API_EXTERN own wasm_engine_t* wasm_engine_new(void);
/* The same with settings. */
WASM_API_EXTERN own wasm_engine_t* wasm_engine_new_with_config(own wasm_config_t*);

/* A store: the world in which instances live, all of them until it is gone. */
WASM_API_EXTERN own wasm_store_t* wasm_store_new(wasm_engine_t*);

/* ---- Types ---- */

typedef uint8_t wasm_mutability_t; /* one of: */
enum wasm_mutability_enum {
  WASM_CONST,
  WASM_VAR,
}; /* whether a global may be set */

typedef struct wasm_limits_t {
  uint32_t min;  /* at the start */
  uint32_t max;  /* or wasm_limits_max_default: none */
} wasm_limits_t; /* of a table in elements, of a memory in pages */

static const uint32_t wasm_limits_max_default = 0xffffffff; /* stands for no maximum */

/* An opaque type of plain data: freed, copied, in vectors. */
#define WASM_DECLARE_TYPE(name) \
  WASM_DECLARE_OWN(name)        \
  WASM_DECLARE_VEC(name, *)     \
  WASM_API_EXTERN own wasm_##name##_t* wasm_##name##_copy(const wasm_##name##_t*);

WASM_DECLARE_TYPE(valtype)

typedef uint8_t wasm_valkind_t; /* one of: */
enum wasm_valkind_enum {
  WASM_I32,
  WASM_I64,
  WASM_F32,
  WASM_F64,
  WASM_EXTERNREF = 128,
  WASM_FUNCREF,
}; /* the types of values; godwit.h names those that modules may have besides */

/* The type of that kind. Null: there is none. */
WASM_API_EXTERN own wasm_valtype_t* wasm_valtype_new(wasm_valkind_t);
/* Its kind. */
WASM_API_EXTERN wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t*);

/* Numbers and vectors. */
static inline bool wasm_valkind_is_num(wasm_valkind_t kind) { return kind < WASM_EXTERNREF; }
/* References. */
static inline bool wasm_valkind_is_ref(wasm_valkind_t kind) { return kind >= WASM_EXTERNREF; }
/* Numbers and vectors. */
static inline bool wasm_valtype_is_num(const wasm_valtype_t* type) {
  return wasm_valkind_is_num(wasm_valtype_kind(type));
}
/* References. */
static inline bool wasm_valtype_is_ref(const wasm_valtype_t* type) {
  return wasm_valkind_is_ref(wasm_valtype_kind(type));
}

WASM_DECLARE_TYPE(functype)

/* A function type; both vectors are emptied. */
WASM_API_EXTERN own wasm_functype_t* wasm_functype_new(own wasm_valtype_vec_t* params,
                                                       own wasm_valtype_vec_t* results);
/* Its parameters, in order. */
WASM_API_EXTERN const wasm_valtype_vec_t* wasm_functype_params(const wasm_functype_t*);
/* Its results, in order. */
WASM_API_EXTERN const wasm_valtype_vec_t* wasm_functype_results(const wasm_functype_t*);

WASM_DECLARE_TYPE(globaltype)

/* The type of a global that holds such a value. */
WASM_API_EXTERN own wasm_globaltype_t* wasm_globaltype_new(own wasm_valtype_t*, wasm_mutability_t);
/* What it holds. */
WASM_API_EXTERN const wasm_valtype_t* wasm_globaltype_content(const wasm_globaltype_t*);
/* Whether it may be set. */
WASM_API_EXTERN wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t*);

WASM_DECLARE_TYPE(tabletype)

/* The type of a table of such references. */
WASM_API_EXTERN own wasm_tabletype_t* wasm_tabletype_new(own wasm_valtype_t*, const wasm_limits_t*);
/* What it holds. */
WASM_API_EXTERN const wasm_valtype_t* wasm_tabletype_element(const wasm_tabletype_t*);
/* Its size, in elements. */
WASM_API_EXTERN const wasm_limits_t* wasm_tabletype_limits(const wasm_tabletype_t*);

WASM_DECLARE_TYPE(memorytype)

/* The type of a memory of such a size, in pages of 64 KiB, addressed with 32 bits. */
WASM_API_EXTERN own wasm_memorytype_t* wasm_memorytype_new(const wasm_limits_t*);
/* Its size, in pages. */
WASM_API_EXTERN const wasm_limits_t* wasm_memorytype_limits(const wasm_memorytype_t*);

WASM_DECLARE_TYPE(tagtype)

/* The type of an exception's tag: the function's parameters are what it carries. */
WASM_API_EXTERN own wasm_tagtype_t* wasm_tagtype_new(own wasm_functype_t*);
/* What it carries, as the parameters. */
WASM_API_EXTERN const wasm_functype_t* wasm_tagtype_functype(const wasm_tagtype_t*);

WASM_DECLARE_TYPE(externtype)

typedef uint8_t wasm_externkind_t; /* one of: */
enum wasm_externkind_enum {
  WASM_EXTERN_FUNC,
  WASM_EXTERN_GLOBAL,
  WASM_EXTERN_TABLE,
  WASM_EXTERN_MEMORY,
  WASM_EXTERN_TAG,
}; /* what can be imported and exported */

/* Which of them the type is of. */
WASM_API_EXTERN wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t*);

/* The same type under another name. Towards the special one it is null if it is of another kind. */
WASM_API_EXTERN wasm_externtype_t* wasm_functype_as_externtype(wasm_functype_t*);     /* see above */
WASM_API_EXTERN wasm_externtype_t* wasm_globaltype_as_externtype(wasm_globaltype_t*); /* see above */
WASM_API_EXTERN wasm_externtype_t* wasm_tabletype_as_externtype(wasm_tabletype_t*);   /* see above */
WASM_API_EXTERN wasm_externtype_t* wasm_memorytype_as_externtype(wasm_memorytype_t*); /* see above */
WASM_API_EXTERN wasm_externtype_t* wasm_tagtype_as_externtype(wasm_tagtype_t*);       /* see above */
WASM_API_EXTERN wasm_functype_t* wasm_externtype_as_functype(wasm_externtype_t*);     /* or null */
WASM_API_EXTERN wasm_globaltype_t* wasm_externtype_as_globaltype(wasm_externtype_t*); /* or null */
WASM_API_EXTERN wasm_tabletype_t* wasm_externtype_as_tabletype(wasm_externtype_t*);   /* or null */
WASM_API_EXTERN wasm_memorytype_t* wasm_externtype_as_memorytype(wasm_externtype_t*); /* or null */
WASM_API_EXTERN wasm_tagtype_t* wasm_externtype_as_tagtype(wasm_externtype_t*);       /* or null */

/* The same for what must not be changed. */
WASM_API_EXTERN const wasm_externtype_t* wasm_functype_as_externtype_const(
    const wasm_functype_t*); /* see above */
WASM_API_EXTERN const wasm_externtype_t* wasm_globaltype_as_externtype_const(
    const wasm_globaltype_t*); /* see above */
WASM_API_EXTERN const wasm_externtype_t* wasm_tabletype_as_externtype_const(
    const wasm_tabletype_t*); /* see above */
WASM_API_EXTERN const wasm_externtype_t* wasm_memorytype_as_externtype_const(
    const wasm_memorytype_t*); /* see above */
WASM_API_EXTERN const wasm_externtype_t* wasm_tagtype_as_externtype_const(
    const wasm_tagtype_t*); /* see above */
WASM_API_EXTERN const wasm_functype_t* wasm_externtype_as_functype_const(
    const wasm_externtype_t*); /* or null */
WASM_API_EXTERN const wasm_globaltype_t* wasm_externtype_as_globaltype_const(
    const wasm_externtype_t*); /* or null */
WASM_API_EXTERN const wasm_tabletype_t* wasm_externtype_as_tabletype_const(
    const wasm_externtype_t*); /* or null */
WASM_API_EXTERN const wasm_memorytype_t* wasm_externtype_as_memorytype_const(
    const wasm_externtype_t*); /* or null */
WASM_API_EXTERN const wasm_tagtype_t* wasm_externtype_as_tagtype_const(
    const wasm_externtype_t*); /* or null */

WASM_DECLARE_TYPE(importtype)

/* What a module asks for: `name` of `module`; both names are emptied. */
WASM_API_EXTERN own wasm_importtype_t* wasm_importtype_new(own wasm_name_t* module, own wasm_name_t* name,
                                                           own wasm_externtype_t*);
/* Of which module. */
WASM_API_EXTERN const wasm_name_t* wasm_importtype_module(const wasm_importtype_t*);
/* Under which name. */
WASM_API_EXTERN const wasm_name_t* wasm_importtype_name(const wasm_importtype_t*);
/* Of which type. */
WASM_API_EXTERN const wasm_externtype_t* wasm_importtype_type(const wasm_importtype_t*);

WASM_DECLARE_TYPE(exporttype)

/* What a module offers; the name is emptied. */
WASM_API_EXTERN own wasm_exporttype_t* wasm_exporttype_new(own wasm_name_t*, own wasm_externtype_t*);
/* Under which name. */
WASM_API_EXTERN const wasm_name_t* wasm_exporttype_name(const wasm_exporttype_t*);
/* Of which type. */
WASM_API_EXTERN const wasm_externtype_t* wasm_exporttype_type(const wasm_exporttype_t*);

/* ---- Values ---- */

struct wasm_ref_t;

typedef struct wasm_val_t {
  wasm_valkind_t kind; /* which member of `of` it is */
  union {
    int32_t i32;            /* WASM_I32 */
    int64_t i64;            /* WASM_I64 */
    float32_t f32;          /* WASM_F32 */
    float64_t f64;          /* WASM_F64 */
    struct wasm_ref_t* ref; /* the others: an own handle if the value is own; null is the null reference */
  } of;                     /* the value */
} wasm_val_t;               /* a number or a reference */

/* Deletes the reference, if it is one; not the structure. */
WASM_API_EXTERN void wasm_val_delete(own wasm_val_t*);
/* Copies the value, with a handle of its own to the same reference. */
WASM_API_EXTERN void wasm_val_copy(own wasm_val_t* out, const wasm_val_t*);

WASM_DECLARE_VEC(val, )

/* ---- References ---- */

/* What all references have: copies of the handle; whether two handles are to the same object; and one pointer of the host's
 * that goes with the object, whichever handle it is asked of. Its finalizer is called once: when another pointer takes its
 * place, or when the object is gone (for what lies in a store: when that is gone). It must not use the object or its store. */
#define WASM_DECLARE_REF_BASE(name)                                                             \
  WASM_DECLARE_OWN(name)                                                                        \
  WASM_API_EXTERN own wasm_##name##_t* wasm_##name##_copy(const wasm_##name##_t*);              \
  WASM_API_EXTERN bool wasm_##name##_same(const wasm_##name##_t*, const wasm_##name##_t*);      \
  WASM_API_EXTERN void* wasm_##name##_get_host_info(const wasm_##name##_t*);                    \
  WASM_API_EXTERN void wasm_##name##_set_host_info(wasm_##name##_t*, void*);                    \
  WASM_API_EXTERN void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t*, void* info, \
                                                                  void (*finalizer)(void* info));

/* A kind of reference: the same handle under the general name and back; back it is null if it is of another kind. */
#define WASM_DECLARE_REF(name)                                                          \
  WASM_DECLARE_REF_BASE(name)                                                           \
  WASM_API_EXTERN wasm_ref_t* wasm_##name##_as_ref(wasm_##name##_t*);                   \
  WASM_API_EXTERN wasm_##name##_t* wasm_ref_as_##name(wasm_ref_t*);                     \
  WASM_API_EXTERN const wasm_ref_t* wasm_##name##_as_ref_const(const wasm_##name##_t*); \
  WASM_API_EXTERN const wasm_##name##_t* wasm_ref_as_##name##_const(const wasm_ref_t*);

/* A kind of reference that can be taken to other stores, also on other threads. */
#define WASM_DECLARE_SHARABLE_REF(name)                                                    \
  WASM_DECLARE_REF(name)                                                                   \
  WASM_DECLARE_OWN(shared_##name)                                                          \
  WASM_API_EXTERN own wasm_shared_##name##_t* wasm_##name##_share(const wasm_##name##_t*); \
  WASM_API_EXTERN own wasm_##name##_t* wasm_##name##_obtain(wasm_store_t*, const wasm_shared_##name##_t*);

WASM_DECLARE_REF_BASE(ref)

/* ---- Traps and their frames ---- */

WASM_DECLARE_OWN(frame)
WASM_DECLARE_VEC(frame, *)
/* Another handle to the same frame. */
WASM_API_EXTERN own wasm_frame_t* wasm_frame_copy(const wasm_frame_t*);

/* Always null: Godwit's frames know their module and function by name (godwit_frame_module()), not their instance. */
WASM_API_EXTERN struct wasm_instance_t* wasm_frame_instance(const wasm_frame_t*);
/* Of the function, among all of the module. */
WASM_API_EXTERN uint32_t wasm_frame_func_index(const wasm_frame_t*);
/* Of the instruction, in bytes from the beginning of the function's body; 0 if it is not known. */
WASM_API_EXTERN size_t wasm_frame_func_offset(const wasm_frame_t*);
/* Of the instruction, in bytes from the beginning of the module; 0 if it is not known. */
WASM_API_EXTERN size_t wasm_frame_module_offset(const wasm_frame_t*);

typedef wasm_name_t wasm_message_t; /* a text with a NUL at its end, which is counted */

WASM_DECLARE_REF(trap)

/* A trap for a callback to return. The message ends with a NUL. */
WASM_API_EXTERN own wasm_trap_t* wasm_trap_new(wasm_store_t*, const wasm_message_t*);
/* Why the guest ended, with a NUL. */
WASM_API_EXTERN void wasm_trap_message(const wasm_trap_t*, own wasm_message_t* out);
/* The innermost frame of the guest; null if none is known. */
WASM_API_EXTERN own wasm_frame_t* wasm_trap_origin(const wasm_trap_t*);
/* All its frames, innermost first. */
WASM_API_EXTERN void wasm_trap_trace(const wasm_trap_t*, own wasm_frame_vec_t* out);

/* ---- Objects of the host's ---- */

WASM_DECLARE_REF(foreign)

/* A reference that means something to the host alone, by its host info: to be passed as externref. */
WASM_API_EXTERN own wasm_foreign_t* wasm_foreign_new(wasm_store_t*);

/* ---- Modules ---- */

WASM_DECLARE_SHARABLE_REF(module)

/* A module from a copy of its binary. Null: it is malformed or invalid. */
WASM_API_EXTERN own wasm_module_t* wasm_module_new(wasm_store_t*, const wasm_byte_vec_t* binary);
/* Whether that would succeed. */
WASM_API_EXTERN bool wasm_module_validate(wasm_store_t*, const wasm_byte_vec_t* binary);
/* What it asks for, in its order. */
WASM_API_EXTERN void wasm_module_imports(const wasm_module_t*, own wasm_importtype_vec_t* out);
/* What it offers, in its order. */
WASM_API_EXTERN void wasm_module_exports(const wasm_module_t*, own wasm_exporttype_vec_t* out);
/* The module as bytes that any Godwit reads: its binary, with the compiled code that it brought along. */
WASM_API_EXTERN void wasm_module_serialize(const wasm_module_t*, own wasm_byte_vec_t* out);
/* The module that was serialized so; the bytes need not be trusted. Null: they are no module. */
WASM_API_EXTERN own wasm_module_t* wasm_module_deserialize(wasm_store_t*, const wasm_byte_vec_t*);

/* ---- Functions ---- */

WASM_DECLARE_REF(func)

/* A function of the host's: reads the arguments, which are lent, and writes a value of the right type into each result, which
 * is then the caller's. Returns null, or a trap that ends the guest. It may call functions of the same store. */
typedef own wasm_trap_t* (*wasm_func_callback_t)(const wasm_val_vec_t* args, own wasm_val_vec_t* results);
/* The same with a pointer of the host's. */
typedef own wasm_trap_t* (*wasm_func_callback_with_env_t)(void* env, const wasm_val_vec_t* args,
                                                          wasm_val_vec_t* results);

/* A function of the host's. Null: the type has something that wasm_val_t cannot hold. */
WASM_API_EXTERN own wasm_func_t* wasm_func_new(wasm_store_t*, const wasm_functype_t*, wasm_func_callback_t);
/* The same; `finalizer`, which may be null, gets `env` when the function is gone. */
WASM_API_EXTERN own wasm_func_t* wasm_func_new_with_env(wasm_store_t*, const wasm_functype_t*,
                                                        wasm_func_callback_with_env_t, void* env,
                                                        void (*finalizer)(void* env));
/* Its type. */
WASM_API_EXTERN own wasm_functype_t* wasm_func_type(const wasm_func_t*);
/* How many parameters it has. */
WASM_API_EXTERN size_t wasm_func_param_arity(const wasm_func_t*);
/* How many results it has. */
WASM_API_EXTERN size_t wasm_func_result_arity(const wasm_func_t*);
/* Calls it with as many arguments as it has parameters; writes as many own results as it has into `results`, which has room
 * for them. Returns null, or how the guest ended: then no result is written. */
WASM_API_EXTERN own wasm_trap_t* wasm_func_call(const wasm_func_t*, const wasm_val_vec_t* args,
                                                wasm_val_vec_t* results);

/* ---- Globals ---- */

WASM_DECLARE_REF(global)

/* A global that holds the value. Null: it is of another type. */
WASM_API_EXTERN own wasm_global_t* wasm_global_new(wasm_store_t*, const wasm_globaltype_t*,
                                                   const wasm_val_t*);
/* Its type. */
WASM_API_EXTERN own wasm_globaltype_t* wasm_global_type(const wasm_global_t*);
/* What it holds. */
WASM_API_EXTERN void wasm_global_get(const wasm_global_t*, own wasm_val_t* out);
/* Makes it hold the value; nothing happens if it is a constant or the value is of another type. */
WASM_API_EXTERN void wasm_global_set(wasm_global_t*, const wasm_val_t*);

/* ---- Tables ---- */

WASM_DECLARE_REF(table)

typedef uint32_t wasm_table_size_t; /* in elements */

/* A table whose elements are all `init`, which may be null. Null: `init` is of another type, or a limit. */
WASM_API_EXTERN own wasm_table_t* wasm_table_new(wasm_store_t*, const wasm_tabletype_t*, wasm_ref_t* init);
/* Its type. */
WASM_API_EXTERN own wasm_tabletype_t* wasm_table_type(const wasm_table_t*);
/* The element; null if it is the null reference, or if there is none. */
WASM_API_EXTERN own wasm_ref_t* wasm_table_get(const wasm_table_t*, wasm_table_size_t index);
/* Makes the reference, which may be null, the element. False: there is no such element, or it is of another type. */
WASM_API_EXTERN bool wasm_table_set(wasm_table_t*, wasm_table_size_t index, wasm_ref_t*);
/* How many elements it has. */
WASM_API_EXTERN wasm_table_size_t wasm_table_size(const wasm_table_t*);
/* Adds elements. False: a limit, or `init` is of another type; nothing has changed then. */
WASM_API_EXTERN bool wasm_table_grow(wasm_table_t*, wasm_table_size_t delta, wasm_ref_t* init);

/* ---- Memories ---- */

WASM_DECLARE_REF(memory)

typedef uint32_t wasm_memory_pages_t; /* of 64 KiB */

static const size_t MEMORY_PAGE_SIZE = 0x10000; /* in bytes */

/* A memory of zeros. Null: a limit, or the system has no room. */
WASM_API_EXTERN own wasm_memory_t* wasm_memory_new(wasm_store_t*, const wasm_memorytype_t*);
/* Its type. */
WASM_API_EXTERN own wasm_memorytype_t* wasm_memory_type(const wasm_memory_t*);
/* Its bytes, which never move: growing leaves them where they are. */
WASM_API_EXTERN byte_t* wasm_memory_data(wasm_memory_t*);
/* How many bytes there are now. */
WASM_API_EXTERN size_t wasm_memory_data_size(const wasm_memory_t*);
/* How many pages there are now. */
WASM_API_EXTERN wasm_memory_pages_t wasm_memory_size(const wasm_memory_t*);
/* Adds pages of zeros. False: a limit, or the system has no room; nothing has changed then. */
WASM_API_EXTERN bool wasm_memory_grow(wasm_memory_t*, wasm_memory_pages_t delta);

/* ---- Imports and exports ---- */

WASM_DECLARE_REF(extern)
WASM_DECLARE_VEC(extern, *)

/* What it is. */
WASM_API_EXTERN wasm_externkind_t wasm_extern_kind(const wasm_extern_t*);
/* Its type. */
WASM_API_EXTERN own wasm_externtype_t* wasm_extern_type(const wasm_extern_t*);

/* The same handle under another name. Towards the special one it is null if it is of another kind. */
WASM_API_EXTERN wasm_extern_t* wasm_func_as_extern(wasm_func_t*);     /* see above */
WASM_API_EXTERN wasm_extern_t* wasm_global_as_extern(wasm_global_t*); /* see above */
WASM_API_EXTERN wasm_extern_t* wasm_table_as_extern(wasm_table_t*);   /* see above */
WASM_API_EXTERN wasm_extern_t* wasm_memory_as_extern(wasm_memory_t*); /* see above */
WASM_API_EXTERN wasm_func_t* wasm_extern_as_func(wasm_extern_t*);     /* or null */
WASM_API_EXTERN wasm_global_t* wasm_extern_as_global(wasm_extern_t*); /* or null */
WASM_API_EXTERN wasm_table_t* wasm_extern_as_table(wasm_extern_t*);   /* or null */
WASM_API_EXTERN wasm_memory_t* wasm_extern_as_memory(wasm_extern_t*); /* or null */

/* The same for what must not be changed. */
WASM_API_EXTERN const wasm_extern_t* wasm_func_as_extern_const(const wasm_func_t*);     /* see above */
WASM_API_EXTERN const wasm_extern_t* wasm_global_as_extern_const(const wasm_global_t*); /* see above */
WASM_API_EXTERN const wasm_extern_t* wasm_table_as_extern_const(const wasm_table_t*);   /* see above */
WASM_API_EXTERN const wasm_extern_t* wasm_memory_as_extern_const(const wasm_memory_t*); /* see above */
WASM_API_EXTERN const wasm_func_t* wasm_extern_as_func_const(const wasm_extern_t*);     /* or null */
WASM_API_EXTERN const wasm_global_t* wasm_extern_as_global_const(const wasm_extern_t*); /* or null */
WASM_API_EXTERN const wasm_table_t* wasm_extern_as_table_const(const wasm_extern_t*);   /* or null */
WASM_API_EXTERN const wasm_memory_t* wasm_extern_as_memory_const(const wasm_extern_t*); /* or null */

/* ---- Instances ---- */

WASM_DECLARE_REF(instance)

/* Instantiates the module with one import for each that it asks for, in its order, and runs its start function. Null: they
 * do not fit, or the start function ended so; then a trap that says it is written to the last parameter, unless that is
 * null. */
WASM_API_EXTERN own wasm_instance_t* wasm_instance_new(wasm_store_t*, const wasm_module_t*,
                                                       const wasm_extern_vec_t* imports,
                                                       own wasm_trap_t** trap);
/* What it exports, in the order of wasm_module_exports(). */
WASM_API_EXTERN void wasm_instance_exports(const wasm_instance_t*, own wasm_extern_vec_t* out);

/* ---- Short forms ---- */

/* Initialisers of vectors: none, and those of an array. */
#define WASM_EMPTY_VEC {0, NULL}
#define WASM_ARRAY_VEC(array) {sizeof(array) / sizeof(*(array)), array}

/* Initialisers of values. */
#define WASM_I32_VAL(i)                 \
  {                                     \
    .kind = WASM_I32, .of = {.i32 = i } \
  }
#define WASM_I64_VAL(i)                 \
  {                                     \
    .kind = WASM_I64, .of = {.i64 = i } \
  }
#define WASM_F32_VAL(z)                 \
  {                                     \
    .kind = WASM_F32, .of = {.f32 = z } \
  }
#define WASM_F64_VAL(z)                 \
  {                                     \
    .kind = WASM_F64, .of = {.f64 = z } \
  }
#define WASM_REF_VAL(r)                       \
  {                                           \
    .kind = WASM_EXTERNREF, .of = {.ref = r } \
  }
#define WASM_INIT_VAL                            \
  {                                              \
    .kind = WASM_EXTERNREF, .of = {.ref = NULL } \
  }

/* The type of that name. */
static inline own wasm_valtype_t* wasm_valtype_new_i32(void) { return wasm_valtype_new(WASM_I32); }
/* The type of that name. */
static inline own wasm_valtype_t* wasm_valtype_new_i64(void) { return wasm_valtype_new(WASM_I64); }
/* The type of that name. */
static inline own wasm_valtype_t* wasm_valtype_new_f32(void) { return wasm_valtype_new(WASM_F32); }
/* The type of that name. */
static inline own wasm_valtype_t* wasm_valtype_new_f64(void) { return wasm_valtype_new(WASM_F64); }
/* The type of that name. */
static inline own wasm_valtype_t* wasm_valtype_new_externref(void) {
  return wasm_valtype_new(WASM_EXTERNREF);
}
/* The type of that name. */
static inline own wasm_valtype_t* wasm_valtype_new_funcref(void) { return wasm_valtype_new(WASM_FUNCREF); }

/* Function types wasm_functype_new_P_R of P parameters and R results. */
#define WASM_NEW_FUNCTYPE_(param_count, param_array, result_count, result_array) \
  wasm_valtype_vec_t params, results;                                            \
  wasm_valtype_vec_new(&params, param_count, param_array);                       \
  wasm_valtype_vec_new(&results, result_count, result_array);                    \
  return wasm_functype_new(&params, &results)

/* See above. */
static inline own wasm_functype_t* wasm_functype_new_0_0(void) { WASM_NEW_FUNCTYPE_(0, NULL, 0, NULL); }
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_1_0(own wasm_valtype_t* p) {
  WASM_NEW_FUNCTYPE_(1, &p, 0, NULL);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_2_0(own wasm_valtype_t* p1, own wasm_valtype_t* p2) {
  wasm_valtype_t* p[2] = {p1, p2};
  WASM_NEW_FUNCTYPE_(2, p, 0, NULL);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_3_0(own wasm_valtype_t* p1, own wasm_valtype_t* p2,
                                                         own wasm_valtype_t* p3) {
  wasm_valtype_t* p[3] = {p1, p2, p3};
  WASM_NEW_FUNCTYPE_(3, p, 0, NULL);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_0_1(own wasm_valtype_t* r) {
  WASM_NEW_FUNCTYPE_(0, NULL, 1, &r);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_1_1(own wasm_valtype_t* p, own wasm_valtype_t* r) {
  WASM_NEW_FUNCTYPE_(1, &p, 1, &r);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_2_1(own wasm_valtype_t* p1, own wasm_valtype_t* p2,
                                                         own wasm_valtype_t* r) {
  wasm_valtype_t* p[2] = {p1, p2};
  WASM_NEW_FUNCTYPE_(2, p, 1, &r);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_3_1(own wasm_valtype_t* p1, own wasm_valtype_t* p2,
                                                         own wasm_valtype_t* p3, own wasm_valtype_t* r) {
  wasm_valtype_t* p[3] = {p1, p2, p3};
  WASM_NEW_FUNCTYPE_(3, p, 1, &r);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_0_2(own wasm_valtype_t* r1, own wasm_valtype_t* r2) {
  wasm_valtype_t* r[2] = {r1, r2};
  WASM_NEW_FUNCTYPE_(0, NULL, 2, r);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_1_2(own wasm_valtype_t* p, own wasm_valtype_t* r1,
                                                         own wasm_valtype_t* r2) {
  wasm_valtype_t* r[2] = {r1, r2};
  WASM_NEW_FUNCTYPE_(1, &p, 2, r);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_2_2(own wasm_valtype_t* p1, own wasm_valtype_t* p2,
                                                         own wasm_valtype_t* r1, own wasm_valtype_t* r2) {
  wasm_valtype_t *p[2] = {p1, p2}, *r[2] = {r1, r2};
  WASM_NEW_FUNCTYPE_(2, p, 2, r);
}
/* See above. */
static inline own wasm_functype_t* wasm_functype_new_3_2(own wasm_valtype_t* p1, own wasm_valtype_t* p2,
                                                         own wasm_valtype_t* p3, own wasm_valtype_t* r1,
                                                         own wasm_valtype_t* r2) {
  wasm_valtype_t *p[3] = {p1, p2, p3}, *r[2] = {r1, r2};
  WASM_NEW_FUNCTYPE_(3, p, 2, r);
}
#undef WASM_NEW_FUNCTYPE_

/* A pointer of the host's as an integer of its size. */
static inline void wasm_val_init_ptr(own wasm_val_t* out, void* pointer) {
#if UINTPTR_MAX == UINT32_MAX
  out->kind = WASM_I32;
  out->of.i32 = (int32_t)(intptr_t)pointer;
#else
  out->kind = WASM_I64;
  out->of.i64 = (int64_t)(intptr_t)pointer;
#endif
}
/* And back. */
static inline void* wasm_val_ptr(const wasm_val_t* value) {
#if UINTPTR_MAX == UINT32_MAX
  return (void*)(intptr_t)value->of.i32;
#else
  return (void*)(intptr_t)value->of.i64;
#endif
}

#undef own

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WASM_H */
