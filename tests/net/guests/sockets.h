// WasmEdge's functions for sockets, as C guests import them. FORM(1) and FORM(2) are the two forms that some have.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))

struct address {
  uint8_t* bytes;
  uint32_t size;
};
struct iovec_ {
  void* data;
  uint32_t size;
};
enum { INET4 = 1, INET6 = 2, UNIX = 3, DATAGRAM = 1, STREAM = 2 };

IMPORT("sock_open") uint32_t sock_open(uint32_t family, uint32_t type, uint32_t* fd);
IMPORT("sock_bind") uint32_t sock_bind(uint32_t fd, struct address* address, uint32_t port);
IMPORT("sock_listen") uint32_t sock_listen(uint32_t fd, uint32_t backlog);
IMPORT("sock_accept") uint32_t sock_accept_1(uint32_t fd, uint32_t* accepted);
IMPORT("sock_accept") uint32_t sock_accept_2(uint32_t fd, uint32_t flags, uint32_t* accepted);
IMPORT("sock_accept_v2") uint32_t sock_accept_v2(uint32_t fd, uint32_t flags, uint32_t* accepted);
IMPORT("sock_connect") uint32_t sock_connect(uint32_t fd, struct address* address, uint32_t port);
IMPORT("sock_recv")
uint32_t sock_recv(uint32_t fd, struct iovec_* into, uint32_t count, uint32_t flags, uint32_t* size,
                   uint32_t* out);
IMPORT("sock_send")
uint32_t sock_send(uint32_t fd, const struct iovec_* from, uint32_t count, uint32_t flags, uint32_t* size);
IMPORT("sock_shutdown") uint32_t sock_shutdown(uint32_t fd, uint32_t how);
IMPORT("sock_getlocaladdr")
uint32_t sock_getlocaladdr_1(uint32_t fd, struct address* address, uint32_t* type, uint32_t* port);
IMPORT("sock_getlocaladdr")
uint32_t sock_getlocaladdr_2(uint32_t fd, struct address* address, uint32_t* port);
IMPORT("sock_getpeeraddr")
uint32_t sock_getpeeraddr_1(uint32_t fd, struct address* address, uint32_t* type, uint32_t* port);
IMPORT("sock_getpeeraddr_v2")
uint32_t sock_getpeeraddr_2(uint32_t fd, struct address* address, uint32_t* port);

// Ends the program if a call has failed: with the number of the error.
static inline void must(uint32_t error, const char* what) {
  if (error == 0) return;
  printf("%s: error %u\n", what, error);
  exit(1);
}
