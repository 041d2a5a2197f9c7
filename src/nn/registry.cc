// Registers models and opens them once.
#include "nn/registry.h"

#include <sys/stat.h>

#include "nn/model_list.h"

namespace godwit::nn {

namespace {

// Loading models, reading prompts: what computes is the backends' affair.
constexpr size_t kMostWorkers = 4;

uint64_t size_of_file(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace

Registry::Registry(RegistryConfig config)
    : config_(std::move(config)), budget_(config_.max_memory_bytes), workers_(kMostWorkers) {}

Registry::~Registry() = default;

Result<> Registry::preload(std::string_view spec) {
  ASSIGN_OR_RETURN(Preload preload, parse_preload(spec));
  auto named = std::make_unique<Named>();
  for (const std::string& path : preload.paths) {
    auto file = ModelFile::open(path);
    if (!file) {
      const std::string what = "the model \"" + preload.name + "\"";
      if (file.error().kind() != ErrorKind::NotFound) return fail(std::move(file).error().in(what));
      return fail(
          ErrorKind::NotFound,
          what + ": " + file.error().message() +
              "; give the path of a model's file, or run ./dev setup in a checkout of Godwit, which puts one "
              "into third_party/models");
    }
    named->files.push_back(std::move(*file));
  }
  named->preload = std::move(preload);
  const std::lock_guard lock(mutex_);
  const std::string name = named->preload.name;
  if (!named_.emplace(name, std::move(named)).second)
    return fail(ErrorKind::Usage, "the model name \"" + name + "\" is taken twice");
  return {};
}

uint64_t Registry::tenant(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (name.empty()) return ++last_tenant_;
  const auto [entry, is_new] = tenants_.try_emplace(std::string(name), 0);
  if (is_new) entry->second = ++last_tenant_;
  return entry->second;
}

std::string Registry::names() const {
  std::string list;
  for (const auto& [name, named] : named_) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

Outcome<std::shared_ptr<const Backend>> Registry::backend_for(const Encoding& encoding) {
  const std::lock_guard lock(loading_);
  std::shared_ptr<const Backend>& backend = backends_[encoding.number];
  if (!backend) {
    auto loaded = Backend::load(encoding, config_.plugin_directories);
    if (!loaded) return refuse(Errno::InvalidEncoding, loaded.error().message());
    backend = std::move(*loaded);
    config_.log(LogLevel::Debug, "loaded " + backend->path() + ", " + backend->table().revision);
  }
  return backend;
}

Outcome<std::shared_ptr<const Model>> Registry::model_of(Named& named, const CallOrigin& origin) {
  const std::lock_guard lock(named.opening);
  named.asked = ++last_asked_;
  if (named.model) return named.model;
  const Encoding* encoding = named.preload.encoding;
  if (!encoding) encoding = encoding_of_file(named.files[0].first_bytes());
  if (!encoding)
    return refuse(Errno::InvalidEncoding,
                  named.files[0].name() +
                      " does not tell its encoding; name it in --nn-preload NAME:ENCODING:TARGET:path");
  auto backend = backend_for(*encoding);
  if (!backend) return std::unexpected(std::move(backend).error());
  std::vector<godwit_nn_part> parts;
  uint64_t size_bytes = 0;
  for (const ModelFile& file : named.files) {
    parts.push_back({.fd = file.fd(), .name = file.name().c_str(), .data = {}});
    size_bytes += file.size_bytes();
  }
  auto lease = room_for(size_bytes, "the model \"" + named.preload.name + "\"", &named);
  if (!lease) return std::unexpected(std::move(lease).error());
  auto model = Model::open(std::move(*backend), named.preload.target, parts, Chooser::Operator, origin,
                           std::move(*lease));
  if (model) named.model = *model;
  return model;
}

Outcome<std::shared_ptr<const void>> Registry::room_for(uint64_t bytes, const std::string& what,
                                                        const Named* loading) {
  for (;;) {
    if (auto lease = budget_.take(bytes)) return lease;
    if (unload_one(loading)) continue;
    const auto size = [](uint64_t count) { return std::to_string((count + 1023) / 1024) + " KiB"; };
    return refuse(Errno::MissingMemory, what + " takes " + size(bytes) + " of the " +
                                            size(budget_.most_bytes()) +
                                            " that all models may take (--nn-max-memory), and guests hold " +
                                            size(budget_.used_bytes()) + " of them");
  }
}

bool Registry::unload_one(const Named* loading) {
  const std::lock_guard lock(mutex_);
  Named* oldest = nullptr;
  uint64_t oldest_asked = UINT64_MAX;
  // Only the registry's own reference is left, and who wants another one must have `opening`.
  const auto is_idle = [](const Named& named) { return named.model && named.model.use_count() == 1; };
  for (const auto& [name, named] : named_) {
    if (named.get() == loading) continue;
    const std::unique_lock held(named->opening, std::try_to_lock);  // who has it is about to use the model
    if (!held || !is_idle(*named) || named->asked >= oldest_asked) continue;
    oldest = named.get();
    oldest_asked = named->asked;
  }
  if (!oldest) return false;
  const std::unique_lock held(oldest->opening, std::try_to_lock);
  if (!held || !is_idle(*oldest)) return true;  // somebody has come for it: look again
  config_.log(LogLevel::Info, "unloaded the model \"" + oldest->preload.name + "\" to make room");
  oldest->model = nullptr;
  return true;
}

Outcome<std::shared_ptr<const Graph>> Registry::graph_by_name(std::string_view name, std::string_view config,
                                                              const CallOrigin& origin) {
  Named* named = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = named_.find(name);
    if (found == named_.end()) {
      const std::string known = named_.empty() ? "none is" : "there is " + names();
      return refuse(Errno::ModelNotFound, "no model is registered as \"" + std::string(name) + "\" (" +
                                              known + "); register it with --nn-preload " +
                                              std::string(name) + ":GGML:AUTO:path/to/model.gguf");
    }
    named = found->second.get();
  }
  auto model = model_of(*named, origin);
  if (!model) return std::unexpected(std::move(model).error());
  return Graph::build(std::move(*model), with_options(named->preload.options, config), origin,
                      named->preload.name);
}

Outcome<std::shared_ptr<const Graph>> Registry::graph_of_parts(const Encoding* encoding, Target target,
                                                               std::span<const godwit_nn_part> parts,
                                                               std::string_view config,
                                                               const CallOrigin& origin) {
  if (!encoding) return refuse(Errno::InvalidEncoding, "the model does not tell its encoding");
  auto backend = backend_for(*encoding);
  if (!backend) return std::unexpected(std::move(backend).error());
  uint64_t size_bytes = 0;
  for (const godwit_nn_part& part : parts)
    size_bytes += part.fd >= 0 ? size_of_file(part.fd) : part.data.size_bytes;
  auto lease = room_for(size_bytes, "the guest's model", nullptr);
  if (!lease) return std::unexpected(std::move(lease).error());
  auto model = Model::open(std::move(*backend), target, parts, Chooser::Guest, origin, std::move(*lease));
  if (!model) return std::unexpected(std::move(model).error());
  return Graph::build(std::move(*model), config, origin, "the guest's model");
}

}  // namespace godwit::nn
