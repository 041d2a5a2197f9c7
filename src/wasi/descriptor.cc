// Descriptors: kinds, rights and numbers.
#include "wasi/descriptor.h"

#include <utility>

namespace godwit::wasi {
namespace {

constexpr uint32_t kOfFile = 1, kOfDirectory = 2, kOfSocket = 4, kChanges = 8;

constexpr Rights rights_with(uint32_t kind) {
  Rights rights = 0;
#define GODWIT_WASI_RIGHT(bit, name, kinds) \
  if ((kinds) & kind) rights |= right::k##name;
#include "wasi/rights.def"
  return rights;
}

}  // namespace

FileType to_file_type(FileKind kind) {
  switch (kind) {
    case FileKind::BlockDevice: return FileType::BlockDevice;
    case FileKind::CharacterDevice: return FileType::CharacterDevice;
    case FileKind::Directory: return FileType::Directory;
    case FileKind::Regular: return FileType::RegularFile;
    case FileKind::StreamSocket: return FileType::SocketStream;
    case FileKind::DatagramSocket: return FileType::SocketDgram;
    case FileKind::SymbolicLink: return FileType::SymbolicLink;
    case FileKind::Fifo:  // preview 1 has no name for it
    case FileKind::Unknown: return FileType::Unknown;
  }
  return FileType::Unknown;
}

Rights rights_of(FileKind kind) {
  // a terminal is what isatty() of wasi-libc takes for one: a character device without these
  constexpr Rights kPosition = right::kFdSeek | right::kFdTell;
  switch (kind) {
    case FileKind::Directory: return rights_with(kOfDirectory);
    case FileKind::StreamSocket:
    case FileKind::DatagramSocket: return rights_with(kOfSocket);
    case FileKind::CharacterDevice:
    case FileKind::Fifo: return rights_with(kOfFile) & ~kPosition;
    default: return rights_with(kOfFile);
  }
}

Rights changing_rights() { return rights_with(kChanges); }

Rights inheritable_rights() { return rights_with(kOfFile | kOfDirectory); }

DescriptorPtr DescriptorTable::find_locked(uint32_t number) const {
  return number < slots_.size() ? slots_[number] : nullptr;
}

Expected<DescriptorPtr> DescriptorTable::find(uint32_t number) const {
  const std::lock_guard lock(mutex_);
  DescriptorPtr found = find_locked(number);
  if (!found) return std::unexpected(Errno::Badf);
  return found;
}

Expected<DescriptorPtr> DescriptorTable::find_any(uint32_t number, Rights needed) const {
  auto found = find(number);
  if (found && (needed & ~(*found)->base)) return std::unexpected(Errno::Notcapable);
  return found;
}

Expected<DescriptorPtr> DescriptorTable::find_file(uint32_t number, Rights needed) const {
  auto found = find(number);
  if (!found) return found;
  if ((*found)->is_directory()) return std::unexpected(Errno::Badf);
  if (needed & ~(*found)->base) return std::unexpected(Errno::Notcapable);
  return found;
}

Expected<DescriptorPtr> DescriptorTable::find_directory(uint32_t number, Rights needed) const {
  auto found = find(number);
  if (!found) return found;
  if (!(*found)->is_directory()) return std::unexpected(Errno::Notdir);
  if ((*found)->permission == Permission::ReadOnly && (needed & changing_rights()))
    return std::unexpected(Errno::Rofs);
  if (needed & ~(*found)->base) return std::unexpected(Errno::Notcapable);
  return found;
}

Expected<uint32_t> DescriptorTable::insert(DescriptorPtr descriptor) {
  const std::lock_guard lock(mutex_);
  while (first_free_ < slots_.size() && slots_[first_free_]) first_free_++;
  if (first_free_ >= kMaxDescriptors) return std::unexpected(Errno::Mfile);
  const auto number = static_cast<uint32_t>(first_free_);
  set_locked(number, descriptor);
  return number;
}

// What was there is left in `descriptor`: closing may take long, so that is not done under the lock.
void DescriptorTable::set_locked(uint32_t number, DescriptorPtr& descriptor) {
  if (number >= slots_.size()) slots_.resize(size_t{number} + 1);
  slots_[number].swap(descriptor);
}

void DescriptorTable::set(uint32_t number, DescriptorPtr descriptor) {
  const std::lock_guard lock(mutex_);
  set_locked(number, descriptor);
}

Expected<> DescriptorTable::close(uint32_t number) {
  DescriptorPtr closed;
  const std::lock_guard lock(mutex_);
  if (!find_locked(number)) return std::unexpected(Errno::Badf);
  set_locked(number, closed);
  if (number < first_free_) first_free_ = number;
  return {};
}

Expected<> DescriptorTable::renumber(uint32_t from, uint32_t to) {
  DescriptorPtr moved;
  const std::lock_guard lock(mutex_);
  if (!find_locked(from) || !find_locked(to)) return std::unexpected(Errno::Badf);
  if (from == to) return {};
  set_locked(from, moved);
  set_locked(to, moved);
  if (from < first_free_) first_free_ = from;
  return {};
}

std::vector<DescriptorPtr> DescriptorTable::preopens() const {
  const std::lock_guard lock(mutex_);
  std::vector<DescriptorPtr> found;
  for (const DescriptorPtr& descriptor : slots_)
    if (descriptor && descriptor->is_preopen) found.push_back(descriptor);
  return found;
}

}  // namespace godwit::wasi
