// Service: OpenAI's API over the models of this process, as a handler of HTTP requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/server.h"
#include "nn/registry.h"
#include "openai/admission.h"
#include "openai/answers.h"
#include "openai/error.h"
#include "openai/file_store.h"
#include "openai/rate_limiter.h"
#include "openai/request_options.h"
#include "openai/response_store.h"
#include "openai/served_model.h"

namespace godwit::openai {

struct ServiceConfig {
  std::vector<ModelSpec> models;      // at least one
  std::vector<std::string> api_keys;  // who sends none of these is refused; empty: everybody may ask
  std::vector<std::string>
      hosts;            // names that requests may be for where no key is asked for, beside this machine's
  uint32_t places = 8;  // answers that are computed at a time
  uint32_t most_waiting = 64;  // requests that wait for a place
  uint64_t most_body_bytes = uint64_t{4} << 20;
  std::string
      responses_folder;  // where those of /v1/responses are kept; empty: in memory, until the server ends
  size_t most_responses = 10'000;                      // that are kept, of all keys together
  uint64_t most_response_bytes = uint64_t{256} << 20;  // of those
  RateLimits limits = {};                              // of each key; without keys, of all who ask together
  size_t most_files = 1000;                            // of /v1/files, kept in a folder of responses_folder
  uint64_t most_files_bytes = uint64_t{1} << 30;       // of all of them; in memory a sixteenth of it
  uint64_t most_file_bytes = uint64_t{32} << 20;       // of one, with its form
};

// @threads any.
class Service final : public net::Handler {
 public:
  // Loads the models. @lifetime `registry` outlives it.
  // @errors Usage: no model, or two of one name. Those of ServedModel::load().
  static Result<std::unique_ptr<Service>> create(nn::Registry& registry, ServiceConfig config);

  // Whether the path is one of this API's, whatever the method.
  static bool owns(std::string_view path);

  void handle(net::Request& request, net::ResponseWriter& response) override;

  // What the endpoints are given (asker.h).
  struct Asker;

 private:
  using Endpoint = Outcome<> (Service::*)(Asker&);

  Service(nn::Registry& registry, ServiceConfig config, ResponseStore responses, FileStore files);

  Outcome<> route(Asker& asker);
  Outcome<> meet(const Asker& asker) const;
  Outcome<> recognise(Asker& asker) const;
  Outcome<json::object> read_body(net::Request& request) const;
  Outcome<std::string> read_bytes(net::Request& request, uint64_t most_bytes) const;
  Outcome<ServedModel*> model_of(const json::object& body,
                                 ServedModel::Kind kind = ServedModel::Kind::Language) const;

  Outcome<> chat_completions(Asker& asker);
  Outcome<> completions(Asker& asker);
  Outcome<> embeddings(Asker& asker);
  Outcome<> rerank(Asker& asker);
  Outcome<> files(Asker& asker);
  Outcome<> transcriptions(Asker& asker);
  Outcome<> translations(Asker& asker);
  Outcome<> speech(Asker& asker, bool translates);
  Outcome<std::string> write_down(Asker& asker, const ServedModel& model, std::string_view audio,
                                  const json::object& options, int64_t& tokens);
  Outcome<> upload_file(Asker& asker);
  Outcome<> list_files(Asker& asker);
  Outcome<> models(Asker& asker);
  Outcome<> health(Asker& asker);
  Outcome<> responses(Asker& asker);
  Outcome<> stored_response(Asker& asker);

  Outcome<json::object> find_response(const Asker& asker, std::string_view id) const;
  // Of the length 1.
  Outcome<std::vector<double>> vector_of(Asker& asker, ServedModel& model, const std::string& text,
                                         int64_t& tokens);
  Outcome<std::string> embed(Asker& asker, ServedModel& model, const std::string& text, int64_t& tokens);
  class Transfer;
  // Counts tokens when it goes, however the request ends.
  struct Spent {
    Service& service;
    const Asker& asker;
    const int64_t& tokens;
    ~Spent();
  };
  void spend(size_t key, int64_t tokens);
  Outcome<std::unique_ptr<Answers>> ask(Asker& asker, std::vector<Question> questions);

  nn::Registry& registry_;
  const ServiceConfig config_;
  std::vector<std::unique_ptr<ServedModel>> models_;
  std::vector<uint64_t> tenants_;  // of the keys; without any, one for all
  Admission admission_;
  Admission speech_admission_;
  ResponseStore responses_;
  FileStore files_;
  RateLimiter limiter_;
  std::atomic<int> transfers_ = 0;  // of files and recordings
};

}  // namespace godwit::openai
