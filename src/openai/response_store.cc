// A file for each text: its owner in the first line. Written beside its place, then renamed, so that it is whole or absent.
#include "openai/response_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include "platform/fs_handle.h"

namespace godwit::openai {
namespace {

using platform::fs::FileHandle;

constexpr std::string_view kSuffix = ".json";
constexpr size_t kMostNameBytes = 64;

Error io_error(const std::string& what) {
  return Error(ErrorKind::Io, static_cast<uint32_t>(errno), what + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

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
  const FileHandle file(::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return std::nullopt;
  std::string text;
  char chunk[65536];
  ssize_t count;
  while ((count = ::read(file.get(), chunk, sizeof chunk)) > 0)
    text.append(chunk, static_cast<size_t>(count));
  if (count < 0) return std::nullopt;
  return text;
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
    const std::string beside = path_of(name) + ".new";
    const FileHandle file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file || !write_all(file.get(), text) || ::rename(beside.c_str(), path_of(name).c_str()) != 0) {
      Error error = io_error("a response cannot be kept in " + folder_);
      ::unlink(beside.c_str());
      return fail(std::move(error));
    }
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
