// Imports every form of sock_accept; none of them gets a connection.
#include "sockets.h"

int main(void) {
  uint32_t fd = 0;
  printf("%u %u %u\n", sock_accept_1(0, &fd), sock_accept_2(1, 0, &fd), sock_accept_v2(77, 0, &fd));
}
