/* The C11 contract between Godwit and its optimising compiler: a shared object that exports one symbol.
 *
 *   godwit-llvm.so  --exports-->  godwit_compiler_v1()  -->  struct godwit_compiler (a table of functions)
 *
 * Bytes go in, bytes come out: a module and what the code is wanted for, and a code image (src/image/image.h
 * draws it). The compiler knows nothing of the process that will run the code: everything it needs to know of
 * its data structures is named by `layout`, which stands for the tables vm_layout.def, libcalls.def and
 * traps.def. Host and compiler that were built from different tables refuse each other.
 *
 * Memory. Whoever allocates, frees: what compile() gives is given back by release(). What a call takes by
 * pointer is borrowed for that call. No C++ type and no exception crosses.
 *
 * Threads. Any number of compile() calls may run at once, each on a thread of its own with 8 MiB of stack.
 *
 * Versions. The symbol's name carries the major version. A later minor version only appends members to the
 * structures, each of which begins with `struct_size_bytes`.
 */
#ifndef GODWIT_ABI_COMPILER_H
#define GODWIT_ABI_COMPILER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header. */
#define GODWIT_COMPILER_ABI_MAJOR 1u
#define GODWIT_COMPILER_ABI_MINOR 2u

/** The name of the one exported symbol; its type is godwit_compiler_entry. */
#define GODWIT_COMPILER_SYMBOL "godwit_compiler_v1"

/** The outcome of a call. */
typedef int32_t godwit_compiler_status;
enum {
  GODWIT_COMPILER_OK = 0,
  GODWIT_COMPILER_CANCELLED = 1,  /**< should_cancel said yes */
  GODWIT_COMPILER_INVALID = 2,    /**< the module is none, or uses a feature that is off */
  GODWIT_COMPILER_LAYOUT = 3,     /**< host and compiler do not come from the same tables */
  GODWIT_COMPILER_UNSUPPORTED = 4 /**< no code for such a processor */
};

/** A loop at which a frame of register code may go over to compiled code. */
struct godwit_compiler_loop {
  uint32_t function; /**< among the module's own */
  uint32_t offset;   /**< of the loop instruction in the module, in bytes */
};

/** How functions call each other. */
enum godwit_compiler_calls {
  /** Functions that are in the image directly: they are called whatever else there may be of them. */
  GODWIT_COMPILER_CALLS_DIRECT = 0,
  /** All through VmContext::natives, where the host may put another one at any time. */
  GODWIT_COMPILER_CALLS_BY_TABLE = 1
};

/** What to compile, for what, and within which bounds. */
struct godwit_compiler_request {
  uint32_t struct_size_bytes;
  uint32_t optimization; /**< 0 to 3, as compilers count */
  uint64_t layout;       /**< runtime::kLayoutHash of the host */
  uint64_t features;     /**< of the module, as wasm::FeatureSet::bits */

  const uint8_t* module; /**< a module whose bodies are all valid */
  uint64_t module_size_bytes;

  /** The processor: a name of LLVM's such as "x86-64-v3", or null for the one that this runs on. */
  const char* cpu;

  /** One byte for each of the module's own functions, not 0 if it is wanted; null: all are. Those that are not wanted
   * are called through VmContext::natives: they may have code in other images. */
  const uint8_t* is_wanted;

  /** Loops that get entries of their own, each of which costs as much as its function; that need not be wanted beside.
   * Where such an entry is impossible, the function is compiled as if it was wanted. */
  const struct godwit_compiler_loop* loops;
  uint32_t loop_count;
  uint32_t calls; /**< enum godwit_compiler_calls */

  /** Functions with larger bodies are left out. */
  uint64_t max_body_bytes;
  /** So much of the calling thread's time may be spent on making the code of each 64 KiB of bodies faster, in nanoseconds: what is left then is
   * done plainly. 0: without end. */
  uint64_t max_time_ns;

  void* user; /**< the first argument of every function below */
  /** @returns not 0 to end the call with GODWIT_COMPILER_CANCELLED. Asked often. May be null. */
  int32_t (*should_cancel)(void* user);
  /** Says that own function number `function` has no code in the image, and why. May be null. */
  void (*left_out)(void* user, uint32_t function, const char* why);
  /** Says in words why the call is about to fail. May be null. */
  void (*explain)(void* user, const char* text);

  /** Since 1.1. Not 0: every access to memories, globals, tables and objects happens in its order, so that a trap leaves
   * all of them as the instructions before it have. 0: what comes before a fault may come after it or not at all. */
  uint32_t precise_traps;
  /** Since 1.1. Says how much of the bodies is compiled, now and then. May be null. */
  void (*progress)(void* user, uint64_t done_bytes, uint64_t all_bytes);
  /** Since 1.1. How many threads may work at once, that of the call among them; the functions above are called by one at a
   * time. The image does not depend on it. 0 counts as 1. */
  uint32_t threads;
  /** Since 1.2. Not 0: what runs takes its fuel from VmStore::fuel, as the other tiers' code does. */
  uint32_t counts_fuel;
};

/** What a call has made. */
struct godwit_compiler_result {
  uint32_t struct_size_bytes;
  const uint8_t* image;
  uint64_t image_size_bytes;
};

/** The table. It is constant, and lives as long as the shared object stays loaded. */
struct godwit_compiler {
  uint32_t struct_size_bytes;
  uint32_t abi_major; /**< GODWIT_COMPILER_ABI_MAJOR of the header that the compiler was built with */
  uint32_t abi_minor;
  uint64_t layout;      /**< what it was built for */
  const char* revision; /**< of the library inside, for people */

  /** @param result receives what release() gives back; null unless the call succeeds */
  godwit_compiler_status (*compile)(const struct godwit_compiler_request* request,
                                    struct godwit_compiler_result** result);
  void (*release)(struct godwit_compiler_result* result);
};

/** The type of the exported symbol. @returns the table, never null */
typedef const struct godwit_compiler* (*godwit_compiler_entry)(uint32_t host_abi_major,
                                                               uint32_t host_abi_minor);

/** Put before the definition of the entry point: it is exported even where all else is hidden. */
#define GODWIT_COMPILER_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
}
#endif

#endif
