// SockV1: WasmEdge's first functions for sockets, where they differ from the second.
#pragma once

#include "wasi/p1.h"

namespace godwit::wasi {

class SockV1 final {
 public:
  // @lifetime both outlive this.
  SockV1(Core& core, P1& p1) : core_(core), p1_(p1) {}
  SockV1(const SockV1&) = delete;
  SockV1& operator=(const SockV1&) = delete;

#define GODWIT_WASI_SOCK_V1(result, name, parameters) result name parameters;
#include "wasi/sock_v1.def"

 private:
  Core& core_;
  P1& p1_;
};

}  // namespace godwit::wasi
