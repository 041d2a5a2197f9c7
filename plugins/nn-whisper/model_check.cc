// Walks through the file: header, filters, vocabulary, tensors.
#include "model_check.h"

#include <ggml.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace godwit::whisper {
namespace {

// All models of Whisper have these.
constexpr int32_t kAudioContext = 1500;
constexpr int32_t kTextContext = 448;
constexpr int32_t kHeadSize = 64;
constexpr int32_t kFrequencies = 201;
constexpr int32_t kFewestTokens = 51864, kMostTokens = 51866;
// More than the largest has.
constexpr int32_t kMostLayers = 64;
constexpr int32_t kMostHeads = 64;
constexpr uint32_t kMostWordBytes = 1024;
constexpr int32_t kVersionFactor = 1000;  // of the quantisation, in the number of the type

struct Header {
  int32_t vocabulary, audio_context, audio_state, audio_heads, audio_layers;
  int32_t text_context, text_state, text_heads, text_layers, mels, type;
};

class Reader final {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <class T>
  bool read(T& to) {
    std::string_view from;
    if (!skip(sizeof to, &from)) return false;
    std::memcpy(&to, from.data(), sizeof to);
    return true;
  }
  bool skip(uint64_t size, std::string_view* what = nullptr) {
    if (size > bytes_.size() - at_) return false;
    if (what) *what = {reinterpret_cast<const char*>(bytes_.data()) + at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }
  bool at_end() const { return at_ == bytes_.size(); }
  std::string place() const { return " at byte " + std::to_string(at_); }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

std::unexpected<tensors::Failure> wrong(const std::string& text) {
  return fail(GODWIT_NN_INVALID_ENCODING, "not a model of Whisper in ggml's format: " + text);
}

std::unexpected<tensors::Failure> cut_off(const Reader& reader) {
  return wrong("the file ends in the middle," + reader.place());
}

Result<> in_range(const char* what, int32_t value, int32_t least, int32_t most) {
  if (value >= least && value <= most) return {};
  return wrong(std::string(what) + " is " + std::to_string(value) + ", not " + std::to_string(least) +
               (least == most ? "" : " to " + std::to_string(most)));
}

Result<> check_header(const Header& header) {
  TENSORS_TRY(in_range("the size of the vocabulary", header.vocabulary, kFewestTokens, kMostTokens));
  TENSORS_TRY(in_range("the context of audio", header.audio_context, kAudioContext, kAudioContext));
  TENSORS_TRY(in_range("the number of heads", header.audio_heads, 1, kMostHeads));
  TENSORS_TRY(in_range("the size of a state", header.audio_state, header.audio_heads * kHeadSize,
                       header.audio_heads * kHeadSize));
  TENSORS_TRY(in_range("the number of audio's layers", header.audio_layers, 1, kMostLayers));
  TENSORS_TRY(in_range("the context of text", header.text_context, kTextContext, kTextContext));
  TENSORS_TRY(
      in_range("the size of text's state", header.text_state, header.audio_state, header.audio_state));
  TENSORS_TRY(
      in_range("the number of text's heads", header.text_heads, header.audio_heads, header.audio_heads));
  TENSORS_TRY(in_range("the number of text's layers", header.text_layers, 1, kMostLayers));
  if (header.mels != 80 && header.mels != 128)
    return wrong("the number of bands is " + std::to_string(header.mels) + ", not 80 or 128");
  return {};
}

// The type of the large matrices, by the header's number; GGML_TYPE_COUNT for none.
ggml_type matrix_type(int32_t number) {
  switch (number) {
    case GGML_FTYPE_ALL_F32: return GGML_TYPE_F32;
    case GGML_FTYPE_MOSTLY_F16: return GGML_TYPE_F16;
    case GGML_FTYPE_MOSTLY_Q4_0: return GGML_TYPE_Q4_0;
    case GGML_FTYPE_MOSTLY_Q4_1: return GGML_TYPE_Q4_1;
    case GGML_FTYPE_MOSTLY_Q5_0: return GGML_TYPE_Q5_0;
    case GGML_FTYPE_MOSTLY_Q5_1: return GGML_TYPE_Q5_1;
    case GGML_FTYPE_MOSTLY_Q8_0: return GGML_TYPE_Q8_0;
    case GGML_FTYPE_MOSTLY_Q2_K: return GGML_TYPE_Q2_K;
    case GGML_FTYPE_MOSTLY_Q3_K: return GGML_TYPE_Q3_K;
    case GGML_FTYPE_MOSTLY_Q4_K: return GGML_TYPE_Q4_K;
    case GGML_FTYPE_MOSTLY_Q5_K: return GGML_TYPE_Q5_K;
    case GGML_FTYPE_MOSTLY_Q6_K: return GGML_TYPE_Q6_K;
    default: return GGML_TYPE_COUNT;
  }
}

struct Wanted {
  std::array<int64_t, 3> shape;
  ggml_type type;
  bool is_there = false;
};
using WantedTensors = std::map<std::string, Wanted, std::less<>>;

void want_attention(WantedTensors& all, const std::string& prefix, int64_t state, ggml_type matrix) {
  for (const char* name : {"query", "key", "value", "out"}) {
    all[prefix + "." + name + ".weight"] = {{state, state, 1}, matrix};
    if (std::string_view(name) != "key") all[prefix + "." + name + ".bias"] = {{state, 1, 1}, GGML_TYPE_F32};
  }
  for (const char* name : {"_ln.weight", "_ln.bias"}) all[prefix + name] = {{state, 1, 1}, GGML_TYPE_F32};
}

void want_block(WantedTensors& all, const std::string& prefix, int64_t state, ggml_type matrix) {
  want_attention(all, prefix + "attn", state, matrix);
  all[prefix + "mlp.0.weight"] = {{state, 4 * state, 1}, matrix};
  all[prefix + "mlp.0.bias"] = {{4 * state, 1, 1}, GGML_TYPE_F32};
  all[prefix + "mlp.2.weight"] = {{4 * state, state, 1}, matrix};
  all[prefix + "mlp.2.bias"] = {{state, 1, 1}, GGML_TYPE_F32};
  for (const char* name : {"mlp_ln.weight", "mlp_ln.bias"})
    all[prefix + name] = {{state, 1, 1}, GGML_TYPE_F32};
}

WantedTensors wanted_tensors(const Header& header, ggml_type matrix) {
  const int64_t state = header.audio_state;
  const ggml_type filters = matrix == GGML_TYPE_F32 ? GGML_TYPE_F32 : GGML_TYPE_F16;
  WantedTensors all = {
      {"encoder.positional_embedding", {{state, header.audio_context, 1}, GGML_TYPE_F32}},
      {"encoder.conv1.weight", {{3, header.mels, state}, filters}},
      {"encoder.conv1.bias", {{1, state, 1}, GGML_TYPE_F32}},
      {"encoder.conv2.weight", {{3, state, state}, filters}},
      {"encoder.conv2.bias", {{1, state, 1}, GGML_TYPE_F32}},
      {"encoder.ln_post.weight", {{state, 1, 1}, GGML_TYPE_F32}},
      {"encoder.ln_post.bias", {{state, 1, 1}, GGML_TYPE_F32}},
      {"decoder.positional_embedding", {{state, header.text_context, 1}, GGML_TYPE_F32}},
      {"decoder.token_embedding.weight", {{state, header.vocabulary, 1}, matrix}},
      {"decoder.ln.weight", {{state, 1, 1}, GGML_TYPE_F32}},
      {"decoder.ln.bias", {{state, 1, 1}, GGML_TYPE_F32}},
  };
  for (int32_t layer = 0; layer < header.audio_layers; ++layer)
    want_block(all, "encoder.blocks." + std::to_string(layer) + ".", state, matrix);
  for (int32_t layer = 0; layer < header.text_layers; ++layer) {
    const std::string prefix = "decoder.blocks." + std::to_string(layer) + ".";
    want_block(all, prefix, state, matrix);
    want_attention(all, prefix + "cross_attn", state, matrix);
  }
  return all;
}

Result<> check_vocabulary(Reader& reader, const Header& header) {
  int32_t count = 0;
  if (!reader.read(count)) return cut_off(reader);
  TENSORS_TRY(in_range("the number of words", count, 1, header.vocabulary));
  bool has_space = false;
  for (int32_t word = 0; word < count; ++word) {
    uint32_t size = 0;
    std::string_view text;
    if (!reader.read(size)) return cut_off(reader);
    if (size > kMostWordBytes)
      return wrong("word " + std::to_string(word) + " has " + std::to_string(size) + " bytes");
    if (!reader.skip(size, &text)) return cut_off(reader);
    has_space |= text == " ";
  }
  if (!has_space) return wrong("the vocabulary has no space");
  return {};
}

Result<> check_tensor(Reader& reader, WantedTensors& wanted) {
  int32_t dimensions = 0, name_size = 0, type = 0;
  if (!reader.read(dimensions) || !reader.read(name_size) || !reader.read(type)) return cut_off(reader);
  if (dimensions < 1 || dimensions > 3 || name_size < 1 || name_size > 128)
    return wrong("a tensor's header is damaged," + reader.place());
  std::array<int64_t, 3> shape = {1, 1, 1};
  for (int32_t i = 0; i < dimensions; ++i) {
    int32_t size = 0;
    if (!reader.read(size)) return cut_off(reader);
    shape[static_cast<size_t>(i)] = size;
  }
  std::string_view name;
  if (!reader.skip(static_cast<uint64_t>(name_size), &name)) return cut_off(reader);
  const auto found = wanted.find(name);
  if (found == wanted.end()) return wrong("a tensor that such models do not have," + reader.place());
  Wanted& tensor = found->second;
  if (tensor.is_there) return wrong(found->first + " is there twice");
  if (shape != tensor.shape || type != tensor.type) return wrong(found->first + " has another shape or type");
  tensor.is_there = true;
  if (shape[0] % ggml_blck_size(tensor.type) != 0) return wrong(found->first + " cannot be of its type");
  const uint64_t size = ggml_row_size(tensor.type, shape[0]) * static_cast<uint64_t>(shape[1] * shape[2]);
  if (!reader.skip(size)) return cut_off(reader);
  return {};
}

}  // namespace

Result<> check_model(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  uint32_t magic = 0;
  Header header{};
  if (!reader.read(magic) || magic != GGML_FILE_MAGIC) return wrong("it begins in another way");
  if (!reader.read(header)) return cut_off(reader);
  TENSORS_TRY(check_header(header));
  const ggml_type matrix = header.type < 0 ? GGML_TYPE_COUNT : matrix_type(header.type % kVersionFactor);
  if (matrix == GGML_TYPE_COUNT) return wrong("type " + std::to_string(header.type) + " is unknown");
  int32_t mels = 0, frequencies = 0;
  if (!reader.read(mels) || !reader.read(frequencies)) return cut_off(reader);
  TENSORS_TRY(in_range("the number of filters", mels, header.mels, header.mels));
  TENSORS_TRY(in_range("the number of frequencies", frequencies, kFrequencies, kFrequencies));
  if (!reader.skip(sizeof(float) * static_cast<uint64_t>(mels) * kFrequencies)) return cut_off(reader);
  TENSORS_TRY(check_vocabulary(reader, header));
  WantedTensors wanted = wanted_tensors(header, matrix);
  while (!reader.at_end()) TENSORS_TRY(check_tensor(reader, wanted));
  for (const auto& [name, tensor] : wanted)
    if (!tensor.is_there) return wrong(name + " is missing");
  return {};
}

}  // namespace godwit::whisper
