/* The C11 contract between Godwit and a tensor backend: a shared object that exports one symbol.
 *
 *   godwit-nn-<name>.so  --exports-->  godwit_nn_backend_v1()  -->  struct godwit_nn_backend (a table of
 * functions)
 *
 * The life of things, from the longest-lived to the shortest; each keeps what stands left of it alive by
 * itself:
 *
 *   backend --open--> model --build--> graph --create--> context
 *   (table)           where the        the weights       one sequence: its inputs, its state, its outputs
 *                     weights are      with a config     (for a language model its own key/value cache)
 *
 * Two graphs of one model share one copy of the weights wherever their configs allow it. Contexts never see
 * each other's state, whatever the backend shares behind them.
 *
 * Memory. Whoever allocates, frees: what a backend creates is given back through the table's release
 * functions; what a call takes by pointer is borrowed for that call unless its comment says otherwise.
 * Nothing allocated on one side is ever freed on the other. No C++ type and no exception crosses.
 *
 * Threads. Functions of the table may be called from any thread. The host serialises calls on one context;
 * calls on different objects may run at the same time, and a backend that batches may let them meet. A call
 * may block its thread for as long as the work takes; `godwit_nn_call.should_cancel` is how the host takes it
 * back.
 *
 * Versions. The symbol's name carries the major version. A later minor version only appends: functions to the
 * table, members to the structures that begin with `struct_size_bytes`. The host takes a backend of the same
 * major version and of a minor version up to its own, and refuses any other one, naming both versions. What
 * lies beyond the other side's `struct_size_bytes` must not be touched.
 */
#ifndef GODWIT_ABI_NN_BACKEND_H
#define GODWIT_ABI_NN_BACKEND_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header. */
#define GODWIT_NN_ABI_MAJOR 1u
#define GODWIT_NN_ABI_MINOR 1u

/** The name of the one exported symbol; its type is godwit_nn_backend_entry. */
#define GODWIT_NN_BACKEND_SYMBOL "godwit_nn_backend_v1"

/** The outcome of a call. What is not negative reaches the guest as its errno, unchanged. */
typedef int32_t godwit_nn_status;
enum {
  GODWIT_NN_CANCELLED =
      -1, /**< should_cancel said yes; the object is as if freshly created, or as before the call */
  GODWIT_NN_OK = 0,
  GODWIT_NN_INVALID_ARGUMENT = 1,
  GODWIT_NN_INVALID_ENCODING = 2,
  GODWIT_NN_MISSING_MEMORY = 3,
  GODWIT_NN_BUSY = 4,
  GODWIT_NN_RUNTIME_ERROR = 5,
  GODWIT_NN_UNSUPPORTED_OPERATION = 6,
  GODWIT_NN_TOO_LARGE = 7,
  GODWIT_NN_NOT_FOUND = 8,
  GODWIT_NN_END_OF_SEQUENCE = 100, /**< a step has nothing more to give */
  GODWIT_NN_CONTEXT_FULL = 101,    /**< the sequence fills the context; outputs so far can be read */
  GODWIT_NN_PROMPT_TOO_LONG = 102, /**< the input alone does not fit in the context */
  GODWIT_NN_MODEL_NOT_FOUND = 103
};

/** The element type of a tensor, numbered as in wasi_ephemeral_nn. */
enum {
  GODWIT_NN_F16 = 0,
  GODWIT_NN_F32 = 1,
  GODWIT_NN_F64 = 2,
  GODWIT_NN_U8 = 3,
  GODWIT_NN_I32 = 4,
  GODWIT_NN_I64 = 5
};

/** Where a graph is to run, numbered as in wasi_ephemeral_nn. */
enum {
  GODWIT_NN_TARGET_CPU = 0,
  GODWIT_NN_TARGET_GPU = 1,
  GODWIT_NN_TARGET_TPU = 2,
  GODWIT_NN_TARGET_AUTO = 3
};

/** How much a line of the log matters. */
enum { GODWIT_NN_LOG_DEBUG = 0, GODWIT_NN_LOG_INFO = 1, GODWIT_NN_LOG_WARNING = 2, GODWIT_NN_LOG_ERROR = 3 };

/** A run of bytes that somebody else owns. `data` may be null where the size is 0. */
struct godwit_nn_bytes {
  const uint8_t* data;
  uint64_t size_bytes;
};

