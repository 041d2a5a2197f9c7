// Reads options.def's keys out of JSON.
#include "options.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "nesting.h"

namespace godwit::ggml {
namespace {

using nlohmann::json;

// What a key does when it is not in options.def but must not be ignored: the answer would silently be another one.
constexpr const char* kNotHere[] = {"mmproj", "image", "model-vocoder", "tts-speaker-file",
                                    "tts-output-file"};

std::string quoted(const std::string& key) { return "option \"" + key + "\""; }

std::unexpected<Failure> wrong_type(const std::string& key, const char* wanted, const json& value) {
  return fail(GODWIT_NN_INVALID_ARGUMENT,
              quoted(key) + " must be " + wanted + ", not " + std::string(value.type_name()));
}

Result<> read(const std::string& key, const json& value, double, double, bool& to) {
  if (!value.is_boolean()) return wrong_type(key, "true or false", value);
  to = value.get<bool>();
  return {};
}

template <class Number>
  requires std::is_arithmetic_v<Number>
Result<> read(const std::string& key, const json& value, double minimum, double maximum, Number& to) {
  if (std::is_integral_v<Number> ? !value.is_number_integer() : !value.is_number())
    return wrong_type(key, std::is_integral_v<Number> ? "a whole number" : "a number", value);
  const double number = value.get<double>();
  if (!(number >= minimum && number <= maximum))
    return fail(GODWIT_NN_INVALID_ARGUMENT, quoted(key) + " must lie between " + json(minimum).dump() +
                                                " and " + json(maximum).dump() + ", not be " + value.dump());
  to = static_cast<Number>(number);
  return {};
}

// Text; `flash-attn` may also be a flag, `json-schema` also the schema itself.
Result<> read(const std::string& key, const json& value, double, double, std::string& to) {
  if (value.is_string()) {
    to = value.get<std::string>();
  } else if (key == "flash-attn" && value.is_boolean()) {
    to = value.get<bool>() ? "on" : "off";
  } else if (key == "json-schema" && value.is_object()) {
    to = value.dump();
  } else {
    return wrong_type(key, "text", value);
  }
  return {};
}

Result<> read(const std::string& key, const json& value, double, double, std::vector<std::string>& to) {
  const json list = value.is_string() ? json::array({value}) : value;
  if (!list.is_array()) return wrong_type(key, "text or a list of texts", value);
  std::vector<std::string> texts;
  for (const json& item : list) {
    if (!item.is_string()) return wrong_type(key, "text or a list of texts", item);
    if (!item.get_ref<const std::string&>().empty()) texts.push_back(item.get<std::string>());
  }
  to = std::move(texts);
  return {};
}

// {"token": bias, …}
Result<> read(const std::string& key, const json& value, double minimum, double maximum,
              std::map<int32_t, float>& to) {
  constexpr size_t kMostBiases = 1024;
  if (!value.is_object() || value.size() > kMostBiases)
    return wrong_type(key, "an object of at most 1024 tokens", value);
  std::map<int32_t, float> biases;
  for (const auto& [name, bias] : value.items()) {
    int32_t token = -1;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), token);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size() || token < 0)
      return fail(GODWIT_NN_INVALID_ARGUMENT, quoted(key) + ": \"" + name + "\" is not a token's number");
    GGML_TRY(read(key, bias, minimum, maximum, biases[token]));
  }
  to = std::move(biases);
  return {};
}

// "3,2", or a list of numbers.
Result<> read(const std::string& key, const json& value, double, double, std::vector<float>& to) {
  json list = value;
  if (value.is_string()) list = json::parse("[" + value.get<std::string>() + "]", nullptr, false);
  if (!list.is_array()) return wrong_type(key, "text such as \"3,2\"", value);
  std::vector<float> shares;
  for (const json& item : list) {
    if (!item.is_number()) return wrong_type(key, "text such as \"3,2\"", item);
    shares.push_back(item.get<float>());
  }
  to = std::move(shares);
  return {};
}

