// ApiError: how a request fails, as OpenAI's API says it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "nn/types.h"

namespace godwit::openai {

struct ApiError {
  uint32_t status;      // HTTP's
  std::string type;     // "invalid_request_error", …
  std::string code;     // "" for none
  std::string field;    // of the request, "" for none
  std::string message;  // for people
  uint32_t retry_after_s = 0;
};

template <class T = void>
using Outcome = std::expected<T, ApiError>;

std::unexpected<ApiError> bad_request(std::string message);
std::unexpected<ApiError> bad_field(std::string_view field, std::string_view what);
std::unexpected<ApiError> not_found(std::string message, std::string code = {}, std::string field = {});

// What a model's failure means for who asked.
ApiError error_of(const nn::Failure& failure);

// {"error": {"message": …, "type": …, "param": …, "code": …}}
std::string json_of(const ApiError& error);

}  // namespace godwit::openai
