// Options: how a command line is read. A table says what a command takes; the same table is printed as its help.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace godwit::cli {

struct OptionSpec {
  std::string_view name;  // without the dashes
  std::string_view
      value;  // what follows, as the help calls it; empty: nothing follows. "[=X]" may be left out
  std::string_view help;  // lines of at most 80 columns
  char letter = 0;        // the short form, if there is one
  // What this option and those after it are about, for the help.
  std::string_view heading = {};
};

inline constexpr OptionSpec kHelpOption{"help", "", "Show this help.", 'h'};

// What is wrong with the command line: a sentence, and what to do about it.
struct UsageError {
  std::string message;
};

// Where options may stand.
enum class OptionOrder : uint8_t {
  BeforeArguments,  // what follows the first argument is not ours to read
  Anywhere,
};

class OptionReader final {
 public:
  OptionReader(std::span<const OptionSpec> specs, std::span<char* const> arguments, OptionOrder order)
      : specs_(specs), arguments_(arguments), order_(order) {}

  struct Option {
    const OptionSpec* spec;
    std::string_view value;  // empty if the option takes none
  };
  // The next option; nothing at the end of them. `--` ends them and is dropped.
  // @errors an unknown option (with the nearest known one), a missing or an unwanted value.
  std::expected<std::optional<Option>, UsageError> next();

  // With OptionOrder::BeforeArguments, after the last option: everything else.
  std::span<char* const> rest() const { return arguments_.subspan(position_); }
  // With OptionOrder::Anywhere: the next argument that is no option, or nothing; to be asked when next() has yielded
  // nothing, and next() again after it.
  std::optional<std::string_view> take_argument();

 private:
  std::expected<std::optional<Option>, UsageError> long_option(std::string_view text);
  std::expected<std::optional<Option>, UsageError> short_option(std::string_view text);
  std::expected<std::optional<Option>, UsageError> with_value(const OptionSpec& spec,
                                                              std::optional<std::string_view> attached,
                                                              std::string_view spelled);

  std::span<const OptionSpec> specs_;
  std::span<char* const> arguments_;
  OptionOrder order_;
  size_t position_ = 0;
  bool only_arguments_ = false;  // `--` was seen
};

}  // namespace godwit::cli
