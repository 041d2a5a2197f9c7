// async(): guests in C++ coroutines. Not part of godwit/godwit.h.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "godwit/scheduler.h"
#include "godwit/typed.h"

namespace godwit::GODWIT_V1 {

/// @private
namespace detail {

/// @private What co_await gives for a function that returns T.
template <class T>
struct Awaited {
  /// @private
  using Type = Result<T>;
};
/// @private
template <class T>
struct Awaited<Result<T>> {
  /// @private
  using Type = Result<T>;
};

/// @private Lies in the coroutine's frame while it waits.
template <class Function>
class FiberAwaiter final {
 public:
  /// @private
  using Returned = typename Awaited<std::invoke_result_t<Function&>>::Type;

  /// @private
  FiberAwaiter(Scheduler& scheduler, Function function)
      : scheduler_(&scheduler), function_(std::move(function)) {}

  /// @private
  bool await_ready() const noexcept { return false; }
  /// @private
  bool await_suspend(std::coroutine_handle<> waiting) {
    auto spawned = scheduler_->spawn([this, waiting] {
      call();
      waiting.resume();  // which may be the end of this object
    });
    if (!spawned) result_.emplace(std::move(spawned).error());
    return !result_.has_value();
  }
  /// @private
  Returned await_resume() {
#if defined(__cpp_exceptions)
    if (thrown_) std::rethrow_exception(thrown_);
#endif
    return *std::move(result_);
  }

 private:
  void call() {
#if defined(__cpp_exceptions)
    try {
      call_unguarded();
    } catch (...) {
      thrown_ = std::current_exception();
    }
#else
    call_unguarded();
#endif
  }
  void call_unguarded() {
    if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
      function_();
      result_.emplace();
    } else {
      result_.emplace(function_());
    }
  }

  Scheduler* scheduler_;
  Function function_;
  std::optional<Returned> result_;
#if defined(__cpp_exceptions)
  std::exception_ptr thrown_;
#endif
};

}  // namespace detail

/// Runs `function` on a fiber of its own, for a coroutine that waits for what it returns:
///
///   auto sum = co_await godwit::async(scheduler, [&] { return run->call(store, 3); });   // a Result<int32_t>
///
/// The coroutine goes on, within Scheduler::run(), on that fiber: it may spawn, await and resume others. Whatever waits
/// on the fiber, as guests whose Wasi was made with the scheduler do, lets other fibers have their turn.
/// @param function called once; what it refers to lives until then.
/// @returns to be awaited at once, from outside or on any fiber; co_await gives a Result of what `function` returns, or that
///   itself if it is a Result. An exception that `function` throws is thrown again there.
/// @errors Exhausted: no memory for the fiber's stack; `function` was not called.
/// @threads the scheduler's.
template <std::invocable Function>
auto async(Scheduler& scheduler, Function function) {
  return detail::FiberAwaiter<Function>(scheduler, std::move(function));
}

/// The same for one call of a guest's function:
///
///   auto sum = co_await godwit::async(scheduler, store, run, 3);
///
/// @lifetime `store` lives until the call has ended.
template <class R, class... Params>
auto async(Scheduler& scheduler, Store& store, const TypedFunc<R(Params...)>& func,
           std::type_identity_t<Params>... params) {
  return async(scheduler, [&store, func, params...] { return func.call(store, params...); });
}

}  // namespace godwit::GODWIT_V1
