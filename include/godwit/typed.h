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
template <class R, class... Params>
class TypedFunc<R(Params...)> final {
 public:
  /// @private
  explicit TypedFunc(Func func) : func_(func) {}

  /// Calls the function.
  /// @errors as Func::call.
  /// @cost nothing is allocated.
  Result<R> call(Store& store, Params... params) const {
    constexpr size_t kSlots = std::max({sizeof...(Params), detail::Returned<R>::kCount, size_t{1}});
    uint64_t slots[kSlots] = {detail::Wire<Params>::put(params)...};
    if (auto called = func_.call_slots(store, slots); !called) return std::move(called).error();
    if constexpr (std::is_void_v<R>) return {};
    else return detail::Returned<R>::take(slots);
  }

  /// The function, without its types.
  const Func& func() const { return func_; }

 private:
  Func func_;
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
  return checked ? Result<Typed>(Typed(*this)) : Result<Typed>(std::move(checked).error());
}

/// Makes a host function of a type that is known only at run time; it is kept as long as the store.
/// @errors Usage: a type is OtherRef.
template <detail::Callback Callback>
Result<Func> make_func(Store& store, FuncType type, Callback callback) {
  return detail::make_func(store, std::move(type), detail::guarded(std::move(callback)));
}

}  // namespace godwit::GODWIT_V1
