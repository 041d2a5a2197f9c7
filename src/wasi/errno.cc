// Error numbers: from the host's, and in words.
#include "wasi/errno.h"

#include <cerrno>

namespace godwit::wasi {
namespace {

struct Row {
  int host;
  Errno number;
  std::string_view text;
};

constexpr Row kRows[] = {
#define GODWIT_WASI_ERRNO(number, name, host, text) {host, Errno::name, text},
#include "wasi/errno.def"
};

}  // namespace

Errno errno_from_host(int host_errno) {
  for (const Row& row : kRows)
    if (row.host == host_errno) return row.number;
  return Errno::Io;
}

std::string_view to_string(Errno number) {
  for (const Row& row : kRows)
    if (row.number == number) return row.text;
  return "unknown error";
}

}  // namespace godwit::wasi
