// The cache's files.
#include "engine/image_cache.h"

#include <algorithm>

#include "platform/user_key.h"

namespace godwit::engine {

namespace {

constexpr uint64_t kMagic = 0x3145484341434447;  // "GDCACHE1"

// At the beginning of a record; the refused functions follow, then the image.
struct RecordHead {
  uint64_t magic;
  uint64_t refused_count;
};

Bytes bytes_of(const auto& value) { return {reinterpret_cast<const uint8_t*>(&value), sizeof value}; }

std::string hex(const Digest& digest) {
  constexpr size_t kBytes = 16;  // enough to tell files apart
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < kBytes; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string name_of(std::string_view kind, const platform::FileIdentity& file) {
  Sha256 hash;
  for (const uint64_t part : {file.device, file.inode, file.size_bytes, static_cast<uint64_t>(file.mtime_ns),
                              static_cast<uint64_t>(file.ctime_ns)})
    hash.update(bytes_of(part));
  return std::string(kind) + "-" + hex(hash.finish());
}

std::string record_name(const Digest& key, uint32_t number) {
  return "code-" + hex(key) + "-" + std::to_string(number);
}

Digest authenticate(const platform::UserKey& key, std::string_view name, Bytes contents) {
  return hmac_sha256(key, {as_bytes("godwit cache\n"), as_bytes(name), as_bytes("\n"), contents});
}

// The contents of a file that has an authentication code behind them.
// @errors those of reading; Unsupported: it is not what this user has written
Result<std::vector<uint8_t>> read_authentic(const platform::CacheDirectory& directory,
                                            const std::string& name) {
  ASSIGN_OR_RETURN(std::vector<uint8_t> bytes, directory.read(name));
  ASSIGN_OR_RETURN(const platform::UserKey key, platform::read_user_key());
  if (bytes.size() < sizeof(Digest)) return fail(ErrorKind::Unsupported, "it is truncated");
  const Bytes contents = Bytes(bytes).first(bytes.size() - sizeof(Digest));
  const auto code = load_unaligned<Digest>(bytes.data() + contents.size());
  if (!is_equal(code, authenticate(key, name, contents)))
    return fail(ErrorKind::Unsupported, "it was not made by this user on this machine, or was changed since");
  bytes.resize(contents.size());
  return bytes;
}

void write_authentic(const platform::CacheDirectory& directory, const std::string& name,
                     std::vector<uint8_t> contents) {
  const auto key = platform::make_user_key();
  if (!key) return;
  const Digest code = authenticate(*key, name, contents);
  contents.insert(contents.end(), code.begin(), code.end());
  [[maybe_unused]] const auto written = directory.write(name, contents);  // if not: compiled again next time
}

}  // namespace

std::optional<Digest> ImageCache::recall_digest(const std::string& name) const {
  const auto bytes = read_authentic(directory_, name);
  if (!bytes || bytes->size() != sizeof(Digest)) return std::nullopt;
  return load_unaligned<Digest>(bytes->data());
}

std::optional<Digest> ImageCache::recall(const platform::FileIdentity& file) const {
  return recall_digest(name_of("file", file));
}

void ImageCache::remember(const platform::FileIdentity& file, const Digest& module) const {
  write_authentic(directory_, name_of("file", file), {module.begin(), module.end()});
}

std::optional<Digest> ImageCache::recall_sealed(const platform::FileIdentity& file) const {
  return recall_digest(name_of("sealed", file));
}

void ImageCache::remember_sealed(const platform::FileIdentity& file, const Digest& sealed) const {
  write_authentic(directory_, name_of("sealed", file), {sealed.begin(), sealed.end()});
}

Digest ImageCache::key_of(const Digest& module, std::string_view build) {
  Sha256 hash;
  hash.update(module);
  hash.update(as_bytes(build));
  return hash.finish();
}

std::vector<ImageCache::Record> ImageCache::load(const Digest& key, std::string& remark) const {
  std::vector<Record> records;
  for (uint32_t number = 0; number < kMostRecords; ++number) {
    const std::string name = record_name(key, number);
    const auto bytes = read_authentic(directory_, name);
    if (!bytes && bytes.error().kind() != ErrorKind::Unsupported)
      break;  // there is no cache, or no more of it
    if (!bytes) {
      remark = "cached code is not run: " + directory_.path() + "/" + name + ": " + bytes.error().message();
      directory_.remove(name);
      break;
    }
    if (bytes->size() < sizeof(RecordHead)) break;
    const auto head = load_unaligned<RecordHead>(bytes->data());
    const size_t rest = bytes->size() - sizeof head;
    if (head.magic != kMagic || head.refused_count > rest / sizeof(uint32_t)) break;
    Record record;
    record.refused.resize(head.refused_count);
    const uint8_t* at = bytes->data() + sizeof head;
    std::copy_n(at, head.refused_count * sizeof(uint32_t), reinterpret_cast<uint8_t*>(record.refused.data()));
    at += head.refused_count * sizeof(uint32_t);
    record.image.assign(at, bytes->data() + bytes->size());
    records.push_back(std::move(record));
    directory_.touch(name);
  }
  return records;
}

void ImageCache::store(const Digest& key, uint32_t number, Bytes image,
                       std::span<const uint32_t> refused) const {
  if (number >= kMostRecords) return;
  const RecordHead head{kMagic, refused.size()};
  std::vector<uint8_t> contents;
  contents.reserve(sizeof head + refused.size_bytes() + image.size() + sizeof(Digest));
  for (const Bytes part :
       {bytes_of(head), Bytes(reinterpret_cast<const uint8_t*>(refused.data()), refused.size_bytes()), image})
    contents.insert(contents.end(), part.begin(), part.end());
  write_authentic(directory_, record_name(key, number), std::move(contents));
  directory_.shrink_to(kMostBytes);
}

}  // namespace godwit::engine
