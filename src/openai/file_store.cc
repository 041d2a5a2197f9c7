// The bytes are written first, then what is known of them: a file without that is none, and goes when the store is opened.
#include "openai/file_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "openai/json.h"
#include "openai/response_store.h"
#include "openai/whole_file.h"

namespace godwit::openai {
namespace {

constexpr std::string_view kSuffix = ".json";

std::string describe(const KeptFile& file) {
  return text_of(json::object{{"id", file.id},
                              {"owner", file.owner},
                              {"filename", file.filename},
                              {"purpose", file.purpose},
                              {"created_s", file.created_s}});
}

std::optional<KeptFile> described(const std::string& text) {
  const auto object = parse_object(text);
  if (!object) return std::nullopt;
  const json::value* created = openai::find(*object, "created_s");
  return KeptFile{.id = std::string(text_at(*object, "id")),
                  .owner = std::string(text_at(*object, "owner")),
                  .filename = std::string(text_at(*object, "filename")),
                  .purpose = std::string(text_at(*object, "purpose")),
                  .created_s = created && created->if_int64() ? *created->if_int64() : 0};
}

}  // namespace

Result<FileStore> FileStore::open(std::string folder, size_t most, uint64_t most_bytes) {
  FileStore store(std::move(folder), most, most_bytes);
  if (store.folder_.empty()) return store;
  if (::mkdir(store.folder_.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(io_error("the folder " + store.folder_ + " cannot be made"));
  std::error_code error;
  std::vector<std::string> orphans;
  for (const auto& entry : std::filesystem::directory_iterator(store.folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kSuffix)) {
      const auto text = read_whole(entry.path().string());
      auto file = text ? described(*text) : std::nullopt;
      const auto bytes = file && is_response_name(file->id) && file->id + std::string(kSuffix) == name
                             ? std::filesystem::file_size(store.path_of(file->id), error)
                             : static_cast<uintmax_t>(-1);
      if (error || bytes == static_cast<uintmax_t>(-1)) {
        error.clear();
        continue;
      }
      file->bytes = bytes;
      store.bytes_ += bytes;
      store.files_.emplace(file->id, std::move(*file));
    } else if (name.starts_with("file-")) {
      orphans.push_back(name);
    }
  }
  if (error)
    return fail(ErrorKind::Io, "the folder " + store.folder_ + " cannot be read: " + error.message());
  for (const std::string& name : orphans)
    if (!store.files_.contains(name)) ::unlink(store.path_of(name).c_str());
  return store;
}

Result<KeptFile> FileStore::put(KeptFile file, std::string_view content) {
  file.bytes = content.size();
  const std::lock_guard lock(*mutex_);
  if (files_.size() >= most_ || content.size() > most_bytes_ - std::min(most_bytes_, bytes_))
    return fail(ErrorKind::Exhausted, "there is no room for the file: the server keeps " +
                                          std::to_string(most_) + " files and " +
                                          std::to_string(most_bytes_ >> 20) + " MiB; delete some");
  if (folder_.empty()) {
    contents_[file.id] = content;
  } else {
    const std::string path = path_of(file.id);
    TRY(write_whole(path, content));
    if (auto written = write_whole(path + std::string(kSuffix), describe(file)); !written) {
      ::unlink(path.c_str());
      return fail(std::move(written).error());
    }
  }
  bytes_ += file.bytes;
  files_.emplace(file.id, file);
  return file;
}

std::optional<KeptFile> FileStore::find(std::string_view id, std::string_view owner) const {
  const std::lock_guard lock(*mutex_);
  const auto found = files_.find(id);
  if (found == files_.end() || found->second.owner != owner) return std::nullopt;
  return found->second;
}

std::optional<std::string> FileStore::read(std::string_view id, std::string_view owner) const {
  if (!find(id, owner)) return std::nullopt;
  if (!folder_.empty()) return read_whole(path_of(id));
  const std::lock_guard lock(*mutex_);
  const auto found = contents_.find(id);
  return found == contents_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<KeptFile> FileStore::list(std::string_view owner) const {
  std::vector<KeptFile> files;
  {
    const std::lock_guard lock(*mutex_);
    for (const auto& [id, file] : files_)
      if (file.owner == owner) files.push_back(file);
  }
  std::ranges::sort(files, {}, [](const KeptFile& file) { return std::pair(file.created_s, file.id); });
  return files;
}

bool FileStore::remove(std::string_view id, std::string_view owner) {
  const std::lock_guard lock(*mutex_);
  const auto found = files_.find(id);
  if (found == files_.end() || found->second.owner != owner) return false;
  bytes_ -= found->second.bytes;
  if (folder_.empty()) {
    contents_.erase(contents_.find(id));
  } else {
    ::unlink((path_of(id) + std::string(kSuffix)).c_str());
    ::unlink(path_of(id).c_str());
  }
  files_.erase(found);
  return true;
}

}  // namespace godwit::openai
