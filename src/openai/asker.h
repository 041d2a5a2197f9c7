// Asker: a request to the service, and the ways to answer it.
#pragma once

#include <string>
#include <string_view>

#include "net/server.h"
#include "openai/answers.h"
#include "openai/service.h"

namespace godwit::openai {

struct Service::Asker {
  net::Request& request;
  net::ResponseWriter& response;
  uint64_t tenant = 0;
  size_t key = 0;          // its position in the list of keys
  std::string owner = {};  // of what is kept for it: a hash of its key

  // An answer as a whole. Who is gone by then does not read it.
  void send(const json::object& body);
  // A piece of a stream of server-sent events, which begins with the first. False: the client is gone.
  // @param type of the event; empty for none
  bool send_event(std::string_view data, std::string_view type = {});
};

// Ends `answers` as soon as the client is gone. @lifetime shorter than the request.
class WhileConnected final {
 public:
  WhileConnected(net::Request& request, Answers& answers) : request_(request) {
    request.on_gone([&answers] { answers.cancel(); });
  }
  ~WhileConnected() { request_.on_gone({}); }
  WhileConnected(const WhileConnected&) = delete;
  WhileConnected& operator=(const WhileConnected&) = delete;

 private:
  net::Request& request_;
};

// "chatcmpl-…": a name that nobody guesses.
std::string new_id(std::string_view prefix);
int64_t seconds_since_1970();
// What answers say of who computed them.
std::string_view fingerprint();

// {"prompt_tokens": …} of answers to one request. @param prompts how many different ones there were
json::object usage_of(const std::vector<Ending>& endings, size_t answers_of_each);

// The client went away: nobody is there to read an error.
std::unexpected<ApiError> client_gone();

}  // namespace godwit::openai
