// Models of this process, for its agents: the service of the room openai, at an address that nobody else has the keys to.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/manifest.h"
#include "base/error.h"
#include "net/server.h"
#include "nn/registry.h"
#include "openai/service.h"

namespace godwit::agent {

// Immutable once it listens. @threads any.
class LocalModels final {
 public:
  // Reads the weights that the agents' grants name, each once. Null if they name none.
  // @errors those of openai::Service::create().
  static Result<std::unique_ptr<LocalModels>> load(const std::vector<AgentConfig>& agents);

  // Has `server` answer for them, on a port of the loopback interface. @errors as net::Server::listen().
  Result<> listen(net::Server& server);

  // "http://127.0.0.1:…/v1"
  const std::string& url() const { return url_; }
  // How requests call the model of this file.
  static std::string name_of(std::string_view file) { return std::string(file); }
  // An agent's own, so that none learns by time what another has asked. Empty: it had no such model when they were loaded.
  std::string key_of(const std::string& agent) const;
  bool has(const std::string& agent, const std::string& file) const {
    return grants_.contains({agent, file});
  }

 private:
  LocalModels() = default;

  nn::Registry registry_;
  std::unique_ptr<openai::Service> service_;
  std::map<std::string, std::string> keys_;
  std::set<std::pair<std::string, std::string>> grants_;
  std::string url_;
};

}  // namespace godwit::agent
