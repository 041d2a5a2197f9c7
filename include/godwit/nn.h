// Nn: models for guests, as wasi_ephemeral_nn.
#pragma once

#include <memory>
#include <string_view>

#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

/// A registry of models and the backends that run them. Share one among all guests: a model's weights are then in
/// memory once. Moves only.
/// @lifetime outlives the stores it is linked into.
/// @threads any.
class Nn final {
 public:
  /// An empty registry. @cost next to nothing: backends are loaded when a guest first needs them.
  Nn();
  ~Nn();
  Nn(Nn&&) noexcept;
  Nn& operator=(Nn&&) noexcept;

  /// Names a model, which is loaded when a guest first asks for it.
  /// @param spec "NAME:ENCODING:TARGET:path", as `godwit run --nn-preload` takes it; the encoding and the target (CPU,
  ///   GPU, TPU, AUTO) in any case.
  /// @errors Usage: not of that form, or the name is taken. NotFound: no such file.
  Result<void> preload(std::string_view spec);

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
