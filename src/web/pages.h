// Pages for browsers: what servers show to people. They hold no data: they ask the server's API for that, as every other
// client does, with the key that their reader gives them.
#pragma once

#include <cstdint>
#include <string_view>

#include "net/server.h"

namespace godwit::web {

enum class Page : uint8_t {
  Chat,       // asks the API of OpenAI's at /v1 of the same server
  Dashboard,  // asks the admin API of agents
};

// Answers GET and HEAD of "/", which is `page`, and of the files that it needs. Says in each answer that nothing but
// scripts and styles of this server may be loaded or asked, that nobody may frame it, and that no text becomes markup.
// @returns false, with nothing answered, if the request is for something else.
bool answer(Page page, net::Request& request, net::ResponseWriter& response);

}  // namespace godwit::web
