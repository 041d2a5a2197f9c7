// Errors as objects.
#include "openai/error.h"

#include "openai/json.h"

namespace godwit::openai {
namespace {

constexpr std::string_view kInvalid = "invalid_request_error";

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(std::string_view(text));
}

}  // namespace

std::unexpected<ApiError> bad_request(std::string message) {
  return std::unexpected<ApiError>(ApiError{
      .status = 400, .type = std::string(kInvalid), .code = {}, .field = {}, .message = std::move(message)});
}

std::unexpected<ApiError> bad_field(std::string_view field, std::string_view what) {
  return std::unexpected<ApiError>(ApiError{.status = 400,
                                            .type = std::string(kInvalid),
                                            .code = {},
                                            .field = std::string(field),
                                            .message = std::string(field) + " " + std::string(what)});
}

std::unexpected<ApiError> not_found(std::string message, std::string code, std::string field) {
  return std::unexpected<ApiError>(ApiError{.status = 404,
                                            .type = std::string(kInvalid),
                                            .code = std::move(code),
                                            .field = std::move(field),
                                            .message = std::move(message)});
}

ApiError error_of(const nn::Failure& failure) {
  ApiError error{.status = 500, .type = "server_error", .code = {}, .field = {}, .message = failure.text};
  if (error.message.empty()) error.message = std::string(nn::to_string(failure.code));
  switch (failure.code) {
    case nn::Errno::InvalidArgument:
    case nn::Errno::UnsupportedOperation:
      error.status = 400;
      error.type = kInvalid;
      break;
    case nn::Errno::PromptTooLong:
    case nn::Errno::ContextFull:
      error.status = 400;
      error.type = kInvalid;
      error.code = "context_length_exceeded";
      break;
    case nn::Errno::MissingMemory:
    case nn::Errno::Busy:
      error.status = 503;
      error.retry_after_s = 1;
      break;
    default: break;
  }
  return error;
}

std::string json_of(const ApiError& error) {
  return text_of(json::object{{"error",
                               {{"message", error.message},
                                {"type", error.type},
                                {"param", or_null(error.field)},
                                {"code", or_null(error.code)}}}});
}

}  // namespace godwit::openai
