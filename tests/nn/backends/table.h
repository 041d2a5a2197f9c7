// A backend as a host sees it: its plug-in, and what is made by it.
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "godwit/abi/nn_backend.h"

namespace backends {

// An encoding that was built, and how the files of its models are called.
struct Format {
  const char* encoding;
  std::vector<const char*> endings;
  bool is_channels_last;
  const char* variant = "";
  std::string text() const { return std::string(encoding) + variant; }
};
inline void PrintTo(const Format& format, std::ostream* out) { *out << format.text(); }

inline const std::vector<Format>& formats() {
  static const std::vector<Format> built = {
#ifdef HAS_ONNX
      {"onnx", {".onnx"}, false},
#endif
#ifdef HAS_OPENVINO
      {"openvino", {".xml", ".bin"}, false},
#endif
#ifdef HAS_TFLITE
      {"tensorflowlite", {".tflite"}, true},
#endif
#ifdef HAS_PYTORCH
      {"pytorch", {".pt"}, false},
#endif
#ifdef HAS_TENSORFLOW
      {"tensorflow", {".pb"}, true, "Frozen"},
      {"tensorflow", {".saved/saved_model.pb"}, true, "Saved"},
#endif
  };
  return built;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string in_models(const std::string& name) { return std::string(MODELS) + "/" + name; }

inline const godwit_nn_backend& backend(const std::string& encoding) {
  const std::string path = std::string(PLUGINS) + "/godwit-nn-" + encoding + ".so";
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::abort();
  }
  const auto entry = reinterpret_cast<godwit_nn_backend_entry>(dlsym(library, GODWIT_NN_BACKEND_SYMBOL));
  return *entry(GODWIT_NN_ABI_MAJOR, GODWIT_NN_ABI_MINOR);
}

// The host's side of a call.
struct Host {
  std::string explanation;
  bool is_cancelled = false;
  godwit_nn_call call{
      .struct_size_bytes = sizeof(godwit_nn_call),
      .user = this,
      .log = [](void*, uint32_t, const char*, uint64_t) {},
      .explain = [](void* user, const char* text,
                    uint64_t size) { static_cast<Host*>(user)->explanation.assign(text, size); },
      .progress = [](void*, double) {},
      .should_cancel = [](void* user) -> int32_t { return static_cast<Host*>(user)->is_cancelled; },
      .open_file = [](void*, const char*, uint64_t, int32_t*) -> godwit_nn_status {
        return GODWIT_NN_NOT_FOUND;
      },
      .tenant = 0,
      .emit = nullptr,
      .spend = nullptr};
  Host() = default;
  Host(const Host&) = delete;
};

enum class From { Operator, Guest };

// A model, its graph and a context, as far as they came to be.
class Execution final {
 public:
  explicit Execution(const std::string& encoding) : table_(backend(encoding)) {}
  ~Execution() {
    if (context_) table_.release_context(context_);
    if (graph_) table_.release_graph(graph_);
    if (model_) table_.release_model(model_);
  }
  Execution(const Execution&) = delete;

  godwit_nn_status open_files(const std::vector<std::string>& paths) {
    std::vector<godwit_nn_part> parts;
    for (const std::string& path : paths) {
      const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (fd >= 0) parts.push_back({.fd = fd, .name = path.c_str(), .data = {}});
    }
    const godwit_nn_status status = make(parts, From::Operator);
    for (const godwit_nn_part& part : parts) close(part.fd);
    return status;
  }
  godwit_nn_status open_bytes(const std::vector<std::string>& arrays, From from = From::Guest) {
    std::vector<godwit_nn_part> parts;
    for (const std::string& bytes : arrays)
      parts.push_back({.fd = -1,
                       .name = "bytes",
                       .data = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}});
    return make(parts, from);
  }

  template <class T>
  godwit_nn_status set(uint32_t index, uint32_t type, const std::vector<uint32_t>& dimensions,
                       const std::vector<T>& data) {
    const godwit_nn_tensor tensor{
        .dimensions = dimensions.data(),
        .dimension_count = static_cast<uint32_t>(dimensions.size()),
        .type = type,
        .data = {reinterpret_cast<const uint8_t*>(data.data()), data.size() * sizeof(T)}};
    return table_.set_input(context_, index, &tensor, &host.call);
  }
  godwit_nn_status compute() { return table_.compute(context_, &host.call); }
  template <class T>
  std::vector<T> output(uint32_t index = 0) {
    godwit_nn_bytes bytes{};
    last = table_.get_output(context_, index, &bytes, &host.call);
    std::vector<T> values(last == GODWIT_NN_OK ? bytes.size_bytes / sizeof(T) : 0);
    if (!values.empty()) std::memcpy(values.data(), bytes.data, values.size() * sizeof(T));
    return values;
  }

  godwit_nn_context* context() const { return context_; }
  const godwit_nn_backend& table() const { return table_; }

  Host host;
  godwit_nn_status last = GODWIT_NN_OK;

 private:
  godwit_nn_status make(const std::vector<godwit_nn_part>& parts, From from) {
    const godwit_nn_model_source source{.struct_size_bytes = sizeof source,
                                        .target = GODWIT_NN_TARGET_CPU,
                                        .parts = parts.data(),
                                        .part_count = static_cast<uint32_t>(parts.size()),
                                        .is_trusted = from == From::Operator};
    if (const auto status = table_.open_model(&source, &host.call, &model_)) return status;
    if (const auto status = table_.build_graph(model_, {nullptr, 0}, &host.call, &graph_)) return status;
    return table_.create_context(graph_, &host.call, &context_);
  }

  const godwit_nn_backend& table_;
  godwit_nn_model* model_ = nullptr;
  godwit_nn_graph* graph_ = nullptr;
  godwit_nn_context* context_ = nullptr;
};

// The files of a model of this name, those that there are.
inline std::vector<std::string> files_of(const Format& format, const std::string& name) {
  std::vector<std::string> files;
  for (const char* ending : format.endings)
    if (const std::string path = in_models(name + ending); access(path.c_str(), R_OK) == 0)
      files.push_back(path);
  return files;
}

}  // namespace backends
