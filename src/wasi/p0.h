// P0: what differs in wasi_unstable, the predecessor of preview 1 that guests of 2019 import.
#pragma once

#include "wasi/p1.h"

namespace godwit::wasi {

//   0 device u64 | 8 inode u64 | 16 type u8 | 20 links u32 | 24 size u64 | 32 atim u64 | 40 mtim u64 | 48 ctim u64
struct FileStat0 {
  uint64_t dev;
  uint64_t ino;
  FileType filetype;
  uint8_t unused[3] = {};
  uint32_t nlink;
  FileSize size;
  Timestamp atim;
  Timestamp mtim;
  Timestamp ctim;
};
static_assert(sizeof(FileStat0) == 56);

//   0 userdata u64 | 8 tag u8 | 16 clock: identifier u64 | 24 id u32 | 32 timeout u64 | 40 precision u64 | 48 flags u16
//                              16 file: fd u32
struct Subscription0 {
  uint64_t userdata;
  uint8_t tag;
  uint8_t unused_0[7];
  uint64_t identifier_or_fd;
  uint32_t clock_id;
  uint32_t unused_1;
  Timestamp timeout;
  Timestamp precision;
  uint16_t flags;
  uint8_t unused_2[6];
};
static_assert(sizeof(Subscription0) == 56 && offsetof(Subscription0, timeout) == 32);

class P0 final {
 public:
  // @lifetime both outlive this.
  P0(Core& core, P1& p1) : core_(core), p1_(p1) {}
  P0(const P0&) = delete;
  P0& operator=(const P0&) = delete;

#define GODWIT_WASI_P0(result, name, parameters) result name parameters;
#include "wasi/p0.def"

 private:
  Core& core_;
  P1& p1_;
};

}  // namespace godwit::wasi
