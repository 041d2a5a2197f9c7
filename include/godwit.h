/* What Godwit has beyond the WebAssembly C API of wasm.h, in C: settings and limits, errors with backtraces, modules from
 * text and files, a linker, WASI, interruption, and calls without conversions. C++ programs may include this, too, but have
 * more in godwit/godwit.h.
 *
 * Ownership, threads and names are as wasm.h says; a comment "own" stands where its `own` would. Texts are UTF-8 and end with
 * a NUL unless a size is given beside them; they are copied. Functions that return a godwit_error_t* return null if all went
 * well, else an own error: then nothing is written to `out`. */
#ifndef GODWIT_H
#define GODWIT_H

#include "wasm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "MAJOR.MINOR.PATCH" of the library that is linked. */
WASM_API_EXTERN const char* godwit_version(void);

/* Kinds of values that modules may have beside those of wasm.h. */
enum godwit_valkind_enum {
  GODWIT_V128 = 4,       /* 128 bits: not in wasm_val_t; for godwit_typed_func_call() */
  GODWIT_OTHERREF = 130, /* a reference of any other type: anyref, (ref null $t), … */
};

/* ---- Errors ---- */

/* What went wrong, where, and what to do. @threads plain data */
typedef struct godwit_error_t godwit_error_t;

/* The kinds of failure. */
typedef enum godwit_error_kind_t {
  GODWIT_ERROR_MALFORMED,   /* the bytes are not a module */
  GODWIT_ERROR_INVALID,     /* a module, but it does not validate */
  GODWIT_ERROR_UNLINKABLE,  /* imports are missing or of another type */
  GODWIT_ERROR_TRAP,        /* execution stopped by a trap, the guest's or a callback's */
  GODWIT_ERROR_EXCEPTION,   /* a wasm exception reached the host */
  GODWIT_ERROR_EXHAUSTED,   /* a limit was reached: stack, memory, time */
  GODWIT_ERROR_EXIT,        /* the guest asked to end (WASI's proc_exit); the code is its exit status */
  GODWIT_ERROR_NOT_FOUND,   /* a file, function or plug-in that was named is absent */
  GODWIT_ERROR_UNSUPPORTED, /* asks for something this build or machine does not have */
  GODWIT_ERROR_IO,          /* the operating system refused; the code is errno */
  GODWIT_ERROR_USAGE,       /* the caller's arguments make no sense */
} godwit_error_kind_t;

/* One frame of a guest; the texts live as long as the error. */
typedef struct godwit_frame_t {
  const char* module;      /* the module's name; "" if it has none */
  const char* function;    /* from the name section or an export; "" if it has none */
  uint32_t function_index; /* in the module's function index space */
  uint64_t offset;         /* of the instruction, in bytes from the module's start; UINT64_MAX: unknown */
} godwit_frame_t;

/* Frees it; null is ignored. */
WASM_API_EXTERN void godwit_error_delete(godwit_error_t* own_error);
/* An own error, for callbacks to return in a trap. @param code of kind EXIT: the exit status, 0 to 255 */
WASM_API_EXTERN godwit_error_t* godwit_error_new(godwit_error_kind_t, uint32_t code, const char* message);
/* What kind of failure it is: what programs decide by. */
WASM_API_EXTERN godwit_error_kind_t godwit_error_kind(const godwit_error_t*);
/* Of kind EXIT: the exit status. IO: errno. Else a number without a promise. */
WASM_API_EXTERN uint32_t godwit_error_code(const godwit_error_t*);
/* True if the guest was stopped by godwit_interrupt() or the store's time limit. */
WASM_API_EXTERN bool godwit_error_is_interruption(const godwit_error_t*);
/* For people; one sentence or several lines, no final newline. May quote names that the module chose. */
WASM_API_EXTERN const char* godwit_error_message(const godwit_error_t*);
/* Message and backtrace, a line for each frame. As long as the error lives. */
WASM_API_EXTERN const char* godwit_error_describe(const godwit_error_t*);
/* How many frames its backtrace has, innermost first; one that stands for those that are left out has no offset. */
WASM_API_EXTERN size_t godwit_error_frame_count(const godwit_error_t*);
/* Frame `index`; all zero if there is none. */
WASM_API_EXTERN godwit_frame_t godwit_error_frame(const godwit_error_t*, size_t index);
/* Why the last function of wasm.h or of this header that failed on this thread did so; null if none has. Lent until the next
 * one fails. */
