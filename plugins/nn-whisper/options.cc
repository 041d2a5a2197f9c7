// Reads the keys.
#include "options.h"

#include <whisper.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace godwit::whisper {
namespace {

using nlohmann::json;

constexpr size_t kMostBytes = 65536;
// whisper.cpp takes a prompt to pieces with a function that calls itself for each letter, and uses 224 tokens of it.
constexpr size_t kMostPromptBytes = 1024;
constexpr int kMostMilliseconds = 2 * 60 * 60 * 1000;
constexpr int kMostDecoders = 8;

std::unexpected<tensors::Failure> wrong(const char* key, const std::string& wanted) {
  return fail(GODWIT_NN_INVALID_ARGUMENT, "option \"" + std::string(key) + "\" must be " + wanted);
}

Result<> read(const json& object, const char* key, bool& to) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_boolean()) return wrong(key, "true or false");
  to = found->get<bool>();
  return {};
}

Result<> read(const json& object, const char* key, std::string& to, size_t most_bytes) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_string() || found->get_ref<const std::string&>().size() > most_bytes ||
      found->get_ref<const std::string&>().find('\0') != std::string::npos)
    return wrong(key, "text of " + std::to_string(most_bytes) + " bytes at most");
  to = found->get<std::string>();
  return {};
}

template <class Number>
Result<> read(const json& object, const char* key, Number& to, double least, double most) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  const bool is_right = std::is_integral_v<Number> ? found->is_number_integer() : found->is_number();
  const double value = is_right ? found->get<double>() : 0;
  if (!is_right || !(value >= least && value <= most))
    return wrong(key, (std::is_integral_v<Number> ? "a whole number from " : "a number from ") +
                          json(least).dump() + " to " + json(most).dump());
  to = static_cast<Number>(value);
  return {};
}

Result<> refuse(const json& object) {
  for (const char* key : {"output-txt", "output-vtt", "output-srt", "output-lrc", "output-csv", "output-json",
                          "output-json-full", "diarize", "tinydiarize"}) {
    const auto found = object.find(key);
    if (found != object.end() && *found != json(false))
      return fail(GODWIT_NN_UNSUPPORTED_OPERATION,
                  "option \"" + std::string(key) +
                      "\": this backend writes no files and tells no speakers apart; output 1 has the times");
  }
  return {};
}

}  // namespace

Result<Options> merged(const Options& base, std::string_view text) {
  // Guests pad their buffers with zero bytes now and then.
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  if (text.empty()) return base;
  // Nothing here is nested: few brackets, and no stack is used up.
  if (text.size() > kMostBytes || std::ranges::count(text, '[') + std::ranges::count(text, '{') > 64)
    return fail(GODWIT_NN_INVALID_ARGUMENT, "the options may have 65536 bytes and 64 brackets");
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return fail(GODWIT_NN_INVALID_ARGUMENT, "the options are not a JSON object");
  Options options = base;
  TENSORS_TRY(refuse(object));
  TENSORS_TRY(read(object, "language", options.language, 32));
  TENSORS_TRY(read(object, "prompt", options.prompt, kMostPromptBytes));
  TENSORS_TRY(read(object, "detect-language", options.detect_language));
  TENSORS_TRY(read(object, "translate", options.translate));
  TENSORS_TRY(read(object, "no-timestamps", options.no_timestamps));
  TENSORS_TRY(read(object, "split-on-word", options.split_on_word));
  TENSORS_TRY(read(object, "threads", options.threads, 1, 512));
  TENSORS_TRY(read(object, "offset-t", options.offset_ms, 0, kMostMilliseconds));
  TENSORS_TRY(read(object, "duration", options.duration_ms, 0, kMostMilliseconds));
  TENSORS_TRY(read(object, "max-context", options.max_context, 0, 16384));
  TENSORS_TRY(read(object, "max-len", options.max_len, 0, 65536));
  TENSORS_TRY(read(object, "best-of", options.best_of, 1, kMostDecoders));
  TENSORS_TRY(read(object, "beam-size", options.beam_size, 1, kMostDecoders));
  TENSORS_TRY(read(object, "audio-ctx", options.audio_context, 0, 1500));
  TENSORS_TRY(read(object, "temperature", options.temperature, 0, 1));
  TENSORS_TRY(read(object, "temperature-inc", options.temperature_inc, 0.05, 1));
  TENSORS_TRY(read(object, "entropy-thold", options.entropy_threshold, -1e6, 1e6));
  TENSORS_TRY(read(object, "logprob-thold", options.logprob_threshold, -1e6, 1e6));
  // Less than two seconds are no use, and not what whisper.cpp was written for.
  if (options.audio_context != 0 && options.audio_context < 100)
    return wrong("audio-ctx", "0, or 100 to 1500");
  if (options.language.empty()) options.language = "auto";
  if (options.language != "auto" && whisper_lang_id(options.language.c_str()) < 0)
    return wrong("language", "\"auto\", or a language that Whisper knows, as \"en\" or \"german\"");
  return options;
}

}  // namespace godwit::whisper
