// The plug-in for speech, with a model that says known sentences whatever it hears: the way of audio, options and text,
// and what is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "table.h"

namespace {

using namespace backends;

constexpr const char* kModel = "sentences.bin";

std::vector<float> tone(double seconds, int rate = 16000) {
  std::vector<float> samples(static_cast<size_t>(seconds * rate));
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = 0.5f * static_cast<float>(std::sin(2 * 3.14159265 * 440 * static_cast<double>(i) / rate));
  return samples;
}

template <class T>
void put(std::vector<uint8_t>& to, T value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

void put_text(std::vector<uint8_t>& to, std::string_view text) {
  to.insert(to.end(), text.begin(), text.end());
}

// A WAV file of 16 bits.
std::vector<uint8_t> wav(const std::vector<float>& samples, uint16_t channels, uint32_t rate) {
  std::vector<uint8_t> file;
  const uint32_t size = static_cast<uint32_t>(samples.size()) * 2 * channels;
  put_text(file, "RIFF");
  put(file, 36 + size);
  put_text(file, "WAVEfmt ");
  put(file, uint32_t{16});
  put(file, uint16_t{1});
  put(file, channels);
  put(file, rate);
  put(file, rate * 2 * channels);
  put(file, static_cast<uint16_t>(2 * channels));
  put(file, uint16_t{16});
  put_text(file, "data");
  put(file, size);
  for (const float sample : samples)
    for (int channel = 0; channel < channels; ++channel) put(file, static_cast<int16_t>(sample * 32767));
  return file;
}

class Whisper : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run.open_files({in_models(kModel)}), GODWIT_NN_OK) << run.host.explanation;
  }
  godwit_nn_status hear(const std::vector<float>& samples) {
    return run.set(0, GODWIT_NN_F32, {1, static_cast<uint32_t>(samples.size())}, samples);
  }
  godwit_nn_status hear(const std::vector<uint8_t>& file) {
    return run.set(0, GODWIT_NN_U8, {static_cast<uint32_t>(file.size())}, file);
  }
  godwit_nn_status choose(std::string_view json) {
    return run.set(1, GODWIT_NN_U8, {1}, std::vector<uint8_t>(json.begin(), json.end()));
  }
  std::string text() {
    const auto bytes = run.output<char>(0);
    return {bytes.begin(), bytes.end()};
  }
  nlohmann::json times() {
    const auto bytes = run.output<char>(1);
    return nlohmann::json::parse(bytes.begin(), bytes.end());
  }
  std::string said() {
    EXPECT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
    return text();
  }

  Execution run{"whisper"};
};

constexpr const char* kSaid = "[00:00:00.000 --> 00:00:02.000]  The quick brown fox jumps.\n";

TEST_F(Whisper, WritesDownSamples) {
  ASSERT_EQ(hear(tone(1.9)), GODWIT_NN_OK) << run.host.explanation;
  EXPECT_EQ(said(), kSaid);
  const auto json = times();
  EXPECT_EQ(json["language"], "english");
  EXPECT_EQ(json["task"], "transcribe");
  EXPECT_NEAR(json["duration"].get<double>(), 1.9, 1e-9);
  ASSERT_EQ(json["segments"].size(), 1u);
  EXPECT_EQ(json["segments"][0]["text"], " The quick brown fox jumps.");
  EXPECT_EQ(json["segments"][0]["end"], 2.0);
}

TEST_F(Whisper, GoesOnToTheEnd) {
  ASSERT_EQ(hear(tone(31.5)), GODWIT_NN_OK);  // it hears 30 seconds at a time
  ASSERT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
  EXPECT_EQ(text(), std::string(kSaid) + "[00:00:30.000 --> 00:00:32.000]  The quick brown fox jumps.\n");
  ASSERT_EQ(choose(R"({"offset-t": 1500, "duration": 1900})"), GODWIT_NN_OK);
  EXPECT_EQ(said(), "[00:00:01.500 --> 00:00:03.500]  The quick brown fox jumps.\n");
}