WASM_API_EXTERN const godwit_error_t* godwit_last_error(void);

/* The error behind a trap: its kind, code and backtrace. Lent as long as the trap lives. */
WASM_API_EXTERN const godwit_error_t* godwit_trap_error(const wasm_trap_t*);
/* An own trap of an own error, for callbacks to return: of kind EXIT, it ends the guest with that status. */
WASM_API_EXTERN wasm_trap_t* godwit_trap_new(wasm_store_t*, godwit_error_t* own_error);

/* The names of a frame's module and function; "" if they have none. As long as the frame lives. */
WASM_API_EXTERN const char* godwit_frame_module(const wasm_frame_t*);
/* See above. */
WASM_API_EXTERN const char* godwit_frame_function(const wasm_frame_t*);

/* ---- Settings ---- */

/* How functions are run. Where the machine or the system allows no machine code, all are interpreted. */
typedef enum godwit_tier_t {
  GODWIT_TIER_INTERPRETER, /* never as machine code */
  GODWIT_TIER_BASELINE,    /* as machine code, made when a function is first called */
  GODWIT_TIER_AUTO,        /* interpreted at first, as machine code once it has run often; the default */
  GODWIT_TIER_PEAK,        /* as optimised machine code, made with the module; needs the compiler's plug-in */
} godwit_tier_t;

/* How the engine's functions are run. */
WASM_API_EXTERN void godwit_config_set_tier(wasm_config_t*, godwit_tier_t);
/* Whether each function body is validated before it first runs rather than all with the module. Default: false. */
WASM_API_EXTERN void godwit_config_set_lazy_validation(wasm_config_t*, bool);
/* The most machine code of all functions together, in bytes; the rest is interpreted. Default: 256 MiB. */
WASM_API_EXTERN void godwit_config_set_max_machine_code_bytes(wasm_config_t*, size_t);
/* Whether optimised code is kept for later runs, in $XDG_CACHE_HOME/godwit or ~/.cache/godwit. Default: false. */
WASM_API_EXTERN void godwit_config_set_cache(wasm_config_t*, bool);
/* Whether the names of compiled functions go to /tmp/perf-<process>.map, for Linux's `perf`. Default: false. */
WASM_API_EXTERN void godwit_config_set_perf_map(wasm_config_t*, bool);
/* Whether guests take fuel for what they run (Config::counts_fuel in godwit/config.h says how much). Default: no. */
WASM_API_EXTERN void godwit_config_set_fuel(wasm_config_t*, bool);

/* Whether instances, memories and stacks that stores are done with are used again: then a new instance of a module costs about
 * a microsecond. Default: false. */
WASM_API_EXTERN void godwit_config_set_pool(wasm_config_t*, bool);

/* What a store's guests may use. A limit that is reached is an error of the guest's, never of the host's. */
typedef enum godwit_limit_t {
  GODWIT_LIMIT_MEMORY_BYTES,       /* of one linear memory; default: 4 GiB */
  GODWIT_LIMIT_TOTAL_MEMORY_BYTES, /* of memories, tables and objects together; default: 8 GiB */
  GODWIT_LIMIT_TABLE_ELEMENTS,     /* of one table; default: 10,000,000 */
  GODWIT_LIMIT_GC_HEAP_BYTES,      /* of structs, arrays, exceptions and externrefs; default: 4 GiB */
  GODWIT_LIMIT_STACK_BYTES,        /* for the frames of wasm functions; default: 8 MiB */
  GODWIT_LIMIT_FUEL,               /* for godwit_config_set_fuel; default: without end */
} godwit_limit_t;

/* One limit. */
typedef struct godwit_limit_setting_t {
  godwit_limit_t limit; /* which one */
  uint64_t value;       /* in bytes or elements, as its name says */
} godwit_limit_setting_t;

