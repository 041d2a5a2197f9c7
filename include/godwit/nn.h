// ModelRegistry, Nn: models for guests, as wasi_ephemeral_nn.
#pragma once

#include <memory>
#include <string_view>

#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

class Wasi;

/// The models that guests may ask for by name, and the backends that run them. Share one among all guests of a process:
/// a model's weights are then in memory once. Moves only.
/// @lifetime outlives every Nn made of it.
/// @threads any.
class ModelRegistry final {
 public:
  /// An empty registry. @cost next to nothing: backends are loaded when a guest first needs them.
  ModelRegistry();
  ~ModelRegistry();
  ModelRegistry(ModelRegistry&&) noexcept;
  ModelRegistry& operator=(ModelRegistry&&) noexcept;

  /// Registers a model, which is loaded when a guest first asks for it.
  /// @param spec "NAME:ENCODING:TARGET:path", as `godwit run --nn-preload` takes it; encoding and target (CPU, GPU, TPU,
  ///   AUTO) in any case.
  /// @errors Usage: not of that form, or the name is taken. NotFound, Io: a file is absent or cannot be read.
  Result<void> preload(std::string_view spec);

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// What one guest sees of the models. Moves only.
/// @lifetime outlives the stores it is linked into.
class Nn final {
 public:
  /// @param files decides which paths the guest may name as models; without it the guest can only ask for registered
  ///   models. @lifetime outlives this object.
  explicit Nn(ModelRegistry& registry, Wasi* files = nullptr);
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
