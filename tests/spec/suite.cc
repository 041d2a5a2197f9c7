// Finding, reading and counting.
#include "suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace godwit::spec {
namespace {

// Behind the comment or string at `at`; `at` itself if there is neither.
size_t skip(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with(";;")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with('"')) {
    for (++at; at < text.size() && text[at] != '"'; ++at)
      if (text[at] == '\\') ++at;
    return std::min(at + 1, text.size());
  }
  if (!rest.starts_with("(;")) return at;
  uint32_t depth = 0;
  do {
    const std::string_view here = text.substr(at);
    const bool opens = here.starts_with("(;"), closes = here.starts_with(";)");
    depth += opens ? 1 : 0;
    depth -= closes ? 1 : 0;
    at += opens || closes ? 2 : 1;
  } while (depth != 0 && at < text.size());
  return at;
}

}  // namespace

Result<std::vector<std::string>> find_scripts(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::string> paths;
  std::filesystem::recursive_directory_iterator entry(folder, error), end;
  for (; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".wast")
      paths.push_back(std::filesystem::relative(entry->path(), folder).replace_extension().string());
  if (error) return fail(ErrorKind::Io, fmt::format("cannot read {}: {}", folder.string(), error.message()));
  if (paths.empty()) return fail(ErrorKind::NotFound, fmt::format("no .wast file in {}", folder.string()));
  std::ranges::sort(paths);
  return paths;
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(errno),
                      fmt::format("cannot read {}: {}", path.string(), std::strerror(errno))));
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

uint32_t count_forms(std::string_view text) {
  static constexpr std::string_view kFields[] = {"type",   "rec",    "import", "func", "table", "memory",
                                                 "global", "export", "start",  "elem", "data",  "tag"};
  uint32_t forms = 0, depth = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t behind = skip(text, at);
    if (behind != at) {
      at = behind;
      continue;
    }
    if (text[at] == '(' && depth++ == 0 && ++forms == 1) {
      const size_t end = text.find_first_of(" \n()", at + 1);
      if (std::ranges::find(kFields, text.substr(at + 1, end - at - 1)) != std::end(kFields)) return 1;
    }
    if (text[at] == ')' && depth > 0) --depth;
    ++at;
  }
  return forms;
}

}  // namespace godwit::spec