/* Sets a limit for the stores of the engine to be made. */
WASM_API_EXTERN void godwit_config_set_limit(wasm_config_t*, godwit_limit_t, uint64_t value);
/* An own store whose limits are the engine's but for these. */
WASM_API_EXTERN wasm_store_t* godwit_store_new(wasm_engine_t*, const godwit_limit_setting_t settings[],
                                               size_t count);

/* Calls godwit_interrupt() when that time has passed, counted from now. A second call replaces the first.
 * @param timeout_ns more than 0 @cost one sleeping thread @errors USAGE, IO: no thread could be started */
WASM_API_EXTERN godwit_error_t* godwit_store_set_timeout(wasm_store_t*, uint64_t timeout_ns);
/* What is left of the fuel: 0 after a guest has stopped for want of it, with an error of kind EXHAUSTED. */
WASM_API_EXTERN uint64_t godwit_store_fuel(const wasm_store_t*);
WASM_API_EXTERN void godwit_store_set_fuel(wasm_store_t*, uint64_t fuel);

/* What stops a store's guests from any thread. It may outlive the store: then it does nothing. */
typedef struct godwit_interrupt_handle_t godwit_interrupt_handle_t;
/* An own handle. @threads the store's */
WASM_API_EXTERN godwit_interrupt_handle_t* godwit_interrupt_handle_new(wasm_store_t*);
/* Frees it; null is ignored. @threads any */
WASM_API_EXTERN void godwit_interrupt_handle_delete(godwit_interrupt_handle_t* own_handle);
/* Ends the guest that runs, or the next one to run, with an error that is an interruption. Returns before the guest has ended;
 * once its outermost call has, the store may be used again. @threads any, but no signal handler */
WASM_API_EXTERN void godwit_interrupt(const godwit_interrupt_handle_t*);

/* Frees structs, arrays and exceptions that nothing refers to any more; guests do so by themselves when it is time to. Not
 * while a guest of the store runs. @errors EXHAUSTED: interrupted */
WASM_API_EXTERN godwit_error_t* godwit_store_collect_garbage(wasm_store_t*);

/* ---- Modules ---- */

/* An own module of a binary, with the reason if there is none. @param name for messages, if the module does not name itself;
 * may be null @errors MALFORMED, INVALID: with the byte offset in the message; EXHAUSTED: interrupted */
WASM_API_EXTERN godwit_error_t* godwit_module_new(wasm_store_t*, const uint8_t* bytes, size_t size,
                                                  const char* name, wasm_module_t** out);
/* An own module of a text: `(module …)`, or its fields alone. @param name of the file, for messages; may be null
 * @errors MALFORMED, INVALID: with the line and a caret */
WASM_API_EXTERN godwit_error_t* godwit_module_from_text(wasm_store_t*, const char* text, size_t size,
                                                        const char* name, wasm_module_t** out);
/* An own module of a file in either format. @errors as above; NOT_FOUND, IO */
WASM_API_EXTERN godwit_error_t* godwit_module_from_file(wasm_store_t*, const char* path, wasm_module_t** out);
/* An own binary of a text, which need not be valid where it is well-formed only in parts: it is validated, too.
 * @errors as of godwit_module_from_text() */
WASM_API_EXTERN godwit_error_t* godwit_text_to_binary(wasm_engine_t*, const char* text, size_t size,
                                                      wasm_byte_vec_t* out);

/* The export of that name, an own handle; null if there is none. */
WASM_API_EXTERN wasm_extern_t* godwit_instance_export(const wasm_instance_t*, const char* name);

/* ---- WASI ---- */

/* What a guest is given of the system, as wasi_snapshot_preview1: nothing but the standard streams at first. */
typedef struct godwit_wasi_config_t godwit_wasi_config_t;
/* An own one. */
WASM_API_EXTERN godwit_wasi_config_t* godwit_wasi_config_new(void);
/* Frees it; null is ignored. */
WASM_API_EXTERN void godwit_wasi_config_delete(godwit_wasi_config_t* own_config);
/* The arguments; the first is the program's name. Replaces what was set before. */
WASM_API_EXTERN void godwit_wasi_config_set_args(godwit_wasi_config_t*, size_t count,
                                                 const char* const args[]);
