// Asks a server for "/" through `wasmedge_httpsreq`, and prints how the answer begins.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) \
  __attribute__((import_module("wasmedge_httpsreq"), import_name("wasmedge_httpsreq_" name)))
IMPORT("send_data")
void send_data(const char* server, unsigned server_size, unsigned port, const char* request,
               unsigned request_size);
IMPORT("get_rcv_len") unsigned get_rcv_len(void);
IMPORT("get_rcv") void get_rcv(char* to);

int main(int argc, char** argv) {
  static const char kRequest[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  if (argc != 3) return puts("usage: net-https SERVER PORT"), 0;
  send_data(argv[1], strlen(argv[1]), atoi(argv[2]), kRequest, sizeof kRequest - 1);
  const unsigned size = get_rcv_len();
  printf("answer: %u bytes", size);
  if (size != 0) {
    char* answer = malloc(size);
    get_rcv(answer);
    printf(": %.*s", (int)strcspn(answer, "\r\n"), answer);
  }
  puts("");
}
