// How a guest is entered: a command's _start, or one function of a library.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "godwit/godwit.h"

namespace godwit::cli {

struct GuestCall {
  Store& store;
  const Module& module;
  const Instance& instance;
  std::string_view file;             // for messages
  std::span<char* const> arguments;  // of the function
  bool is_prepared = false;          // it began with a snapshot: _initialize has been called
};

// Calls _start. Yields the exit status of godwit, or the error that ended the guest.
Result<int> run_command(const GuestCall& call);

// Calls _initialize, if it is exported and not asked for itself, then `name` with the arguments parsed as its type wants,
// and prints the results. Yields the exit status of godwit, or the error that ended the guest.
Result<int> invoke_function(const GuestCall& call, const std::string& name);

}  // namespace godwit::cli
