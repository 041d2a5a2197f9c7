// A file for each text: its owner in the first line. Written beside its place, then renamed, so that it is whole or absent.
#include "openai/response_store.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include "openai/whole_file.h"

namespace godwit::openai {
namespace {

constexpr std::string_view kSuffix = ".json";
constexpr size_t kMostNameBytes = 64;

}  // namespace

bool is_response_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostNameBytes && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

ResponseStore::ResponseStore(std::string folder, size_t most, uint64_t most_bytes)
    : folder_(std::move(folder)),
      most_(most),
      most_bytes_(most_bytes),
      mutex_(std::make_unique<std::mutex>()) {}

Result<ResponseStore> ResponseStore::open(std::string folder, size_t most, uint64_t most_bytes) {
  ResponseStore store(std::move(folder), most, most_bytes);
  if (store.folder_.empty()) return store;
  if (::mkdir(store.folder_.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(io_error("the folder " + store.folder_ + " cannot be made"));
  DIR* const directory = ::opendir(store.folder_.c_str());
  if (!directory) return fail(io_error("the folder " + store.folder_ + " cannot be read"));
  std::vector<std::tuple<int64_t, std::string, uint64_t>> found;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view file = entry->d_name;
    if (!file.ends_with(kSuffix)) continue;
    const std::string name(file.substr(0, file.size() - kSuffix.size()));
    struct stat status = {};
    if (is_response_name(name) && ::stat(store.path_of(name).c_str(), &status) == 0)
      found.emplace_back(status.st_mtim.tv_sec, name, static_cast<uint64_t>(status.st_size));
  }
  ::closedir(directory);
  std::ranges::sort(found);
  for (auto& [time, name, bytes] : found) {
    store.bytes_ += bytes;
    store.order_.push_back({std::move(name), bytes});
  }
  return store;
}

std::string ResponseStore::path_of(std::string_view name) const {
  return folder_ + "/" + std::string(name) + std::string(kSuffix);
}

std::optional<std::string> ResponseStore::read(std::string_view name) const {
  if (folder_.empty()) {
    const auto found = texts_.find(name);
    return found == texts_.end() ? std::nullopt : std::optional(found->second);
  }
  return read_whole(path_of(name));
}

void ResponseStore::forget(const Kept& kept) {
  bytes_ -= kept.bytes;
  if (folder_.empty()) texts_.erase(kept.name);
  else ::unlink(path_of(kept.name).c_str());
}

Result<> ResponseStore::put(std::string_view name, std::string_view owner, std::string text) {
  text.insert(0, std::string(owner) + "\n");
  const uint64_t bytes = text.size();
  if (bytes > most_bytes_)
    return fail(ErrorKind::Exhausted, "the response is larger than all that are kept may be together");
  const std::lock_guard lock(*mutex_);
  if (folder_.empty()) {
    texts_[std::string(name)] = std::move(text);
  } else {
    TRY(write_whole(path_of(name), text));
  }
  order_.push_back({std::string(name), bytes});
  bytes_ += bytes;
  while (order_.size() > most_ || bytes_ > most_bytes_) {
    forget(order_.front());
    order_.pop_front();
  }
  return {};
}

std::optional<std::string> ResponseStore::get(std::string_view name, std::string_view owner) const {
  if (!is_response_name(name)) return std::nullopt;
  const std::lock_guard lock(*mutex_);
  auto text = read(name);
  if (!text || !text->starts_with(std::string(owner) + "\n")) return std::nullopt;
  return text->substr(owner.size() + 1);
}

bool ResponseStore::remove(std::string_view name, std::string_view owner) {
  if (!get(name, owner)) return false;
  const std::lock_guard lock(*mutex_);
  const auto kept = std::ranges::find(order_, name, &Kept::name);
  if (kept == order_.end()) return false;  // somebody else was first
  forget(*kept);
  order_.erase(kept);
  return true;
}

}  // namespace godwit::openai
