// ModelRegistry, Nn: models for guests, as wasi_ephemeral_nn.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

class Wasi;

/// What all models together may take.
struct ModelRegistryConfig {
  /// The most memory, in bytes, that the weights of all models may take, by the size of their files. Models that no guest holds
  /// are unloaded for others; where that does not suffice, loading fails with `missing_memory`. 0: as much as there is.
  uint64_t max_memory_bytes = 0;
};

/// The models that guests may ask for by name, and the backends that run them. Share one among all guests of a process:
/// a model's weights are then in memory once. Moves only.
/// @lifetime outlives every Nn made of it.
/// @threads any.
class ModelRegistry final {
 public:
  /// An empty registry. @cost next to nothing: backends are loaded when a guest first needs them.
  ModelRegistry();
  explicit ModelRegistry(const ModelRegistryConfig& config);
  ~ModelRegistry();
  ModelRegistry(ModelRegistry&&) noexcept;
  ModelRegistry& operator=(ModelRegistry&&) noexcept;

  /// Registers a model, which is loaded when a guest first asks for it.
  /// @param spec "NAME:ENCODING:TARGET:path", as `godwit run --nn-preload` takes it; encoding and target (CPU, GPU, TPU,
  ///   AUTO) in any case. Or "LISTED" or "NAME=LISTED": a model of the user's list, see `godwit models`.
  /// @errors Usage: not of that form, or the name is taken. NotFound, Io: a file is absent or cannot be read.
  ///   Malformed: the list's entry is damaged.
  Result<void> preload(std::string_view spec);

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// What one guest may do with models.
struct NnConfig {
  /// Decides which paths the guest may name as models; without it the guest can only ask for registered ones. If it was made
  /// with a Scheduler, guests give their turn to others while a model computes for them. Outlives the Nn.
  Wasi* files = nullptr;
  /// Guests of the same tenant, by whatever name, may begin with what a model remembers of each other's prompts; how soon an
  /// answer comes then tells them of each other. Empty: this guest alone.
  std::string tenant = {};
  /// The most tokens, of prompts and answers, that are computed for the guest in its life. 0: any number.
  uint64_t max_tokens = 0;
  /// The most execution contexts it may have at a time. 0: as many as any guest may.
  uint32_t max_contexts = 0;
  /// The most time that it may spend in calls that compute, in its life. 0: any.
  std::chrono::nanoseconds max_compute_time{0};
  /// Run models that the guest brings along whatever their encoding is. Else only those for llama.cpp: other libraries do not
  /// withstand models that are made to harm, so that this trusts the guest with the process.
  bool trust_guest_models = false;
};

/// What one guest sees of the models. Moves only.
/// @lifetime outlives the stores it is linked into.
class Nn final {
 public:
  /// @param files decides which paths the guest may name as models; without it the guest can only ask for registered
  ///   models. @lifetime outlives this object.
  explicit Nn(ModelRegistry& registry, Wasi* files = nullptr);
  /// The same with more to say. What is beyond a limit fails with `runtime_error` (contexts: `too_large`), and a line in the
  /// log that says why.
  Nn(ModelRegistry& registry, const NnConfig& config);
  ~Nn();
  Nn(Nn&&) noexcept;
  Nn& operator=(Nn&&) noexcept;

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
