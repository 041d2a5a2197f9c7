// Look-ups in the tables of numbers and names.
#include "nn/types.h"

#include <algorithm>

namespace godwit::nn {
namespace {

constexpr Encoding kEncodings[] = {
#define GODWIT_NN_ENCODING(number, name, builders, brought) \
  {number, name, Builders::builders, Brought::brought},
#include "nn/encodings.def"
};

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::string_view to_string(Errno code) {
  switch (code) {
#define GODWIT_NN_ERRNO(name, number, words) \
  case Errno::name: return words;
#include "nn/errno.def"
  }
  return "unknown error";
}

std::optional<TensorType> tensor_type_of(uint32_t number) {
  switch (number) {
#define GODWIT_NN_TENSOR_TYPE(name, value) \
  case value: return TensorType::name;
#include "nn/tensor_types.def"
    default: return std::nullopt;
  }
}

std::optional<Target> target_of(std::string_view name) {
  if (equal_in_any_case(name, "cpu")) return Target::Cpu;
  if (equal_in_any_case(name, "gpu")) return Target::Gpu;
  if (equal_in_any_case(name, "tpu")) return Target::Tpu;
  if (equal_in_any_case(name, "auto")) return Target::Auto;
  return std::nullopt;
}

const Encoding* encoding_of(uint32_t number) {
  const auto found = std::ranges::find(kEncodings, number, &Encoding::number);
  return found == std::end(kEncodings) ? nullptr : found;
}

const Encoding* encoding_of(std::string_view name) {
  const auto found = std::ranges::find_if(
      kEncodings, [&](const Encoding& row) { return equal_in_any_case(row.name, name); });
  return found == std::end(kEncodings) ? nullptr : found;
}

const Encoding* encoding_of_file(std::string_view first_bytes) {
  if (first_bytes.starts_with("GGUF")) return encoding_of("ggml");
  if (first_bytes.size() >= 8 && first_bytes.substr(4, 4) == "TFL3") return encoding_of("tensorflowlite");
  if (first_bytes.starts_with("lmgg")) return encoding_of("whisper");
  return nullptr;
}

}  // namespace godwit::nn