TEST_F(Whisper, ReadsWavOfAllRates) {
  for (const uint32_t rate : {8000u, 16000u, 44100u, 48000u}) {
    ASSERT_EQ(hear(wav(tone(1.9, static_cast<int>(rate)), 2, rate)), GODWIT_NN_OK) << run.host.explanation;
    EXPECT_EQ(said(), kSaid);
    EXPECT_NEAR(times()["duration"].get<double>(), 1.9, 1e-3) << rate;
  }
}

TEST_F(Whisper, TakesOptions) {
  ASSERT_EQ(hear(tone(1.9)), GODWIT_NN_OK);
  ASSERT_EQ(choose(R"({"no-timestamps": true, "threads": 1, "enable-log": true})"), GODWIT_NN_OK);
  EXPECT_EQ(said(), " The quick brown fox jumps.");
  ASSERT_EQ(choose(R"({"no-timestamps": false, "translate": true})"), GODWIT_NN_OK);
  EXPECT_EQ(said(), "[00:00:00.020 --> 00:00:02.000]  A translation.\n");
  EXPECT_EQ(times()["task"], "translate");
  ASSERT_EQ(choose(R"({"translate": false, "language": "auto", "beam-size": 1, "prompt": "The fox"})"),
            GODWIT_NN_OK);
  EXPECT_EQ(said(), kSaid);
  EXPECT_EQ(times()["language"], "german");
  ASSERT_EQ(choose(R"({"detect-language": true})"), GODWIT_NN_OK);
  EXPECT_EQ(said(), "");
  EXPECT_EQ(times()["language"], "german");
}

