// Traces: contexts, spans as JSON, tokens.
#include "agent/trace.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "agent/text.h"
#include "platform/random.h"

namespace godwit::agent {
namespace {

constexpr size_t kMostSpans = 8192;
constexpr size_t kManySpans = 512;
// From "usage" to the last number that is of interest.
constexpr size_t kUsageBytes = 1024;

std::string attribute_json(const std::pair<std::string, std::variant<std::string, int64_t>>& attribute) {
  std::string text = "{\"key\":" + json_string(attribute.first) + ",\"value\":{";
  if (const auto* number = std::get_if<int64_t>(&attribute.second))
    text += "\"intValue\":\"" + std::to_string(*number) + "\"";
  else text += "\"stringValue\":" + json_string(std::get<std::string>(attribute.second));
  return text + "}}";
}

// The number that follows one of these keys.
std::optional<int64_t> number_after(std::string_view text, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    size_t at = text.find(key);
    if (at == std::string_view::npos) continue;
    at += key.size();
    while (at < text.size() && (text[at] == ' ' || text[at] == ':')) at++;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error == std::errc() && number >= 0) return number;
  }
  return std::nullopt;
}

}  // namespace

TraceContext TraceContext::child_of(const std::optional<TraceContext>& parent) {
  TraceContext context;
  if (parent) context = *parent;
  else std::ignore = platform::fill_random(context.trace);
  std::ignore = platform::fill_random(context.span);
  return context;
}

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  // version 00 has this length; later ones may be longer
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' || text.starts_with("ff"))
    return std::nullopt;
  if (text.starts_with("00") ? text.size() != 55 : text.size() > 55 && text[55] != '-') return std::nullopt;
  const auto version = from_hex(text.substr(0, 2));
  const auto trace = from_hex(text.substr(3, 32));
  const auto span = from_hex(text.substr(36, 16));
  const auto flags = from_hex(text.substr(53, 2));
  if (!version || !trace || !span || !flags) return std::nullopt;
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  if (std::ranges::all_of(*trace, is_zero) || std::ranges::all_of(*span, is_zero)) return std::nullopt;
  TraceContext context;
  std::ranges::copy(*trace, context.trace.begin());
  std::ranges::copy(*span, context.span.begin());
  context.is_sampled = ((*flags)[0] & 1) != 0;
  return context;
}

std::string to_traceparent(const TraceContext& context) {
  return "00-" + to_hex(context.trace) + "-" + to_hex(context.span) + (context.is_sampled ? "-01" : "-00");
}

std::string to_otlp(const std::vector<Span>& spans, std::string_view service) {
  std::string text =
      "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
      "\"stringValue\":" +
      json_string(service) + "}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"godwit\"},\"spans\":[";
  bool is_first = true;
  for (const Span& span : spans) {
    if (!std::exchange(is_first, false)) text += ',';
    text += "{\"traceId\":\"" + to_hex(span.context.trace) + "\",\"spanId\":\"" + to_hex(span.context.span) +
            "\"";
    if (span.parent) text += ",\"parentSpanId\":\"" + to_hex(span.parent->span) + "\"";
    text += ",\"name\":" + json_string(span.name) +
            ",\"kind\":" + std::to_string(static_cast<int>(span.kind)) + ",\"startTimeUnixNano\":\"" +
            std::to_string(span.begin_ns) + "\",\"endTimeUnixNano\":\"" + std::to_string(span.end_ns) +
            "\",\"attributes\":[";
    for (size_t i = 0; i < span.attributes.size(); i++)
      text += (i > 0 ? "," : "") + attribute_json(span.attributes[i]);
    text += "]";
    if (!span.error.empty()) text += ",\"status\":{\"code\":2,\"message\":" + json_string(span.error) + "}";
    text += "}";
  }
  return text + "]}]}]}";
}

Result<std::unique_ptr<Tracer>> Tracer::create() {
  ASSIGN_OR_RETURN(async::Signal signal, async::Signal::create());
  return std::unique_ptr<Tracer>(new Tracer(std::move(signal)));
}

void Tracer::add(Span span) {
  if (!is_enabled() || !span.context.is_sampled) return;
  const std::lock_guard lock(mutex_);
  if (spans_.size() >= kMostSpans) return count_dropped(1);
  spans_.push_back(std::move(span));
  if (spans_.size() == kManySpans) is_filling_.raise();
}

std::vector<Span> Tracer::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(spans_, {});
}

void TokenReader::read(std::string_view piece) {
  // Quotes inside of strings have a backslash before them: `"usage"` is a key, whatever a model says.
  tail_ += piece;
  const size_t at = tail_.rfind("\"usage\"");
  if (at != std::string::npos) {
    const std::string_view usage = std::string_view(tail_).substr(at, kUsageBytes);
    if (const auto input = number_after(usage, {"\"prompt_tokens\"", "\"input_tokens\""})) input_ = input;
    if (const auto output = number_after(usage, {"\"completion_tokens\"", "\"output_tokens\""}))
      output_ = output;
  }
  if (tail_.size() > 2 * kUsageBytes) tail_.erase(0, tail_.size() - kUsageBytes);
}

}  // namespace godwit::agent
