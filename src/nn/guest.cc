// The functions of wasi_ephemeral_nn.
#include "nn/guest.h"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "platform/clock.h"
#include "runtime/guest_access.h"
#include "runtime/instance.h"

namespace godwit::nn {
namespace {

// What one guest may hold at a time.
constexpr size_t kMostGraphs = 1024;
constexpr size_t kMostContexts = 4096;
// What one call may name.
constexpr uint32_t kMostBuilders = 64;
constexpr uint32_t kMostDimensions = 64;
constexpr uint32_t kMostNameBytes = 4096;
// Lines that one guest may add to the log: it must not fill somebody's disk.
constexpr uint32_t kMostLines = 200;

constexpr std::string_view kPathPrefix = "preload:";

// Every pointer of these functions must be good before anything is done, so that a call has no half effect.
std::unexpected<Failure> outside(const char* what) {
  return refuse(Errno::InvalidArgument, std::string(what) + " lies outside of the guest's memory");
}

Outcome<> can_write(const host::GuestPtr<uint32_t>& to) {
  if (to.memory().size_bytes() == 0) return refuse(Errno::MissingMemory, "the guest has no memory");
  if (!to.read()) return outside("the address for the result");
  return {};
}

Outcome<> write(const host::GuestPtr<uint32_t>& to, uint32_t value) {
  if (!to.write(value)) return outside("the address for the result");
  return {};
}

Outcome<std::string> copy_text(const host::GuestString& text, const char* what) {
  const auto view = text.view();
  if (!view) return outside(what);
  return std::string(*view);
}

// Other threads of the guest may write to its memory while a backend reads there.
bool has_shared_memory(const host::Caller& caller) {
  if (!caller.instance()) return false;
  const auto& memories = caller.instance()->module().declarations.memories;
  return !memories.empty() && memories[0].is_shared;
}

// Bytes of the guest's that stay as they are while a backend works with them: copied if they could change.
class StableBytes final {
 public:
  // @errors RuntimeError: no memory for the copy.
  static Outcome<StableBytes> of(const host::Caller& caller, Bytes bytes) {
    StableBytes stable;
    stable.bytes_ = bytes;
    if (!has_shared_memory(caller) || bytes.empty()) return stable;
    stable.copy_.reset(new (std::nothrow) uint8_t[bytes.size()]);
    if (!stable.copy_) return refuse(Errno::RuntimeError, "no memory for a copy of what the guest shares");
    const runtime::GuestAccess access;
    std::ranges::copy(bytes, stable.copy_.get());
    stable.bytes_ = {stable.copy_.get(), bytes.size()};
    return stable;
  }
  Bytes get() const { return bytes_; }

