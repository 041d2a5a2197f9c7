// Func: a handle to a function in a store.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "godwit/store.h"
#include "godwit/value.h"

namespace godwit::GODWIT_V1 {

/// A function of an instance or of the host. 16 bytes, copied freely.
/// @lifetime usable with the store it came from; with any other it is an error of kind Usage, never a wild pointer.
class Func final {
 public:
  /// Makes a host function of a C++ function, lambda or function object (HostCallable says which); it is kept as long as
  /// the store. Defined in godwit/typed.h.
  template <class Callable>
  static Func wrap(Store& store, Callable callable);

  /// This function for calls that are checked when they are compiled: `add.typed<int32_t(int32_t, int32_t)>(store)`.
  /// Defined in godwit/typed.h.
  /// @errors Usage: the function has another type, or is not of this store.
  template <class Signature>
  auto typed(const Store& store) const;

  /// Parameter and result types.
  /// @errors Usage: the function is not of this store.
  Result<FuncType> type(const Store& store) const;

  /// This function as a value of type FuncRef, to be passed to others and put into tables.
  Value reference() const {
    return Value::from_bits(ValType::FuncRef, reinterpret_cast<uint64_t>(record_), store_id_);
  }
  /// The function that a value of type FuncRef refers to; nothing if it is null or of another type.
  static std::optional<Func> from(const Value& reference) {
    if (reference.type() != ValType::FuncRef || reference.is_null()) return std::nullopt;
    return Func(reference.bits()[1], reinterpret_cast<void*>(reference.bits()[0]));
  }

  /// Calls the function.
  /// @param args one per parameter, of its type.
  /// @returns one value per result.
  /// @errors Usage: arguments do not fit the type, or the function is not of this store. Trap, Exhausted, Exit: the
  ///   guest ended so, with a backtrace for the first two; what it wrote before stays written.
  /// @threads blocks until the function returns.
  Result<std::vector<Value>> call(Store& store, std::span<const Value> args = {}) const;

  /// True for the same function of the same store.
  friend bool operator==(const Func&, const Func&) = default;

  /// @private
  Func(uint64_t store_id, void* record) : store_id_(store_id), record_(record) {}
  /// @private
  void* get(const Store& store) const;
  /// @private
  void* record() const { return record_; }
  /// @private Calls with arguments in slots, where the results are left; their types are not checked.
  Result<void> call_slots(Store& store, std::span<uint64_t> slots) const;

 private:
  uint64_t store_id_;
  void* record_;  // a runtime::FuncRecord of the store with that id
};

}  // namespace godwit::GODWIT_V1
