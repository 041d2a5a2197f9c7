// Preload specifications.
#include "nn/preload.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace godwit::nn {
namespace {

TEST(Preload, ReadsItsParts) {
  const auto preload = parse_preload("default:GGML:AUTO:models/smol.gguf");
  ASSERT_TRUE(preload);
  EXPECT_EQ(preload->name, "default");
  EXPECT_EQ(preload->encoding, encoding_of("ggml"));
  EXPECT_EQ(preload->target, Target::Auto);
  EXPECT_EQ(preload->paths, std::vector<std::string>{"models/smol.gguf"});
}

TEST(Preload, KeepsColonsWhereAModelIsOneFile) {
  const auto one = parse_preload("m:ggml:cpu:C:/x:y.gguf");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->paths, std::vector<std::string>{"C:/x:y.gguf"});
  const auto two = parse_preload("m:openvino:gpu:graph.xml:weights.bin");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->paths, (std::vector<std::string>{"graph.xml", "weights.bin"}));
  const auto unknown = parse_preload("m:autodetect:cpu:a:b");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->encoding, nullptr);
  EXPECT_EQ(unknown->paths, std::vector<std::string>{"a:b"});
}

TEST(Preload, SaysWhatIsWrong) {
  ::setenv("XDG_CONFIG_HOME", "/nonexistent", 1);  // not this user's list
  for (const auto& [spec, word] : {std::pair{"", "missing"},
                                   {"default", "missing"},
                                   {"default:ggml", "missing"},
                                   {"default:ggml:auto", "missing"},
                                   {"default:ggml:auto:", "path"},
                                   {":ggml:auto:x", "name"},
                                   {"default:gguf:auto:x", "ggml"},
                                   {"default:ggml:npu:x", "tpu"}}) {
    const auto preload = parse_preload(spec);
    ASSERT_FALSE(preload) << spec;
    EXPECT_EQ(preload.error().kind(), ErrorKind::Usage) << spec;
    EXPECT_NE(preload.error().message().find(word), std::string::npos) << preload.error().message();
    EXPECT_NE(preload.error().message().find("NAME:ENCODING:TARGET:path"), std::string::npos);
  }
}

}  // namespace
}  // namespace godwit::nn
