// host::define: offers a C++ function to guests, its wasm type derived from its C++ type.
//
//   int32_t add(int32_t a, int32_t b);
//   host::define<add>(linker, "env", "add");
//   host::define<&Wasi::fd_write>(linker, "wasi_snapshot_preview1", "fd_write", wasi);
//   host::define(linker, "env", "log", [](host::GuestString text) -> Result<> { … });
//
// Parameters:  int32_t uint32_t int64_t uint64_t float double          one wasm parameter each
//              GuestPtr<T>                                             i32 address
//              GuestSpan<T>  GuestString                               i32 address, i32 count
//              Caller&                                                 none: the calling instance
// Results:     void, a number, an enumeration (i32), or Result<…> of these; an Error ends the guest.
//
// @cost Nothing is allocated per call, and guest addresses are checked where they are used.
#pragma once

#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "host/caller.h"
#include "host/guest_pointer.h"
#include "host/signature.h"
#include "runtime/linker.h"

namespace godwit::host {

// A function or method as a host function; the method's object is `env`.
template <auto function>
bool entry_of(void* env, runtime::VmContext* caller, runtime::Slot* slots) {
  using Function = decltype(function);
  if constexpr (std::is_member_function_pointer_v<Function>) {
    using Class = SignatureOf<Function>::Class;
    auto on_object = [env](auto&&... params) {
      return (static_cast<Class*>(env)->*function)(std::forward<decltype(params)>(params)...);
    };
    return SignatureOf<Function>::call(on_object, caller, slots);
  } else {
    return SignatureOf<Function>::call(function, caller, slots);
  }
}

// A function object as a host function: `env` points to it.
template <class Callable>
bool entry_of_object(void* env, runtime::VmContext* caller, runtime::Slot* slots) {
  return SignatureOf<Callable>::call(*static_cast<Callable*>(env), caller, slots);
}

// A captureless lambda as a host function: made anew for each call, at no cost.
template <class Callable>
bool entry_of_lambda(void*, runtime::VmContext* caller, runtime::Slot* slots) {
  return SignatureOf<Callable>::call(Callable(), caller, slots);
}

// What to give to a Linker for a free function or static method.
// @lifetime `module` and `field` as long as the linker.
template <auto function>
runtime::HostDefinition definition(std::string_view module, std::string_view field) {
  return {module, field, SignatureOf<decltype(function)>::func_type(), entry_of<function>, nullptr};
}

// What to give to a Linker for a method of `object`.
// @lifetime `object` outlives every store it is linked into.
template <auto method, class Object>
runtime::HostDefinition definition(std::string_view module, std::string_view field, Object& object) {
  static_assert(std::is_member_function_pointer_v<decltype(method)>);
  return {module, field, SignatureOf<decltype(method)>::func_type(), entry_of<method>, &object};
}

// Offers a free function. @lifetime as for definition().
template <auto function>
void define(runtime::Linker& linker, std::string_view module, std::string_view field) {
  linker.define(definition<function>(module, field));
}

// Offers a method of `object`. @lifetime as for definition().
template <auto method, class Object>
void define(runtime::Linker& linker, std::string_view module, std::string_view field, Object& object) {
  linker.define(definition<method>(module, field, object));
}

// Offers a function object, which outlives every store it is linked into.
template <class Callable>
void define(runtime::Linker& linker, std::string_view module, std::string_view field, Callable& callable) {
  linker.define({module, field, SignatureOf<Callable>::func_type(), entry_of_object<Callable>, &callable});
}

// Offers a captureless lambda.
template <class Callable>
  requires(std::is_empty_v<Callable> && std::is_default_constructible_v<Callable>)
void define(runtime::Linker& linker, std::string_view module, std::string_view field, Callable&&) {
  linker.define({module, field, SignatureOf<Callable>::func_type(), entry_of_lambda<Callable>, nullptr});
}

}  // namespace godwit::host
