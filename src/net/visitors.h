// Visitors: whom a server on somebody's own machine answers. A page in that person's browser can send requests there, and
// by a name of its own, which it has made mean 127.0.0.1, even read the answers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/server.h"

namespace godwit::net {

// Whether nobody but this machine can connect to it.
bool is_loopback(const platform::net::Address& address);

// "localhost" or an address of the loopback interface, as requests name it.
bool is_this_machine(std::string_view host);

// Whether the request is for this machine by such a name, or for one of `hosts` (in lower case, without ports).
bool is_for(const Request& request, std::span<const std::string> hosts);

// Whether the request is from no page, from a page of this server, or from one of `origins` (in lower case).
bool is_from(const Request& request, std::span<const std::string> origins);

}  // namespace godwit::net
