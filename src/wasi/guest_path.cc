// Paths as guests write them.
#include "wasi/guest_path.h"

namespace godwit::wasi {
namespace {

// A guest path as wasi-libc compares it: without leading "/" and "./".
std::string_view normalized(std::string_view path) {
  for (;;) {
    if (path.starts_with("/")) path.remove_prefix(1);
    else if (path.starts_with("./")) path.remove_prefix(2);
    else if (path == ".") return {};
    else return path;
  }
}

// What is left of `path` behind the directory `prefix`; nothing if it does not lie there.
std::optional<std::string_view> strip_prefix(std::string_view path, std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!prefix.empty() && !path.empty() && path.front() != '/') return std::nullopt;
  return normalized(path);
}

}  // namespace

std::optional<GuestPlace> find_preopened(const DescriptorTable& descriptors, std::string_view path) {
  const std::string_view wanted = normalized(path);
  std::optional<GuestPlace> best;
  for (const DescriptorPtr& dir : descriptors.preopens()) {
    const auto rest = strip_prefix(wanted, normalized(dir->preopen_path));
    if (rest && (!best || rest->size() < best->rest.size())) best = {dir, *rest};
  }
  if (best && best->rest.empty()) best->rest = ".";
  return best;
}

}  // namespace godwit::wasi
