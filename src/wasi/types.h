// The types of preview 1 as they lie in guest memory, and their flags.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#types
#pragma once

#include <cstddef>
#include <cstdint>

namespace godwit::wasi {

using Address = uint32_t;    // in guest memory
using Size = uint32_t;       // bytes or elements
using FileSize = uint64_t;   // bytes
using Timestamp = uint64_t;  // ns; what it counts from depends on the clock

// Rights are bits; see rights.def.
using Rights = uint64_t;
namespace right {
#define GODWIT_WASI_RIGHT(bit, name, kinds) inline constexpr Rights k##name = Rights{1} << bit;
#include "wasi/rights.def"
}  // namespace right

enum class FileType : uint8_t {
  Unknown = 0,
  BlockDevice = 1,
  CharacterDevice = 2,
  Directory = 3,
  RegularFile = 4,
  SocketDgram = 5,
  SocketStream = 6,
  SymbolicLink = 7,
};

namespace fd_flag {
inline constexpr uint32_t kAppend = 1, kDsync = 2, kNonblock = 4, kRsync = 8, kSync = 16, kAll = 31;
}
namespace open_flag {
inline constexpr uint32_t kCreat = 1, kDirectory = 2, kExcl = 4, kTrunc = 8, kAll = 15;
}
namespace lookup_flag {
inline constexpr uint32_t kSymlinkFollow = 1, kAll = 1;
}
namespace fst_flag {
inline constexpr uint32_t kAtim = 1, kAtimNow = 2, kMtim = 4, kMtimNow = 8, kAll = 15;
}

//   0 address u32 | 4 size u32
struct Iovec {
  Address buf;
  Size buf_len;
};
static_assert(sizeof(Iovec) == 8);

//   0 type u8 | 2 flags u16 | 8 rights u64 | 16 inheriting rights u64
struct FdStat {
  FileType fs_filetype;
  uint8_t unused_0 = 0;
  uint16_t fs_flags;
  uint32_t unused_1 = 0;
  Rights fs_rights_base;
  Rights fs_rights_inheriting;
};
static_assert(sizeof(FdStat) == 24);

//   0 device u64 | 8 inode u64 | 16 type u8 | 24 links u64 | 32 size u64 | 40 atim u64 | 48 mtim u64 | 56 ctim u64
struct FileStat {
  uint64_t dev;
  uint64_t ino;
  FileType filetype;
  uint8_t unused[7] = {};
  uint64_t nlink;
  FileSize size;
  Timestamp atim;
  Timestamp mtim;
  Timestamp ctim;
};
static_assert(sizeof(FileStat) == 64);

//   0 tag u8 (0: a directory) | 4 length of its name u32
struct Prestat {
  uint8_t tag = 0;
  uint8_t unused[3] = {};
  Size name_len;
};
static_assert(sizeof(Prestat) == 8);

//   0 place of the next entry u64 | 8 inode u64 | 16 length of the name u32 | 20 type u8 | 24 the name follows
struct Dirent {
  uint64_t d_next;
  uint64_t d_ino;
  Size d_namlen;
  FileType d_type;
  uint8_t unused[3] = {};
};
static_assert(sizeof(Dirent) == 24);

enum class EventType : uint8_t { Clock = 0, FdRead = 1, FdWrite = 2 };

inline constexpr uint16_t kSubscriptionClockAbstime = 1;

//   0 userdata u64 | 8 tag u8 | 16 clock: id u32 | 24 timeout u64 | 32 precision u64 | 40 flags u16
//                              16 file: fd u32
struct Subscription {
  uint64_t userdata;
  uint8_t tag;
  uint8_t unused_0[7];
  uint32_t id_or_fd;
  uint32_t unused_1;
  Timestamp timeout;
  Timestamp precision;
  uint16_t flags;
  uint8_t unused_2[6];
};
static_assert(sizeof(Subscription) == 48 && offsetof(Subscription, timeout) == 24);

inline constexpr uint16_t kEventFdReadwriteHangup = 1;

//   0 userdata u64 | 8 error u16 | 10 type u8 | 16 bytes u64 | 24 flags u16
struct Event {
  uint64_t userdata;
  uint16_t error;
  EventType type;
  uint8_t unused_0[5] = {};
  FileSize nbytes = 0;
  uint16_t flags = 0;
  uint8_t unused_1[6] = {};
};
static_assert(sizeof(Event) == 32 && offsetof(Event, nbytes) == 16);

}  // namespace godwit::wasi
