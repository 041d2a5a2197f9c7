// TlsTrust and Tls: TLS for guests.
#include "godwit/tls.h"

#include "api/impl.h"
#include "platform/plugins.h"

namespace godwit::v1 {

Result<TlsTrust> TlsTrust::create(const TlsConfig& config) {
  std::vector<tls::Authorities> authorities;
  for (const std::string& file : config.ca_files) {
    auto read = tls::read_authorities(file);
    if (!read) return to_public(std::move(read).error());
    authorities.push_back(std::move(*read));
  }
  return TlsTrust(std::make_unique<Impl>(std::move(authorities), platform::plugin_directories()));
}

TlsTrust::TlsTrust(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsTrust::~TlsTrust() = default;
TlsTrust::TlsTrust(TlsTrust&&) noexcept = default;
TlsTrust& TlsTrust::operator=(TlsTrust&&) noexcept = default;

Tls::Tls(TlsTrust& trust, Wasi& wasi)
    : impl_(std::make_unique<Impl>(trust.impl().trust, wasi.impl().wasi->core())) {}
Tls::~Tls() = default;
Tls::Tls(Tls&&) noexcept = default;
Tls& Tls::operator=(Tls&&) noexcept = default;

}  // namespace godwit::v1
