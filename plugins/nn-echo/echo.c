/* The reference backend: gives its input back. For tests, and to be read by whoever writes another backend.
 *
 * Model: any bytes; the host's tests look at them through output 1. Config: JSON-like text in which these
 * words act: "fail-build", "fail-compute", "fail-step"   that call ends with GODWIT_NN_RUNTIME_ERROR and an
 * explanation "wait"                                      compute lasts until it is cancelled Input 0: any
 * tensor. Input 1: a config that replaces the graph's. Output 0: input 0, unchanged. Output 1: the model's
 * bytes. Steps give input 0 word by word.
 */
#define _POSIX_C_SOURCE 200809L /* pread, nanosleep */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "godwit/abi/nn_backend.h"

#ifndef GODWIT_ECHO_ABI_MINOR
#define GODWIT_ECHO_ABI_MINOR GODWIT_NN_ABI_MINOR
#endif

/* In the range that wasi_ephemeral_nn leaves free. */
enum { kEncodingEcho = 255 };

struct buffer {
  uint8_t* data;
  uint64_t size_bytes;
};

struct godwit_nn_model {
  struct buffer bytes;
  int references; /* one for the opener, one for each graph; atomic */
};

struct godwit_nn_graph {
  struct godwit_nn_model* model;
  struct buffer config;
  int references; /* one for the builder, one for each context; atomic */
};

struct godwit_nn_context {
  struct godwit_nn_graph* graph;
  struct buffer config; /* replaces the graph's when it is not empty */
  struct buffer input;
  struct buffer output;
  uint64_t step_begin; /* the last step's word in `input` */
  uint64_t step_end;
};

static godwit_nn_status explain(const struct godwit_nn_call* call, godwit_nn_status status,
                                const char* text) {
  call->explain(call->user, text, strlen(text));
  return status;
}

/* Replaces what `to` holds by a copy. Leaves `to` unchanged when memory is short. */
static godwit_nn_status assign(struct buffer* to, const uint8_t* data, uint64_t size_bytes) {
  uint8_t* copy = malloc(size_bytes ? (size_t)size_bytes : 1);
  if (!copy) return GODWIT_NN_MISSING_MEMORY;
  if (size_bytes) memcpy(copy, data, (size_t)size_bytes);
  free(to->data);
  to->data = copy;
  to->size_bytes = size_bytes;
  return GODWIT_NN_OK;
}

static int says(const struct buffer* config, const char* word) {
  const size_t length = strlen(word);
  for (uint64_t at = 0; at + length <= config->size_bytes; ++at)
    if (memcmp(config->data + at, word, length) == 0) return 1;
  return 0;
}

static const struct buffer* config_of(const struct godwit_nn_context* context) {
  return context->config.size_bytes ? &context->config : &context->graph->config;
}

/* Appends a whole file to `to`. */
static godwit_nn_status append_file(struct buffer* to, int fd) {
  uint8_t chunk[4096];
  for (off_t offset = 0;;) {
    const ssize_t got = pread(fd, chunk, sizeof chunk, offset);
    if (got < 0) return GODWIT_NN_RUNTIME_ERROR;
    if (got == 0) return GODWIT_NN_OK;
    uint8_t* grown = realloc(to->data, (size_t)to->size_bytes + (size_t)got);
    if (!grown) return GODWIT_NN_MISSING_MEMORY;
    memcpy(grown + to->size_bytes, chunk, (size_t)got);
    to->data = grown;
    to->size_bytes += (uint64_t)got;
    offset += got;
  }
}

static void release_model(struct godwit_nn_model* model) {
  if (__atomic_sub_fetch(&model->references, 1, __ATOMIC_ACQ_REL) != 0) return;
  free(model->bytes.data);
  free(model);
}

static godwit_nn_status open_model(const struct godwit_nn_model_source* source,
                                   const struct godwit_nn_call* call, struct godwit_nn_model** out) {
  if (source->part_count == 0)
    return explain(call, GODWIT_NN_INVALID_ARGUMENT, "a model needs at least one part");
  struct godwit_nn_model* model = calloc(1, sizeof *model);
  if (!model) return GODWIT_NN_MISSING_MEMORY;
  model->references = 1;
  const struct godwit_nn_part* part = &source->parts[0];
  const godwit_nn_status status = part->fd >= 0
                                      ? append_file(&model->bytes, part->fd)
                                      : assign(&model->bytes, part->data.data, part->data.size_bytes);
  if (status != GODWIT_NN_OK) {
    release_model(model);
    return explain(call, status, "the model's bytes could not be read");
  }
  *out = model;
  return GODWIT_NN_OK;
}

static void release_graph(struct godwit_nn_graph* graph) {
  if (__atomic_sub_fetch(&graph->references, 1, __ATOMIC_ACQ_REL) != 0) return;
  release_model(graph->model);
  free(graph->config.data);
  free(graph);
}

