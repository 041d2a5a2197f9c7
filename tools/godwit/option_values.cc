// Option values: parsing, with errors that say what would have been understood.
#include "option_values.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace godwit::cli {
namespace {

std::unexpected<UsageError> refuse(std::string_view option, std::string_view text, std::string_view why) {
  std::string message(option);
  message.append(" '").append(text).append("': ");
  message += why;
  return std::unexpected(UsageError{std::move(message)});
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// A decimal number, perhaps with a fraction, at the start of the text, which is cut off it.
std::optional<double> take_number(std::string_view& text) {
  const std::string digits(text.substr(0, text.find_first_not_of("0123456789.")));
  char* end = nullptr;
  const double number = std::strtod(digits.c_str(), &end);
  if (digits.empty() || end != digits.c_str() + digits.size()) return std::nullopt;
  text.remove_prefix(digits.size());
  return number;
}

struct Unit {
  std::string_view name;
  double factor;
};

template <size_t kCount>
std::optional<double> factor_of(const Unit (&units)[kCount], std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return unit.factor;
  return std::nullopt;
}

}  // namespace

std::expected<Preopen, UsageError> parse_dir(std::string_view text) {
  constexpr std::string_view kForms =
      "write PATH, GUEST:HOST or HOST::GUEST, each with :ro or :readonly after it if wanted";
  Preopen preopen;
  std::string_view paths = text;
  if (take_suffix(paths, ":readonly") || take_suffix(paths, ":ro")) preopen.access = Access::ReadOnly;

  const size_t twin = paths.find("::");
  const size_t colon = paths.find(':');
  if (twin != std::string_view::npos) {
    preopen.host_path = paths.substr(0, twin);
    preopen.guest_path = paths.substr(twin + 2);
    if (preopen.guest_path.find(':') != std::string::npos)
      return refuse("--dir", text, "too many colons after '::'; " + std::string(kForms));
  } else if (colon != std::string_view::npos) {
    preopen.guest_path = paths.substr(0, colon);
    preopen.host_path = paths.substr(colon + 1);
    if (preopen.host_path.find(':') != std::string::npos)
      return refuse("--dir", text,
                    "too many colons; " + std::string(kForms) +
                        ". A host path that holds a colon can be given as HOST::GUEST");
  } else {
    preopen.host_path = preopen.guest_path = paths;
  }
  if (preopen.host_path.empty() || preopen.guest_path.empty())
    return refuse("--dir", text, "a path is empty; " + std::string(kForms));
  return preopen;
}

std::expected<std::chrono::nanoseconds, UsageError> parse_duration(std::string_view text,
                                                                   std::string_view option) {
  constexpr std::string_view kForms = "write a number and a unit: 500ms, 1.5s, 2m, 1h";
  static constexpr Unit kUnits[] = {{"ms", 1e6}, {"s", 1e9}, {"", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  std::string_view unit = text;
  const auto number = take_number(unit);
  const auto factor = factor_of(kUnits, unit);
  if (!number || !factor) return refuse(option, text, kForms);
  const double nanoseconds = *number * *factor;
  if (nanoseconds < 1) return refuse(option, text, "it must be more than zero");
  if (nanoseconds > 9.2e18) return refuse(option, text, "it must be less than 290 years");
  return std::chrono::nanoseconds(static_cast<int64_t>(nanoseconds));
}

std::expected<uint64_t, UsageError> parse_size(std::string_view text, std::string_view option) {
  constexpr std::string_view kForms = "write bytes, or a number and a unit: 65536, 512K, 64M, 1.5G";
  static constexpr Unit kUnits[] = {
      {"", 1},         {"B", 1},       {"K", 0x1p10},   {"KB", 0x1p10},  {"KiB", 0x1p10},
      {"M", 0x1p20},   {"MB", 0x1p20}, {"MiB", 0x1p20}, {"G", 0x1p30},   {"GB", 0x1p30},
      {"GiB", 0x1p30}, {"T", 0x1p40},  {"TB", 0x1p40},  {"TiB", 0x1p40},
  };
  std::string_view unit = text;
  const auto number = take_number(unit);
  const auto factor = factor_of(kUnits, unit);
  if (!number || !factor) return refuse(option, text, kForms);
  const double bytes = *number * *factor;
  if (bytes > 0x1p62) return refuse(option, text, "more than any machine has");
  return static_cast<uint64_t>(bytes);
}

std::expected<uint64_t, UsageError> parse_number(std::string_view text, std::string_view option) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0)
    return refuse(option, text, "write a number from 1 on");
  return number;
}

std::expected<uint32_t, UsageError> parse_count(std::string_view text) {
  constexpr uint32_t kMost = (1 << 20) - 1;
  uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || count > kMost)
    return refuse("--max-threads", text, "write a number from 0 to 1048575");
  return count;
}

std::expected<std::pair<std::string, std::string>, UsageError> parse_env(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string name(text.substr(0, equals));
  if (name.empty())
    return refuse("--env", text, "the name is empty; write NAME=VALUE, or NAME to pass on what is set here");
  if (equals != std::string_view::npos) return std::pair(name, std::string(text.substr(equals + 1)));
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return refuse("--env", text, name + " is not set here; write " + name + "=VALUE");
  return std::pair(name, std::string(value));
}

std::expected<std::string, UsageError> read_key_file(std::string_view path, std::string_view option) {
  constexpr size_t kMostBytes = size_t{64} << 10;
  errno = 0;
  std::ifstream file{std::string(path), std::ios::binary};
  std::string text(kMostBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof())
    return refuse(option, path, errno != 0 ? std::strerror(errno) : "it cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.empty()) return refuse(option, path, "the file is empty; wanted a key in PEM");
  if (text.size() > kMostBytes) return refuse(option, path, "the file is too large for a key");
  return text;
}

}  // namespace godwit::cli
