// The ABI's table over network.h: lives, checks, and what is thrown.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <new>

#include "network.h"

namespace godwit::tensors {
namespace {

struct Model {
  std::vector<ModelBytes> parts;
  uint32_t target;
  bool is_trusted;
  std::mutex mutex;  // held while reading, so that two graphs do not read twice
  std::shared_ptr<const Network>
      network;  // stays as long as the model, so that the next graph starts at once

  Source source() const { return {.parts = parts, .target = target, .is_trusted = is_trusted}; }
};

struct Graph {
  std::shared_ptr<Model> model;
  std::shared_ptr<const Network> network;
};

}  // namespace
}  // namespace godwit::tensors

struct godwit_nn_model {
  std::shared_ptr<godwit::tensors::Model> model;
};
struct godwit_nn_graph {
  std::shared_ptr<const godwit::tensors::Graph> graph;
};
struct godwit_nn_context {
  std::shared_ptr<const godwit::tensors::Graph> graph;
  std::unique_ptr<godwit::tensors::Execution> execution;  // goes before the graph
  std::vector<bool> is_set;                               // the inputs
  bool is_computed;                                       // the outputs are those of the inputs
};

namespace godwit::tensors {
namespace {

// Runs `body`, which returns a Result<>, and explains its failure to the host.
template <class Body>
godwit_nn_status guarded(const godwit_nn_call* from_host, Body body) {
  const Call call(from_host);
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
    return report(GODWIT_NN_RUNTIME_ERROR, std::string(description().name) + ": " + error.what());
  } catch (...) {
    return report(GODWIT_NN_RUNTIME_ERROR, std::string(description().name) + " failed without saying why");
  }
}

godwit_nn_status open_model(const godwit_nn_model_source* source, const godwit_nn_call* from_host,
                            godwit_nn_model** out) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    if (source->part_count == 0) return fail(GODWIT_NN_INVALID_ARGUMENT, "a model needs at least one part");
    auto model = std::make_shared<Model>();
    model->target = source->target;
    model->is_trusted = source->struct_size_bytes >=
                            offsetof(godwit_nn_model_source, is_trusted) + sizeof(source->is_trusted) &&
                        source->is_trusted != 0;
    for (const godwit_nn_part& part : std::span(source->parts, source->part_count)) {
      auto bytes = ModelBytes::of(part);
      if (!bytes) return std::unexpected(std::move(bytes).error());
      model->parts.push_back(std::move(*bytes));
    }
    TENSORS_TRY(library().recognise(model->source()));
    *out = new godwit_nn_model{std::move(model)};
    return {};
  });
}

void release_model(godwit_nn_model* model) { delete model; }

godwit_nn_status build_graph(godwit_nn_model* model, godwit_nn_bytes, const godwit_nn_call* from_host,
                             godwit_nn_graph** out) {
  return guarded(from_host, [&](const Call& call) -> Result<> {
    Model& of = *model->model;
    const std::lock_guard lock(of.mutex);
    if (!of.network) {
      auto network = library().load(of.source(), call);
      if (!network) return std::unexpected(std::move(network).error());
      of.network = std::move(*network);
      call.progress(1.0);
    }
    *out = new godwit_nn_graph{std::make_shared<const Graph>(model->model, of.network)};
    return {};
  });
}

void release_graph(godwit_nn_graph* graph) { delete graph; }

godwit_nn_status create_context(godwit_nn_graph* graph, const godwit_nn_call* from_host,
                                godwit_nn_context** out) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    const Network& network = *graph->graph->network;
    auto execution = network.start();
    if (!execution) return std::unexpected(std::move(execution).error());
    *out = new godwit_nn_context{graph->graph, std::move(*execution),
                                 std::vector<bool>(network.inputs().size()), false};
    return {};
  });
}

void release_context(godwit_nn_context* context) { delete context; }

Result<> check_index(uint32_t index, const std::vector<TensorInfo>& list, const char* what) {
  if (index < list.size()) return {};
  return fail(GODWIT_NN_INVALID_ARGUMENT, "there is no " + std::string(what) + " " + std::to_string(index) +
                                              ": the model has " + std::to_string(list.size()));
}

godwit_nn_status set_input(godwit_nn_context* context, uint32_t index, const godwit_nn_tensor* tensor,
                           const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    const auto& inputs = context->graph->network->inputs();
    TENSORS_TRY(check_index(index, inputs, "input"));
    TENSORS_TRY(check(inputs[index], index, *tensor));
    context->is_computed = false;
    context->is_set[index] = false;
    TENSORS_TRY(context->execution->set_input(index, *tensor));
    context->is_set[index] = true;
    return {};
  });
}

godwit_nn_status compute(godwit_nn_context* context, const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call& call) -> Result<> {
    const auto missing = std::ranges::find(context->is_set, false);
    if (missing != context->is_set.end()) {
      const size_t index = static_cast<size_t>(missing - context->is_set.begin());
      return fail(GODWIT_NN_INVALID_ARGUMENT, "input " + std::to_string(index) + " (" +
                                                  context->graph->network->inputs()[index].name +
                                                  ") is not set");
    }
    context->is_computed = false;
    TENSORS_TRY(context->execution->compute(call));
    context->is_computed = true;
    return {};
  });
}

godwit_nn_status get_output(godwit_nn_context* context, uint32_t index, godwit_nn_bytes* output,
                            const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    TENSORS_TRY(check_index(index, context->graph->network->outputs(), "output"));
    if (!context->is_computed)
      return fail(GODWIT_NN_RUNTIME_ERROR,
                  "there are no outputs: nothing was computed since the inputs were set");
    const auto bytes = context->execution->output(index);
    if (!bytes) return std::unexpected(bytes.error());
    *output = {bytes->data(), bytes->size()};
    return {};
  });
}

godwit_nn_status no_steps(const godwit_nn_call* from_host) {
  return guarded(from_host, [](const Call&) -> Result<> {
    return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                "this model gives its outputs at once: call compute, not compute_single");
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
}  // namespace godwit::tensors

const godwit_nn_backend* godwit_nn_backend_v1(uint32_t, uint32_t) {
  using namespace godwit::tensors;
  static const godwit_nn_backend backend = {
      .struct_size_bytes = sizeof(godwit_nn_backend),
      .abi_major = GODWIT_NN_ABI_MAJOR,
      .abi_minor = GODWIT_NN_ABI_MINOR,
      .encoding = description().encoding,
      .name = description().name,
      .revision = description().revision,
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
