// A server that keeps its connections: tells where it listens (its first argument, then the port), takes as many connections
// as its second argument says, answers whatever comes over any of them, and ends when all are closed. poll_oneoff is all that
// it waits in.
#include <wasi/api.h>

#include "../net/guests/sockets.h"

enum { MOST = 64 };

static uint32_t fds[MOST + 1];  // fds[0] listens
static uint32_t count = 1;

// Waits until at least one can be read; their positions come to `ready`.
static uint32_t wait_for_input(int accepts, uint32_t* ready) {
  static __wasi_subscription_t wanted[MOST + 1];
  static __wasi_event_t events[MOST + 1];
  const uint32_t first = accepts ? 0 : 1;
  for (uint32_t i = first; i < count; i++) {
    wanted[i].userdata = i;
    wanted[i].u.tag = __WASI_EVENTTYPE_FD_READ;
    wanted[i].u.u.fd_read.file_descriptor = (__wasi_fd_t)fds[i];
  }
  size_t size = 0;
  must(__wasi_poll_oneoff(wanted + first, events, count - first, &size), "poll");
  for (uint32_t i = 0; i < size; i++) ready[i] = (uint32_t)events[i].userdata;
  return (uint32_t)size;
}

// Answers what has come. Returns 0 if that was the end.
static int answer(uint32_t fd) {
  static const char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
  char request[512];
  struct iovec_ into = {request, sizeof request};
  uint32_t size = 0, flags = 0;
  if (sock_recv(fd, &into, 1, 0, &size, &flags) != 0 || size == 0) return 0;
  struct iovec_ from = {(void*)kAnswer, sizeof kAnswer - 1};
  return sock_send(fd, &from, 1, 0, &size) == 0;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const uint32_t expected = (uint32_t)atoi(argv[2]);
  if (expected > MOST) return 2;
  uint8_t ip[16] = {127, 0, 0, 1};
  struct address at = {ip, 4}, own = {ip, 16};
  uint32_t type = 0, port = 0, taken = 0;
  must(sock_open(INET4, STREAM, &fds[0]), "open");
  must(sock_bind(fds[0], &at, 0), "bind");
  must(sock_listen(fds[0], MOST), "listen");
  must(sock_getlocaladdr_1(fds[0], &own, &type, &port), "getlocaladdr");
  char line[32];
  snprintf(line, sizeof line, "%s %u\n", argv[1], port);
  fputs(line, stdout);
  fflush(stdout);
  while (taken < expected || count > 1) {
    uint32_t ready[MOST + 1];
    const uint32_t size = wait_for_input(taken < expected, ready);
    for (uint32_t i = size;
         i-- > 0;) {  // from the last one, so that closing moves none that is still to come
      const uint32_t position = ready[i];
      if (position == 0) {
        must(sock_accept_1(fds[0], &fds[count]), "accept");
        count++;
        taken++;
      } else if (!answer(fds[position])) {
        __wasi_fd_close((__wasi_fd_t)fds[position]);
        fds[position] = fds[--count];
      }
    }
  }
  return 0;
}
