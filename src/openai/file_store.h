// FileStore: files of /v1/files, in memory or in a folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace godwit::openai {

struct KeptFile {
  std::string id;
  std::string owner;     // who alone finds it
  std::string filename;  // as it was given; never a path of this machine's
  std::string purpose;
  uint64_t bytes = 0;
  int64_t created_s = 0;  // since 1970
};

// Unlike responses, files are never forgotten to make room: who uploads one too many is refused. @threads any.
class FileStore final {
 public:
  // @param folder for each file holds ID, its bytes, and ID.json, what is known of it; both outlive the process. Empty:
  // memory. @param most_bytes of all files
  // @errors Io: the folder cannot be made, or read.
  static Result<FileStore> open(std::string folder, size_t most, uint64_t most_bytes);

  // @param file its bytes are counted here
  // @errors Io: it cannot be written. Exhausted: there is no room for it.
  Result<KeptFile> put(KeptFile file, std::string_view content);
  // Nothing if there is none of that owner's.
  std::optional<KeptFile> find(std::string_view id, std::string_view owner) const;
  std::optional<std::string> read(std::string_view id, std::string_view owner) const;
  // Oldest first.
  std::vector<KeptFile> list(std::string_view owner) const;
  // False if there was none.
  bool remove(std::string_view id, std::string_view owner);

 private:
  FileStore(std::string folder, size_t most, uint64_t most_bytes)
      : folder_(std::move(folder)),
        most_(most),
        most_bytes_(most_bytes),
        mutex_(std::make_unique<std::mutex>()) {}
  std::string path_of(std::string_view id) const { return folder_ + "/" + std::string(id); }

  std::string folder_;
  size_t most_;
  uint64_t most_bytes_;
  std::unique_ptr<std::mutex> mutex_;
  std::map<std::string, KeptFile, std::less<>> files_;        // guarded by mutex_
  std::map<std::string, std::string, std::less<>> contents_;  // without a folder; guarded by mutex_
  uint64_t bytes_ = 0;                                        // of files_; guarded by mutex_
};

}  // namespace godwit::openai
