// Tests that the table of preview 1 is complete and has the ABI's types; and that its layouts are the ABI's.
#include "wasi/p1.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include "host/host.h"
#include "wasi/sock_v1.h"

namespace godwit::wasi {
namespace {

// Parameters, then results: i = i32, l = i64. From the witx of the standard; epoll_oneoff and most of
// sock_ are WasmEdge's.
const std::map<std::string, std::string> kAbi = {
    {"args_get", "ii:i"},
    {"args_sizes_get", "ii:i"},
    {"environ_get", "ii:i"},
    {"environ_sizes_get", "ii:i"},
    {"clock_res_get", "ii:i"},
    {"clock_time_get", "ili:i"},
    {"fd_advise", "illi:i"},
    {"fd_allocate", "ill:i"},
    {"fd_close", "i:i"},
    {"fd_datasync", "i:i"},
    {"fd_fdstat_get", "ii:i"},
    {"fd_fdstat_set_flags", "ii:i"},
    {"fd_fdstat_set_rights", "ill:i"},
    {"fd_filestat_get", "ii:i"},
    {"fd_filestat_set_size", "il:i"},
    {"fd_filestat_set_times", "illi:i"},
    {"fd_pread", "iiili:i"},
    {"fd_prestat_get", "ii:i"},
    {"fd_prestat_dir_name", "iii:i"},
    {"fd_pwrite", "iiili:i"},
    {"fd_read", "iiii:i"},
    {"fd_readdir", "iiili:i"},
    {"fd_renumber", "ii:i"},
    {"fd_seek", "ilii:i"},
    {"fd_sync", "i:i"},
    {"fd_tell", "ii:i"},
    {"fd_write", "iiii:i"},
    {"path_create_directory", "iii:i"},
    {"path_filestat_get", "iiiii:i"},
    {"path_filestat_set_times", "iiiilli:i"},
    {"path_link", "iiiiiii:i"},
    {"path_open", "iiiiillii:i"},
    {"path_readlink", "iiiiii:i"},
    {"path_remove_directory", "iii:i"},
    {"path_rename", "iiiiii:i"},
    {"path_symlink", "iiiii:i"},
    {"path_unlink_file", "iii:i"},
    {"poll_oneoff", "iiii:i"},
    {"epoll_oneoff", "iiii:i"},
    {"proc_exit", "i:"},
    {"proc_raise", "i:i"},
    {"sched_yield", ":i"},
    {"random_get", "ii:i"},
    {"sock_accept", "iii:i"},
    {"sock_recv", "iiiiii:i"},
    {"sock_send", "iiiii:i"},
    {"sock_shutdown", "ii:i"},
    {"sock_open", "iii:i"},
    {"sock_bind", "iii:i"},
    {"sock_listen", "ii:i"},
    {"sock_connect", "iii:i"},
    {"sock_recv_from", "iiiiiiii:i"},
    {"sock_send_to", "iiiiiii:i"},
    {"sock_getsockopt", "iiiii:i"},
    {"sock_setsockopt", "iiiii:i"},
    {"sock_getlocaladdr", "iii:i"},
    {"sock_getpeeraddr", "iii:i"},
    {"sock_getaddrinfo", "iiiiiiii:i"},
};
const std::map<std::string, std::string> kFirstSockets = {
    {"sock_accept", "ii:i"},
    {"sock_recv_from", "iiiiiii:i"},
    {"sock_getlocaladdr", "iiii:i"},
    {"sock_getpeeraddr", "iiii:i"},
};

std::string letters(const std::vector<wasm::ValType>& types) {
  std::string text;
  for (const wasm::ValType type : types) text += type.kind() == wasm::ValKind::I64 ? 'l' : 'i';
  return text;
}

TEST(P1Table, HasTheTypesOfTheAbi) {
  std::map<std::string, std::string> found;
#define GODWIT_WASI_P1(result, name, parameters)                           \
  {                                                                        \
    const auto type = host::SignatureOf<decltype(&P1::name)>::func_type(); \
    found[#name] = letters(type.params) + ":" + letters(type.results);     \
  }
#include "wasi/p1.def"
  EXPECT_EQ(found, kAbi);
  found.clear();
#define GODWIT_WASI_SOCK_V1(result, name, parameters)                          \
  {                                                                            \
    const auto type = host::SignatureOf<decltype(&SockV1::name)>::func_type(); \
    found[#name] = letters(type.params) + ":" + letters(type.results);         \
  }
#include "wasi/sock_v1.def"
  EXPECT_EQ(found, kFirstSockets);
}

TEST(P1Table, NumbersErrorsInOrder) {
  uint16_t next = 0;
  std::set<std::string_view> texts;
#define GODWIT_WASI_ERRNO(number, name, host, text) \
  EXPECT_EQ(number, next++);                        \
  texts.insert(text);
#include "wasi/errno.def"
  EXPECT_EQ(next, 88);
  EXPECT_EQ(static_cast<int>(Errno::Notcapable), 76);
}

TEST(P1Table, MapsTheHostsErrors) {
  EXPECT_EQ(errno_from_host(ENOENT), Errno::Noent);
  EXPECT_EQ(errno_from_host(EAGAIN), Errno::Again);
  EXPECT_EQ(errno_from_host(EOPNOTSUPP), Errno::Notsup);
  EXPECT_EQ(errno_from_host(ELOOP), Errno::Loop);
  EXPECT_EQ(errno_from_host(EXDEV), Errno::Xdev);
  EXPECT_EQ(errno_from_host(EUCLEAN), Errno::Io) << "unknown to guests";
  EXPECT_EQ(errno_of(host::Fault{}), Errno::Fault);
  EXPECT_EQ(to_string(Errno::Noent), "no such file or directory");
}

TEST(P1Layout, IsTheAbis) {
  EXPECT_EQ(offsetof(FdStat, fs_flags), 2u);
  EXPECT_EQ(offsetof(FdStat, fs_rights_base), 8u);
  EXPECT_EQ(offsetof(FileStat, filetype), 16u);
  EXPECT_EQ(offsetof(FileStat, nlink), 24u);
  EXPECT_EQ(offsetof(FileStat, ctim), 56u);
  EXPECT_EQ(offsetof(Dirent, d_namlen), 16u);
  EXPECT_EQ(offsetof(Dirent, d_type), 20u);
  EXPECT_EQ(offsetof(Subscription, tag), 8u);
  EXPECT_EQ(offsetof(Subscription, id_or_fd), 16u);
  EXPECT_EQ(offsetof(Subscription, flags), 40u);
  EXPECT_EQ(offsetof(Event, error), 8u);
  EXPECT_EQ(offsetof(Event, type), 10u);
  EXPECT_EQ(offsetof(Event, flags), 24u);
}

}  // namespace
}  // namespace godwit::wasi
