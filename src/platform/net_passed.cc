// Passed sockets. spec: https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
#include "platform/net_passed.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace godwit::platform::net {
namespace {

constexpr int kFirst = 3;
constexpr int kMost = 256;

std::optional<int> number_in(const char* variable) {
  const char* const value = std::getenv(variable);
  if (!value) return std::nullopt;
  const std::string_view text = value;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool make_ours(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

}  // namespace

std::vector<PassedSocket> take_passed_sockets() {
  const auto process = number_in("LISTEN_PID");
  const auto count = number_in("LISTEN_FDS");
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(variable);
  std::vector<PassedSocket> sockets;
  if (!process || *process != ::getpid() || !count || *count < 0 || *count > kMost) return sockets;
  for (int fd = kFirst; fd < kFirst + *count; fd++) {
    const auto listens = get_option(fd, Option::AcceptsConnections);
    const auto address = local_address(fd);
    if (listens && *listens != 0 && address && make_ours(fd))
      sockets.push_back({.handle = FileHandle(fd), .family = address->family});
  }
  return sockets;
}

}  // namespace godwit::platform::net
