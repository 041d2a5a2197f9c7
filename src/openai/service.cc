// Which request goes where.
#include "openai/service.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/sha256.h"
#include "net/visitors.h"
#include "openai/asker.h"
#include "platform/clock.h"
#include "web/pages.h"

namespace godwit::openai {
namespace {

// Text of the same length takes the same time, however much of it is right.
bool is_same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

constexpr std::string_view kModelPrefix = "/v1/models/";
constexpr std::string_view kResponsePrefix = "/v1/responses/";
constexpr std::string_view kFiles = "/v1/files";
constexpr std::string_view kFilePrefix = "/v1/files/";

// Recordings that are written down at a time: each takes all processors, and as much memory as two hours of sound.
constexpr uint32_t kSpeechPlaces = 2;

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

std::string hash_of(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  Sha256 hash;
  hash.update(as_bytes(text));
  for (const uint8_t byte : hash.finish()) {
    digits += kDigits[byte >> 4];
    digits += kDigits[byte & 15];
  }
  return digits;
}

}  // namespace

Service::Service(nn::Registry& registry, ServiceConfig config, ResponseStore responses, FileStore files)
    : registry_(registry),
      config_(std::move(config)),
      admission_(config_.places, config_.most_waiting),
      speech_admission_(kSpeechPlaces, config_.most_waiting),
      responses_(std::move(responses)),
      files_(std::move(files)),
      limiter_(std::max<size_t>(1, config_.api_keys.size()), config_.limits) {
  for (const std::string& key : config_.api_keys) tenants_.push_back(registry.tenant("openai " + key));
  if (tenants_.empty()) tenants_.push_back(registry.tenant("openai"));
}

Result<std::unique_ptr<Service>> Service::create(nn::Registry& registry, ServiceConfig config) {
  if (config.models.empty()) return fail(ErrorKind::Usage, "the server needs a model to answer with");
  if (config.places == 0) return fail(ErrorKind::Usage, "the server needs a place to compute an answer in");
  ASSIGN_OR_RETURN(
      ResponseStore responses,
      ResponseStore::open(config.responses_folder, config.most_responses, config.most_response_bytes));
  const bool has_folder = !config.responses_folder.empty();
  ASSIGN_OR_RETURN(FileStore files,
                   FileStore::open(has_folder ? config.responses_folder + "/files" : "", config.most_files,
                                   has_folder ? config.most_files_bytes : config.most_files_bytes / 16));
  std::unique_ptr<Service> service(
      new Service(registry, std::move(config), std::move(responses), std::move(files)));
  for (const ModelSpec& spec : service->config_.models) {
    ASSIGN_OR_RETURN(auto model, ServedModel::load(registry, spec));
    service->models_.push_back(std::move(model));
  }
  return service;
}

bool Service::owns(std::string_view path) { return path.starts_with("/v1/") || path == "/health"; }

void Service::handle(net::Request& request, net::ResponseWriter& response) {
  Asker asker{.request = request, .response = response};
  const Outcome<> done = route(asker);
  if (done) return;
  const ApiError& error = done.error();
  if (response.has_begun()) {
    // too late for a status
    if (!response.is_finished() && error.status != 499) std::ignore = asker.send_event(json_of(error));
    response.drop();
    return;
  }
  constexpr uint32_t kClientGone = 499;
  if (error.status == kClientGone) return response.drop();
  response.set_status(error.status);
  if (error.retry_after_s != 0)
    std::ignore = response.add_field("Retry-After", std::to_string(error.retry_after_s));
  std::ignore = response.add_field("Content-Type", "application/json");
  std::ignore = response.send(json_of(error));
}

// Where no key is asked for, a page in a browser on this machine is kept out by the names that it uses.
Outcome<> Service::meet(const Asker& asker) const {
  const auto refuse = [](uint32_t status, std::string_view code, std::string_view why) {
    return std::unexpected<ApiError>(ApiError{.status = status,
                                              .type = "invalid_request_error",
                                              .code = std::string(code),
                                              .field = {},
                                              .message = std::string(why)});
  };
  if (!config_.api_keys.empty()) return {};
  if (!net::is_for(asker.request, config_.hosts))
    return refuse(421, "unknown_host",
                  "this server is not called so: --host names it, or use --api-key-file");
  if (!net::is_from(asker.request, {}))
    return refuse(403, "unknown_origin", "pages may ask only a server that has keys: --api-key-file");
  return {};
}

// Whose request it is.
Outcome<> Service::recognise(Asker& asker) const {
  asker.tenant = tenants_[0];
  asker.owner = "-";
  if (config_.api_keys.empty()) return {};
  constexpr std::string_view kBearer = "Bearer ";
  const std::string* field = asker.request.field("authorization");
  const std::string_view given = field ? std::string_view(*field) : std::string_view();
  std::optional<size_t> found;
  if (given.starts_with(kBearer))
    for (size_t i = 0; i < config_.api_keys.size(); ++i)
      if (is_same(given.substr(kBearer.size()), config_.api_keys[i])) found = i;
  if (!found)
    return std::unexpected<ApiError>(
        ApiError{.status = 401,
                 .type = "invalid_request_error",
                 .code = "invalid_api_key",
                 .field = {},
                 .message = given.empty() ? "no API key: send the header Authorization: Bearer KEY"
                                          : "the API key is not one of this server's"});
  asker.tenant = tenants_[*found];
  asker.key = *found;
  asker.owner = hash_of(config_.api_keys[*found]);
  return {};
}

Outcome<> Service::route(Asker& asker) {
  struct Row {
    std::string_view path;
    std::string_view method;
    Endpoint endpoint;
  };
  static constexpr Row kRows[] = {
      {"/v1/chat/completions", "POST", &Service::chat_completions},
      {"/v1/completions", "POST", &Service::completions},
      {"/v1/embeddings", "POST", &Service::embeddings},
      {"/v1/rerank", "POST", &Service::rerank},
      {"/v1/audio/transcriptions", "POST", &Service::transcriptions},
      {"/v1/audio/translations", "POST", &Service::translations},
      {"/v1/responses", "POST", &Service::responses},
      {"/v1/models", "GET", &Service::models},
      {"/health", "GET", &Service::health},
  };
  const std::string_view path = asker.request.path();
  if (path == "/health") return health(asker);
  OPENAI_CHECK(meet(asker));
  if (web::answer(web::Page::Chat, asker.request, asker.response)) return {};
  OPENAI_CHECK(recognise(asker));
  if (asker.request.method() == "POST") {
    const Outcome<> allowed = limiter_.enter(asker.key, now_ns());
    for (const auto& [name, value] : limiter_.fields(asker.key, now_ns()))
      std::ignore = asker.response.add_field(name, value);
    if (!allowed) return allowed;
  }
  if (path.starts_with(kModelPrefix)) return models(asker);
  if (path.starts_with(kResponsePrefix)) return stored_response(asker);
  if (path == kFiles || path.starts_with(kFilePrefix)) return files(asker);
  for (const Row& row : kRows) {
    if (row.path != path) continue;
    if (row.method == asker.request.method()) return (this->*row.endpoint)(asker);
    std::ignore = asker.response.add_field("Allow", row.method);
    return std::unexpected<ApiError>(
        ApiError{.status = 405,
                 .type = "invalid_request_error",
                 .code = "method_not_allowed",
                 .field = {},
                 .message = std::string(path) + " is asked with " + std::string(row.method)});
  }
  return not_found("there is no " + asker.request.method() + " " + std::string(path), "unknown_url");
}

void Service::spend(size_t key, int64_t tokens) {
  if (tokens > 0) limiter_.spend(key, static_cast<uint64_t>(tokens), now_ns());
}

Service::Spent::~Spent() { service.spend(asker.key, tokens); }

Outcome<json::object> Service::read_body(net::Request& request) const {
  OPENAI_TRY(const std::string body, read_bytes(request, config_.most_body_bytes));
  return parse_object(body);
}

Outcome<std::string> Service::read_bytes(net::Request& request, uint64_t most_bytes) const {
  const auto too_large = [most_bytes] {
    return std::unexpected<ApiError>(
        ApiError{.status = 413,
                 .type = "invalid_request_error",
                 .code = "request_too_large",
                 .field = {},
                 .message = "the body may have " + std::to_string(most_bytes) + " bytes"});
  };
  if (!request.limit_body(most_bytes)) return too_large();
  auto body = request.read_all();
  if (!body && body.error().kind() == ErrorKind::Exhausted) return too_large();
  if (!body && body.error().kind() == ErrorKind::Malformed) return bad_request(body.error().message());
  if (!body) return client_gone();
  return std::move(*body);
}

Outcome<ServedModel*> Service::model_of(const json::object& body, ServedModel::Kind kind) const {
  const auto is_of_kind = [kind](const auto& model) { return model->kind() == kind; };
  const std::string_view name = text_at(body, "model");
  for (const auto& model : models_) {
    if (!is_of_kind(model)) continue;
    if (model->name() == name) return model.get();
    if (!find(body, "model") && std::ranges::count_if(models_, is_of_kind) == 1) return model.get();
  }
  if (std::ranges::none_of(models_, is_of_kind))
    return not_found(
        kind == ServedModel::Kind::Speech
            ? "no model is served that writes speech down: start the server with --model NAME=FILE "
              "for one of Whisper's, beside others"
            : "no model is served that answers texts: start the server with --model NAME=FILE.gguf",
        "model_not_found", "model");
  if (name.empty()) return bad_field("model", "must be the name of a model; /v1/models lists them");
  if (std::ranges::any_of(models_, [&](const auto& model) { return model->name() == name; }))
    return bad_field("model", kind == ServedModel::Kind::Speech
                                  ? "answers texts: it writes no speech down"
                                  : "writes speech down, by /v1/audio/transcriptions: it answers no texts");
  return not_found("the model \"" + std::string(name.substr(0, 200)) +
                       "\" is not served here; /v1/models lists those that are",
                   "model_not_found", "model");
}

Outcome<std::unique_ptr<Answers>> Service::ask(Asker& asker, std::vector<Question> questions) {
  OPENAI_TRY(Admission::Hold places,
             admission_.enter(static_cast<uint32_t>(questions.size()), asker.request.mode()));
  for (Question& question : questions)
    question.spent = [this, key = asker.key](int64_t tokens) { spend(key, tokens); };
  return Answers::start(registry_, asker.request.scheduler(), std::move(questions), std::move(places));
}

Outcome<> Service::models(Asker& asker) {
  const auto entry = [](const ServedModel& model) {
    return json::object{
        {"id", model.name()}, {"object", "model"}, {"created", model.loaded_s()}, {"owned_by", "godwit"}};
  };
  const std::string_view path = asker.request.path();
  if (path.starts_with(kModelPrefix)) {
    const std::string_view name = path.substr(kModelPrefix.size());
    for (const auto& model : models_)
      if (model->name() == name) return asker.send(entry(*model)), Outcome<>();
    return not_found("the model is not served here", "model_not_found", "model");
  }
  json::array list;
  for (const auto& model : models_) list.push_back(entry(*model));
  asker.send({{"object", "list"}, {"data", std::move(list)}});
  return {};
}

Outcome<> Service::health(Asker& asker) {
  asker.send({{"status", "ok"},
              {"places", admission_.places()},
              {"in_use", admission_.in_use()},
              {"waiting", admission_.waiting()},
              {"refused", admission_.refused()}});
  return {};
}

}  // namespace godwit::openai
