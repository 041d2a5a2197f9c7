// classify: says what a picture shows, by any number of models.
//
//   classify [--size N] [--labels a,b,c] --model NAME:LAYOUT:TYPE... PICTURE
//
// LAYOUT: nchw (channels first) or nhwc (channels last). TYPE: f32 (pixels from 0 to 1) or u8 (from 0 to 255; what comes out is
// in 256ths). A NAME with a '/' or a '.' is a TensorFlow Lite file, whose bytes are given to the host.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/nn.h"
#include "picture.h"

namespace {

struct Options {
  uint32_t size = 32;
  std::vector<std::string> labels = {"circle", "square", "triangle"};
  std::vector<std::string> models;
  std::string picture;
};

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(by);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool read_options(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--size" && has_value) options.size = static_cast<uint32_t>(std::atoi(argv[++i]));
    else if (argument == "--labels" && has_value) options.labels = split(argv[++i], ',');
    else if (argument == "--model" && has_value) options.models.emplace_back(argv[++i]);
    else if (!argument.starts_with("--") && options.picture.empty()) options.picture = argument;
    else return false;
  }
  return !options.models.empty() && !options.picture.empty() && options.size >= 1 && options.size <= 4096;
}

// The probabilities; empty: a line on standard error says why.
std::vector<float> ask(const std::string& name, bool channels_last, bool bytes, const Picture& picture) {
  godwit::nn::TensorModel model;
  const bool is_file = name.find_first_of("/.") != std::string::npos;
  nn_errno_t code = 0;
  if (is_file) {
    std::ifstream file(name, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    constexpr uint32_t kTensorFlowLite = 4, kCpu = 0;
    code = model.load_bytes(content, kTensorFlowLite, kCpu);
  } else {
    code = model.load(name);
  }
  const uint32_t side = picture.width;
  const std::vector<uint32_t> shape =
      channels_last ? std::vector<uint32_t>{1, side, side, 1} : std::vector<uint32_t>{1, 1, side, side};
  if (!code) {
    if (bytes) {
      std::vector<uint8_t> pixels;
      for (const float pixel : picture.pixels) pixels.push_back(static_cast<uint8_t>(std::lround(pixel)));
      code = model.set_input(0, NN_U8, shape, pixels);
    } else {
      std::vector<float> pixels;
      for (const float pixel : picture.pixels) pixels.push_back(pixel / 255);
      code = model.set_input(0, NN_F32, shape, pixels);
    }
  }
  if (!code) code = model.compute();
  std::vector<float> answer;
  if (!code && bytes) {
    std::vector<uint8_t> parts;
    code = model.output(0, parts);
    for (const uint8_t part : parts) answer.push_back(static_cast<float>(part) / 256);
  } else if (!code) {
    code = model.output(0, answer);
  }
  if (code) std::fprintf(stderr, "classify: the model %s failed with error %u\n", name.c_str(), code);
  return code ? std::vector<float>() : answer;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: classify [--size N] [--labels a,b,c] --model NAME:nchw|nhwc:f32|u8... PICTURE\n");
    return 2;
  }
  const auto read = read_picture(options.picture);
  if (!read) {
    std::fprintf(stderr, "classify: %s is no PGM or PPM picture of 8 bits\n", options.picture.c_str());
    return 1;
  }
  const Picture picture = resized(*read, options.size);
  for (const std::string& model : options.models) {
    const auto parts = split(model, ':');
    const auto part = [&](size_t i) { return i < parts.size() ? parts[i] : std::string(); };
    const auto answer = ask(parts[0], part(1) == "nhwc", part(2) == "u8", picture);
    if (answer.empty()) return 1;
    std::vector<size_t> order(answer.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](size_t a, size_t b) { return answer[a] > answer[b]; });
    std::printf("%s:", parts[0].c_str());
    for (const size_t i : order)
      std::printf(" %s %.4f", i < options.labels.size() ? options.labels[i].c_str() : "?",
                  static_cast<double>(answer[i]));
    std::printf("\n");
  }
}
