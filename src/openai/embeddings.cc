// /v1/embeddings
#include <bit>
#include <cstring>

#include "openai/asker.h"
#include "openai/texts.h"

namespace godwit::openai {
namespace {

constexpr size_t kMostTexts = 2048;

Outcome<std::vector<std::string>> read_texts(const json::object& body) {
  const json::value* input = find(body, "input");
  if (!input) return bad_field("input", "must be text or a list of texts");
  json::array list;
  if (const json::array* array = input->if_array()) list = *array;
  else list.push_back(*input);
  if (list.empty() || list.size() > kMostTexts)
    return bad_field("input", "must be 1 to " + std::to_string(kMostTexts) + " texts");
  std::vector<std::string> texts;
  for (const json::value& item : list) {
    const json::string* text = item.if_string();
    if (!text || text->empty())
      return bad_field("input", "must be texts that are not empty; numbers of tokens are not read");
    texts.emplace_back(text->data(), text->size());
  }
  return texts;
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    for (size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; ++i) text += i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

// Little-endian floats, as the API has them.
std::string packed(const json::array& numbers) {
  std::string bytes;
  for (const json::value& number : numbers) {
    const double* real = number.if_double();
    const int64_t* whole = number.if_int64();
    const auto value = static_cast<float>(real ? *real : whole ? static_cast<double>(*whole) : 0);
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xff);
  }
  return bytes;
}

}  // namespace

// @returns the backend's JSON
Outcome<std::string> Service::embed(Asker& asker, ServedModel& model, const std::string& text,
                                    int64_t& tokens) {
  const nn::Waiting waiting = registry_.waiting(&asker.request.scheduler());
  const nn::CallOrigin origin{
      .log = registry_.log(),
      .interrupted = [&gone = asker.request.gone()] { return gone.load(std::memory_order_relaxed) != 0; },
      .tenant = asker.tenant};
  nn::Outcome<std::shared_ptr<nn::Context>> context;
  waiting.run([&] { context = model.take_embedder(origin); });
  if (!context) return std::unexpected(error_of(context.error()));
  nn::BackendCall call(origin);
  std::string outputs[2];
  nn::Outcome<> done = set_text(**context, 0, text, call, waiting);
  if (done) done = call.outcome((*context)->compute(call.get(), waiting));
  for (uint32_t index = 0; done && index < 2; ++index) {
    auto output = get_text(**context, index, call);
    if (output) outputs[index] = std::move(*output);
    else done = std::unexpected(std::move(output).error());
  }
  model.give_back(std::move(*context));
  if (!done) return asker.request.gone() ? client_gone() : std::unexpected(error_of(done.error()));
  if (const auto counts = parse_object(outputs[1]))
    if (const json::value* count = find(*counts, "input_tokens"))
      tokens += count->if_int64() ? *count->if_int64() : 0;
  return std::move(outputs[0]);
}

Outcome<> Service::embeddings(Asker& asker) {
  OPENAI_TRY(const json::object body, read_body(asker.request));
  OPENAI_TRY(ServedModel* const model, model_of(body));
  OPENAI_TRY(const std::vector<std::string> texts, read_texts(body));
  const std::string_view format = text_at(body, "encoding_format");
  if (find(body, "encoding_format") && format != "float" && format != "base64")
    return bad_field("encoding_format", "must be \"float\" or \"base64\"");
  if (find(body, "dimensions"))
    return bad_field("dimensions", "is not supported here: the model has its own");
  OPENAI_TRY(const Admission::Hold place, admission_.enter(1, asker.request.mode()));

  json::array data;
  int64_t tokens = 0;
  const Spent spent{*this, asker, tokens};
  for (size_t i = 0; i < texts.size(); ++i) {
    OPENAI_TRY(const std::string text, embed(asker, *model, texts[i], tokens));
    OPENAI_TRY(json::object answer, parse_object(text));
    json::value* embedding = answer.if_contains("embedding");
    json::array* numbers = embedding ? embedding->if_array() : nullptr;
    if (!numbers) return bad_request("the model gives no embedding");
    data.push_back(json::object{
        {"object", "embedding"},
        {"index", i},
        {"embedding", format == "base64" ? json::value(std::string_view(base64(packed(*numbers))))
                                         : json::value(std::move(*numbers))}});
  }
  asker.send({{"object", "list"},
              {"data", std::move(data)},
              {"model", model->name()},
              {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
  return {};
}

}  // namespace godwit::openai
