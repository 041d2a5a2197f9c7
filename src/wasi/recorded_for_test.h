// P1, P0 and SockV1 for tests, which remember what each of their functions has answered.
#pragma once

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "wasi/p0.h"
#include "wasi/p1.h"
#include "wasi/sock_v1.h"

namespace godwit::wasi {

// By function: the names of errors, "success", or "ends" for what ended the guest. Held against docs/wasi.md when all
// tests have run (coverage_test.cc).
using Coverage = std::map<std::string, std::set<std::string>>;
Coverage& coverage();
// "Noent"
std::string name_of(Errno number);

// A method of an object, called as before.
template <auto method, class T = decltype(method)>
class Recorded;
template <auto method, class R, class C, class... P>
class Recorded<method, R (C::*)(P...)> final {
 public:
  Recorded(C& object, const char* name) : object_(object), name_(name) {}
  R operator()(P... params) const {
    R result = (object_.*method)(std::forward<P>(params)...);
    if constexpr (std::is_same_v<R, Errno>) coverage()[name_].insert(name_of(result));
    else if constexpr (std::is_same_v<R, Result<>>) coverage()[name_].insert(result ? "success" : "ends");
    else coverage()[name_].insert(result ? name_of(*result) : "ends");
    return result;
  }

 private:
  C& object_;
  const char* name_;
};

struct RecordedP1 {
  explicit RecordedP1(P1& inner) : object(inner) {}
  P1& object;
#define GODWIT_WASI_P1(result, name, parameters) Recorded<&P1::name> name{object, #name};
#include "wasi/p1.def"
};

struct RecordedP0 {
  explicit RecordedP0(P0& inner) : object(inner) {}
  P0& object;
#define GODWIT_WASI_P0(result, name, parameters) Recorded<&P0::name> name{object, "wasi_unstable." #name};
#include "wasi/p0.def"
};

struct RecordedSockV1 {
  explicit RecordedSockV1(SockV1& inner) : object(inner) {}
  SockV1& object;
#define GODWIT_WASI_SOCK_V1(result, name, parameters) \
  Recorded<&SockV1::name> name{object, #name " (first form)"};
#include "wasi/sock_v1.def"
};

}  // namespace godwit::wasi
