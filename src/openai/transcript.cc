// Subtitles.
#include "openai/transcript.h"

#include <cmath>
#include <cstdio>

namespace godwit::openai {
namespace {

double number_at(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (!value) return 0;
  if (const double* real = value->if_double()) return *real;
  if (const int64_t* whole = value->if_int64()) return static_cast<double>(*whole);
  return 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// As one cue can have it: its text ends with an empty line, and an arrow is one of times.
std::string cue_of(std::string_view text) {
  std::string cue(trimmed(text));
  for (char& c : cue)
    if (c == '\n' || c == '\r') c = ' ';
  // what stands before it may come to be one
  for (size_t at = cue.find("-->"); at != std::string::npos; at = cue.find("-->", at < 2 ? 0 : at - 2))
    cue.erase(at, 1);
  return cue;
}

// "00:01:02.345", with the mark before the thousandths.
std::string clock(double seconds, char mark) {
  const long long all = std::llround(std::fmax(0, seconds) * 1000);
  char text[40];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld%c%03lld", all / 3'600'000, all / 60'000 % 60,
                all / 1000 % 60, mark, all % 1000);
  return text;
}

std::string times_of(const Transcript::Segment& segment, char mark) {
  return clock(segment.start_s, mark) + " --> " + clock(segment.end_s, mark) + "\n";
}

}  // namespace

std::optional<Transcript> parse_transcript(std::string_view text) {
  auto object = parse_object(text);
  if (!object) return std::nullopt;
  json::value* const segments = object->if_contains("segments");
  if (!segments || !segments->is_array()) return std::nullopt;
  Transcript transcript{.segments = {},
                        .language = std::string(text_at(*object, "language")),
                        .duration_s = number_at(*object, "duration"),
                        .details = std::move(segments->get_array())};
  for (const json::value& value : transcript.details) {
    const json::object* const segment = value.if_object();
    if (!segment) return std::nullopt;
    transcript.segments.push_back({.start_s = number_at(*segment, "start"),
                                   .end_s = number_at(*segment, "end"),
                                   .text = std::string(text_at(*segment, "text"))});
  }
  return transcript;
}

std::string text_of(const Transcript& transcript) {
  std::string text;
  for (const Transcript::Segment& segment : transcript.segments) text += segment.text;
  return std::string(trimmed(text));
}

std::string vtt_of(const Transcript& transcript) {
  std::string text = "WEBVTT\n\n";
  for (const Transcript::Segment& segment : transcript.segments)
    text += times_of(segment, '.') + cue_of(segment.text) + "\n\n";
  return text;
}

std::string srt_of(const Transcript& transcript) {
  std::string text;
  size_t number = 0;
  for (const Transcript::Segment& segment : transcript.segments)
    text += std::to_string(++number) + "\n" + times_of(segment, ',') + cue_of(segment.text) + "\n\n";
  return text;
}

}  // namespace godwit::openai
