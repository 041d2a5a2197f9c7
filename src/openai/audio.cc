// /v1/audio/transcriptions and /v1/audio/translations
#include <algorithm>
#include <charconv>
#include <tuple>

#include "openai/asker.h"
#include "openai/multipart.h"
#include "openai/texts.h"
#include "openai/transcript.h"
#include "openai/transfer.h"

namespace godwit::openai {
namespace {

constexpr size_t kMostPromptBytes = 1024;  // as the backend has it

enum class Form : uint8_t { Json, Text, Srt, Vtt, VerboseJson };
constexpr std::pair<std::string_view, Form> kForms[] = {{"json", Form::Json},
                                                        {"text", Form::Text},
                                                        {"srt", Form::Srt},
                                                        {"vtt", Form::Vtt},
                                                        {"verbose_json", Form::VerboseJson}};

class FormReader final {
 public:
  explicit FormReader(const std::vector<FormPart>& parts) : parts_(parts) {}

  const FormPart* find(std::string_view name) const {
    const auto found = std::ranges::find(parts_, name, &FormPart::name);
    return found == parts_.end() ? nullptr : &*found;
  }
  std::string_view text(std::string_view name) const {
    const FormPart* const part = find(name);
    return part ? part->content : std::string_view();
  }

 private:
  const std::vector<FormPart>& parts_;
};

struct Wish {
  std::string_view audio;
  Form form = Form::Json;
  double temperature = 0;
  json::object options;  // the backend's
};

Outcome<double> read_temperature(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1))
    return bad_field("temperature", "must be a number from 0 to 1");
  return value;
}

// What would be another answer than was asked for.
Outcome<> refuse_others(const FormReader& fields, const std::vector<FormPart>& parts) {
  for (const FormPart& part : parts) {
    if (part.name.starts_with("timestamp_granularities") && part.content != "segment")
      return bad_field("timestamp_granularities", "may be segment: words have no times here");
    if (part.name.starts_with("include")) return bad_field("include", "is not supported here");
    if (part.name.starts_with("known_speaker")) return bad_field(part.name, "is not supported here");
  }
  if (const auto stream = fields.text("stream"); !stream.empty() && stream != "false" && stream != "False")
    return bad_field("stream", "is not supported here: the text comes as a whole");
  return {};
}

Outcome<Wish> read_wish(const std::vector<FormPart>& parts, bool translates) {
  const FormReader fields(parts);
  OPENAI_CHECK(refuse_others(fields, parts));
  Wish wish;
  const FormPart* const file = fields.find("file");
  if (!file) return bad_field("file", "is missing: a recording, as a WAV file");
  wish.audio = file->content;
  if (!wish.audio.starts_with("RIFF") ||
      !wish.audio.substr(std::min<size_t>(8, wish.audio.size())).starts_with("WAVE"))
    return bad_field("file", "must be a WAV file: other formats are not read here");
  if (const auto wanted = fields.text("response_format"); !wanted.empty()) {
    const auto* const known = std::ranges::find(kForms, wanted, &std::pair<std::string_view, Form>::first);
    if (known == std::end(kForms))
      return bad_field("response_format", "must be json, text, srt, verbose_json or vtt");
    wish.form = known->second;
  }
  if (const auto text = fields.text("temperature"); !text.empty()) {
    OPENAI_TRY(wish.temperature, read_temperature(text));
    wish.options["temperature"] = wish.temperature;
  }
  const auto prompt = fields.text("prompt");
  if (prompt.size() > kMostPromptBytes)
    return bad_field("prompt", "may have " + std::to_string(kMostPromptBytes) + " bytes");
  if (!prompt.empty()) wish.options["prompt"] = prompt;
  const auto language = translates ? std::string_view() : fields.text("language");
  wish.options["language"] = language.empty() ? "auto" : language;
  if (translates) wish.options["translate"] = true;
  return wish;
}

