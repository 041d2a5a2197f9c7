// Reads options.
#include "options.h"

#include <charconv>

namespace godwit::openai::cli {

std::expected<std::vector<std::string_view>, std::string> read_options(Arguments arguments,
                                                                       std::span<const Option> options) {
  std::vector<std::string_view> others;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--") {
      others.insert(others.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (!argument.starts_with("--")) {
      others.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const Option* found = nullptr;
    for (const Option& option : options)
      if (option.name == name) found = &option;
    if (!found) return std::unexpected("there is no option " + std::string(name));
    if (equals == std::string_view::npos && i + 1 == arguments.size())
      return std::unexpected(std::string(name) + " needs a value");
    const std::string_view value =
        equals == std::string_view::npos ? arguments[++i] : argument.substr(equals + 1);
    if (const std::string wrong = found->take(value); !wrong.empty())
      return std::unexpected(std::string(name) + " " + std::string(value) + ": " + wrong);
  }
  return others;
}

std::function<std::string(std::string_view)> number_into(uint32_t& to, uint32_t minimum, uint32_t maximum) {
  return [&to, minimum, maximum](std::string_view text) -> std::string {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (code == std::errc() && end == text.data() + text.size() && to >= minimum && to <= maximum) return "";
    return "write a number from " + std::to_string(minimum) + " to " + std::to_string(maximum);
  };
}

}  // namespace godwit::openai::cli
