// ImageCache: what the optimising compiler has made, kept from one run to the next.
//
//   file-<hash of device, inode, size, times>   which module a file holds: its SHA-256. So none is hashed at a start
//   sealed-<the same>                           what is signed of a file that brings code, as its SHA-256 (code_section.h)
//   code-<key of module and build>-<number>     one image: of what was compiled together
//
// Each file ends with an authentication code by a key of the user's, over its name and contents: only code that this
// user has had made is ever run, and only for the module and the build that it was made for.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/sha256.h"
#include "platform/cache_directory.h"
#include "platform/file_identity.h"

namespace godwit::engine {

// @threads any, also of several processes.
class ImageCache final {
 public:
  explicit ImageCache(platform::CacheDirectory directory) : directory_(std::move(directory)) {}

  // What a module's code is found by.
  // @param build  all that code depends on beside its module
  static Digest key_of(const Digest& module, std::string_view build);

  // The module that a file holds, as its SHA-256, if that was remembered.
  std::optional<Digest> recall(const platform::FileIdentity& file) const;
  void remember(const platform::FileIdentity& file, const Digest& module) const;

  // The same for what the seal of its code is over.
  std::optional<Digest> recall_sealed(const platform::FileIdentity& file) const;
  void remember_sealed(const platform::FileIdentity& file, const Digest& sealed) const;

  struct Record {
    std::vector<uint8_t> image;
    std::vector<uint32_t> refused;  // functions of which there will be no code
  };
  // All records of a key.
  // @param remark  receives why one is not used, in words; it is removed then
  std::vector<Record> load(const Digest& key, std::string& remark) const;
  // Keeps a record as number `number`; others go if there are too many. What cannot be kept is not: it is only a cache.
  void store(const Digest& key, uint32_t number, Bytes image, std::span<const uint32_t> refused) const;

  static constexpr uint32_t kMostRecords = 64;                 // of a key
  static constexpr uint64_t kMostBytes = uint64_t{512} << 20;  // of all files

 private:
  std::optional<Digest> recall_digest(const std::string& name) const;

  platform::CacheDirectory directory_;
};

}  // namespace godwit::engine