 private:
  StableBytes() = default;
  std::unique_ptr<uint8_t[]> copy_;
  Bytes bytes_;
};

bool is_ordinary(Errno code) {
  return code == Errno::EndOfSequence || code == Errno::ContextFull || code == Errno::PromptTooLong ||
         code == Errno::TooLarge;
}

}  // namespace

Guest::Guest(Registry& registry, const GuestConfig& config)
    : registry_(registry),
      files_(config.files),
      waiting_(registry.waiting(config.parker)),
      tenant_(registry.tenant(config.tenant)),
      quota_(config.quota),
      guest_models_(config.guest_models),
      graphs_(kMostGraphs),
      contexts_(config.quota.contexts ? std::min<size_t>(config.quota.contexts, kMostContexts)
                                      : kMostContexts),
      lines_left_(kMostLines) {}

void Guest::define(runtime::Linker& linker) {
#define GODWIT_NN_FUNCTION(name) host::define<&Guest::name>(linker, "wasi_ephemeral_nn", #name, *this);
#include "nn/functions.def"
}

CallOrigin Guest::origin_of(const host::Caller& caller) const {
  return {.log = registry_.log(),
          .interrupted = [&caller] { return caller.interrupted(); },
          .files = files_,
          .tenant = tenant_};
}

Errno Guest::report(std::string_view function, const Outcome<>& outcome) {
  if (outcome) return Errno::Success;
  const auto& [code, text] = outcome.error();
  if (text.empty()) return code;
  uint32_t left = lines_left_.load();
  while (left > 0 && !lines_left_.compare_exchange_weak(left, left - 1)) {
  }
  if (left == 0) return code;
  const LogLevel level = is_ordinary(code) ? LogLevel::Debug : LogLevel::Error;
  registry_.log()(level, std::string(function) + ": " + text + " (" + std::string(to_string(code)) + ")" +
                             (left == 1 ? "; further messages for this guest are left out" : ""));
  return code;
}

// ---- graphs ----

Outcome<> Guest::load_graph(host::Caller& caller, host::GuestSpan<Builder> builders, uint32_t encoding_number,
                            uint32_t target, host::GuestPtr<uint32_t> out) {
  if (auto good = can_write(out); !good) return good;
  const Encoding* encoding = encoding_of(encoding_number);
  if (!encoding && encoding_number != kAutodetect)
    return refuse(Errno::InvalidEncoding, "there is no encoding " + std::to_string(encoding_number));
  if (target > static_cast<uint32_t>(Target::Tpu))
    return refuse(Errno::InvalidArgument, "the target must be cpu (0), gpu (1) or tpu (2)");
  if (builders.size() == 0 || builders.size() > kMostBuilders)
    return refuse(Errno::InvalidArgument,
                  "a model is given by 1 to " + std::to_string(kMostBuilders) + " byte arrays");
  const auto list = builders.check();
  if (!list) return outside("the list of byte arrays");

  std::vector<StableBytes> held;
  std::vector<std::string_view> arrays;
  for (uint32_t idx = 0; idx < list->size(); ++idx) {
    const Builder builder = (*list)[idx];
    const auto bytes = caller.memory().bytes(builder.address, builder.size_bytes);
    if (!bytes) return outside("a byte array of the model");
    auto stable = StableBytes::of(caller, *bytes);
    if (!stable) return std::unexpected(std::move(stable).error());
    held.push_back(std::move(*stable));
    arrays.push_back(as_text(held.back().get()));
  }
  std::string path;
  std::string first_bytes(arrays[0].substr(0, 16));
  ModelFile file;
  if (arrays[0].starts_with(kPathPrefix)) {
    path = arrays[0].substr(kPathPrefix.size(), kMostNameBytes);
    if (!files_)
      return refuse(Errno::NotFound, "the model \"" + path +
                                         "\": this guest has no files; register the model with "
                                         "--nn-preload and load it by name");
    auto opened = files_->open(path);
    if (!opened)
      return refuse(Errno::NotFound,
                    "the model \"" + path + "\": " + opened.error().message() +
                        " (only files inside the guest's --dir folders can be named; a model that "
                        "was registered with --nn-preload is loaded by its name)");
    auto copy = opened->copy_in_memory(origin_of(caller).interrupted);
    if (!copy) return refuse(Errno::RuntimeError, "the model \"" + path + "\": " + copy.error().message());
    file = std::move(*copy);
    first_bytes = file.first_bytes();
  }
  if (!encoding) encoding = encoding_of_file(first_bytes);
  if (!encoding) return refuse(Errno::InvalidEncoding, "the model's bytes do not tell its encoding");
  if (encoding->brought == Brought::ByLeave && guest_models_ == GuestModels::OfSomeEncodings)
    return refuse(
        Errno::UnsupportedOperation,
        "guests may not bring along models of the encoding " + std::string(encoding->name) +
            ": its library does not withstand models that are made to harm; register the model with "
            "--nn-preload, or trust the guest with --nn-guest-models");

  std::string config;
  if (encoding->builders == Builders::PartThenConfig && arrays.size() > 1) {
    config = arrays[1];
    arrays.resize(1);
  }
  std::vector<godwit_nn_part> parts;
  for (const std::string_view array : arrays) {
    const Bytes bytes = as_bytes(array);
    parts.push_back({.fd = -1, .name = "the guest's model", .data = {bytes.data(), bytes.size()}});
  }
  if (!path.empty()) parts[0] = {.fd = file.fd(), .name = path.c_str(), .data = {}};

  Outcome<std::shared_ptr<const Graph>> graph;
  waiting_.run([&] {
    graph = registry_.graph_of_parts(encoding, static_cast<Target>(target), parts, config, origin_of(caller));
  });
  if (!graph) return std::unexpected(std::move(graph).error());
  const auto handle = graphs_.add(std::move(*graph));
  if (!handle) return refuse(Errno::TooLarge, "the guest holds too many graphs; unload some");
  return write(out, *handle);
}

Errno Guest::load(host::Caller& caller, host::GuestSpan<Builder> builders, uint32_t encoding, uint32_t target,
                  host::GuestPtr<uint32_t> graph) {
  return report("load", load_graph(caller, builders, encoding, target, graph));
}

Outcome<> Guest::load_named(host::Caller& caller, host::GuestString name, host::GuestString config,
                            host::GuestPtr<uint32_t> out) {
  if (auto good = can_write(out); !good) return good;
  if (name.size() > kMostNameBytes) return refuse(Errno::InvalidArgument, "the model's name is too long");
  auto name_text = copy_text(name, "the model's name");
  if (!name_text) return std::unexpected(std::move(name_text).error());
  auto config_text = copy_text(config, "the config");
  if (!config_text) return std::unexpected(std::move(config_text).error());

  const std::lock_guard lock(named_mutex_);
  const std::pair key(*name_text, *config_text);
  if (const auto known = named_.find(key); known != named_.end()) {
    if (graphs_.find(known->second)) return write(out, known->second);
    named_.erase(known);
  }
  Outcome<std::shared_ptr<const Graph>> graph;
  waiting_.run([&] { graph = registry_.graph_by_name(*name_text, *config_text, origin_of(caller)); });
  if (!graph) return std::unexpected(std::move(graph).error());
  const auto handle = graphs_.add(std::move(*graph));
  if (!handle) return refuse(Errno::TooLarge, "the guest holds too many graphs; unload some");
  named_.emplace(key, *handle);
  return write(out, *handle);
}

Errno Guest::load_by_name(host::Caller& caller, host::GuestString name, host::GuestPtr<uint32_t> graph) {
  return report("load_by_name", load_named(caller, name, host::GuestString(caller.memory(), 0, 0), graph));
}

Errno Guest::load_by_name_with_config(host::Caller& caller, host::GuestString name, host::GuestString config,
                                      host::GuestPtr<uint32_t> graph) {
  return report("load_by_name_with_config", load_named(caller, name, config, graph));
}

Errno Guest::unload(host::Caller&, uint32_t graph) {
  if (graphs_.remove(graph)) return Errno::Success;
  return report("unload", refuse(Errno::InvalidArgument, "there is no graph " + std::to_string(graph)));
}

// ---- contexts ----

Outcome<> Guest::init_context(host::Caller& caller, uint32_t graph_handle, host::GuestPtr<uint32_t> out) {
  if (auto good = can_write(out); !good) return good;
  auto graph = graphs_.find(graph_handle);
  if (!graph) return refuse(Errno::InvalidArgument, "there is no graph " + std::to_string(graph_handle));
  auto context = Context::create(std::move(graph), origin_of(caller));
  if (!context) return std::unexpected(std::move(context).error());
  const auto handle = contexts_.add(std::make_shared<const Execution>(graph_handle, std::move(*context)));
  if (!handle) return refuse(Errno::TooLarge, "the guest holds too many execution contexts; finalize some");
  return write(out, *handle);
}

Errno Guest::init_execution_context(host::Caller& caller, uint32_t graph, host::GuestPtr<uint32_t> context) {
  return report("init_execution_context", init_context(caller, graph, context));
}

Errno Guest::finalize_execution_context(host::Caller&, uint32_t context) {
  if (contexts_.remove(context)) return Errno::Success;
  return report("finalize_execution_context",
                refuse(Errno::InvalidArgument, "there is no execution context " + std::to_string(context)));
}

template <class Function>
Outcome<> Guest::with_context(host::Caller& caller, uint32_t handle, Graphs graphs, Function function) {
  const auto execution = contexts_.find(handle);
  if (!execution)
    return refuse(Errno::InvalidArgument, "there is no execution context " + std::to_string(handle));
  if (graphs == Graphs::Loaded && !graphs_.find(execution->graph_handle))
    return refuse(Errno::InvalidArgument, "the graph of this execution context was unloaded");
  Context& context = *execution->context;
  const Context::Hold hold(context);
  if (!hold) return refuse(Errno::Busy, "another thread uses this execution context");
  const CallOrigin origin = origin_of(caller);
  BackendCall call(origin);
  return function(context, call);
}

Outcome<> Guest::set_tensor(host::Caller& caller, uint32_t handle, uint32_t index,
                            host::GuestPtr<Tensor> at) {
  const auto tensor = at.read();
  if (!tensor) return outside("the tensor");
  if (!tensor_type_of(tensor->type))
    return refuse(Errno::InvalidArgument, "there is no element type " + std::to_string(tensor->type));
  if (tensor->dimension_count > kMostDimensions)
    return refuse(Errno::InvalidArgument,
                  "a tensor has at most " + std::to_string(kMostDimensions) + " dimensions");
  const auto dimensions_in_guest =
      host::GuestSpan<uint32_t>(caller.memory(), tensor->dimensions, tensor->dimension_count).check();
  if (!dimensions_in_guest) return outside("the tensor's dimensions");
  const auto data = caller.memory().bytes(tensor->data, tensor->data_size_bytes);
  if (!data) return outside("the tensor's data");
  std::vector<uint32_t> dimensions;
  for (uint32_t idx = 0; idx < dimensions_in_guest->size(); ++idx)
    dimensions.push_back((*dimensions_in_guest)[idx]);

  const auto stable = StableBytes::of(caller, *data);
  if (!stable) return std::unexpected(stable.error());
  godwit_nn_tensor for_backend{.dimensions = dimensions.data(),
                               .dimension_count = static_cast<uint32_t>(dimensions.size()),
                               .type = tensor->type,
                               .data = {stable->get().data(), stable->get().size()}};
  return with_context(caller, handle, Graphs::Loaded, [&](Context& context, BackendCall& call) {
    // Where text is passed, the dimensions tell nothing.
    const Encoding* encoding = encoding_of(context.table().encoding);
    if (encoding && encoding->builders == Builders::Parts)
      for_backend.type = numbering_.type_of(tensor->type, dimensions, tensor->data_size_bytes);
    return call.outcome(context.set_input(index, for_backend, call.get(), waiting_));
  });
}

Errno Guest::set_input(host::Caller& caller, uint32_t context, uint32_t index,
                       host::GuestPtr<Tensor> tensor) {
  return report("set_input", set_tensor(caller, context, index, tensor));
}

Outcome<> Guest::check_quota() const {
  if (quota_.tokens && spent_tokens_.load() >= quota_.tokens)
    return refuse(Errno::RuntimeError,
                  "the guest has used up its quota of " + std::to_string(quota_.tokens) + " tokens");
  if (quota_.compute_ns && spent_ns_.load() >= quota_.compute_ns)
    return refuse(Errno::RuntimeError, "the guest has used up its quota of " +
                                           std::to_string(quota_.compute_ns / 1'000'000) +
                                           " ms in which models compute for it");
  return {};
}

Outcome<> Guest::compute_by(host::Caller& caller, uint32_t handle,
                            godwit_nn_status (Context::*function)(const godwit_nn_call*, const Waiting&)) {
  if (auto within = check_quota(); !within) return within;
  const auto execution = contexts_.find(handle);
  if (!execution)
    return refuse(Errno::InvalidArgument, "there is no execution context " + std::to_string(handle));
  if (!graphs_.find(execution->graph_handle))
    return refuse(Errno::InvalidArgument, "the graph of this execution context was unloaded");
  Context& context = *execution->context;
  const Context::Hold hold(context);
  if (!hold) return refuse(Errno::Busy, "another thread uses this execution context");
  const uint64_t began_ns = platform::now_ns(platform::Clock::Monotonic);
  const auto used_ns = [&] { return platform::now_ns(platform::Clock::Monotonic) - began_ns; };
  CallOrigin origin = origin_of(caller);
  origin.spend = [this](uint64_t tokens) {
    const uint64_t spent = spent_tokens_.fetch_add(tokens) + tokens;
    return quota_.tokens == 0 || spent < quota_.tokens;
  };
  if (quota_.compute_ns)
    origin.interrupted = [&] {
      return caller.interrupted() || spent_ns_.load() + used_ns() >= quota_.compute_ns;
    };
  BackendCall call(origin);
  const godwit_nn_status status = (context.*function)(call.get(), waiting_);
  spent_ns_.fetch_add(used_ns());
  if (status == GODWIT_NN_CANCELLED)
    if (auto within = check_quota(); !within) return within;
  return call.outcome(status);
}

Errno Guest::compute(host::Caller& caller, uint32_t handle) {
  return report("compute", compute_by(caller, handle, &Context::compute));
}

Outcome<> Guest::copy_output(host::Caller& caller, uint32_t handle, uint32_t index,
                             host::GuestSpan<uint8_t> out, host::GuestPtr<uint32_t> written, Reader read) {
  if (auto good = can_write(written); !good) return good;
  return with_context(
      caller, handle, Graphs::MayBeUnloaded, [&](Context& context, BackendCall& call) -> Outcome<> {
        godwit_nn_bytes output{};
        if (auto done = call.outcome((context.table().*read)(context.get(), index, &output, call.get()));
            !done)
          return done;
        if (output.size_bytes > UINT32_MAX) return refuse(Errno::TooLarge, "the output has more than 4 GiB");
        const uint32_t size_bytes = static_cast<uint32_t>(output.size_bytes);
        if (size_bytes > out.size()) {
          if (auto told = write(written, size_bytes); !told) return told;
          return refuse(Errno::TooLarge, "the output has " + std::to_string(size_bytes) +
                                             " bytes, the guest's buffer " + std::to_string(out.size()));
        }
        // Only what is written must lie inside: guests claim larger buffers than they have.
        const auto to = caller.memory().bytes(out.address(), size_bytes);
        if (!to) return outside("the buffer for the output");
        const runtime::GuestAccess access;
        std::copy_n(output.data, size_bytes, to->data());
        return write(written, size_bytes);
      });
}

Errno Guest::get_output(host::Caller& caller, uint32_t context, uint32_t index, host::GuestSpan<uint8_t> out,
                        host::GuestPtr<uint32_t> written) {
  return report("get_output",
                copy_output(caller, context, index, out, written, &godwit_nn_backend::get_output));
}

Errno Guest::compute_single(host::Caller& caller, uint32_t handle) {
  return report("compute_single", compute_by(caller, handle, &Context::step));
}

Errno Guest::get_output_single(host::Caller& caller, uint32_t context, uint32_t index,
                               host::GuestSpan<uint8_t> out, host::GuestPtr<uint32_t> written) {
  return report("get_output_single",
                copy_output(caller, context, index, out, written, &godwit_nn_backend::get_step_output));
}

Errno Guest::fini_single(host::Caller& caller, uint32_t handle) {
  return report("fini_single",
                with_context(caller, handle, Graphs::MayBeUnloaded, [](Context& context, BackendCall& call) {
                  return call.outcome(context.finish_steps(call.get()));
                }));
}

}  // namespace godwit::nn
