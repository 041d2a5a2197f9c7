// godwit cache: shows and empties the cache of optimised code.
#include <fmt/format.h>

#include <string>

#include "command.h"
#include "output.h"
#include "platform/cache_directory.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {kHelpOption};

std::string list(const platform::CacheDirectory& directory) {
  std::string text;
  uint64_t bytes = 0;
  const auto files = directory.list();
  for (const auto& file : files) {
    text += fmt::format("{:>12}  {}\n", file.size_bytes, file.name);
    bytes += file.size_bytes;
  }
  return text + fmt::format("{:>12}  bytes in {} files\n", bytes, files.size());
}

int run_cache(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  std::string what;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) return write_out(help_text(self)) ? kExitOk : kExitError;
    const auto argument = reader.take_argument();
    if (!argument) break;
    if (!what.empty()) return usage_error(self, "one of ls, clear and dir at a time");
    what = *argument;
  }
  const auto directory = platform::CacheDirectory::of_user();
  if (!directory) {
    write_error(directory.error().message());
    return kExitError;
  }
  if (what == "dir") return write_out(directory->path() + "\n") ? kExitOk : kExitError;
  if (what == "ls") return write_out(list(*directory)) ? kExitOk : kExitError;
  if (what != "clear") return usage_error(self, "write ls, clear or dir");
  for (const auto& file : directory->list()) directory->remove(file.name);
  return kExitOk;
}

}  // namespace

constexpr Command kCache{
    .name = "cache",
    .summary = "Show or empty the cache of optimised code",
    .arguments = "ls | clear | dir",
    .details =
        "What the optimising compiler makes while programs run is kept for later runs of this\n"
        "user, in $XDG_CACHE_HOME/godwit or ~/.cache/godwit, at most 512 MiB: what was not used\n"
        "for longest goes first. It may be removed at any time.\n"
        "\n"
        "  ls     the files with their sizes in bytes, the last used first\n"
        "  clear  removes them\n"
        "  dir    where they are\n",
    .examples = "  godwit cache ls\n",
    .options = kOptions,
    .run = run_cache,
};

}  // namespace godwit::cli