/** A tensor in row-major order, little-endian, without padding. */
struct godwit_nn_tensor {
  const uint32_t* dimensions;
  uint32_t dimension_count;
  uint32_t type; /**< GODWIT_NN_F16 and the like */
  struct godwit_nn_bytes data;
};

/** What the host gives to one call. Every function may be called from any thread until the call returns. */
struct godwit_nn_call {
  uint32_t struct_size_bytes;
  void* user; /**< the first argument of every function below */

  /** Writes one line to the host's log. `text` is UTF-8 without a line end. */
  void (*log)(void* user, uint32_t level, const char* text, uint64_t size_bytes);

  /** Says in words why the call is about to fail, and what to do about it. At most once, before the call
   * returns. */
  void (*explain)(void* user, const char* text, uint64_t size_bytes);

  /** Says how much of a long call is done, from 0 to 1. */
  void (*progress)(void* user, double fraction);

  /** Tells whether the call shall end early with GODWIT_NN_CANCELLED (or any status it has already earned).
   *  Cheap enough to ask between two operations on tensors. @returns not 0 to cancel */
  int32_t (*should_cancel)(void* user);

  /** Opens for reading a file that a guest named in a config: the host resolves the path inside what this
   * guest may see. A backend never opens a path of a guest's making by itself.
   *  @param fd receives a descriptor that the backend owns and closes
   *  @returns GODWIT_NN_OK, or GODWIT_NN_NOT_FOUND when the guest may not see such a file */
  godwit_nn_status (*open_file)(void* user, const char* path, uint64_t path_size_bytes, int32_t* fd);

  /* Since 1.1; what follows is there if `struct_size_bytes` says so. */

  /** Who the call is for. Of contexts that were created for one tenant, one may begin with what a model remembers
   * of another; contexts of different tenants never do. 0: nobody else belongs to the tenant. */
  uint64_t tenant;

  /** Takes a piece of an output while compute runs, in the order in which it comes to be. Null: nobody wants it.
   *  Soon done, and calls nothing of the backend.
   *  @param index of the output that get_output has whole in the end, or one that is told only here */
  void (*emit)(void* user, uint32_t index, const uint8_t* data, uint64_t size_bytes);

  /** Tells what the call has computed since it was last told, in the encoding's own unit (for a language model:
   * tokens, of the input and of the output). Null: nobody counts.
   *  @returns not 0 if no more may be spent: the call shall end early, as if should_cancel had said yes */
  int32_t (*spend)(void* user, uint64_t units);
};

/** Who is told how a call ended that was only started (since 1.1). */
struct godwit_nn_completion {
  void* user; /**< the first argument of `done` */

  /** Called once, from any thread, even before the function that started the call returns. From then on the call's
   * arguments may be gone. It calls nothing of the backend. */
  void (*done)(void* user, godwit_nn_status status);
};

/** One piece of a model: a file or a run of bytes (some formats have several: a graph and its weights). */
struct godwit_nn_part {
  int32_t fd;                  /**< open for reading at offset 0 and borrowed; -1 when the piece is `data` */
  const char* name;            /**< NUL-terminated, for messages only; a backend must not open it */
  struct godwit_nn_bytes data; /**< used when fd is -1 */
};

/** Where the weights come from. */
struct godwit_nn_model_source {
  uint32_t struct_size_bytes;
  uint32_t target;                    /**< GODWIT_NN_TARGET_CPU and the like */
  const struct godwit_nn_part* parts; /**< at least one */
  uint32_t part_count;

  /* Since 1.1 */

  /** Not 0: the operator chose the model, so that programs in its file (templates of conversations), which may be
   * written never to end, may be run. */
  uint32_t is_trusted;
};

struct godwit_nn_model;   /**< opaque: a backend's own structure */
struct godwit_nn_graph;   /**< opaque: a backend's own structure */
struct godwit_nn_context; /**< opaque: a backend's own structure */

/** The table. Every member up to finish_steps is set. It is constant, and lives as long as the shared object stays loaded. */
struct godwit_nn_backend {
  uint32_t struct_size_bytes;
  uint32_t abi_major; /**< GODWIT_NN_ABI_MAJOR of the header that the backend was built with */
  uint32_t abi_minor;
  uint32_t encoding;    /**< the model encoding it serves, numbered as in wasi_ephemeral_nn */
  const char* name;     /**< of the encoding, in small letters, as in `--nn-preload NAME:ENCODING:...` */
  const char* revision; /**< of the library inside, for people */

