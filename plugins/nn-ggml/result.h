// Result: how the backend's own functions fail; boundary.cc turns it into the ABI's status and explanation.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "godwit/abi/nn_backend.h"

namespace godwit::ggml {

// A status other than GODWIT_NN_OK. Statuses that are no error (end of sequence, context full) have no text.
struct Failure {
  godwit_nn_status status;
  std::string text;
};

template <class T = void>
using Result = std::expected<T, Failure>;

inline std::unexpected<Failure> fail(godwit_nn_status status, std::string text = {}) {
  return std::unexpected<Failure>(Failure{status, std::move(text)});
}

}  // namespace godwit::ggml

// GGML_TRY(expr): leaves the function with expr's failure, if it has one.
#define GGML_TRY(...)                                                                                        \
  do {                                                                                                       \
    if (auto try_result = (__VA_ARGS__); !try_result) return std::unexpected(std::move(try_result).error()); \
  } while (0)
