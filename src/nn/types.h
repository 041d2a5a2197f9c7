// The numbers of wasi_ephemeral_nn as types, and Outcome: how calls on behalf of a guest end.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace godwit::nn {

enum class Errno : uint32_t {
#define GODWIT_NN_ERRNO(name, number, words) name = number,
#include "nn/errno.def"
};

std::string_view to_string(Errno code);

enum class TensorType : uint32_t {
#define GODWIT_NN_TENSOR_TYPE(name, number) name = number,
#include "nn/tensor_types.def"
};

std::optional<TensorType> tensor_type_of(uint32_t number);

enum class Target : uint32_t { Cpu = 0, Gpu = 1, Tpu = 2, Auto = 3 };

// By its name in any case ("cpu", "GPU", "auto"); nothing for another name.
std::optional<Target> target_of(std::string_view name);

enum class Builders : uint8_t { Parts, PartThenConfig };
enum class Brought : uint8_t { Always, ByLeave };

// A row of encodings.def.
struct Encoding {
  uint32_t number;
  std::string_view name;
  Builders builders;
  Brought brought;
};

// A guest may say so instead of an encoding's number: the model's own bytes tell.
inline constexpr uint32_t kAutodetect = 5;

// Null for what is not in the table.
const Encoding* encoding_of(uint32_t number);
// By its name in any case.
const Encoding* encoding_of(std::string_view name);
// By how a model's file begins; null if that tells nothing.
const Encoding* encoding_of_file(std::string_view first_bytes);

// How a call for a guest fails: its errno, and for people why. The text may be empty where nothing went wrong
// (EndOfSequence).
struct Failure {
  Errno code;
  std::string text;
};

template <class T = void>
using Outcome = std::expected<T, Failure>;

inline std::unexpected<Failure> refuse(Errno code, std::string text = {}) {
  return std::unexpected<Failure>(Failure{code, std::move(text)});
}

}  // namespace godwit::nn
