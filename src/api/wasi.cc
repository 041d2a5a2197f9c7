// Wasi: making the system interface of a guest.
#include "godwit/wasi.h"

#include <set>

#include "api/impl.h"

namespace godwit::v1 {
namespace {

Result<std::vector<wasi::Endpoint>> endpoints_of(const std::vector<std::string>& texts) {
  std::vector<wasi::Endpoint> endpoints;
  for (const std::string& text : texts) {
    auto endpoint = wasi::parse_endpoint(text);
    if (!endpoint) return to_public(std::move(endpoint).error());
    endpoints.push_back(std::move(*endpoint));
  }
  return endpoints;
}

}  // namespace

Result<Wasi> Wasi::create(WasiConfig config) {
  wasi::Config inner;
  inner.args = std::move(config.args);
  for (const auto& [name, value] : config.env) {
    std::string& entry = inner.env.emplace_back(name);
    entry += '=';
    entry += value;
  }
  std::set<std::string_view> guest_paths;
  for (const Preopen& preopen : config.preopens) {
    if (!guest_paths.insert(preopen.guest_path).second)
      return usage_error("two directories are called '" + preopen.guest_path + "'");
    inner.preopens.push_back(
        {preopen.guest_path, preopen.host_path,
         preopen.access == Access::ReadOnly ? wasi::Permission::ReadOnly : wasi::Permission::ReadWrite});
  }
  auto listeners = endpoints_of(config.listeners);
  if (!listeners) return std::move(listeners).error();
  inner.listeners = std::move(*listeners);
  inner.passes_listeners = config.passes_listeners;
  auto connect = endpoints_of(config.network.connect);
  if (!connect) return std::move(connect).error();
  auto listen = endpoints_of(config.network.listen);
  if (!listen) return std::move(listen).error();
  inner.network = {.all = config.network.all,
                   .connect = std::move(*connect),
                   .listen = std::move(*listen),
                   .unix_sockets = config.network.unix_sockets};
  inner.on_denial = std::move(config.on_denial);
  if (config.scheduler) inner.parker = config.scheduler->impl().scheduler;
  inner.stdin_fd = config.stdin_fd;
  inner.stdout_fd = config.stdout_fd;
  inner.stderr_fd = config.stderr_fd;
  auto made = wasi::Wasi::create(std::move(inner));
  if (!made) return to_public(std::move(made).error());
  return Wasi(std::make_unique<Impl>(std::move(*made)));
}

Wasi::Wasi(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Wasi::~Wasi() = default;
Wasi::Wasi(Wasi&&) noexcept = default;
Wasi& Wasi::operator=(Wasi&&) noexcept = default;

}  // namespace godwit::v1