static godwit_nn_status build_graph(struct godwit_nn_model* model, struct godwit_nn_bytes config,
                                    const struct godwit_nn_call* call, struct godwit_nn_graph** out) {
  struct godwit_nn_graph* graph = calloc(1, sizeof *graph);
  if (!graph) return GODWIT_NN_MISSING_MEMORY;
  graph->references = 1;
  graph->model = model;
  __atomic_add_fetch(&model->references, 1, __ATOMIC_RELAXED);
  godwit_nn_status status = assign(&graph->config, config.data, config.size_bytes);
  if (status == GODWIT_NN_OK && says(&graph->config, "fail-build"))
    status = explain(call, GODWIT_NN_RUNTIME_ERROR, "the config says fail-build");
  if (status != GODWIT_NN_OK) {
    release_graph(graph);
    return status;
  }
  call->progress(call->user, 1.0);
  *out = graph;
  return GODWIT_NN_OK;
}

static godwit_nn_status create_context(struct godwit_nn_graph* graph, const struct godwit_nn_call* call,
                                       struct godwit_nn_context** out) {
  (void)call;
  struct godwit_nn_context* context = calloc(1, sizeof *context);
  if (!context) return GODWIT_NN_MISSING_MEMORY;
  context->graph = graph;
  __atomic_add_fetch(&graph->references, 1, __ATOMIC_RELAXED);
  *out = context;
  return GODWIT_NN_OK;
}

static void release_context(struct godwit_nn_context* context) {
  release_graph(context->graph);
  free(context->config.data);
  free(context->input.data);
  free(context->output.data);
  free(context);
}

static godwit_nn_status set_input(struct godwit_nn_context* context, uint32_t index,
                                  const struct godwit_nn_tensor* tensor, const struct godwit_nn_call* call) {
  if (index > 1)
    return explain(call, GODWIT_NN_INVALID_ARGUMENT, "inputs are 0 (any tensor) and 1 (a config)");
  context->step_begin = context->step_end = 0;
  return assign(index == 0 ? &context->input : &context->config, tensor->data.data, tensor->data.size_bytes);
}

static godwit_nn_status compute(struct godwit_nn_context* context, const struct godwit_nn_call* call) {
  if (says(config_of(context), "fail-compute"))
    return explain(call, GODWIT_NN_RUNTIME_ERROR, "the config says fail-compute");
  if (says(config_of(context), "wait")) {
    const struct timespec pause = {0, 1000000};
    while (!call->should_cancel(call->user)) nanosleep(&pause, NULL);
    return GODWIT_NN_CANCELLED;
  }
  return assign(&context->output, context->input.data, context->input.size_bytes);
}

static godwit_nn_status get_output(struct godwit_nn_context* context, uint32_t index,
                                   struct godwit_nn_bytes* output, const struct godwit_nn_call* call) {
  if (index > 1)
    return explain(call, GODWIT_NN_INVALID_ARGUMENT, "outputs are 0 (the input) and 1 (the model)");
  const struct buffer* from = index == 0 ? &context->output : &context->graph->model->bytes;
  output->data = from->data;
  output->size_bytes = from->size_bytes;
  return GODWIT_NN_OK;
}

static int is_space(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\t'; }

/* The next piece: the spaces before a word, and the word. What steps have given so far is output 0. */
static godwit_nn_status step(struct godwit_nn_context* context, const struct godwit_nn_call* call) {
  if (says(config_of(context), "fail-step"))
    return explain(call, GODWIT_NN_RUNTIME_ERROR, "the config says fail-step");
  const struct buffer* input = &context->input;
  uint64_t at = context->step_end;
  context->step_begin = at;
  if (at == input->size_bytes) return GODWIT_NN_END_OF_SEQUENCE;
  while (at < input->size_bytes && is_space(input->data[at])) ++at;
  while (at < input->size_bytes && !is_space(input->data[at])) ++at;
  context->step_end = at;
  return assign(&context->output, input->data, at);
}

static godwit_nn_status get_step_output(struct godwit_nn_context* context, uint32_t index,
                                        struct godwit_nn_bytes* output, const struct godwit_nn_call* call) {
  if (index != 0) return explain(call, GODWIT_NN_INVALID_ARGUMENT, "a step has output 0 only");
  output->data = context->input.data ? context->input.data + context->step_begin : NULL;
  output->size_bytes = context->step_end - context->step_begin;
  return GODWIT_NN_OK;
}

static godwit_nn_status finish_steps(struct godwit_nn_context* context, const struct godwit_nn_call* call) {
  (void)call;
  context->step_begin = context->step_end = 0;
  return GODWIT_NN_OK;
}

const struct godwit_nn_backend* godwit_nn_backend_v1(uint32_t host_abi_major, uint32_t host_abi_minor) {
  static const struct godwit_nn_backend backend = {
      .struct_size_bytes = sizeof backend,
      .abi_major = GODWIT_NN_ABI_MAJOR,
      .abi_minor = GODWIT_ECHO_ABI_MINOR,
      .encoding = kEncodingEcho,
      .name = "echo",
      .revision = "1",
      .open_model = open_model,
      .release_model = release_model,
      .build_graph = build_graph,
      .release_graph = release_graph,
      .create_context = create_context,
      .release_context = release_context,
      .set_input = set_input,
      .compute = compute,
      .get_output = get_output,
      .step = step,
      .get_step_output = get_step_output,
      .finish_steps = finish_steps,
  };
  (void)host_abi_major; /* a backend of version 1.0 needs nothing that a host of version 1 could lack */
  (void)host_abi_minor;
  return &backend;
}
