// How C++ parameter and result types stand for wasm types and slots: derived at compile time.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "host/caller.h"
#include "host/guest_pointer.h"
#include "runtime/vm.h"
#include "wasm/types.h"

namespace godwit::host {

// What a parameter type takes from the slots: `kTypes`, its wasm types, and `take`, its value.
template <class T>
struct Parameter;

template <class T>
concept Integer32 = std::same_as<T, int32_t> || std::same_as<T, uint32_t>;
template <class T>
concept Integer64 = std::same_as<T, int64_t> || std::same_as<T, uint64_t>;

template <Integer32 T>
struct Parameter<T> {
  static constexpr std::array kTypes = {wasm::ValKind::I32};
  static T take(const runtime::Slot* slots, Caller&) {
    return static_cast<T>(static_cast<uint32_t>(*slots));  // the high half of an i32's slot is unspecified
  }
};

template <Integer64 T>
struct Parameter<T> {
  static constexpr std::array kTypes = {wasm::ValKind::I64};
  static T take(const runtime::Slot* slots, Caller&) { return static_cast<T>(*slots); }
};

template <>
struct Parameter<float> {
  static constexpr std::array kTypes = {wasm::ValKind::F32};
  static float take(const runtime::Slot* slots, Caller&) {
    return std::bit_cast<float>(static_cast<uint32_t>(*slots));
  }
};

template <>
struct Parameter<double> {
  static constexpr std::array kTypes = {wasm::ValKind::F64};
  static double take(const runtime::Slot* slots, Caller&) { return std::bit_cast<double>(*slots); }
};

template <>
struct Parameter<Caller&> {
  static constexpr std::array<wasm::ValKind, 0> kTypes = {};
  static Caller& take(const runtime::Slot*, Caller& caller) { return caller; }
};

template <class T>
struct Parameter<GuestPtr<T>> {
  static constexpr std::array kTypes = {wasm::ValKind::I32};
  static GuestPtr<T> take(const runtime::Slot* slots, Caller& caller) {
    return {caller.memory(), static_cast<uint32_t>(slots[0])};
  }
};

template <class T>
struct Parameter<GuestSpan<T>> {
  static constexpr std::array kTypes = {wasm::ValKind::I32, wasm::ValKind::I32};
  static GuestSpan<T> take(const runtime::Slot* slots, Caller& caller) {
    return {caller.memory(), static_cast<uint32_t>(slots[0]), static_cast<uint32_t>(slots[1])};
  }
};

template <>
struct Parameter<GuestString> {
  static constexpr std::array kTypes = {wasm::ValKind::I32, wasm::ValKind::I32};
  static GuestString take(const runtime::Slot* slots, Caller& caller) {
    return {caller.memory(), static_cast<uint32_t>(slots[0]), static_cast<uint32_t>(slots[1])};
  }
};

// What a result type leaves in the slots: `kTypes`, and `put`, which returns false if the guest must end.
template <class T>
struct Returned;

template <>
struct Returned<void> {
  static constexpr std::array<wasm::ValKind, 0> kTypes = {};
};

template <Integer32 T>
struct Returned<T> {
  static constexpr std::array kTypes = {wasm::ValKind::I32};
  static bool put(T value, runtime::Slot* slots, Caller&) {
    *slots = static_cast<uint32_t>(value);
    return true;
  }
};

template <Integer64 T>
struct Returned<T> {
  static constexpr std::array kTypes = {wasm::ValKind::I64};
  static bool put(T value, runtime::Slot* slots, Caller&) {
    *slots = static_cast<uint64_t>(value);
    return true;
  }
};

template <>
struct Returned<float> {
  static constexpr std::array kTypes = {wasm::ValKind::F32};
  static bool put(float value, runtime::Slot* slots, Caller&) {
    *slots = std::bit_cast<uint32_t>(value);
    return true;
  }
};

template <>
struct Returned<double> {
  static constexpr std::array kTypes = {wasm::ValKind::F64};
  static bool put(double value, runtime::Slot* slots, Caller&) {
    *slots = std::bit_cast<uint64_t>(value);
    return true;
  }
};

// Error numbers and other enumerations are an i32.
template <class T>
  requires(std::is_enum_v<T> && sizeof(T) <= 4)
struct Returned<T> {
  static constexpr std::array kTypes = {wasm::ValKind::I32};
  static bool put(T value, runtime::Slot* slots, Caller&) {
    *slots = static_cast<uint32_t>(value);
    return true;
  }
};

template <class T>
struct Returned<Result<T>> {
  static constexpr auto kTypes = Returned<T>::kTypes;
  static bool put(Result<T> value, runtime::Slot* slots, Caller& caller) {
    if (!value) [[unlikely]] {
      caller.raise(std::move(value).error());
      return false;
    }
    if constexpr (std::is_void_v<T>) return true;
    else return Returned<T>::put(*value, slots, caller);
  }
};

// A C++ signature as wasm sees it.
template <class ResultType, class... Params>
struct Signature {
  static constexpr size_t kParams = sizeof...(Params);
  // Where each parameter's slots begin.
  static constexpr std::array<size_t, kParams + 1> kFirstSlot = [] {
    std::array<size_t, kParams + 1> first{};
    size_t position = 0;
    size_t slot = 0;
    ((first[position++] = slot, slot += Parameter<Params>::kTypes.size()), ...);
    first[position] = slot;
    return first;
  }();

  static wasm::FuncType func_type() {
    wasm::FuncType type;
    type.params.reserve(kFirstSlot[kParams]);
    (type.params.insert(type.params.end(), Parameter<Params>::kTypes.begin(),
                        Parameter<Params>::kTypes.end()),
     ...);
    type.results.assign(Returned<ResultType>::kTypes.begin(), Returned<ResultType>::kTypes.end());
    return type;
  }

  // Takes the arguments from the slots, calls `callable`, leaves the results there.
  template <class Callable>
  static bool call(Callable&& callable, runtime::VmContext* context, runtime::Slot* slots) {
    Caller caller(context);
    return [&]<size_t... position>(std::index_sequence<position...>) {
      if constexpr (std::is_void_v<ResultType>) {
        callable(Parameter<Params>::take(slots + kFirstSlot[position], caller)...);
        return true;
      } else {
        return Returned<ResultType>::put(
            callable(Parameter<Params>::take(slots + kFirstSlot[position], caller)...), slots, caller);
      }
    }(std::make_index_sequence<kParams>());
  }
};

// The Signature of a function pointer, a method or a function object.
template <class T>
struct SignatureOf : SignatureOf<decltype(&T::operator())> {};
template <class R, class... P>
struct SignatureOf<R (*)(P...)> : Signature<R, P...> {};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...)> : Signature<R, P...> {
  using Class = C;
};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) const> : Signature<R, P...> {
  using Class = const C;
};

}  // namespace godwit::host