TEST_F(Whisper, RefusesOptions) {
  for (const char* json :
       {"[]", "{", R"({"language": "klingon"})", R"({"threads": 0})", R"({"threads": 1.5})",
        R"({"beam-size": 9})", R"({"translate": "yes"})", R"({"audio-ctx": 1501})", R"({"audio-ctx": 3})",
        R"({"temperature-inc": 0})", R"({"offset-t": -1})", R"({"prompt": 3})"}) {
    EXPECT_EQ(choose(json), GODWIT_NN_INVALID_ARGUMENT) << json;
    EXPECT_NE(run.host.explanation, "") << json;
  }
  EXPECT_EQ(choose("{\"prompt\": \"" + std::string(5000, 'a') + "\"}"), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(choose(std::string(100'000, '[')), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(choose(R"({"output-srt": true})"), GODWIT_NN_UNSUPPORTED_OPERATION);
}

TEST_F(Whisper, RefusesWhatIsNoAudio) {
  EXPECT_EQ(run.compute(), GODWIT_NN_INVALID_ARGUMENT);
  for (const float sample :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
    std::vector<float> samples = tone(1);
    samples[77] = sample;
    EXPECT_EQ(hear(samples), GODWIT_NN_INVALID_ARGUMENT);
    EXPECT_NE(run.host.explanation.find("77"), std::string::npos) << run.host.explanation;
  }
  EXPECT_EQ(run.set(0, GODWIT_NN_I32, {1}, std::vector<int32_t>{1}), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(run.set(0, GODWIT_NN_F32, {1}, std::vector<uint8_t>(7)), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(run.set(2, GODWIT_NN_F32, {1}, tone(1)), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(hear(std::vector<float>(2 * 60 * 60 * 16000 + 1)), GODWIT_NN_TOO_LARGE);
  EXPECT_EQ(hear(std::vector<float>()), GODWIT_NN_OK);  // nothing is silence
  EXPECT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
}

// Each byte of the header changed, and each length.
TEST_F(Whisper, WithstandsDamagedWav) {
  const std::vector<uint8_t> whole = wav(tone(0.01), 1, 16000);
  for (size_t size = 0; size < whole.size(); ++size)
    hear(std::vector<uint8_t>(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
  for (size_t at = 0; at < 44; ++at)
    for (const uint8_t value : {uint8_t{0}, uint8_t{1}, uint8_t{127}, uint8_t{255}}) {
      std::vector<uint8_t> file = whole;
      file[at] = value;
      hear(file);
    }
  EXPECT_EQ(hear(std::vector<uint8_t>(200, 'x')), GODWIT_NN_INVALID_ARGUMENT);
}

TEST_F(Whisper, EndsWhenItIsTold) {
  ASSERT_EQ(hear(tone(30)), GODWIT_NN_OK);
  run.host.is_cancelled = true;
  EXPECT_EQ(run.compute(), GODWIT_NN_CANCELLED);
  run.host.is_cancelled = false;
  run.output<char>(0);
  EXPECT_EQ(run.last, GODWIT_NN_RUNTIME_ERROR);
  ASSERT_EQ(hear(tone(1.9)), GODWIT_NN_OK);
  EXPECT_EQ(said(), kSaid);
}

TEST_F(Whisper, HasNoSteps) {
  EXPECT_EQ(run.table().step(run.context(), &run.host.call), GODWIT_NN_UNSUPPORTED_OPERATION);
}

class WhisperModel : public testing::Test {
 protected:
  godwit_nn_status open(const std::string& bytes) {
    Execution run("whisper");
    const auto status = run.open_bytes({bytes});
    explanation = run.host.explanation;
    return status;
  }
  void set(std::string& bytes, size_t offset, int32_t value) {
    std::memcpy(bytes.data() + offset, &value, 4);
  }

  const std::string whole = read_file(in_models(kModel));
  std::string explanation;
};

TEST_F(WhisperModel, IsReadFromBytes) { EXPECT_EQ(open(whole), GODWIT_NN_OK) << explanation; }

TEST_F(WhisperModel, CutOffIsRefused) {
  // Everywhere in the header and the vocabulary, then at many places.
  for (size_t size = 1; size < whole.size(); size += size < 400 ? 1 : 104729)
    ASSERT_EQ(open(whole.substr(0, size)), GODWIT_NN_INVALID_ENCODING) << size;
  EXPECT_EQ(open(whole.substr(0, whole.size() - 1)), GODWIT_NN_INVALID_ENCODING);
  EXPECT_EQ(open(whole + '\0'), GODWIT_NN_INVALID_ENCODING);
}

TEST_F(WhisperModel, AbsurdNumbersAreRefused) {
  constexpr size_t kHeaderEnd = 48, kFilters = 8, kWords = kHeaderEnd + kFilters + 80 * 201 * 4;
  for (const int32_t value : {-1, 0, 1 << 20, 1 << 30, std::numeric_limits<int32_t>::min()}) {
    for (size_t offset = 0; offset < kHeaderEnd + kFilters; offset += 4) {
      std::string bytes = whole;
      set(bytes, offset, value);
      // 0 is the type f32, of which the tensors are not
      EXPECT_EQ(open(bytes), GODWIT_NN_INVALID_ENCODING) << offset << " " << value;
      EXPECT_NE(explanation, "");
    }
    for (const size_t offset : {kWords, kWords + 4}) {
      std::string bytes = whole;
      set(bytes, offset, value);
      EXPECT_EQ(open(bytes), GODWIT_NN_INVALID_ENCODING) << offset << " " << value;
    }
  }
}

TEST_F(WhisperModel, DamagedTensorsAreRefused) {
  const size_t name = whole.find("encoder.conv1.weight");
  ASSERT_NE(name, std::string::npos);
  for (size_t offset = name - 24; offset < name; offset += 4)
    for (const int32_t value : {-1, 0, 4, 1 << 30}) {
      std::string bytes = whole;
      set(bytes, offset, value);
      EXPECT_EQ(open(bytes), GODWIT_NN_INVALID_ENCODING) << offset - name << " " << value;
    }
  std::string bytes = whole;
  bytes[name] = 'x';
  EXPECT_EQ(open(bytes), GODWIT_NN_INVALID_ENCODING);
}

}  // namespace
