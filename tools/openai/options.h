// Options of the commands: "--name value" and "--name=value".
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "commands.h"

namespace godwit::openai::cli {

struct Option {
  std::string_view name;
  // Takes the value. @returns what is wrong with it, or nothing
  std::function<std::string(std::string_view)> take;
};

// Reads all arguments. @returns those that are no options, or what is wrong
std::expected<std::vector<std::string_view>, std::string> read_options(Arguments arguments,
                                                                       std::span<const Option> options);

// Takes a whole number within bounds.
std::function<std::string(std::string_view)> number_into(uint32_t& to, uint32_t minimum, uint32_t maximum);

}  // namespace godwit::openai::cli
