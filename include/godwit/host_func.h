// How C++ functions become host functions, and how the types of typed calls lie in slots: derived when compiled.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "godwit/caller.h"

namespace godwit::GODWIT_V1 {

/// A host function whose type is known only at run time: gets the arguments and leaves a value of the right type in each
/// result. An error ends the guest, and so does an exception that it throws, as for HostCallable.
using HostCallback =
    std::function<Result<void>(Caller& caller, std::span<const Value> args, std::span<Value> results)>;

/// @private
namespace detail {

/// @private A host function of any kind, ready for the runtime.
struct HostFunction {
  FuncType type;
  bool (*entry)(void* env, runtime::VmContext* caller, uint64_t* slots);
  std::shared_ptr<void> env;
  const void* direct = nullptr;  // DirectHostEntry's; null: none
};

/// @private Where a store keeps what a call of a host function looks at and leaves for others to see.
struct HostCallSite {
  std::atomic<uint64_t> interrupt;  // not 0: the guest shall end
  uint64_t gc_is_due;               // not 0: collect_before_host_call() first
  const void* guest_ip;             // null, unless register code has called
  void* frame;
  runtime::VmContext* caller;
};
/// @private What compiled code passes to a host function in front of its arguments.
struct DirectHost {
  HostCallSite* site;
  void* env;
};
/// @private
void collect_before_host_call(HostCallSite& site);
/// @private Ends a call after which the guest does not simply go on. May not return: the caller has nothing to destroy.
void end_host_call(HostCallSite& site, bool has_failed);

/// @private
HostFunction host_function(FuncType type, HostCallback callback);
/// @private The error for an exception that left a host function.
Error thrown(const char* what);

/// @private The callback, from which no exception comes: compiled where the embedder's exceptions are.
template <class Callback>
HostCallback guarded(Callback callback) {
  return [callback = std::move(callback)](Caller& caller, std::span<const Value> args,
                                          std::span<Value> results) mutable -> Result<void> {
#if defined(__cpp_exceptions)
    try {
      return callback(caller, args, results);
    } catch (const std::exception& exception) {
      return thrown(exception.what());
    } catch (...) {
      return thrown("something that is no std::exception");
    }
#else
    return callback(caller, args, results);
#endif
  };
}

/// @private
template <class T>
concept Callback = std::is_invocable_r_v<Result<void>, T&, Caller&, std::span<const Value>, std::span<Value>>;

/// @private How a number lies in a slot.
template <class T>
struct Wire;

/// @private
template <class T>
  requires(std::same_as<T, int32_t> || std::same_as<T, uint32_t>)
struct Wire<T> {
  static constexpr ValType kType = ValType::I32;
  static T take(uint64_t slot) { return static_cast<T>(static_cast<uint32_t>(slot)); }
  static uint64_t put(T value) { return static_cast<uint32_t>(value); }
};

/// @private
template <class T>
  requires(std::integral<T> && sizeof(T) == 8)
struct Wire<T> {
  static constexpr ValType kType = ValType::I64;
  static T take(uint64_t slot) { return static_cast<T>(slot); }
  static uint64_t put(T value) { return static_cast<uint64_t>(value); }
};

/// @private
template <>
struct Wire<float> {
  static constexpr ValType kType = ValType::F32;
  static float take(uint64_t slot) {
    const auto bits = static_cast<uint32_t>(slot);
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  static uint64_t put(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  }
};

/// @private
template <>
struct Wire<double> {
  static constexpr ValType kType = ValType::F64;
  static double take(uint64_t slot) {
    double value;
    std::memcpy(&value, &slot, sizeof value);
    return value;
  }
  static uint64_t put(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  }
};

/// @private
template <class T>
concept Number = requires { Wire<T>::kType; };

/// @private What a function returns: how many slots, and how they are filled and read.
template <class T>
struct Returned;

/// @private
template <>
struct Returned<void> {
  static constexpr size_t kCount = 0;
  static std::vector<ValType> types() { return {}; }
};

/// @private
template <Number T>
struct Returned<T> {
  static constexpr size_t kCount = 1;
  static std::vector<ValType> types() { return {Wire<T>::kType}; }
  static void put(T value, uint64_t* slots) { slots[0] = Wire<T>::put(value); }
  static T take(const uint64_t* slots) { return Wire<T>::take(slots[0]); }
};

/// @private
template <Number... T>
struct Returned<std::tuple<T...>> {
  static constexpr size_t kCount = sizeof...(T);
  static std::vector<ValType> types() { return {Wire<T>::kType...}; }
  static void put(const std::tuple<T...>& values, uint64_t* slots) {
    std::apply([&](T... value) { ((*slots++ = Wire<T>::put(value)), ...); }, values);
  }
  static std::tuple<T...> take(const uint64_t* slots) {
    return [&]<size_t... i>(std::index_sequence<i...>) {
      return std::tuple<T...>(Wire<T>::take(slots[i])...);
    }(std::index_sequence_for<T...>());
  }
};

/// @private
template <class T>
struct Unwrapped {
  /// @private
  using Type = T;
};
/// @private
template <class T>
struct Unwrapped<Result<T>> {
  /// @private
  using Type = T;
};

/// @private A signature without its Caller&.
template <class R, class... Params>
struct Signature {
  /// @private This, for those that have a class derived of it.
  using Itself = Signature;
  /// @private What is returned, without a Result around it.
  using Plain = typename Unwrapped<R>::Type;
  static FuncType type() { return {{Wire<Params>::kType...}, Returned<Plain>::types()}; }