/* One variable of the environment more. */
WASM_API_EXTERN void godwit_wasi_config_add_env(godwit_wasi_config_t*, const char* name, const char* value);
/* All variables of this process's environment. */
WASM_API_EXTERN void godwit_wasi_config_inherit_env(godwit_wasi_config_t*);
/* A directory of the host's that the guest may use, and nothing above it. @param guest_path how the guest calls it, for
 * example "/data" or "." */
WASM_API_EXTERN void godwit_wasi_config_add_preopen(godwit_wasi_config_t*, const char* host_path,
                                                    const char* guest_path, bool is_read_only);
/* The guest's standard streams: descriptors of this process, lent as long as the stores that use them. Default: 0, 1, 2; a
 * descriptor that is not open, such as -1, is not there for the guest either. */
WASM_API_EXTERN void godwit_wasi_config_set_stdio(godwit_wasi_config_t*, int stdin_fd, int stdout_fd,
                                                  int stderr_fd);
/* Lets the guest connect and send there: "host:port", "*:443", "example.org:*", "[::1]:80". */
WASM_API_EXTERN void godwit_wasi_config_allow_connect(godwit_wasi_config_t*, const char* place);
/* Lets the guest bind and listen there; port 0 stands for a free one. */
WASM_API_EXTERN void godwit_wasi_config_allow_listen(godwit_wasi_config_t*, const char* place);

/* ---- Linker ---- */

/* Named definitions against which modules are linked. @threads one at a time */
typedef struct godwit_linker_t godwit_linker_t;
/* An own, empty one. */
WASM_API_EXTERN godwit_linker_t* godwit_linker_new(void);
/* Frees it; null is ignored. What was instantiated with it goes on. */
WASM_API_EXTERN void godwit_linker_delete(godwit_linker_t* own_linker);
/* Provides wasi_snapshot_preview1 to one guest; takes the own config. @errors NOT_FOUND, IO: a directory is absent or cannot
 * be opened. USAGE: two preopens share a guest path, or a place is none */
WASM_API_EXTERN godwit_error_t* godwit_linker_define_wasi(godwit_linker_t*, godwit_wasi_config_t* own_config);
/* Provides something of a store's, to modules that are linked into the same store. */
WASM_API_EXTERN godwit_error_t* godwit_linker_define(godwit_linker_t*, const char* module, const char* name,
                                                     const wasm_extern_t*);
/* Provides all exports of an instance, to modules that are linked into the same store. */
WASM_API_EXTERN godwit_error_t* godwit_linker_define_instance(godwit_linker_t*, const char* module,
                                                              const wasm_instance_t*);
/* Instantiates the module, an own instance, and runs its start function. @errors UNLINKABLE: names every import that is missing
 * or of another type. TRAP, EXHAUSTED, EXIT: the start function ended so */
WASM_API_EXTERN godwit_error_t* godwit_linker_instantiate(const godwit_linker_t*, wasm_store_t*,
                                                          const wasm_module_t*, wasm_instance_t** out);

/* ---- Snapshots ---- */

/* The memories, tables and globals that an instance owned, from which new instances begin; not what it imported.
 * @threads immutable: any */
typedef struct godwit_snapshot_t godwit_snapshot_t;
/* An own one of the instance as it is now. @errors USAGE: a guest of the store runs. UNSUPPORTED: the instance refers to what is
 * not its own, or has a garbage-collected heap. EXHAUSTED: no room */
WASM_API_EXTERN godwit_error_t* godwit_snapshot_new(const wasm_instance_t*, godwit_snapshot_t** out);
/* Frees it; null is ignored. Instances that began with it go on. */
WASM_API_EXTERN void godwit_snapshot_delete(godwit_snapshot_t* own_snapshot);
/* An own instance with that state, in a store of the same engine; the start function does not run again.
 * @errors as of godwit_linker_instantiate() @cost microseconds, however much memory there is */
WASM_API_EXTERN godwit_error_t* godwit_linker_instantiate_snapshot(const godwit_linker_t*, wasm_store_t*,
                                                                   const godwit_snapshot_t*,
                                                                   wasm_instance_t** out);

/* ---- Many guests on one thread ---- */