  /** Takes note of where a model is. Cheap: weights are read by build_graph.
   *  Descriptors are duplicated and bytes copied (or consumed) before it returns.
   *  @param model receives a reference that release_model gives back */
  godwit_nn_status (*open_model)(const struct godwit_nn_model_source* source,
                                 const struct godwit_nn_call* call, struct godwit_nn_model** model);
  void (*release_model)(struct godwit_nn_model* model);

  /** Makes a model ready to run with a config, and reads its weights unless a graph that is alive has read
   * them.
   *  @param config the backend's options as JSON text; empty for none. Keys that it does not know are
   * ignored; a value of the wrong type is GODWIT_NN_INVALID_ARGUMENT
   *  @param graph receives a reference that release_graph gives back */
  godwit_nn_status (*build_graph)(struct godwit_nn_model* model, struct godwit_nn_bytes config,
                                  const struct godwit_nn_call* call, struct godwit_nn_graph** graph);
  void (*release_graph)(struct godwit_nn_graph* graph);

  /** Starts a sequence of its own.
   *  @param context receives a reference that release_context gives back */
  godwit_nn_status (*create_context)(struct godwit_nn_graph* graph, const struct godwit_nn_call* call,
                                     struct godwit_nn_context** context);
  void (*release_context)(struct godwit_nn_context* context);

  /** Sets one input; the tensor is copied. An input outlives compute, until it is set anew. */
  godwit_nn_status (*set_input)(struct godwit_nn_context* context, uint32_t index,
                                const struct godwit_nn_tensor* tensor, const struct godwit_nn_call* call);

  /** Runs the inputs to the end. GODWIT_NN_CONTEXT_FULL leaves readable outputs too. */
  godwit_nn_status (*compute)(struct godwit_nn_context* context, const struct godwit_nn_call* call);

  /** Lends an output of the last compute, or all that the steps have given so far.
   *  @param output valid until the next call on the context that is not get_output or get_step_output */
  godwit_nn_status (*get_output)(struct godwit_nn_context* context, uint32_t index,
                                 struct godwit_nn_bytes* output, const struct godwit_nn_call* call);

  /** Gives the next piece of the output (for a language model: one token); the first call starts from the
   * inputs.
   *  @returns GODWIT_NN_END_OF_SEQUENCE when there is none */
  godwit_nn_status (*step)(struct godwit_nn_context* context, const struct godwit_nn_call* call);

  /** Lends the piece that the last step gave; its life is that of get_output's. */
  godwit_nn_status (*get_step_output)(struct godwit_nn_context* context, uint32_t index,
                                      struct godwit_nn_bytes* output, const struct godwit_nn_call* call);

  /** Ends the stepping: the next step starts from the inputs again. */
  godwit_nn_status (*finish_steps)(struct godwit_nn_context* context, const struct godwit_nn_call* call);

  /* Since 1.1; null where the backend cannot: the host then gives a thread to the blocking function. */

  /** Begins what compute does, and returns when all has been prepared; what takes long is done elsewhere, without a
   * thread for each call. Nothing else may be called on the context until `done`.
   *  @param call lives until `done` is called
   *  @returns GODWIT_NN_OK: `done` will be called, or was. Else it will not, and this is the outcome */
  godwit_nn_status (*start_compute)(struct godwit_nn_context* context, const struct godwit_nn_call* call,
                                    const struct godwit_nn_completion* completion);

  /** The same for step. After a step that gave a piece, it returns at once. */
  godwit_nn_status (*start_step)(struct godwit_nn_context* context, const struct godwit_nn_call* call,
                                 const struct godwit_nn_completion* completion);
};

/** The type of the exported symbol. Takes the host's version so that a backend may adapt to an older one.
 *  @returns the table, never null */
typedef const struct godwit_nn_backend* (*godwit_nn_backend_entry)(uint32_t host_abi_major,
                                                                   uint32_t host_abi_minor);

/** Put before the definition of the entry point: it is exported even where all else is hidden. */
#define GODWIT_NN_EXPORT __attribute__((visibility("default")))

/** What a backend exports under GODWIT_NN_BACKEND_SYMBOL. */
GODWIT_NN_EXPORT const struct godwit_nn_backend* godwit_nn_backend_v1(uint32_t host_abi_major,
                                                                      uint32_t host_abi_minor);

#ifdef __cplusplus
}
#endif

#endif
