// Tells the numberings apart by sizes.
#include "nn/numbering.h"

#include "nn/types.h"

namespace godwit::nn {
namespace {

constexpr uint32_t kOldU8 = 2;
constexpr uint32_t kOldI32 = 3;

}  // namespace

uint32_t Numbering::type_of(uint32_t number, std::span<const uint32_t> dimensions, uint64_t size_bytes) {
  if (number != kOldU8 && number != kOldI32) return number;
  uint64_t elements = 1;
  for (const uint32_t dimension : dimensions)
    if (__builtin_mul_overflow(elements, dimension, &elements)) return number;  // no tensor is so large
  Kind kind = kind_.load(std::memory_order_relaxed);
  if (kind == Kind::Unknown && elements > 0) {
    const uint64_t old_size = number == kOldU8 ? 1 : 4, new_size = number == kOldU8 ? 8 : 1;
    uint64_t size = 0;
    if (size_bytes == elements * old_size && !__builtin_mul_overflow(elements, old_size, &size))
      kind = Kind::Old;
    else if (size_bytes == elements * new_size && !__builtin_mul_overflow(elements, new_size, &size))
      kind = Kind::New;
    kind_.store(kind, std::memory_order_relaxed);
  }
  if (kind != Kind::Old) return number;
  return static_cast<uint32_t>(number == kOldU8 ? TensorType::U8 : TensorType::I32);
}

}  // namespace godwit::nn
