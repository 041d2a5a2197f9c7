// LocalModels: weights, keys, an address.
#include "agent/local_models.h"

#include "agent/text.h"
#include "platform/random.h"

namespace godwit::agent {

Result<std::unique_ptr<LocalModels>> LocalModels::load(const std::vector<AgentConfig>& agents) {
  auto models = std::unique_ptr<LocalModels>(new LocalModels);
  openai::ServiceConfig config;
  std::set<std::string> files;
  for (const AgentConfig& agent : agents)
    for (const ModelGrant& model : agent.models) {
      if (model.file.empty()) continue;
      models->grants_.emplace(agent.name, model.file);
      if (files.insert(model.file).second)
        config.models.push_back({.name = name_of(model.file), .path = model.file});
      if (models->keys_.contains(agent.name)) continue;
      uint8_t random[32];
      TRY(platform::fill_random(random));
      config.api_keys.push_back(models->keys_[agent.name] = to_hex(random));
    }
  if (files.empty()) return nullptr;
  ASSIGN_OR_RETURN(models->service_, openai::Service::create(models->registry_, std::move(config)));
  return models;
}

Result<> LocalModels::listen(net::Server& server) {
  auto address = platform::net::parse_ip("127.0.0.1");
  ASSIGN_OR_RETURN(const platform::net::Address bound, server.listen(*address, *service_));
  url_ = "http://" + platform::net::to_text(bound) + "/v1";
  return {};
}

std::string LocalModels::key_of(const std::string& agent) const {
  const auto found = keys_.find(agent);
  return found == keys_.end() ? std::string() : found->second;
}

}  // namespace godwit::agent
