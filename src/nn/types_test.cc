// Numbers and names of wasi_ephemeral_nn.
#include "nn/types.h"

#include <gtest/gtest.h>

namespace godwit::nn {
namespace {

TEST(NnTypes, FindsEncodings) {
  ASSERT_TRUE(encoding_of(6u));
  EXPECT_EQ(encoding_of(6u)->name, "ggml");
  EXPECT_EQ(encoding_of("GGML"), encoding_of(6u));
  EXPECT_EQ(encoding_of("Ggml"), encoding_of(6u));
  EXPECT_EQ(encoding_of("ggm"), nullptr);
  EXPECT_EQ(encoding_of(kAutodetect), nullptr);
  EXPECT_EQ(encoding_of(15u), nullptr);
  EXPECT_EQ(encoding_of_file("GGUF\3"), encoding_of(6u));
  EXPECT_EQ(encoding_of_file("lmgg"), encoding_of("whisper"));
  EXPECT_EQ(encoding_of_file("GGU"), nullptr);
}

TEST(NnTypes, FindsTargetsAndTensorTypes) {
  EXPECT_EQ(target_of("AUTO"), Target::Auto);
  EXPECT_EQ(target_of("tpu"), Target::Tpu);
  EXPECT_FALSE(target_of(""));
  EXPECT_EQ(tensor_type_of(3), TensorType::U8);
  EXPECT_FALSE(tensor_type_of(6));
}

// What guests compare with.
TEST(NnTypes, KeepsTheNumbersOfTheAbi) {
  EXPECT_EQ(static_cast<uint32_t>(Errno::TooLarge), 7u);
  EXPECT_EQ(static_cast<uint32_t>(Errno::EndOfSequence), 100u);
  EXPECT_EQ(static_cast<uint32_t>(Errno::ContextFull), 101u);
  EXPECT_EQ(static_cast<uint32_t>(Errno::PromptTooLong), 102u);
  EXPECT_EQ(static_cast<uint32_t>(Errno::ModelNotFound), 103u);
  EXPECT_EQ(to_string(Errno::ModelNotFound), "model not found");
}

}  // namespace
}  // namespace godwit::nn
