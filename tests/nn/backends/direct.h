// Libraries called directly, without Godwit: what backends are compared with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace direct {

// One input, one output. @param type GODWIT_NN_F32 and the like
struct Question {
  std::vector<std::string> files;
  uint32_t type;
  std::vector<uint32_t> dimensions;
  std::vector<uint8_t> data;
};

// The bytes of the output; empty: the library said no.
std::vector<uint8_t> onnx(const Question& question);
std::vector<uint8_t> tensorflowlite(const Question& question);
std::vector<uint8_t> openvino(const Question& question);
std::vector<uint8_t> tensorflow(const Question& question);
std::vector<uint8_t> pytorch(const Question& question);

}  // namespace direct