  // Calls `callable` with the numbers in the slots, and leaves the results there.
  template <bool with_caller, class Callable>
  static bool call(Callable& callable, Caller& caller, uint64_t* slots) {
    return [&]<size_t... i>(std::index_sequence<i...>) {
      auto with = [&]() -> R {
        if constexpr (with_caller) return callable(caller, Wire<Params>::take(slots[i])...);
        else return callable(Wire<Params>::take(slots[i])...);
      };
      if constexpr (std::is_void_v<R>) {
        with();
      } else if constexpr (!std::is_same_v<R, Plain>) {
        R result = with();
        if (!result) {
          caller.raise(std::move(result).error());
          return false;
        }
        if constexpr (!std::is_void_v<Plain>) Returned<Plain>::put(*result, slots);
      } else {
        Returned<Plain>::put(with(), slots);
      }
      return true;
    }(std::index_sequence_for<Params...>());
  }
};

/// @private The signature of anything that can be called.
template <class T>
struct SignatureOf;
/// @private
template <class T>
  requires requires { &T::operator(); }
struct SignatureOf<T> : SignatureOf<decltype(&T::operator())> {};
/// @private
template <class R, class... P>
struct SignatureOf<R (*)(P...)> : Signature<R, P...> {
  static constexpr bool kWithCaller = false;
};
/// @private
template <class R, class... P>
struct SignatureOf<R (*)(Caller&, P...)> : Signature<R, P...> {
  static constexpr bool kWithCaller = true;
};
/// @private
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...)> : SignatureOf<R (*)(P...)> {};
/// @private
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) const> : SignatureOf<R (*)(P...)> {};

/// @private
template <class Callable>
bool call_host(Callable& object, runtime::VmContext* context, uint64_t* slots) {
  using Signature = SignatureOf<Callable>;
  Caller caller(context);
#if defined(__cpp_exceptions)
  try {
    return Signature::template call<Signature::kWithCaller>(object, caller, slots);
  } catch (const std::exception& exception) {
    caller.raise(thrown(exception.what()));
  } catch (...) {
    caller.raise(thrown("something that is no std::exception"));
  }
  return false;
#else
  return Signature::template call<Signature::kWithCaller>(object, caller, slots);
#endif
}

/// @private How compiled code calls a host function that returns one number or none: by C's convention, first what says
/// which function it is, last the calling instance. The frame is one with a frame pointer: the guest's lies behind it.
template <class Callable, class Signature>
struct DirectHostEntry {
  static const void* get() { return nullptr; }
};
/// @private
template <class Callable, class R, class... Params>
  requires(std::is_void_v<typename Signature<R, Params...>::Plain> ||
           Number<typename Signature<R, Params...>::Plain>)
struct DirectHostEntry<Callable, Signature<R, Params...>> {
  /// @private
  using Plain = typename Signature<R, Params...>::Plain;
  static const void* get() { return reinterpret_cast<const void*>(&entry); }

  static Plain entry(const DirectHost* host, Params... params, runtime::VmContext* context) {
    HostCallSite& site = *host->site;
    site.frame = __builtin_frame_address(0);
    site.caller = context;
    if (site.gc_is_due != 0) [[unlikely]]
      return kept(call_after_collection(host, params..., context));
    uint64_t slots[kSlots] = {Wire<Params>::put(params)...};
    const bool has_failed = !call_host(*static_cast<Callable*>(host->env), context, slots);
    if (has_failed || site.interrupt.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return kept(end(site, has_failed, slots[0]));
    return result_in(slots[0]);
  }

 private:
  static constexpr size_t kSlots = std::max(sizeof...(Params), size_t{1});

  static Plain result_in(uint64_t slot) {
    if constexpr (!std::is_void_v<Plain>) return Wire<Plain>::take(slot);
  }

  // What is rare has functions of its own, so that nothing is to be kept for it. Calls of theirs must not be the last
  // thing that entry() does: its frame is looked at.
  static Plain kept(uint64_t slot) {
    asm volatile("" : "+r"(slot) : : "memory");
    return result_in(slot);
  }
  [[gnu::noinline]] static uint64_t call_after_collection(const DirectHost* host, Params... params,
                                                          runtime::VmContext* context) {
    collect_before_host_call(*host->site);
    uint64_t slots[kSlots] = {Wire<Params>::put(params)...};
    const bool has_failed = !call_host(*static_cast<Callable*>(host->env), context, slots);
    const bool is_over = has_failed || host->site->interrupt.load(std::memory_order_relaxed) != 0;
    return is_over ? end(*host->site, has_failed, slots[0]) : slots[0];
  }
  [[gnu::noinline]] static uint64_t end(HostCallSite& site, bool has_failed, uint64_t slot) {
    end_host_call(site, has_failed);
    return slot;
  }
};

/// @private
template <class Callable>
HostFunction host_function(Callable callable) {
  using Signature = SignatureOf<Callable>;
  return {Signature::type(),
          [](void* env, runtime::VmContext* context, uint64_t* slots) {
            return call_host(*static_cast<Callable*>(env), context, slots);
          },
          std::make_shared<Callable>(std::move(callable)),
          DirectHostEntry<Callable, typename Signature::Itself>::get()};
}

}  // namespace detail

/// What can be a host function: a function, a lambda or another function object, with one signature. Its parameters are
/// int32_t, uint32_t, int64_t, uint64_t, float or double, after an optional `Caller&`; it returns nothing, one of these, a
/// std::tuple of them, or a Result<…> of any of that, whose error ends the guest. An exception that it throws ends the guest
/// with an error of kind Usage that quotes it.
template <class T>
concept HostCallable = requires { detail::SignatureOf<std::decay_t<T>>::type(); };

}  // namespace godwit::GODWIT_V1
