// TypedFunc: calls whose types are known when they are compiled; and C++ functions as functions of a store.
#pragma once

#include <algorithm>
#include <string>

#include "godwit/host_func.h"

namespace godwit::GODWIT_V1 {

/// A function that is called like one of C++: TypedFunc<int32_t(int32_t, int32_t)>. Parameters and results as for
/// HostCallable.
/// @lifetime usable with the store it came from.
template <class Signature>
class TypedFunc;

/// @private
namespace detail {
/// @private Of a function whose calls need no detour, the number of its store; else 0, which no store has.
uint64_t direct_store_of(const Func& func, const Store& store);
/// @private After a call that has ended in another way than by returning. True if it is to be made once more, in the
/// ordinary way; else `slots` hold the results.
Result<bool> end_direct_call(Store& store, std::span<uint64_t> slots);

/// @private By C's convention, all parameters and the result lie in registers, on every processor.
template <class R, class... Params>
concept InRegisters =
    (std::is_void_v<R> || Number<R>) && (... + (std::is_floating_point_v<Params> ? 0 : 1)) <= 5 &&
    (... + (std::is_floating_point_v<Params> ? 1 : 0)) <= 8;
}  // namespace detail

/// @private
template <class R, class... Params>
class TypedFunc<R(Params...)> final {
 public:
  /// @private
  TypedFunc(Func func, const Store& store) : func_(func) {
    if constexpr (detail::InRegisters<R, Params...>) direct_store_ = detail::direct_store_of(func, store);
  }

  /// Calls the function.
  /// @errors as Func::call.
  /// @cost nothing is allocated, no lock taken, the system not called. A few nanoseconds for code of the optimising compiler.
  Result<R> call(Store& store, Params... params) const {
    if constexpr (detail::InRegisters<R, Params...>) {
      const detail::StoreHead& head = store.head();
      if (direct_store_ == head.id) [[likely]] {
        const auto enter = reinterpret_cast<R (*)(void*, Params...)>(reinterpret_cast<uintptr_t>(head.enter));
        if constexpr (std::is_void_v<R>) {
          enter(func_.record(), params...);
          if (*head.outcome == 0) [[likely]]
            return {};
        } else {
          const R result = enter(func_.record(), params...);
          if (*head.outcome == 0) [[likely]]
            return result;
        }
        return call_in_slots(store, true, params...);
      }
    }
    return call_in_slots(store, false, params...);
  }

  /// The function, without its types.
  const Func& func() const { return func_; }

 private:
  [[gnu::noinline]] Result<R> call_in_slots(Store& store, bool was_direct, Params... params) const {
    constexpr size_t kSlots = std::max({sizeof...(Params), detail::Returned<R>::kCount, size_t{1}});
    uint64_t slots[kSlots] = {detail::Wire<Params>::put(params)...};
    bool is_to_be_made = true;
    if (was_direct) {
      auto ended = detail::end_direct_call(store, std::span(slots).first(detail::Returned<R>::kCount));
      if (!ended) return std::move(ended).error();
      is_to_be_made = *ended;
    }
    if (is_to_be_made)
      if (auto called = func_.call_slots(store, slots); !called) return std::move(called).error();
    if constexpr (std::is_void_v<R>) return {};
    else return detail::Returned<R>::take(slots);
  }

  Func func_;
  uint64_t direct_store_ = 0;
};

/// @private
namespace detail {
/// @private
Func wrap(Store& store, HostFunction function);
/// @private
Result<Func> make_func(Store& store, FuncType type, HostCallback callback);
/// @private The error if `func` is not of type `wanted`.
Result<void> check_type(const Func& func, const Store& store, const FuncType& wanted);

/// @private
template <class Signature>
struct TypeOf;
/// @private
template <class R, class... Params>
struct TypeOf<R(Params...)> {
  static FuncType type() { return {{Wire<Params>::kType...}, Returned<R>::types()}; }
};
}  // namespace detail

/// @private
template <class Callable>
Func Func::wrap(Store& store, Callable callable) {
  static_assert(HostCallable<Callable>,
                "see HostCallable in godwit/host_func.h for what a host function can be");
  return detail::wrap(store, detail::host_function(std::move(callable)));
}

/// @private
template <class Signature>
auto Func::typed(const Store& store) const {
  using Typed = TypedFunc<Signature>;
  static const FuncType& wanted =
      *new FuncType(detail::TypeOf<Signature>::type());  // made once, and never destroyed
  auto checked = detail::check_type(*this, store, wanted);
  return checked ? Result<Typed>(Typed(*this, store)) : Result<Typed>(std::move(checked).error());
}

/// Makes a host function of a type that is known only at run time; it is kept as long as the store.
/// @errors Usage: a type is OtherRef.
template <detail::Callback Callback>
Result<Func> make_func(Store& store, FuncType type, Callback callback) {
  return detail::make_func(store, std::move(type), detail::guarded(std::move(callback)));
}

}  // namespace godwit::GODWIT_V1
