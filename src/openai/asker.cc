// Answers over HTTP.
#include "openai/asker.h"

#include <tuple>

#include "platform/clock.h"
#include "platform/random.h"

namespace godwit::openai {

void Service::Asker::send(const json::object& body) {
  std::ignore = response.add_field("Content-Type", "application/json");
  std::ignore = response.send(text_of(body));
}

bool Service::Asker::send_event(std::string_view data, std::string_view type) {
  if (!response.has_begun()) {
    std::ignore = response.add_field("Content-Type", "text/event-stream");
    std::ignore = response.add_field("Cache-Control", "no-cache");
  }
  std::string event;
  event.reserve(data.size() + type.size() + 16);
  if (!type.empty()) {
    event += "event: ";
    event += type;
    event += "\n";
  }
  event += "data: ";
  event += data;
  event += "\n\n";
  return response.write(event).has_value();
}

std::string new_id(std::string_view prefix) {
  uint8_t random[12] = {};
  std::ignore = platform::fill_random(random);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id(prefix);
  for (const uint8_t byte : random) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 15];
  }
  return id;
}

int64_t seconds_since_1970() {
  return static_cast<int64_t>(platform::now_ns(platform::Clock::Realtime) / 1'000'000'000);
}

std::string_view fingerprint() { return "godwit"; }

json::object usage_of(const std::vector<Ending>& endings, size_t answers_of_each) {
  int64_t prompt = 0;
  int64_t cached = 0;
  int64_t answer = 0;
  for (size_t i = 0; i < endings.size(); ++i) {
    answer += endings[i].answer_tokens;
    if (i % answers_of_each != 0) continue;  // the same prompt again
    prompt += endings[i].prompt_tokens;
    cached += endings[i].cached_tokens;
  }
  return {{"prompt_tokens", prompt},
          {"completion_tokens", answer},
          {"total_tokens", prompt + answer},
          {"prompt_tokens_details", {{"cached_tokens", cached}}}};
}

std::unexpected<ApiError> client_gone() {
  return std::unexpected<ApiError>(ApiError{.status = 499,
                                            .type = "client_closed_request",
                                            .code = {},
                                            .field = {},
                                            .message = "the client is gone"});
}

}  // namespace godwit::openai
