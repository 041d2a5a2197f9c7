// /v1/chat/completions
#include <utility>

#include "openai/asker.h"

namespace godwit::openai {
namespace {

// Of the request, what the model's template and its grammar are made of.
constexpr std::string_view kConversation[] = {
    "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "chat_template_kwargs"};
// What would be another answer if it were ignored.
constexpr std::string_view kRefused[] = {"functions", "function_call", "audio", "web_search_options"};

Outcome<AnswerOptions> read_options(const json::object& body) {
  const FieldReader fields(body);
  OPENAI_TRY(AnswerOptions options, read_answer_options(fields));
  for (const std::string_view name : kRefused)
    if (find(body, name)) return bad_field(name, "is not supported here");
  if (const json::value* modalities = find(body, "modalities")) {
    const json::array* list = modalities->if_array();
    if (!list || list->size() != 1 || list->front() != json::value("text"))
      return bad_field("modalities", "must be [\"text\"]: nothing else is supported here");
  }
  OPENAI_TRY(const auto logprobs, fields.boolean("logprobs"));
  OPENAI_TRY(const auto top, fields.integer("top_logprobs", 0, 20));
  if (top && !logprobs.value_or(false)) return bad_field("top_logprobs", "needs \"logprobs\": true");
  options.tells_tokens = logprobs.value_or(false);
  if (options.tells_tokens) options.backend["logprobs"] = top.value_or(0);
  return options;
}

std::vector<Question> questions_of(const json::object& body, const AnswerOptions& options,
                                   const ServedModel& model, uint64_t tenant) {
  json::object conversation;
  for (const std::string_view name : kConversation)
    if (const json::value* value = find(body, name)) conversation[name] = *value;
  Question question{.graph = model.graph(),
                    .input = 2,
                    .text = text_of(conversation),
                    .options = options.backend,
                    .tenant = tenant};
  std::vector<Question> questions(options.answers, question);
  for (uint32_t i = 0; options.seed && i < options.answers; ++i)
    questions[i].options["seed"] = static_cast<uint32_t>(static_cast<uint64_t>(*options.seed) + i);
  return questions;
}

// Tool calls have names, which the model may not have given.
void name_calls(json::object& message) {
  json::value* calls = message.if_contains("tool_calls");
  json::array* list = calls ? calls->if_array() : nullptr;
  if (!list) return;
  for (json::value& item : *list) {
    json::object* call = item.if_object();
    if (!call) continue;
    const json::value* function = find(*call, "function");
    const bool is_new = function && function->if_object() && find(*function->if_object(), "name");
    if (is_new && text_at(*call, "id").empty()) (*call)["id"] = new_id("call_");
  }
}

json::value tokens_of(json::array tokens) {
  if (tokens.empty()) return nullptr;
  return json::object{{"content", std::move(tokens)}};
}

json::array parsed(const std::vector<std::string>& tokens) {
  json::array list;
  for (const std::string& text : tokens)
    if (auto token = parse_object(text)) list.push_back(std::move(*token));
  return list;
}

std::string finish_reason_of(const Ending& ending, bool has_calls) {
  return has_calls && ending.finish_reason == "stop" ? "tool_calls" : ending.finish_reason;
}

// Writes chunks of a stream.
class Stream final {
 public:
  Stream(Service::Asker& asker, const ServedModel& model, const AnswerOptions& options)
      : asker_(asker), options_(options), choices_(options.answers) {
    head_ = {{"id", new_id("chatcmpl-")},
             {"object", "chat.completion.chunk"},
             {"created", seconds_since_1970()},
             {"model", model.name()},
             {"system_fingerprint", fingerprint()}};
  }

  // False: the client is gone.
  bool take(const Answers::Event& event) {
    Choice& choice = choices_[event.answer];
    if (event.output == 3 && !event.ending) {
      choice.tokens.push_back(event.piece);
      return true;
    }
    json::object delta;
    if (!std::exchange(choice.has_begun, true)) delta = {{"role", "assistant"}, {"content", ""}};
    if (!event.ending) {
      auto piece = parse_object(event.piece);
      if (!piece) return true;
      name_calls(*piece);
      choice.has_calls |= find(*piece, "tool_calls") != nullptr;
      for (auto& [key, value] : *piece) delta[key] = std::move(value);
      return send(event.answer, std::move(delta), nullptr);
    }
    if (!delta.empty() && !send(event.answer, std::move(delta), nullptr)) return false;
    const std::string reason = finish_reason_of(*event.ending, choice.has_calls);
    return send(event.answer, {}, json::value(std::string_view(reason)));
  }

  bool finish(const std::vector<Ending>& endings) {
    if (options_.tells_usage) {
      json::object chunk = head_;
      chunk["choices"] = json::array();
      chunk["usage"] = usage_of(endings, endings.size());
      if (!asker_.send_event(text_of(chunk))) return false;
    }
    return asker_.send_event("[DONE]") && asker_.response.finish();
  }

 private:
  struct Choice {
    bool has_begun = false;
    bool has_calls = false;
    std::vector<std::string> tokens;  // not told yet
  };

  bool send(size_t answer, json::object delta, json::value reason) {
    json::object choice{{"index", answer}, {"delta", std::move(delta)}, {"finish_reason", std::move(reason)}};
    choice["logprobs"] = tokens_of(parsed(std::exchange(choices_[answer].tokens, {})));
    json::object chunk = head_;
    chunk["choices"] = json::array{std::move(choice)};
    if (options_.tells_usage) chunk["usage"] = nullptr;
    return asker_.send_event(text_of(chunk));
  }

  Service::Asker& asker_;
  const AnswerOptions& options_;
  json::object head_;
  std::vector<Choice> choices_;
};

}  // namespace

Outcome<> Service::chat_completions(Asker& asker) {
  OPENAI_TRY(const json::object body, read_body(asker.request));
  OPENAI_TRY(ServedModel* const model, model_of(body));
  OPENAI_TRY(const AnswerOptions options, read_options(body));
  OPENAI_TRY(const auto answers, ask(asker, questions_of(body, options, *model, asker.tenant)));
  const WhileConnected watch(asker.request, *answers);

  Stream stream(asker, *model, options);
  std::vector<Ending> endings(options.answers);
  std::vector<std::vector<std::string>> tokens(options.answers);
  size_t ended = 0;
  while (auto event = answers->next(asker.request.mode())) {
    if (event->ending) {
      if (event->ending->error) return std::unexpected(*event->ending->error);
      endings[event->answer] = *event->ending;
      ++ended;
    }
    if (options.streams) {
      if (!stream.take(*event)) return client_gone();
    } else if (event->output == 3 && !event->ending) {
      tokens[event->answer].push_back(std::move(event->piece));
    }
  }
  if (ended < endings.size()) return client_gone();
  if (options.streams) return stream.finish(endings) ? Outcome<>() : client_gone();

  json::array choices;
  for (size_t i = 0; i < endings.size(); ++i) {
    OPENAI_TRY(json::object message, parse_object(endings[i].message));
    name_calls(message);
    const bool has_calls = find(message, "tool_calls") != nullptr;
    if (has_calls && text_at(message, "content").empty()) message["content"] = nullptr;
    message["refusal"] = nullptr;
    choices.push_back(json::object{{"index", i},
                                   {"message", std::move(message)},
                                   {"logprobs", tokens_of(parsed(tokens[i]))},
                                   {"finish_reason", finish_reason_of(endings[i], has_calls)}});
  }
  asker.send({{"id", new_id("chatcmpl-")},
              {"object", "chat.completion"},
              {"created", seconds_since_1970()},
              {"model", model->name()},
              {"system_fingerprint", fingerprint()},
              {"choices", std::move(choices)},
              {"usage", usage_of(endings, endings.size())}});
  return {};
}

}  // namespace godwit::openai
