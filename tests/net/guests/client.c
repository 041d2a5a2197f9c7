// Connects to a port of 127.0.0.1, sends a word, and prints what comes back.
#include "sockets.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  // the form of 128 bytes: a family, then the address
  uint8_t bytes[128] = {INET4, 0, 127, 0, 0, 1};
  struct address to = {bytes, sizeof bytes};
  uint32_t fd = 0, port = 0;
  must(sock_open(INET4, STREAM, &fd), "open");
  must(sock_connect(fd, &to, (uint32_t)atoi(argv[1])), "connect");
  uint8_t own[128];
  struct address own_room = {own, sizeof own};
  must(sock_getlocaladdr_2(fd, &own_room, &port), "getlocaladdr");
  struct iovec_ from = {argv[2], strlen(argv[2])};
  uint32_t size = 0, flags = 0;
  must(sock_send(fd, &from, 1, 0, &size), "send");
  must(sock_shutdown(fd, 2), "shutdown");
  for (;;) {
    char text[1000];
    struct iovec_ into = {text, sizeof text};
    must(sock_recv(fd, &into, 1, 0, &size, &flags), "recv");
    if (size == 0) break;
    fwrite(text, 1, size, stdout);
  }
  printf("\n");
}
