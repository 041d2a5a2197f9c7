// Guest: what wasi_ephemeral_nn is for one guest: its handles of graphs and execution contexts, and the functions.
//
// Every function returns an errno; what went wrong in words goes to the registry's log. Handles are never used twice.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "host/host.h"
#include "nn/backend.h"
#include "nn/guest_files.h"
#include "nn/handles.h"
#include "nn/numbering.h"
#include "nn/registry.h"
#include "nn/types.h"

namespace godwit::nn {

// What one guest may use of models. 0: as much as there is.
struct Quota {
  uint64_t tokens = 0;      // computed, of prompts and answers, in the guest's life
  uint32_t contexts = 0;    // execution contexts at a time
  uint64_t compute_ns = 0;  // in calls that compute, in the guest's life
};

enum class GuestModels : uint8_t { OfSomeEncodings, OfAllEncodings };

struct GuestConfig {
  GuestFiles* files =
      nullptr;  // opens the paths that the guest names; null: it can name registered models only
  platform::fs::Parker* parker = nullptr;  // waits in the place of the guest's thread; null: that does
  // Guests of one tenant may begin with what a model remembers of each other's prompts. Empty: this guest alone.
  std::string tenant = {};
  Quota quota = {};
  // Whether models that the guest brings along are run also where the library does not withstand hostile ones.
  GuestModels guest_models = GuestModels::OfSomeEncodings;
};

// @threads any; two calls on one execution context do not wait for each other: the second is Busy.
class Guest final {
 public:
  // @lifetime `registry`, and what `config` points to, outlive the guest.
  explicit Guest(Registry& registry, const GuestConfig& config = {});
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  // Offers all functions as `wasi_ephemeral_nn`. @lifetime outlives every store that `linker` links it into.
  void define(runtime::Linker& linker);

  // An array of bytes in guest memory.
  //   offset 0  address u32    4  length u32
  struct Builder {
    uint32_t address;
    uint32_t size_bytes;
  };

  // A tensor in guest memory. The product of the dimensions is not compared with the size: guests send text with
  // dimensions of 1.
  // The element type is of today's numbering or of the first drafts' (numbering.h).
  //   offset 0  dimensions' address u32    4  their number u32    8  element type u32
  //         12  data's address u32        16  its length in bytes u32
  struct Tensor {
    uint32_t dimensions;
    uint32_t dimension_count;
    uint32_t type;
    uint32_t data;
    uint32_t data_size_bytes;
  };

  // Makes a graph of a model that the guest brings along: its bytes, or the text "preload:" and a path inside its
  // preopens. For encodings whose model is one file, a second builder holds the config.
  // deviation: `target` auto is refused here, as in WasmEdge; a path is never opened outside the preopens, as it is
  // there.
  Errno load(host::Caller& caller, host::GuestSpan<Builder> builders, uint32_t encoding, uint32_t target,
             host::GuestPtr<uint32_t> graph);

  // Makes a graph of a registered model. The same name gives the same graph again until it is unloaded.
  Errno load_by_name(host::Caller& caller, host::GuestString name, host::GuestPtr<uint32_t> graph);

  // The same with a config, JSON. deviation: another config gives another graph (of the same weights), where WasmEdge
  // gives the first graph and ignores the config.
  Errno load_by_name_with_config(host::Caller& caller, host::GuestString name, host::GuestString config,
                                 host::GuestPtr<uint32_t> graph);

  // Makes a context with a sequence of its own.
  Errno init_execution_context(host::Caller& caller, uint32_t graph, host::GuestPtr<uint32_t> context);

  Errno set_input(host::Caller& caller, uint32_t context, uint32_t index, host::GuestPtr<Tensor> tensor);
  Errno compute(host::Caller& caller, uint32_t context);

  // Copies an output. If it is larger than `out`, nothing is copied, `written` is the size it has, and the errno is
  // TooLarge.
  Errno get_output(host::Caller& caller, uint32_t context, uint32_t index, host::GuestSpan<uint8_t> out,
                   host::GuestPtr<uint32_t> written);

  // The next piece of output: EndOfSequence or ContextFull when there is none.
  Errno compute_single(host::Caller& caller, uint32_t context);
  Errno get_output_single(host::Caller& caller, uint32_t context, uint32_t index,
                          host::GuestSpan<uint8_t> out, host::GuestPtr<uint32_t> written);
  Errno fini_single(host::Caller& caller, uint32_t context);

  // Takes the graph's handle away at once. Contexts that were made of it can still be read and finalized.
  Errno unload(host::Caller& caller, uint32_t graph);
  Errno finalize_execution_context(host::Caller& caller, uint32_t context);

 private:
  // What a context's handle stands for.
  struct Execution {
    uint32_t graph_handle;
    std::shared_ptr<Context> context;
  };
  // Whether a call needs the graph's handle to be alive still.
  enum class Graphs : uint8_t { Loaded, MayBeUnloaded };
  using Reader = godwit_nn_status (*const godwit_nn_backend::*)(godwit_nn_context*, uint32_t,
                                                                godwit_nn_bytes*, const godwit_nn_call*);

  CallOrigin origin_of(const host::Caller& caller) const;
  // Runs a call that computes, within the guest's quota.
  Outcome<> compute_by(host::Caller& caller, uint32_t handle,
                       godwit_nn_status (Context::*function)(const godwit_nn_call*, const Waiting&));
  Outcome<> check_quota() const;
  // Says why a call fails, where that is not the guest's ordinary course, and gives its errno.
  Errno report(std::string_view function, const Outcome<>& outcome);

  Outcome<> load_graph(host::Caller& caller, host::GuestSpan<Builder> builders, uint32_t encoding,
                       uint32_t target, host::GuestPtr<uint32_t> out);
  Outcome<> load_named(host::Caller& caller, host::GuestString name, host::GuestString config,
                       host::GuestPtr<uint32_t> out);
  Outcome<> init_context(host::Caller& caller, uint32_t graph, host::GuestPtr<uint32_t> out);
  Outcome<> set_tensor(host::Caller& caller, uint32_t context, uint32_t index, host::GuestPtr<Tensor> tensor);
  Outcome<> copy_output(host::Caller& caller, uint32_t context, uint32_t index, host::GuestSpan<uint8_t> out,
                        host::GuestPtr<uint32_t> written, Reader read);
  // Calls function(context, call) unless the handle is unknown or the context is busy.
  template <class Function>
  Outcome<> with_context(host::Caller& caller, uint32_t handle, Graphs graphs, Function function);

  Registry& registry_;
  GuestFiles* const files_;
  const Waiting waiting_;
  const uint64_t tenant_;
  const Quota quota_;
  const GuestModels guest_models_;
  Numbering numbering_;
  std::atomic<uint64_t> spent_tokens_ = 0;
  std::atomic<uint64_t> spent_ns_ = 0;
  Handles<const Graph> graphs_;
  Handles<const Execution> contexts_;
  std::mutex named_mutex_;  // held while a named graph is built, so that two calls do not build it twice
  std::map<std::pair<std::string, std::string>, uint32_t> named_;  // by name and config
  std::atomic<uint32_t> lines_left_;
};

}  // namespace godwit::nn
