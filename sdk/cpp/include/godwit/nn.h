// wasi_ephemeral_nn for guests in C and C++: the imports as they are, and for C++ a graph and its context that clean up
// after themselves.
#ifndef GODWIT_SDK_NN_H
#define GODWIT_SDK_NN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What every function returns. Numbers from 100 on are WasmEdge's additions. */
typedef uint32_t nn_errno_t;
enum {
  NN_SUCCESS = 0,
  NN_INVALID_ARGUMENT = 1,
  NN_INVALID_ENCODING = 2, /**< also: the host has no backend for the model's encoding */
  NN_MISSING_MEMORY = 3,
  NN_BUSY = 4,
  NN_RUNTIME_ERROR = 5,
  NN_UNSUPPORTED_OPERATION = 6,
  NN_TOO_LARGE = 7, /**< get_output: the buffer is too small; `written` is the size that is needed */
  NN_NOT_FOUND = 8,
  NN_END_OF_SEQUENCE = 100,
  NN_CONTEXT_FULL = 101,
  NN_PROMPT_TOO_LONG = 102,
  NN_MODEL_NOT_FOUND = 103
};

/** Element types of tensors. */
enum { NN_F16 = 0, NN_F32 = 1, NN_F64 = 2, NN_U8 = 3, NN_I32 = 4, NN_I64 = 5 };

/** A tensor: row-major, little-endian. */
typedef struct {
  const uint32_t* dimensions;
  uint32_t dimension_count;
  uint32_t type; /**< NN_F16 and the like */
  const uint8_t* data;
  uint32_t data_size_bytes;
} nn_tensor_t;

/** An array of bytes for nn_load. */
typedef struct {
  const uint8_t* data;
  uint32_t size_bytes;
} nn_builder_t;

#define NN_IMPORT(name) __attribute__((import_module("wasi_ephemeral_nn"), import_name(name)))

nn_errno_t nn_load(const nn_builder_t* builders, uint32_t builder_count, uint32_t encoding, uint32_t target,
                   uint32_t* graph) NN_IMPORT("load");
/** Makes a graph of a model that the host has registered, with options as JSON. */
nn_errno_t nn_load_by_name_with_config(const char* name, uint32_t name_size_bytes, const char* config,
                                       uint32_t config_size_bytes, uint32_t* graph)
    NN_IMPORT("load_by_name_with_config");
nn_errno_t nn_load_by_name(const char* name, uint32_t name_size_bytes, uint32_t* graph)
    NN_IMPORT("load_by_name");
nn_errno_t nn_init_execution_context(uint32_t graph, uint32_t* context) NN_IMPORT("init_execution_context");
nn_errno_t nn_set_input(uint32_t context, uint32_t index, const nn_tensor_t* tensor) NN_IMPORT("set_input");
nn_errno_t nn_compute(uint32_t context) NN_IMPORT("compute");
nn_errno_t nn_get_output(uint32_t context, uint32_t index, uint8_t* out, uint32_t out_size_bytes,
                         uint32_t* written) NN_IMPORT("get_output");
/** The next piece of the output; NN_END_OF_SEQUENCE or NN_CONTEXT_FULL when there is none. */
nn_errno_t nn_compute_single(uint32_t context) NN_IMPORT("compute_single");
nn_errno_t nn_get_output_single(uint32_t context, uint32_t index, uint8_t* out, uint32_t out_size_bytes,
                                uint32_t* written) NN_IMPORT("get_output_single");
nn_errno_t nn_fini_single(uint32_t context) NN_IMPORT("fini_single");
nn_errno_t nn_finalize_execution_context(uint32_t context) NN_IMPORT("finalize_execution_context");
nn_errno_t nn_unload(uint32_t graph) NN_IMPORT("unload");

#ifdef __cplusplus
}

#include <string>
#include <string_view>
#include <vector>

namespace godwit::nn {

/// A model that takes and gives tensors.
class TensorModel final {
 public:
  TensorModel() = default;
  ~TensorModel() {
    if (loaded_) nn_finalize_execution_context(context_), nn_unload(graph_);
  }
  TensorModel(const TensorModel&) = delete;
  TensorModel& operator=(const TensorModel&) = delete;

  /// @param name of the model in `--nn-preload NAME:…`
  nn_errno_t load(std::string_view name) {
    const nn_errno_t code = nn_load_by_name(name.data(), static_cast<uint32_t>(name.size()), &graph_);
    return code ? code : begin();
  }
  /// A model of these bytes. @param encoding, target as wasi_ephemeral_nn numbers them
  nn_errno_t load_bytes(std::string_view bytes, uint32_t encoding, uint32_t target) {
    const nn_builder_t builder = {reinterpret_cast<const uint8_t*>(bytes.data()),
                                  static_cast<uint32_t>(bytes.size())};
    const nn_errno_t code = nn_load(&builder, 1, encoding, target, &graph_);
    return code ? code : begin();
  }

