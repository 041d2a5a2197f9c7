// The ABI's table: turns failures and exceptions into statuses. Nothing thrown passes this file.
#include <llama.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>

#include "call.h"
#include "model.h"
#include "session.h"

struct godwit_nn_model {
  std::shared_ptr<godwit::ggml::Model> model;
};
struct godwit_nn_graph {
  std::shared_ptr<const godwit::ggml::Graph> graph;
};
struct godwit_nn_context {
  godwit::ggml::Session session;
};

namespace godwit::ggml {
namespace {

// As wasi_ephemeral_nn numbers it.
constexpr uint32_t kEncodingGgml = 6;

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
    return report(GODWIT_NN_RUNTIME_ERROR, std::string("llama.cpp: ") + error.what());
  } catch (...) {
    return report(GODWIT_NN_RUNTIME_ERROR, "llama.cpp failed without saying why");
  }
}

std::string_view text_of(godwit_nn_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size_bytes)};
}

godwit_nn_bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Result<> lend(const Result<std::string_view>& text, godwit_nn_bytes* output) {
  if (!text) return std::unexpected(text.error());
  *output = bytes_of(*text);
  return {};
}

godwit_nn_status open_model(const godwit_nn_model_source* source, const godwit_nn_call* from_host,
                            godwit_nn_model** out) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    LogScope::install();
    const bool knows_trust = source->struct_size_bytes >=
                             offsetof(godwit_nn_model_source, is_trusted) + sizeof(source->is_trusted);
    auto model = Model::open({source->parts, source->part_count}, source->target,
                             knows_trust && source->is_trusted != 0);
    if (!model) return std::unexpected(std::move(model).error());
    *out = new godwit_nn_model{std::move(*model)};
    return {};
  });
}

void release_model(godwit_nn_model* model) { delete model; }

godwit_nn_status build_graph(godwit_nn_model* model, godwit_nn_bytes config, const godwit_nn_call* from_host,
                             godwit_nn_graph** out) {
  return guarded(from_host, [&](const Call& call) -> Result<> {
    auto options = merged(Options{}, text_of(config));
    if (!options) return std::unexpected(std::move(options).error());
    LogScope::set_verbose(options->verbose());
    auto weights = model->model->weights(options->weights, call);
    if (!weights) return std::unexpected(std::move(weights).error());
    auto graph = std::make_shared<const Graph>(model->model, std::move(*weights), std::move(*options));
    *out = new godwit_nn_graph{std::move(graph)};
    return {};
  });
}

void release_graph(godwit_nn_graph* graph) { delete graph; }

godwit_nn_status create_context(godwit_nn_graph* graph, const godwit_nn_call* from_host,
                                godwit_nn_context** out) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    *out = new godwit_nn_context{Session(graph->graph)};
    return {};
  });
}

void release_context(godwit_nn_context* context) { delete context; }

godwit_nn_status set_input(godwit_nn_context* context, uint32_t index, const godwit_nn_tensor* tensor,
                           const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call& call) -> Result<> {
    if (index > 2)
      return fail(GODWIT_NN_INVALID_ARGUMENT,
                  "inputs are 0 (the prompt), 1 (options, as JSON) and 2 (a chat, as JSON)");
    if (tensor->type != GODWIT_NN_U8)
      return fail(GODWIT_NN_INVALID_ARGUMENT, "the prompt, the options and the chat are tensors of u8");
    const std::string_view text = text_of(tensor->data);
    if (index == 0) return context->session.set_prompt(text);
    return index == 1 ? context->session.set_options(text, call) : context->session.set_chat(text);
  });
}

godwit_nn_status compute(godwit_nn_context* context, const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call& call) { return context->session.compute(call); });
}

godwit_nn_status get_output(godwit_nn_context* context, uint32_t index, godwit_nn_bytes* output,
                            const godwit_nn_call* from_host) {
  return guarded(from_host,
                 [&](const Call&) -> Result<> { return lend(context->session.output(index), output); });
}

godwit_nn_status step(godwit_nn_context* context, const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call& call) { return context->session.step(call); });
}

godwit_nn_status get_step_output(godwit_nn_context* context, uint32_t index, godwit_nn_bytes* output,
                                 const godwit_nn_call* from_host) {
  return guarded(from_host,
                 [&](const Call&) -> Result<> { return lend(context->session.step_output(index), output); });
}

godwit_nn_status finish_steps(godwit_nn_context* context, const godwit_nn_call* from_host) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    context->session.finish_steps();
    return {};
  });
}

// A call that goes on after the function that started it.
struct Started {
  Call call;
  godwit_nn_completion completion;

  void end(const Result<>& outcome) const {
    if (!outcome && !outcome.error().text.empty()) call.explain(outcome.error().text);
    completion.done(completion.user, outcome ? GODWIT_NN_OK : outcome.error().status);
  }
};

using Start = Result<> (Session::*)(const Call&, Session::Done);

template <Start start>
godwit_nn_status started(godwit_nn_context* context, const godwit_nn_call* from_host,
                         const godwit_nn_completion* completion) {
  return guarded(from_host, [&](const Call&) -> Result<> {
    auto kept = std::make_shared<Started>(Call(from_host), *completion);
    const Call& call = kept->call;
    return (context->session.*start)(call, [kept](const Result<>& outcome) { kept->end(outcome); });
  });
}

}  // namespace
}  // namespace godwit::ggml

const godwit_nn_backend* godwit_nn_backend_v1(uint32_t, uint32_t) {
  using namespace godwit::ggml;
  static const godwit_nn_backend backend = {
      .struct_size_bytes = sizeof(godwit_nn_backend),
      .abi_major = GODWIT_NN_ABI_MAJOR,
      .abi_minor = GODWIT_NN_ABI_MINOR,
      .encoding = kEncodingGgml,
      .name = "ggml",
      .revision = llama_version(),
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
      .start_compute = started<&Session::start_compute>,
      .start_step = started<&Session::start_step>,
  };
  return &backend;
}
