// /v1/completions
#include <utility>

#include "openai/asker.h"

namespace godwit::openai {
namespace {

constexpr size_t kMostPrompts = 64;
constexpr int64_t kTokensByDefault = 16;  // as OpenAI has it

Outcome<std::vector<std::string>> read_prompts(const json::object& body) {
  const json::value* prompt = find(body, "prompt");
  if (!prompt) return bad_field("prompt", "must be text or a list of texts");
  json::array list;
  if (const json::array* array = prompt->if_array()) list = *array;
  else list.push_back(*prompt);
  if (list.empty() || list.size() > kMostPrompts)
    return bad_field("prompt", "must be 1 to " + std::to_string(kMostPrompts) + " texts");
  std::vector<std::string> prompts;
  for (const json::value& item : list) {
    const json::string* text = item.if_string();
    if (!text) return bad_field("prompt", "must be text or a list of texts; numbers of tokens are not read");
    prompts.emplace_back(text->data(), text->size());
  }
  return prompts;
}

Outcome<AnswerOptions> read_options(const json::object& body) {
  const FieldReader fields(body);
  OPENAI_TRY(AnswerOptions options, read_answer_options(fields));
  for (const std::string_view name : {"suffix"})
    if (find(body, name)) return bad_field(name, "is not supported here");
  OPENAI_TRY(const auto echo, fields.boolean("echo"));
  if (echo.value_or(false)) return bad_field("echo", "must be false: the prompt is not told again");
  OPENAI_TRY(const auto best_of, fields.integer("best_of", 1, options.answers));
  if (best_of && *best_of != options.answers) return bad_field("best_of", "must be n");
  OPENAI_TRY(const auto logprobs, fields.integer("logprobs", 0, 20));
  options.tells_tokens = logprobs.has_value();
  if (logprobs) options.backend["logprobs"] = *logprobs;
  if (!options.backend.contains("n-predict")) options.backend["n-predict"] = kTokensByDefault;
  return options;
}

// {"tokens": […], "token_logprobs": […], "top_logprobs": [{…}], "text_offset": […]}
class Tokens final {
 public:
  void add(const std::string& piece) {
    auto token = parse_object(piece);
    if (!token) return;
    const std::string text(text_at(*token, "token"));
    tokens_.push_back(json::value(std::string_view(text)));
    if (const json::value* logprob = find(*token, "logprob")) logprobs_.push_back(*logprob);
    json::object top;
    const json::value* others = find(*token, "top_logprobs");
    if (const json::array* list = others ? others->if_array() : nullptr)
      for (const json::value& other : *list)
        if (const json::object* entry = other.if_object())
          if (const json::value* logprob = find(*entry, "logprob")) top[text_at(*entry, "token")] = *logprob;
    top_.push_back(std::move(top));
    offsets_.push_back(offset_);
    offset_ += text.size();
  }

  // What came since it was last asked for.
  json::value take() {
    if (tokens_.empty()) return nullptr;
    return json::object{{"tokens", std::exchange(tokens_, {})},
                        {"token_logprobs", std::exchange(logprobs_, {})},
                        {"top_logprobs", std::exchange(top_, {})},
                        {"text_offset", std::exchange(offsets_, {})}};
  }

 private:
  json::array tokens_, logprobs_, top_, offsets_;
  size_t offset_ = 0;
};

}  // namespace

Outcome<> Service::completions(Asker& asker) {
  OPENAI_TRY(const json::object body, read_body(asker.request));
  OPENAI_TRY(ServedModel* const model, model_of(body));
  OPENAI_TRY(const AnswerOptions options, read_options(body));
  OPENAI_TRY(std::vector<std::string> prompts, read_prompts(body));
  std::vector<Question> questions;
  for (const std::string& prompt : prompts)
    for (uint32_t i = 0; i < options.answers; ++i) {
      Question question{.graph = model->graph(),
                        .input = 0,
                        .text = prompt,
                        .options = options.backend,
                        .tenant = asker.tenant};
      if (options.seed)
        question.options["seed"] = static_cast<uint32_t>(static_cast<uint64_t>(*options.seed) + i);
      questions.push_back(std::move(question));
    }
  const size_t count = questions.size();
  OPENAI_TRY(const auto answers, ask(asker, std::move(questions)));
  const WhileConnected watch(asker.request, *answers);

  const json::object head{{"id", new_id("cmpl-")},
                          {"object", "text_completion"},
                          {"created", seconds_since_1970()},
                          {"model", model->name()},
                          {"system_fingerprint", fingerprint()}};
  std::vector<Ending> endings(count);
  std::vector<Tokens> tokens(count);
  size_t ended = 0;
  const auto choice_of = [&](size_t answer, std::string_view text, std::string_view reason) {
    return json::object{{"index", answer},
                        {"text", text},
                        {"logprobs", tokens[answer].take()},
                        {"finish_reason", reason.empty() ? json::value(nullptr) : json::value(reason)}};
  };
  while (auto event = answers->next(asker.request.mode())) {
    if (event->ending) {
      if (event->ending->error) return std::unexpected(*event->ending->error);
      endings[event->answer] = *event->ending;
      ++ended;
    } else if (event->output == 3) {
      tokens[event->answer].add(event->piece);
      continue;
    }
    if (!options.streams) continue;
    json::object chunk = head;
    chunk["choices"] = json::array{
        choice_of(event->answer, event->piece, event->ending ? event->ending->finish_reason : "")};
    if (options.tells_usage) chunk["usage"] = nullptr;
    if (!asker.send_event(text_of(chunk))) return client_gone();
  }
  if (ended < count) return client_gone();
  if (options.streams) {
    json::object chunk = head;
    chunk["choices"] = json::array();
    chunk["usage"] = usage_of(endings, options.answers);
    if (options.tells_usage && !asker.send_event(text_of(chunk))) return client_gone();
    return asker.send_event("[DONE]") && asker.response.finish() ? Outcome<>() : client_gone();
  }
  json::array choices;
  for (size_t i = 0; i < count; ++i)
    choices.push_back(choice_of(i, endings[i].text, endings[i].finish_reason));
  json::object answer = head;
  answer["choices"] = std::move(choices);
  answer["usage"] = usage_of(endings, options.answers);
  asker.send(answer);
  return {};
}

}  // namespace godwit::openai