Result<> apply(const std::string& key, const json& value, Options& options) {
#define GODWIT_OPTION(group, member, name, minimum, maximum) \
  if (key == name) return read(key, value, minimum, maximum, options.group.member);
#include "options.def"
  for (const char* absent : kNotHere)
    if (key == absent && value.is_string() && !value.get_ref<const std::string&>().empty())
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION, quoted(key) + ": this backend reads and writes text only");
  return {};
}

Result<> one_of(const char* key, const std::string& value, std::initializer_list<std::string_view> choices) {
  std::string list;
  for (const std::string_view choice : choices) {
    if (value == choice) return {};
    if (!choice.empty()) list += (list.empty() ? "" : ", ") + std::string(choice);
  }
  return fail(GODWIT_NN_INVALID_ARGUMENT, quoted(key) + " must be one of " + list);
}

// Grammars and schemas are read by functions that call themselves for each bracket and each rule that leads to another:
// bounds that keep them within an ordinary stack, and that no grammar written by people comes near.
constexpr size_t kMostGrammarBytes = 65536;
constexpr int kDeepestGrammar = 200;

Result<> bounded(const char* key, size_t size_bytes, int depth) {
  if (size_bytes <= kMostGrammarBytes && depth <= kDeepestGrammar) return {};
  return fail(GODWIT_NN_INVALID_ARGUMENT, quoted(key) + " may have " + std::to_string(kMostGrammarBytes) +
                                              " bytes and brackets " + std::to_string(kDeepestGrammar) +
                                              " deep");
}

// Copying and printing a JSON value calls itself for each level too, and a value takes many times the bytes of its
// text.
constexpr size_t kMostJsonBytes = size_t{1} << 20;
constexpr int kDeepestJson = kDeepestGrammar + 2;  // a schema in an object

Result<> bounded_json(std::string_view text) {
  if (text.size() <= kMostJsonBytes && json_depth(text) <= kDeepestJson) return {};
  return fail(GODWIT_NN_INVALID_ARGUMENT, "the options may have " + std::to_string(kMostJsonBytes) +
                                              " bytes and brackets " + std::to_string(kDeepestJson) +
                                              " deep");
}

// llama.cpp stops the process over some values; they end here.
Result<> check(const Options& options) {
  const ContextOptions& context = options.context;
  const std::string& grammar = options.sampling.grammar;
  const std::string& schema = options.sampling.json_schema;
  GGML_TRY(bounded("grammar", grammar.size(), grammar_depth(grammar)));
  GGML_TRY(bounded("json-schema", schema.size(), std::max(json_depth(schema), most_groups_in_json(schema))));
  GGML_TRY(one_of("split-mode", options.weights.split_mode, {"", "none", "layer", "row"}));
  GGML_TRY(one_of("flash-attn", context.flash_attention, {"on", "off", "auto"}));
  for (const auto& [key, type] :
       {std::pair{"cache-type-k", &context.cache_type_k}, std::pair{"cache-type-v", &context.cache_type_v}})
    GGML_TRY(one_of(key, *type, {"f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"}));
  GGML_TRY(one_of("pooling-type", context.pooling_type, {"", "none", "mean", "cls", "last", "rank"}));
  GGML_TRY(one_of("attention-type", context.attention_type, {"", "causal", "non-causal"}));
  GGML_TRY(one_of("rope-scaling-type", context.rope_scaling, {"", "none", "linear", "yarn"}));
  return {};
}

}  // namespace

Result<Options> merged(const Options& base, std::string_view text) {
  // Guests pad their buffers with zero bytes now and then.
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  if (text.empty()) return base;
  GGML_TRY(bounded_json(text));
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return fail(GODWIT_NN_INVALID_ARGUMENT, "the options are not a JSON object");
  Options options = base;
  for (const auto& [key, value] : object.items()) GGML_TRY(apply(key, value, options));
  GGML_TRY(check(options));
  return options;
}

}  // namespace godwit::ggml
