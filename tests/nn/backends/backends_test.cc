// Every backend that was built, through its table: known answers, and what must be refused.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "table.h"

namespace {

using namespace backends;

struct Answer {
  std::string file;
  std::vector<float> values;
};

std::vector<Answer> answers() {
  std::vector<Answer> list;
  std::ifstream file(in_models("answers.txt"));
  for (std::string line; std::getline(file, line);) {
    Answer answer;
    std::istringstream words(line);
    words >> answer.file;
    for (float value; words >> value;) answer.values.push_back(value);
    list.push_back(answer);
  }
  return list;
}

std::vector<float> picture(const std::string& file) {
  std::vector<float> values;
  for (const char byte : read_file(in_models(file))) values.push_back(static_cast<uint8_t>(byte) / 255.0f);
  return values;
}

std::vector<uint32_t> picture_shape(const Format& format) {
  return format.is_channels_last ? std::vector<uint32_t>{1, 32, 32, 1} : std::vector<uint32_t>{1, 1, 32, 32};
}

// A program in TorchScript says only when it is run what it can be run with.
bool is_program(const Format& format) { return std::string_view(format.encoding) == "pytorch"; }

// One that may read and write files is not taken from guests.
bool is_operators(const Format& format) {
  return is_program(format) || std::string_view(format.encoding) == "tensorflow";
}

class Backends : public testing::TestWithParam<Format> {
 protected:
  std::vector<std::string> arrays(const std::string& name) const {
    std::vector<std::string> list;
    for (const std::string& file : files_of(GetParam(), name)) list.push_back(read_file(file));
    return list;
  }
};

TEST_P(Backends, KnowShapes) {
  Execution run(GetParam().encoding);
  ASSERT_EQ(run.open_files(files_of(GetParam(), "shapes")), GODWIT_NN_OK) << run.host.explanation;
  const auto known = answers();
  ASSERT_EQ(known.size(), 12u);
  for (const Answer& answer : known) {
    ASSERT_EQ(run.set(0, GODWIT_NN_F32, picture_shape(GetParam()), picture(answer.file)), GODWIT_NN_OK)
        << run.host.explanation;
    ASSERT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
    const auto values = run.output<float>();
    ASSERT_EQ(values.size(), 3u);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(values[i], answer.values[i], 1e-3) << answer.file;
  }
}

TEST_P(Backends, RefuseTensorsThatDoNotFit) {
  Execution run(GetParam().encoding);
  ASSERT_EQ(run.open_files(files_of(GetParam(), "shapes")), GODWIT_NN_OK) << run.host.explanation;
  const std::vector<float> good(1024);
  const auto shape = picture_shape(GetParam());
  const auto refuses = [&](godwit_nn_status status, std::string_view word) {
    EXPECT_EQ(status, GODWIT_NN_INVALID_ARGUMENT);
    EXPECT_NE(run.host.explanation.find(word), std::string::npos) << run.host.explanation << " | " << word;
  };
  refuses(run.compute(), "not set");
  EXPECT_TRUE(run.output<float>().empty());
  EXPECT_EQ(run.last, GODWIT_NN_RUNTIME_ERROR);
  refuses(run.set(1, GODWIT_NN_F32, shape, good), "no input 1");
  refuses(run.set(UINT32_MAX, GODWIT_NN_F32, shape, good), "no input");
  if (is_program(GetParam())) {
    ASSERT_EQ(run.set(0, GODWIT_NN_I32, shape, good), GODWIT_NN_OK);
    EXPECT_EQ(run.compute(), GODWIT_NN_RUNTIME_ERROR);
    EXPECT_FALSE(run.host.explanation.empty());
    ASSERT_EQ(run.set(0, GODWIT_NN_F32, {1024}, good), GODWIT_NN_OK);
    EXPECT_EQ(run.compute(), GODWIT_NN_RUNTIME_ERROR);
    refuses(run.set(0, 77, shape, good), "type 77");
  } else {
    refuses(run.set(0, GODWIT_NN_I32, shape, good), "f32");
    refuses(run.set(0, 77, shape, good), "f32");
    refuses(run.set(0, GODWIT_NN_F32, {}, good), "shape");
    refuses(run.set(0, GODWIT_NN_F32, {1024}, good), "shape");
    refuses(run.set(0, GODWIT_NN_F32, {1, 1, 32, 31}, good), "shape");
  }
  refuses(run.set(0, GODWIT_NN_F32, {1, 0, 32, 32}, std::vector<float>()), "empty");
  refuses(run.set(0, GODWIT_NN_F32, {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, good), "[");
  refuses(run.set(0, GODWIT_NN_F32, shape, std::vector<float>(1023)), "bytes");
  refuses(run.set(0, GODWIT_NN_F32, shape, std::vector<float>()), "bytes");
  ASSERT_EQ(run.set(0, GODWIT_NN_F32, shape, good), GODWIT_NN_OK);
  ASSERT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
  EXPECT_EQ(run.output<float>(1).size(), 0u);
  EXPECT_EQ(run.last, GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(run.output<float>().size(), 3u);
  EXPECT_EQ(run.table().step(run.context(), &run.host.call), GODWIT_NN_UNSUPPORTED_OPERATION);
}

TEST_P(Backends, RefuseSizesThatThereAreNot) {
  Execution run(GetParam().encoding);
  ASSERT_EQ(run.open_files(files_of(GetParam(), "widen_u8")), GODWIT_NN_OK) << run.host.explanation;
  const std::vector<uint8_t> few(6);
  EXPECT_EQ(run.set(0, GODWIT_NN_U8, {UINT32_MAX, 2}, few), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(run.set(0, GODWIT_NN_U8, {0x80000000u, 2}, few), GODWIT_NN_INVALID_ARGUMENT);
  EXPECT_EQ(run.set(0, GODWIT_NN_U8, {3, 2}, few), GODWIT_NN_OK) << run.host.explanation;
  EXPECT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
  EXPECT_EQ(run.output<float>().size(), 6u);
}

TEST_P(Backends, TakeBytesOfGuests) {
  Execution run(GetParam().encoding);
  const godwit_nn_status status = run.open_bytes(arrays("shapes"));
  if (is_operators(GetParam())) {
    EXPECT_EQ(status, GODWIT_NN_UNSUPPORTED_OPERATION);
    EXPECT_NE(run.host.explanation.find("--nn-preload"), std::string::npos) << run.host.explanation;
    return;
  }
  EXPECT_EQ(status, GODWIT_NN_OK) << run.host.explanation;
}

TEST_P(Backends, RefuseWhatIsNoModel) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string("not a model at all"), std::string(5000, '\0'),
        std::string(5000, '\xff'), std::string("GGUF\3\0\0\0", 8)}) {
    Execution run(GetParam().encoding);
    EXPECT_NE(run.open_bytes({bytes}, From::Operator), GODWIT_NN_OK);
    EXPECT_FALSE(run.host.explanation.empty());
  }
  Execution none(GetParam().encoding);
  EXPECT_NE(none.open_bytes({}), GODWIT_NN_OK);
}

TEST_P(Backends, SurviveDamagedModels) {
  const auto whole = arrays("shapes");
  std::mt19937 random(5);
  size_t refused = 0, tried = 0;
  const auto attempt = [&](const std::vector<std::string>& parts) {
    Execution run(GetParam().encoding);
    ++tried;
    if (run.open_bytes(parts, From::Operator) != GODWIT_NN_OK) {
      EXPECT_FALSE(run.host.explanation.empty());
      ++refused;
      return;
    }
    // What is still a model may compute something else, or refuse to. TensorFlow Lite may also write where it must not: of
    // it, models are only read here (decision 0140).
    if (std::string_view(GetParam().encoding) == "tensorflowlite") return;
    if (run.set(0, GODWIT_NN_F32, picture_shape(GetParam()), std::vector<float>(1024, 0.5f)) == GODWIT_NN_OK)
      (void)run.compute();
  };
  for (size_t part = 0; part < whole.size(); ++part)
    for (size_t cut = 0; cut < 40; ++cut) {
      auto parts = whole;
      parts[part].resize(whole[part].size() * cut / 40);
      attempt(parts);
    }
  EXPECT_GT(refused, 0u);
  for (int round = 0; round < (std::string_view(GetParam().encoding) == "openvino" ? 60 : 600); ++round) {
    auto parts = whole;
    std::string& bytes = parts[random() % parts.size()];
    for (unsigned change = 0; change < 1 + random() % 3; ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    attempt(parts);
  }
  RecordProperty("tried", static_cast<int>(tried));
  RecordProperty("refused", static_cast<int>(refused));
}

TEST_P(Backends, ComputeInSeveralThreads) {
  const auto known = answers();
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      Execution run(GetParam().encoding);
      ASSERT_EQ(run.open_files(files_of(GetParam(), "shapes")), GODWIT_NN_OK);
      for (size_t round = 0; round < 50; ++round) {
        const Answer& answer = known[(thread + round) % known.size()];
        ASSERT_EQ(run.set(0, GODWIT_NN_F32, picture_shape(GetParam()), picture(answer.file)), GODWIT_NN_OK);
        ASSERT_EQ(run.compute(), GODWIT_NN_OK);
        ASSERT_NEAR(run.output<float>()[0], answer.values[0], 1e-3);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(All, Backends, testing::ValuesIn(formats()),
                         [](const auto& parameter) { return parameter.param.text(); });

#ifdef HAS_ONNX
TEST(Onnx, OpensNoFilesThatAModelNames) {
  for (const From from : {From::Operator, From::Guest}) {
    Execution run("onnx");
    EXPECT_EQ(run.open_bytes({read_file(in_models("outside.onnx"))}, from), GODWIT_NN_UNSUPPORTED_OPERATION);
    EXPECT_NE(run.host.explanation.find("other files"), std::string::npos) << run.host.explanation;
  }
}
#endif

#ifdef HAS_TENSORFLOW
TEST(TensorFlow, RestoresVariables) {
  const std::string folder = in_models("variables.saved/");
  Execution run("tensorflow");
  ASSERT_EQ(run.open_files({folder + "saved_model.pb", folder + "variables/variables.index",
                            folder + "variables/variables.data-00000-of-00001"}),
            GODWIT_NN_OK)
      << run.host.explanation;
  ASSERT_EQ(run.set(0, GODWIT_NN_F32, {2}, std::vector<float>{1, -4}), GODWIT_NN_OK);
  ASSERT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
  EXPECT_EQ(run.output<float>(), (std::vector<float>{3, -12}));
  Execution without("tensorflow");  // its variables have no value then
  ASSERT_EQ(without.open_files({folder + "saved_model.pb"}), GODWIT_NN_OK) << without.host.explanation;
  ASSERT_EQ(without.set(0, GODWIT_NN_F32, {2}, std::vector<float>{1, -4}), GODWIT_NN_OK);
  EXPECT_EQ(without.compute(), GODWIT_NN_RUNTIME_ERROR);
  EXPECT_NE(without.host.explanation.find("scale"), std::string::npos) << without.host.explanation;
}
#endif

#ifdef HAS_TFLITE
TEST(TensorFlowLite, RunsAQuantisedModel) {
  Execution run("tensorflowlite");
  ASSERT_EQ(run.open_files({in_models("shapes-quantised.tflite")}), GODWIT_NN_OK) << run.host.explanation;
  for (const Answer& answer : answers()) {
    const std::string bytes = read_file(in_models(answer.file));
    ASSERT_EQ(run.set(0, GODWIT_NN_U8, {1, 32, 32, 1}, std::vector<char>(bytes.begin(), bytes.end())),
              GODWIT_NN_OK);
    ASSERT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
    const auto values = run.output<uint8_t>();
    ASSERT_EQ(values.size(), 3u);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(values[i] / 256.0, answer.values[i], 0.05) << answer.file;
  }
}
#endif

}  // namespace
