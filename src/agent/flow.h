// FlowGuest: what guests of flows.network import, for one run: the functions of `env`, and hosts that are services of this
// process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/run.h"
#include "godwit/tls.h"
#include "platform/net_virtual.h"

namespace godwit::agent {

// Where whoever calls from outside finds a flow's endpoint: "/webhook/KEY" and what lies beneath.
inline constexpr std::string_view kWebhookPrefix = "/webhook/";
// The export that requests are for which come by an agent's routes.
inline constexpr std::string_view kWebhookHandler = "__webhook__on_request_received";

// An answer of a service's.
struct FlowReply {
  uint32_t status = 200;
  std::string body;  // JSON
};

// @threads that of the run's fiber.
class FlowGuest final : public platform::net::VirtualHosts {
 public:
  FlowGuest(Run& run, Bindings& bindings) : run_(run), bindings_(bindings) {}

  // The names of what `env` has.
  static const std::vector<std::string_view>& names();

  // Offers what a flow imports, TLS included. @param wasi of the same guest, which is given the virtual hosts.
  void define(v1::Linker& linker, v1::Wasi& wasi, v1::TlsTrust& trust);
  // What the guest has set becomes the run's answer, once it has returned.
  void finish();

  bool serves(std::string_view name) const override;
  std::string answer(std::string_view name, std::string_view request) override;
  platform::net::Address door() const override { return run_.host_.flow_door; }

 private:
  // The parts of the event, as guests ask for them.
  const std::string& body();
  const std::string& headers();
  const std::string& query();

  Run& run_;
  Bindings& bindings_;
  std::optional<std::string> body_, headers_, query_;
  std::optional<v1::Tls> tls_;
};

}  // namespace godwit::agent
