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

inline constexpr uint8_t kPrestatDirectory = 0;
// deviation: for listening sockets, which the specification has no tag for. Who looks for directories skips it.
inline constexpr uint8_t kPrestatSocket = 1;

//   0 tag u8 | 4 length of a directory's name u32
struct Prestat {
  uint8_t tag = kPrestatDirectory;
  uint8_t unused[3] = {};
  Size name_len = 0;
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

namespace receive_flag {
inline constexpr uint32_t kPeek = 1, kWaitAll = 2, kAll = 3;
}
inline constexpr uint16_t kReceivedTruncated = 1;

namespace shutdown_flag {
inline constexpr uint32_t kReading = 1, kWriting = 2, kAll = 3;
}

// What follows is WasmEdge's extension for sockets.

enum class SocketFamily : uint8_t { Unspecified = 0, Inet4 = 1, Inet6 = 2, Unix = 3 };
enum class SocketType : uint8_t { Any = 0, Datagram = 1, Stream = 2 };

//   0 bytes of an address u32 | 4 how many u32
struct WasiAddress {
  Address buf;
  Size buf_len;
};
static_assert(sizeof(WasiAddress) == 8);

// The bytes of an address, by their number:
//     4   IPv4
//    16   IPv6
//   128   0 family u16 | 2 IPv4, IPv6, or the path of a unix socket with a NUL behind it
inline constexpr Size kInet4Size = 4, kInet6Size = 16, kAnyAddressSize = 128;

enum class SocketOption : uint32_t {
  ReuseAddress = 0,
  Type = 1,
  Error = 2,
  DontRoute = 3,
  Broadcast = 4,
  SendBuffer = 5,
  ReceiveBuffer = 6,
  KeepAlive = 7,
  OutOfBandInline = 8,
  Linger = 9,
  ReceiveLowWater = 10,
  ReceiveTimeout = 11,
  SendTimeout = 12,
  AcceptsConnections = 13,
  BindToDevice = 14,
};

//   0 whether it is on i32 | 4 seconds i32
struct LingerValue {
  int32_t on;
  int32_t seconds;
};

//   0 seconds i64 | 8 microseconds i64
struct TimeValue {
  int64_t seconds;
  int64_t microseconds;
};

namespace addrinfo_flag {
inline constexpr uint16_t kPassive = 1, kCanonicalName = 2, kNumericHost = 4, kNumericService = 8,
                          kV4Mapped = 16, kAllAddresses = 32, kAddressConfigured = 64, kAll = 127;
}

// 0 flags u16 | 2 family u8 | 3 socket type u8 | 4 protocol u8 | 8 size of the address u32 | 12 SockAddr u32
// 16 name u32 | 20 room for it u32 | 24 next AddrInfo u32
struct AddrInfo {
  uint16_t flags;
  SocketFamily family;
  SocketType type;
  uint8_t protocol;
  uint8_t unused[3];
  Size addr_len;
  Address addr;
  Address canonical_name;
  Size canonical_name_len;
  Address next;
};
static_assert(sizeof(AddrInfo) == 28 && offsetof(AddrInfo, addr) == 12);

//   0 family u8 | 4 room for the data u32 | 8 data u32
struct SockAddr {
  SocketFamily family;
  uint8_t unused[3];
  Size data_len;
  Address data;
};
static_assert(sizeof(SockAddr) == 12);

}  // namespace godwit::wasi
