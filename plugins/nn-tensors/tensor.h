// What a network takes and gives, and whether a guest's tensor is that.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "result.h"

namespace godwit::tensors {

// A dimension that the caller chooses.
inline constexpr int64_t kAnySize = -1;
// A type that the caller chooses.
inline constexpr uint32_t kAnyType = UINT32_MAX;

// One input or output of a network.
struct TensorInfo {
  std::string name;
  uint32_t type;                    // GODWIT_NN_F32 and the like: how its bytes are passed; or kAnyType
  std::vector<int64_t> dimensions;  // kAnySize, or more than 0
  bool has_rank = true;             // false: any number of dimensions
};

// Bytes of an element. @returns 0 for a number that is no type
uint32_t element_size_bytes(uint32_t type);

// "f32" and the like.
std::string type_name(uint32_t type);

// The bytes of a tensor; nothing if that is no number of 63 bits.
std::optional<uint64_t> size_bytes(uint32_t type, std::span<const uint32_t> dimensions);

// Whether `tensor` may go into `wanted`: its element type, each dimension, and as many bytes as they say.
// @errors GODWIT_NN_INVALID_ARGUMENT: says what is wrong, with the names and numbers of both sides
Result<> check(const TensorInfo& wanted, uint32_t index, const godwit_nn_tensor& tensor);

// "[1, 3, any]".
std::string shape_text(std::span<const int64_t> dimensions);

}  // namespace godwit::tensors
