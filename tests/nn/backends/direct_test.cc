// Three shapes and element types through each backend, and through its library called directly: the same bytes.
#include "direct.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "table.h"

namespace {

using namespace backends;

std::vector<uint8_t> run_directly(const std::string& encoding, const direct::Question& question) {
#ifdef HAS_ONNX
  if (encoding == "onnx") return direct::onnx(question);
#endif
#ifdef HAS_TFLITE
  if (encoding == "tensorflowlite") return direct::tensorflowlite(question);
#endif
#ifdef HAS_OPENVINO
  if (encoding == "openvino") return direct::openvino(question);
#endif
#ifdef HAS_TENSORFLOW
  if (encoding == "tensorflow") return direct::tensorflow(question);
#endif
#ifdef HAS_PYTORCH
  if (encoding == "pytorch") return direct::pytorch(question);
#endif
  return {};
}

template <class T>
std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
  return {begin, begin + values.size() * sizeof(T)};
}

class Direct : public testing::TestWithParam<Format> {
 protected:
  // Gives the bytes that both gave.
  std::vector<uint8_t> compare(const std::string& model, uint32_t type,
                               const std::vector<uint32_t>& dimensions, const std::vector<uint8_t>& data) {
    const direct::Question question{files_of(GetParam(), model), type, dimensions, data};
    const auto wanted = run_directly(GetParam().encoding, question);
    EXPECT_FALSE(wanted.empty());
    Execution run(GetParam().encoding);
    EXPECT_EQ(run.open_files(question.files), GODWIT_NN_OK) << run.host.explanation;
    EXPECT_EQ(run.set(0, type, dimensions, data), GODWIT_NN_OK) << run.host.explanation;
    EXPECT_EQ(run.compute(), GODWIT_NN_OK) << run.host.explanation;
    const auto got = run.output<uint8_t>();
    EXPECT_EQ(got, wanted) << model;
    return got;
  }
};

TEST_P(Direct, FloatsOfTwoDimensions) {
  const std::vector<float> values = {0, 1, -2.5f, 1e30f, -0.125f, 7};
  std::vector<float> doubled;
  for (const float value : values) doubled.push_back(2 * value);
  EXPECT_EQ(compare("double_f32", GODWIT_NN_F32, {2, 3}, bytes_of(values)), bytes_of(doubled));
}

TEST_P(Direct, IntegersOfOneDimension) {
  const std::vector<int32_t> values = {0, -1, 1 << 20, -12345};
  EXPECT_EQ(compare("double_i32", GODWIT_NN_I32, {4}, bytes_of(values)),
            bytes_of(std::vector<int32_t>{0, -2, 1 << 21, -24690}));
}

TEST_P(Direct, BytesOfADimensionThatIsOpen) {
  std::mt19937 random(3);
  for (const uint32_t rows : {1u, 7u, 300u}) {
    std::vector<uint8_t> values(rows * 2);
    for (uint8_t& value : values) value = static_cast<uint8_t>(random());
    EXPECT_EQ(compare("widen_u8", GODWIT_NN_U8, {rows, 2}, values),
              bytes_of(std::vector<float>(values.begin(), values.end())));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Direct, testing::ValuesIn(formats()),
                         [](const auto& parameter) { return parameter.param.text(); });

}  // namespace
