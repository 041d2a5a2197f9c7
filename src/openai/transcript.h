// Transcript: what was said in a recording, and the forms in which clients want it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openai/json.h"

namespace godwit::openai {

struct Transcript {
  struct Segment {
    double start_s;
    double end_s;
    std::string text;
  };
  std::vector<Segment> segments;
  std::string language;   // "english"
  double duration_s = 0;  // of the recording
  json::array details;    // the segments as the backend has them
};

// Of the backend's output 1. Nothing if it is not of that form.
std::optional<Transcript> parse_transcript(std::string_view json);

// All that was said, in one line.
std::string text_of(const Transcript& transcript);
// spec: https://www.w3.org/TR/webvtt1/
std::string vtt_of(const Transcript& transcript);
// SubRip: a number, times with commas, text, an empty line.
std::string srt_of(const Transcript& transcript);

}  // namespace godwit::openai
