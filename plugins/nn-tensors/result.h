// Result: how functions of the tensor backends fail; table.cc turns it into the ABI's status and explanation.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "godwit/abi/nn_backend.h"

namespace godwit::tensors {

struct Failure {
  godwit_nn_status status;  // not GODWIT_NN_OK
  std::string text;
};

template <class T = void>
using Result = std::expected<T, Failure>;

inline std::unexpected<Failure> fail(godwit_nn_status status, std::string text = {}) {
  return std::unexpected<Failure>(Failure{status, std::move(text)});
}

}  // namespace godwit::tensors

// TENSORS_TRY(expr): leaves the function with expr's failure, if it has one.
#define TENSORS_TRY(...)                                                                                     \
  do {                                                                                                       \
    if (auto try_result = (__VA_ARGS__); !try_result) return std::unexpected(std::move(try_result).error()); \
  } while (0)