  /// @param type NN_F32 and the like, that of T. @param data row by row
  template <class T>
  nn_errno_t set_input(uint32_t index, uint32_t type, const std::vector<uint32_t>& dimensions,
                       const std::vector<T>& data) {
    const nn_tensor_t tensor = {dimensions.data(), static_cast<uint32_t>(dimensions.size()), type,
                                reinterpret_cast<const uint8_t*>(data.data()),
                                static_cast<uint32_t>(data.size() * sizeof(T))};
    return nn_set_input(context_, index, &tensor);
  }
  nn_errno_t compute() { return nn_compute(context_); }

  /// Replaces `values` by an output.
  template <class T>
  nn_errno_t output(uint32_t index, std::vector<T>& values) {
    values.resize(1);
    for (;;) {
      uint32_t size = 0;
      const nn_errno_t code = nn_get_output(context_, index, reinterpret_cast<uint8_t*>(values.data()),
                                            static_cast<uint32_t>(values.size() * sizeof(T)), &size);
      const bool grow = code == NN_TOO_LARGE && size > values.size() * sizeof(T);
      values.resize(code == NN_SUCCESS || grow ? (size + sizeof(T) - 1) / sizeof(T) : 0);
      if (!grow) return code;
    }
  }

 private:
  nn_errno_t begin() {
    const nn_errno_t code = nn_init_execution_context(graph_, &context_);
    if (code) nn_unload(graph_);
    loaded_ = code == NN_SUCCESS;
    return code;
  }

  uint32_t graph_ = 0;
  uint32_t context_ = 0;
  bool loaded_ = false;
};

/// A language model that the host has registered, with one sequence of its own.
class TextModel final {
 public:
  TextModel() = default;
  ~TextModel() {
    if (loaded_) nn_finalize_execution_context(context_), nn_unload(graph_);
  }
  TextModel(const TextModel&) = delete;
  TextModel& operator=(const TextModel&) = delete;

  /// @param name of the model in `--nn-preload NAME:…`. @param options JSON.
  nn_errno_t load(std::string_view name, std::string_view options) {
    if (const nn_errno_t code =
            nn_load_by_name_with_config(name.data(), static_cast<uint32_t>(name.size()), options.data(),
                                        static_cast<uint32_t>(options.size()), &graph_))
      return code;
    if (const nn_errno_t code = nn_init_execution_context(graph_, &context_)) {
      nn_unload(graph_);
      return code;
    }
    loaded_ = true;
    return NN_SUCCESS;
  }

  /// Sets the text that the model goes on from.
  nn_errno_t set_prompt(std::string_view text) {
    const uint32_t dimension = static_cast<uint32_t>(text.size());
    const nn_tensor_t tensor = {&dimension, 1, NN_U8, reinterpret_cast<const uint8_t*>(text.data()),
                                dimension};
    return nn_set_input(context_, 0, &tensor);
  }

  /// Replaces `piece` by the next piece of the answer: any bytes, also part of a character.
  /// @returns NN_END_OF_SEQUENCE, NN_CONTEXT_FULL: there is none
  nn_errno_t next(std::string& piece) {
    if (const nn_errno_t code = nn_compute_single(context_)) return code;
    return read(piece, nn_get_output_single, 0);
  }
  /// Ends an answer; the next one starts from the prompt.
  nn_errno_t finish() { return nn_fini_single(context_); }

  /// Replaces `json` by what the host says about the model and the run.
  nn_errno_t metadata(std::string& json) { return read(json, nn_get_output, 1); }

 private:
  template <class Function>
  nn_errno_t read(std::string& to, Function function, uint32_t index) {
    to.resize(256);
    for (;;) {
      uint32_t size = 0;
      const nn_errno_t code = function(context_, index, reinterpret_cast<uint8_t*>(to.data()),
                                       static_cast<uint32_t>(to.size()), &size);
      const bool grow = code == NN_TOO_LARGE && size > to.size();
      to.resize(code == NN_SUCCESS || grow ? size : 0);
      if (!grow) return code;
    }
  }

  uint32_t graph_ = 0;
  uint32_t context_ = 0;
  bool loaded_ = false;
};

}  // namespace godwit::nn
#endif

#endif
