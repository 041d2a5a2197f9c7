// Names of OpenAI's API, and the backend's.
#include "openai/request_options.h"

namespace godwit::openai {
namespace {

constexpr int64_t kMostAnswers = 64;
constexpr int64_t kMostTokens = 1 << 24;
constexpr size_t kMostStops = 16;
constexpr size_t kMostStopBytes = 256;

// {name in the API, name in the backend, bounds}
struct Number {
  std::string_view name;
  std::string_view backend;
  double minimum;
  double maximum;
};
constexpr Number kNumbers[] = {
    {"temperature", "temp", 0, 2},
    {"top_p", "top-p", 0, 1},
    {"presence_penalty", "presence-penalty", -2, 2},
    {"frequency_penalty", "frequency-penalty", -2, 2},
    // llama.cpp's own, which its server takes, too
    {"min_p", "min-p", 0, 1},
    {"repeat_penalty", "repeat-penalty", 0.001, 1000},
};

Outcome<> read_stops(const json::object& object, json::object& backend) {
  const json::value* stop = find(object, "stop");
  if (!stop) return {};
  json::array list;
  if (stop->is_string()) list.push_back(*stop);
  else if (const json::array* array = stop->if_array()) list = *array;
  else return bad_field("stop", "must be text or a list of texts");
  if (list.size() > kMostStops)
    return bad_field("stop", "may have " + std::to_string(kMostStops) + " texts at most");
  for (const json::value& text : list) {
    const json::string* string = text.if_string();
    if (!string || string->empty() || string->size() > kMostStopBytes)
      return bad_field("stop", "must be texts of 1 to " + std::to_string(kMostStopBytes) + " bytes");
  }
  backend["stop"] = std::move(list);
  return {};
}

Outcome<> read_stream(const FieldReader& fields, AnswerOptions& options) {
  OPENAI_TRY(const auto streams, fields.boolean("stream"));
  options.streams = streams.value_or(false);
  const json::value* more = find(fields.object(), "stream_options");
  if (!more) return {};
  const json::object* object = more->if_object();
  if (!object) return bad_field("stream_options", "must be an object");
  if (!options.streams) return bad_field("stream_options", "is for requests with \"stream\": true");
  OPENAI_TRY(const auto usage, FieldReader(*object).boolean("include_usage"));
  options.tells_usage = usage.value_or(false);
  return {};
}

}  // namespace

Outcome<AnswerOptions> read_answer_options(const FieldReader& fields) {
  AnswerOptions options;
  for (const Number& number : kNumbers) {
    OPENAI_TRY(const auto value, fields.number(number.name, number.minimum, number.maximum));
    if (value) options.backend[number.backend] = *value;
  }
  OPENAI_TRY(const auto top_k, fields.integer("top_k", 0, INT32_MAX));
  if (top_k) options.backend["top-k"] = *top_k;
  OPENAI_TRY(const auto ignores_end, fields.boolean("ignore_eos"));
  if (ignores_end) options.backend["ignore-eos"] = *ignores_end;
  for (const std::string_view name : {"max_tokens", "max_completion_tokens"}) {
    OPENAI_TRY(const auto most, fields.integer(name, 0, kMostTokens));
    if (most) options.backend["n-predict"] = *most;
  }
  OPENAI_TRY(const auto answers, fields.integer("n", 1, kMostAnswers));
  options.answers = static_cast<uint32_t>(answers.value_or(1));
  OPENAI_TRY(options.seed, fields.integer("seed", INT64_MIN, INT64_MAX));
  OPENAI_CHECK(read_stops(fields.object(), options.backend));
  OPENAI_CHECK(read_stream(fields, options));
  if (const json::value* bias = find(fields.object(), "logit_bias")) {
    if (!bias->is_object()) return bad_field("logit_bias", "must be an object");
    options.backend["logit-bias"] = *bias;
  }
  return options;
}

}  // namespace godwit::openai
