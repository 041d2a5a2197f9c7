// Descriptor and its table: what a guest's file descriptors stand for, and what it may do with them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "platform/fs_file.h"
#include "platform/fs_handle.h"
#include "platform/fs_wait.h"
#include "platform/net_socket.h"
#include "wasi/errno.h"
#include "wasi/types.h"

namespace godwit::wasi {

using platform::fs::FileKind;

// Whether anything may change beneath a directory. Inherited by everything opened there.
enum class Permission : uint8_t { ReadOnly, ReadWrite };

// What a socket of the guest's own knows of itself.
struct SocketState {
  platform::net::Family family = platform::net::Family::Unspecified;
  platform::net::Kind kind = platform::net::Kind::Stream;
  std::atomic<bool> may_listen = false;  // its address is one where the guest may listen
  std::atomic<bool> hears_anyone =
      false;  // datagrams from others than whom the guest may connect to are for it, too
  std::atomic<uint64_t> receive_timeout_ns = platform::fs::kForever;
  std::atomic<uint64_t> send_timeout_ns = platform::fs::kForever;
};

// What a file descriptor of a guest's stands for. What is not const in spirit is atomic or guarded: several threads of
// the guest may use it at a time.
struct Descriptor {
  int fd = -1;                     // the host's; == owned.get() unless the embedder lent it
  platform::fs::FileHandle owned;  // closed with the descriptor
  FileKind kind = FileKind::Unknown;
  Permission permission = Permission::ReadWrite;
  bool readable = false, writable = false;  // what the guest opened it for
  std::mutex mutex;                         // held by who changes what follows
  std::atomic<uint32_t> flags = 0;          // fd_flag
  std::atomic<Rights> base = 0, inheriting = 0;
  std::unique_ptr<SocketState> socket;  // null: not a socket, or one that the embedder lent
  bool is_handed_over = false;          // a listening socket that the guest finds when it starts
  bool is_preopen = false;
  std::string preopen_path;  // of a directory: the guest's name for the preopen that it is, or lies in
  // Of a directory being read: where the host has entry 0, 1, 2, …, as far as it was read. Guests get these indices as
  // cookies, since the C library of 32-bit guests keeps 32 bits of them and the host's places have 64. Guarded by mutex.
  std::vector<uint64_t> places;

  bool is_directory() const { return kind == FileKind::Directory; }
  bool is_socket() const { return kind == FileKind::StreamSocket || kind == FileKind::DatagramSocket; }
};

// Who has one may use it, even if another thread closes the descriptor meanwhile: the host's goes with the last.
using DescriptorPtr = std::shared_ptr<Descriptor>;

FileType to_file_type(FileKind kind);

// Rights that make sense for a kind of file.
Rights rights_of(FileKind kind);
// Those that change files: nobody has them beneath a read-only directory.
Rights changing_rights();
// All that can be inherited from a directory.
Rights inheritable_rights();

// The descriptors of one guest, by number. New ones get the lowest free number, as POSIX has it.
// @threads any.
// deviation: WasmEdge draws random numbers for files opened later; guests cannot depend on them.
class DescriptorTable final {
 public:
  // Most descriptors a guest may have, whatever the host allows.
  static constexpr size_t kMaxDescriptors = 65536;

  // @errors Badf: no such descriptor.
  Expected<DescriptorPtr> find(uint32_t number) const;
  // One that is not a directory, and has `needed`. @errors Badf: no such descriptor, or a directory. Notcapable.
  Expected<DescriptorPtr> find_file(uint32_t number, Rights needed) const;
  // A directory that has `needed`. @errors Badf. Notdir. Rofs: `needed` changes files and it is read-only. Notcapable.
  Expected<DescriptorPtr> find_directory(uint32_t number, Rights needed) const;
  // Either. @errors Badf. Notcapable.
  Expected<DescriptorPtr> find_any(uint32_t number, Rights needed) const;

  // @errors Mfile: too many.
  Expected<uint32_t> insert(DescriptorPtr descriptor);
  // Puts it at a number of its own; what was there is closed. For the embedder, with small numbers.
  void set(uint32_t number, DescriptorPtr descriptor);
  Expected<> close(uint32_t number);
  // Moves `from` to `to`, which must be open and is closed. @errors Badf.
  Expected<> renumber(uint32_t from, uint32_t to);

  // The preopened directories that are still open, by number.
  std::vector<DescriptorPtr> preopens() const;

 private:
  DescriptorPtr find_locked(uint32_t number) const;
  void set_locked(uint32_t number, DescriptorPtr& descriptor);

  mutable std::mutex mutex_;  // guards what follows
  std::vector<DescriptorPtr> slots_;
  size_t first_free_ = 0;  // no free number lies below
};

}  // namespace godwit::wasi
