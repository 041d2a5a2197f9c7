// Compares tensors with what they shall be.
#include "tensor.h"

namespace godwit::tensors {

uint32_t element_size_bytes(uint32_t type) {
  switch (type) {
    case GODWIT_NN_U8: return 1;
    case GODWIT_NN_F16: return 2;
    case GODWIT_NN_F32:
    case GODWIT_NN_I32: return 4;
    case GODWIT_NN_F64:
    case GODWIT_NN_I64: return 8;
    default: return 0;
  }
}

std::string type_name(uint32_t type) {
  static constexpr const char* kNames[] = {"f16", "f32", "f64", "u8", "i32", "i64"};
  return type < std::size(kNames) ? kNames[type] : "type " + std::to_string(type);
}

std::optional<uint64_t> size_bytes(uint32_t type, std::span<const uint32_t> dimensions) {
  uint64_t size = element_size_bytes(type);
  for (const uint32_t dimension : dimensions)
    if (__builtin_mul_overflow(size, dimension, &size) || size > INT64_MAX) return std::nullopt;
  return size;
}

std::string shape_text(std::span<const int64_t> dimensions) {
  std::string text = "[";
  for (const int64_t dimension : dimensions) {
    if (text.size() > 1) text += ", ";
    text += dimension == kAnySize ? "any" : std::to_string(dimension);
  }
  return text + "]";
}

Result<> check(const TensorInfo& wanted, uint32_t index, const godwit_nn_tensor& tensor) {
  const std::string what = "input " + std::to_string(index) + " (" + wanted.name + ")";
  const std::span<const uint32_t> dimensions(tensor.dimensions, tensor.dimension_count);
  const std::vector<int64_t> given(dimensions.begin(), dimensions.end());
  const auto refuse = [&](const std::string& why) {
    return fail(GODWIT_NN_INVALID_ARGUMENT, what + " " + why);
  };
  if (wanted.type == kAnyType && element_size_bytes(tensor.type) == 0)
    return refuse("cannot be of " + type_name(tensor.type));
  if (wanted.type != kAnyType && tensor.type != wanted.type)
    return refuse("has elements of " + type_name(wanted.type) + ", the tensor of " + type_name(tensor.type));
  const auto wrong_shape = [&] {
    return refuse("has the shape " + shape_text(wanted.dimensions) + ", the tensor " + shape_text(given));
  };
  for (const int64_t dimension : given)
    if (dimension == 0) return refuse("takes no empty tensor, the tensor has the shape " + shape_text(given));
  // A single number has no dimensions; those who cannot say so give it one of 1.
  const bool is_scalar = wanted.has_rank && wanted.dimensions.empty() && given == std::vector<int64_t>{1};
  if (wanted.has_rank && !is_scalar) {
    if (given.size() != wanted.dimensions.size()) return wrong_shape();
    for (size_t i = 0; i < given.size(); ++i)
      if (wanted.dimensions[i] != kAnySize && wanted.dimensions[i] != given[i]) return wrong_shape();
  }
  const auto size = size_bytes(tensor.type, dimensions);
  if (!size) return refuse("would have more bytes than there are: " + shape_text(given));
  if (*size != tensor.data.size_bytes)
    return refuse("of the shape " + shape_text(given) + " has " + std::to_string(*size) +
                  " bytes, the tensor " + std::to_string(tensor.data.size_bytes));
  return {};
}

}  // namespace godwit::tensors
