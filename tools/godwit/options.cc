// Options: reading long and short options against their table.
#include "options.h"

#include "suggest.h"

namespace godwit::cli {

std::expected<std::optional<OptionReader::Option>, UsageError> OptionReader::next() {
  if (only_arguments_ || position_ == arguments_.size()) return std::nullopt;
  const std::string_view text = arguments_[position_];
  if (text.size() < 2 || text[0] != '-') return std::nullopt;  // "-" alone is an argument
  ++position_;
  if (text == "--") {
    only_arguments_ = true;
    return std::nullopt;
  }
  return text[1] == '-' ? long_option(text) : short_option(text);
}

std::optional<std::string_view> OptionReader::take_argument() {
  if (position_ == arguments_.size()) return std::nullopt;
  return arguments_[position_++];
}

std::expected<std::optional<OptionReader::Option>, UsageError> OptionReader::long_option(
    std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view spelled = text.substr(0, equals);
  const std::string_view name = spelled.substr(2);
  std::optional<std::string_view> attached;
  if (equals != std::string_view::npos) attached = text.substr(equals + 1);
  for (const OptionSpec& spec : specs_)
    if (spec.name == name) return with_value(spec, attached, spelled);

  Suggestion nearest(name);
  for (const OptionSpec& spec : specs_) nearest.consider(spec.name);
  std::string message = "unknown option " + std::string(spelled);
  if (auto best = nearest.best()) message += "; did you mean --" + std::string(*best) + "?";
  if (order_ == OptionOrder::BeforeArguments)
    message += "\nOptions for the guest come after the file: godwit run app.wasm " + std::string(spelled);
  return std::unexpected(UsageError{std::move(message)});
}

std::expected<std::optional<OptionReader::Option>, UsageError> OptionReader::short_option(
    std::string_view text) {
  const std::string_view spelled = text.substr(0, 2);
  std::optional<std::string_view> attached;
  if (text.size() > 2) attached = text.substr(2);
  for (const OptionSpec& spec : specs_)
    if (spec.letter == text[1]) return with_value(spec, attached, spelled);
  return std::unexpected(UsageError{"unknown option " + std::string(text)});
}

std::expected<std::optional<OptionReader::Option>, UsageError> OptionReader::with_value(
    const OptionSpec& spec, std::optional<std::string_view> attached, std::string_view spelled) {
  if (spec.value.empty()) {
    if (attached)
      return std::unexpected(
          UsageError{std::string(spelled) + " takes no value, but got '" + std::string(*attached) + "'"});
    return Option{&spec, {}};
  }
  if (attached) return Option{&spec, *attached};
  if (spec.value.starts_with('[')) return Option{&spec, {}};
  if (position_ == arguments_.size())
    return std::unexpected(UsageError{std::string(spelled) + " needs a value: " + std::string(spelled) + " " +
                                      std::string(spec.value)});
  return Option{&spec, arguments_[position_++]};
}

}  // namespace godwit::cli