/* Runs functions, each on a stack of its own that can be left in the middle. A guest whose WASI was given a scheduler lets others
 * have their turn whenever it waits: for input, a connection, a clock. @threads one: that which made it */
typedef struct godwit_scheduler_t godwit_scheduler_t;
/* An own one. @errors IO: the system has no event queue left */
WASM_API_EXTERN godwit_error_t* godwit_scheduler_new(godwit_scheduler_t** out);
/* Frees it, after the guests that use it; null is ignored. */
WASM_API_EXTERN void godwit_scheduler_delete(godwit_scheduler_t* own_scheduler);
/* Runs function(env) when it is its turn: during godwit_scheduler_run(). From outside, or from such a function.
 * @errors EXHAUSTED: no memory for its stack, which has 256 KiB; guests run on those of their stores */
WASM_API_EXTERN godwit_error_t* godwit_scheduler_spawn(godwit_scheduler_t*, void (*function)(void* env),
                                                       void* env);
/* Runs functions until all have returned. Not from one of them. @errors IO: the system refuses to wait */
WASM_API_EXTERN godwit_error_t* godwit_scheduler_run(godwit_scheduler_t*);
/* Whose turns the guest's waits give away; lent as long as the stores that use the WASI. */
WASM_API_EXTERN void godwit_wasi_config_set_scheduler(godwit_wasi_config_t*, godwit_scheduler_t*);

/* ---- Calls without conversions ---- */

/* An argument or a result. A v128 takes two, its low half first. */
typedef union godwit_slot_t {
  int32_t i32;   /* the value */
  int64_t i64;   /* the value */
  float f32;     /* the value */
  double f64;    /* the value */
  uint64_t bits; /* whatever it is */
} godwit_slot_t;

/* A function whose type was checked once. */
typedef struct godwit_typed_func_t godwit_typed_func_t;
/* An own one. @param type a letter for each parameter, then ':' and a letter for each result: i (i32), I (i64), f (f32),
 * F (f64), V (v128); for example "iI:F" @errors USAGE: the function is of another type */
WASM_API_EXTERN godwit_error_t* godwit_typed_func_new(const wasm_func_t*, const char* type,
                                                      godwit_typed_func_t** out);
/* Frees it; null is ignored. */
WASM_API_EXTERN void godwit_typed_func_delete(godwit_typed_func_t* own_func);
/* Calls the function with the arguments in `slots`, where the results are left: room for the more of both. Returns null, or
 * an own trap. Not to be deleted while such a call runs. @cost nothing is allocated */
WASM_API_EXTERN wasm_trap_t* godwit_typed_func_call(const godwit_typed_func_t*, godwit_slot_t slots[]);

/* What a callback of godwit_func_new() may ask about the guest that called it. Lent during the call. */
typedef struct godwit_caller_t godwit_caller_t;
/* A function of the host's: arguments in `slots`, where the results are to be left. Returns null, or an own trap that ends
 * the guest. */
typedef wasm_trap_t* (*godwit_func_callback_t)(void* env, godwit_caller_t*, godwit_slot_t slots[]);
/* An own function. @param type as above @param finalizer gets `env` when the function is gone; may be null
 * @errors USAGE: the type is none */
WASM_API_EXTERN godwit_error_t* godwit_func_new(wasm_store_t*, const char* type, godwit_func_callback_t,
                                                void* env, void (*finalizer)(void* env), wasm_func_t** out);
/* The first memory of the calling instance, as large as it is now; null and 0 if it has none, or if the host called. */
WASM_API_EXTERN uint8_t* godwit_caller_memory(const godwit_caller_t*, size_t* out_size);
/* An export of the calling instance, an own handle; null if it has none of that name, or if the host called. */
WASM_API_EXTERN wasm_extern_t* godwit_caller_export(const godwit_caller_t*, const char* name);
/* True if the guest shall end soon: a callback that waits looks here at least every 50 ms, and returns. */
WASM_API_EXTERN bool godwit_caller_interrupted(const godwit_caller_t*);
/* An own trap that says so, for a callback to return. */
WASM_API_EXTERN wasm_trap_t* godwit_caller_trap(const godwit_caller_t*, const char* message);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* GODWIT_H */