json::object verbose(const Transcript& transcript, const Wish& wish, bool translates) {
  json::array segments;
  for (size_t i = 0; i < transcript.details.size(); ++i) {
    json::object segment{{"id", i}};
    for (const auto& [key, value] : transcript.details[i].as_object()) segment[key] = value;
    segment["temperature"] = wish.temperature;
    segments.push_back(std::move(segment));
  }
  return {{"task", translates ? "translate" : "transcribe"},
          {"language", translates ? "english" : std::string_view(transcript.language)},
          {"duration", transcript.duration_s},
          {"text", text_of(transcript)},
          {"segments", std::move(segments)}};
}

}  // namespace

// @returns the backend's output 1
Outcome<std::string> Service::write_down(Asker& asker, const ServedModel& model, std::string_view audio,
                                         const json::object& options, int64_t& tokens) {
  const nn::Waiting waiting = registry_.waiting(&asker.request.scheduler());
  const nn::CallOrigin origin{
      .log = registry_.log(),
      .interrupted = [&gone = asker.request.gone()] { return gone.load(std::memory_order_relaxed) != 0; },
      .tenant = asker.tenant,
      .spend = [&tokens](uint64_t units) { return tokens += static_cast<int64_t>(units), true; }};
  nn::BackendCall call(origin);
  auto context = nn::Context::create(model.graph(), origin);
  if (!context) return std::unexpected(error_of(context.error()));
  nn::Outcome<> done = set_text(**context, 1, text_of(options), call, waiting);
  if (done) done = set_text(**context, 0, audio, call, waiting);
  if (done) done = call.outcome((*context)->compute(call.get(), waiting));
  nn::Outcome<std::string> output;
  if (done) output = get_text(**context, 1, call);
  if (done && output) return std::move(*output);
  return asker.request.gone() ? client_gone()
                              : std::unexpected(error_of(done ? output.error() : done.error()));
}

Outcome<> Service::speech(Asker& asker, bool translates) {
  const Transfer transfer(transfers_);
  OPENAI_CHECK(transfer.begin());
  OPENAI_TRY(const std::string body, read_bytes(asker.request, config_.most_file_bytes));
  const std::string* type = asker.request.field("content-type");
  OPENAI_TRY(const std::vector<FormPart> parts, parse_form(type ? *type : std::string(), body));
  json::object named;
  if (const FormPart* const name = FormReader(parts).find("model")) named["model"] = name->content;
  OPENAI_TRY(const ServedModel* const model, model_of(named, ServedModel::Kind::Speech));
  OPENAI_TRY(const Wish wish, read_wish(parts, translates));
  OPENAI_TRY(const Admission::Hold place, speech_admission_.enter(1, asker.request.mode()));

  int64_t tokens = 0;
  const Spent spent{*this, asker, tokens};
  OPENAI_TRY(const std::string output, write_down(asker, *model, wish.audio, wish.options, tokens));
  const auto transcript = parse_transcript(output);
  if (!transcript)
    return std::unexpected<ApiError>(ApiError{.status = 500,
                                              .type = "server_error",
                                              .code = {},
                                              .field = {},
                                              .message = "the model gives no transcript"});
  if (wish.form == Form::VerboseJson) return asker.send(verbose(*transcript, wish, translates)), Outcome<>();
  if (wish.form == Form::Json) {
    asker.send({{"text", text_of(*transcript)},
                {"usage", {{"type", "duration"}, {"seconds", transcript->duration_s}}}});
    return {};
  }
  const bool is_vtt = wish.form == Form::Vtt;
  std::ignore = asker.response.add_field("Content-Type",
                                         is_vtt ? "text/vtt; charset=utf-8" : "text/plain; charset=utf-8");
  std::ignore = asker.response.add_field("X-Content-Type-Options", "nosniff");
  std::ignore = asker.response.send(is_vtt                   ? vtt_of(*transcript)
                                    : wish.form == Form::Srt ? srt_of(*transcript)
                                                             : text_of(*transcript) + "\n");
  return {};
}

Outcome<> Service::transcriptions(Asker& asker) { return speech(asker, false); }

Outcome<> Service::translations(Asker& asker) { return speech(asker, true); }

}  // namespace godwit::openai
