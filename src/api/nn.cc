// ModelRegistry and Nn: models for guests.
#include "godwit/nn.h"

#include "api/impl.h"

namespace godwit::v1 {

ModelRegistry::ModelRegistry() : ModelRegistry(ModelRegistryConfig()) {}
ModelRegistry::ModelRegistry(const ModelRegistryConfig& config)
    : impl_(std::make_unique<Impl>(config.max_memory_bytes)) {}
ModelRegistry::~ModelRegistry() = default;
ModelRegistry::ModelRegistry(ModelRegistry&&) noexcept = default;
ModelRegistry& ModelRegistry::operator=(ModelRegistry&&) noexcept = default;

Result<void> ModelRegistry::preload(std::string_view spec) {
  if (auto done = impl_->registry.preload(spec); !done) return to_public(std::move(done).error());
  return {};
}

::godwit::Result<nn::ModelFile> WasiFiles::open(std::string_view path) {
  ASSIGN_OR_RETURN(platform::fs::FileHandle file, wasi_->open_guest_path(path));
  return nn::ModelFile(file.release(), std::string(path));
}

Nn::Nn(ModelRegistry& registry, Wasi* files) : Nn(registry, NnConfig{.files = files}) {}
Nn::Nn(ModelRegistry& registry, const NnConfig& config)
    : impl_(std::make_unique<Impl>(
          registry.impl().registry, config.files ? config.files->impl().wasi.get() : nullptr,
          nn::GuestConfig{.tenant = config.tenant,
                          .quota = {.tokens = config.max_tokens,
                                    .contexts = config.max_contexts,
                                    .compute_ns = static_cast<uint64_t>(config.max_compute_time.count())},
                          .guest_models = config.trust_guest_models ? nn::GuestModels::OfAllEncodings
                                                                    : nn::GuestModels::OfSomeEncodings})) {}
Nn::~Nn() = default;
Nn::Nn(Nn&&) noexcept = default;
Nn& Nn::operator=(Nn&&) noexcept = default;

}  // namespace godwit::v1
