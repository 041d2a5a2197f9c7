// Forms of transcripts.
#include "openai/transcript.h"

#include <gtest/gtest.h>

namespace godwit::openai {
namespace {

constexpr std::string_view kJson =
    R"({"task": "transcribe", "language": "english", "duration": 3661.25, "segments": [
  {"start": 0.0, "end": 2, "text": " One two."}, {"start": 3599.9996, "end": 3661.25, "text": " a --> b\n\nc ----> "}]})";

TEST(Transcript, IsReadFromTheBackend) {
  const auto transcript = parse_transcript(kJson);
  ASSERT_TRUE(transcript);
  EXPECT_EQ(transcript->language, "english");
  EXPECT_EQ(transcript->duration_s, 3661.25);
  ASSERT_EQ(transcript->segments.size(), 2u);
  EXPECT_EQ(transcript->segments[0].end_s, 2);
  EXPECT_EQ(transcript->details.size(), 2u);
  for (const char* text : {"", "[]", "{}", R"({"segments": 3})", R"({"segments": [3]})"})
    EXPECT_FALSE(parse_transcript(text)) << text;
}

TEST(Transcript, IsTextOrSubtitles) {
  const auto transcript = parse_transcript(kJson);
  ASSERT_TRUE(transcript);
  EXPECT_EQ(text_of(*transcript), "One two. a --> b\n\nc ---->");
  EXPECT_EQ(srt_of(*transcript),
            "1\n00:00:00,000 --> 00:00:02,000\nOne two.\n\n"
            "2\n01:00:00,000 --> 01:01:01,250\na -> b  c ->\n\n");
  EXPECT_EQ(vtt_of(*transcript),
            "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nOne two.\n\n"
            "01:00:00.000 --> 01:01:01.250\na -> b  c ->\n\n");
  EXPECT_EQ(srt_of({}), "");
  EXPECT_EQ(vtt_of({}), "WEBVTT\n\n");
}

}  // namespace
}  // namespace godwit::openai
