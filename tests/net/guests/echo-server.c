// Listens at a port of 127.0.0.1 (or takes descriptor 3, if that is what it is told), says where, and sends back what comes
// over one connection, in capital letters.
#include <ctype.h>

#include "sockets.h"

int main(int argc, char** argv) {
  uint8_t loopback[4] = {127, 0, 0, 1};
  struct address at = {loopback, sizeof loopback};
  uint32_t listener = 3, type = 0, port = 0;
  if (argc > 1 && strcmp(argv[1], "given") != 0) {
    must(sock_open(INET4, STREAM, &listener), "open");
    must(sock_bind(listener, &at, (uint32_t)atoi(argv[1])), "bind");
    must(sock_listen(listener, 5), "listen");
  }
  uint8_t room[128];
  struct address own = {room, 16};
  must(sock_getlocaladdr_1(listener, &own, &type, &port), "getlocaladdr");
  printf("%u.%u.%u.%u:%u (%u)\n", room[0], room[1], room[2], room[3], port, type);
  fflush(stdout);
  uint32_t connection = 0;
  must(sock_accept_1(listener, &connection), "accept");
  struct address peer = {room, sizeof room};
  must(sock_getpeeraddr_2(connection, &peer, &port), "getpeeraddr");
  printf("peer: family %u, %u.%u.%u.%u\n", room[0], room[2], room[3], room[4], room[5]);
  for (;;) {
    char text[1000];
    struct iovec_ into = {text, sizeof text};
    uint32_t size = 0, flags = 0;
    must(sock_recv(connection, &into, 1, 0, &size, &flags), "recv");
    if (size == 0) break;
    for (uint32_t i = 0; i < size; i++) text[i] = (char)toupper(text[i]);
    struct iovec_ from = {text, size};
    must(sock_send(connection, &from, 1, 0, &size), "send");
  }
  must(sock_shutdown(connection, 2), "shutdown");
}
