// The ABI's table: speech to text, encoding "whisper". Nothing thrown passes this file.
#include <ggml-backend.h>

#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include "audio.h"
#include "log.h"
#include "model_bytes.h"
#include "model_check.h"
#include "session.h"

namespace godwit::whisper {
namespace {

constexpr uint32_t kEncodingWhisper = 9;  // as wasi_ephemeral_nn numbers it

struct Model {
  tensors::ModelBytes bytes;
  uint32_t target;
  std::mutex mutex;                        // held while reading, so that two graphs do not read twice
  std::shared_ptr<const Weights> weights;  // stay as long as the model, so that the next graph starts at once
};

struct Graph {
  std::shared_ptr<Model> model;
  std::shared_ptr<const Weights> weights;
  Options options;
};

}  // namespace
}  // namespace godwit::whisper

struct godwit_nn_model {
  std::shared_ptr<godwit::whisper::Model> model;
};
struct godwit_nn_graph {
  std::shared_ptr<const godwit::whisper::Graph> graph;
};
struct godwit_nn_context {
  std::shared_ptr<const godwit::whisper::Graph> graph;
  godwit::whisper::Session session;
};

namespace godwit::whisper {
namespace {

using tensors::Call;

// Runs `body`, which returns a Result<>, and explains its failure to the host.
template <class Body>
godwit_nn_status guarded(const godwit_nn_call* from_host, Body body) {
  const Call call(from_host);
  const LogScope scope(call);
  const auto report = [&](godwit_nn_status status, std::string_view text) {
    if (!text.empty()) call.explain(text);
    return status;
  };
  try {
    const Result<> result = body(call);
    return result ? GODWIT_NN_OK : report(result.error().status, result.error().text);
  } catch (const std::bad_alloc&) {
    return report(GODWIT_NN_MISSING_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return report(GODWIT_NN_RUNTIME_ERROR, std::string("whisper.cpp: ") + error.what());
  } catch (...) {
    return report(GODWIT_NN_RUNTIME_ERROR, "whisper.cpp failed without saying why");
  }
}

std::string_view text_of(godwit_nn_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes)};
}

godwit_nn_status open_model(const godwit_nn_model_source* source, const godwit_nn_call* from_host,
                            godwit_nn_model** out) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    if (source->part_count != 1)
      return fail(GODWIT_NN_INVALID_ARGUMENT,
                  "a model of Whisper is one file, not " + std::to_string(source->part_count));
    auto bytes = tensors::ModelBytes::of(source->parts[0]);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    TENSORS_TRY(check_model(bytes->get()));
    *out = new godwit_nn_model{std::shared_ptr<Model>(
        new Model{.bytes = std::move(*bytes), .target = source->target, .mutex = {}, .weights = nullptr})};
    return {};
  });
}

void release_model(godwit_nn_model* model) { delete model; }

Result<> load(Model& model, const Call& call) {
  // Again: a file may have been changed since, and it is what is mapped that is read.
  TENSORS_TRY(check_model(model.bytes.get()));
  whisper_context_params params = whisper_context_default_params();
  const bool has_gpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU) != nullptr;
  params.use_gpu = has_gpu && model.target != GODWIT_NN_TARGET_CPU;
  if (!has_gpu && (model.target == GODWIT_NN_TARGET_GPU || model.target == GODWIT_NN_TARGET_TPU))
    call.log(GODWIT_NN_LOG_WARNING, "whisper: there is no GPU that this build can use: computing on the CPU");
  const auto bytes = model.bytes.get();
  // whisper.cpp only copies out of the buffer, whatever its type says.
  auto* const buffer = const_cast<uint8_t*>(bytes.data());
  Weights weights(whisper_init_from_buffer_with_params_no_state(buffer, bytes.size(), params));
  if (!weights) return fail(GODWIT_NN_RUNTIME_ERROR, "whisper.cpp could not read " + model.bytes.name());
  model.weights = std::make_shared<const Weights>(std::move(weights));
  call.progress(1.0);
  return {};
}

godwit_nn_status build_graph(godwit_nn_model* model, godwit_nn_bytes config, const godwit_nn_call* from_host,
                             godwit_nn_graph** out) {
  return guarded(from_host, [&](const Call& call) -> Result<> {
    auto options = merged(Options{}, text_of(config));
    if (!options) return std::unexpected(std::move(options).error());
    Model& of = *model->model;
    const std::lock_guard lock(of.mutex);
    if (!of.weights) TENSORS_TRY(load(of, call));
    *out = new godwit_nn_graph{std::make_shared<const Graph>(model->model, of.weights, std::move(*options))};
    return {};
  });
}

void release_graph(godwit_nn_graph* graph) { delete graph; }

godwit_nn_status create_context(godwit_nn_graph* graph, const godwit_nn_call* from_host,
                                godwit_nn_context** out) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    const Graph& of = *graph->graph;
    *out = new godwit_nn_context{graph->graph, Session(of.weights, of.options)};
    return {};
  });
}

void release_context(godwit_nn_context* context) { delete context; }

godwit_nn_status set_input(godwit_nn_context* context, uint32_t index, const godwit_nn_tensor* tensor,
                           const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call& call) -> Result<> {
    if (index > 1)
      return fail(GODWIT_NN_INVALID_ARGUMENT, "inputs are 0 (the audio) and 1 (options, as JSON)");
    if (index == 1) {
      if (tensor->type != GODWIT_NN_U8)
        return fail(GODWIT_NN_INVALID_ARGUMENT, "the options are a tensor of u8");
      return context->session.set_options(text_of(tensor->data));
    }
    auto samples = samples_of(*tensor, call);
    if (!samples) return std::unexpected(std::move(samples).error());
    return context->session.set_audio(std::move(*samples));
  });
}

godwit_nn_status compute(godwit_nn_context* context, const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call& call) { return context->session.compute(call, from_host); });
}

godwit_nn_status get_output(godwit_nn_context* context, uint32_t index, godwit_nn_bytes* output,
                            const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    const auto text = context->session.output(index);
    if (!text) return std::unexpected(text.error());
    *output = {reinterpret_cast<const uint8_t*>(text->data()), text->size()};
    return {};
  });
}

godwit_nn_status no_steps(const godwit_nn_call* from_host) {
  return guarded(from_host, [](const Call&) -> Result<> {
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                "this model gives its text at once: call compute, not compute_single");
  });
}

godwit_nn_status step(godwit_nn_context*, const godwit_nn_call* from_host) { return no_steps(from_host); }

godwit_nn_status get_step_output(godwit_nn_context*, uint32_t, godwit_nn_bytes*,
                                 const godwit_nn_call* from_host) {
  return no_steps(from_host);
}

godwit_nn_status finish_steps(godwit_nn_context*, const godwit_nn_call* from_host) {
  return no_steps(from_host);
}

}  // namespace
}  // namespace godwit::whisper

const godwit_nn_backend* godwit_nn_backend_v1(uint32_t, uint32_t) {
  using namespace godwit::whisper;
  static const godwit_nn_backend backend = {
      .struct_size_bytes = sizeof(godwit_nn_backend),
      .abi_major = GODWIT_NN_ABI_MAJOR,
      .abi_minor = GODWIT_NN_ABI_MINOR,
      .encoding = kEncodingWhisper,
      .name = "whisper",
      .revision = whisper_version(),
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
      .start_compute = nullptr,
      .start_step = nullptr,
  };
  return &backend;
}
