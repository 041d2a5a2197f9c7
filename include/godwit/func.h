// Func: a handle to a function in a store.
#pragma once

#include <span>
#include <vector>

#include "godwit/store.h"
#include "godwit/value.h"

namespace godwit::GODWIT_V1 {

/// A function of an instance or of the host. 16 bytes, copied freely.
/// @lifetime usable with the store it came from; with any other it is an error of kind Usage, never a wild pointer.
class Func final {
 public:
  /// Parameter and result types.
  /// @errors Usage: the function is not of this store.
  Result<FuncType> type(const Store& store) const;

  /// Calls the function.
  /// @param args one per parameter, of its type.
  /// @returns one value per result.
  /// @errors Usage: arguments do not fit the type, or the function is not of this store. Trap, Exhausted, Exit: the
  ///   guest ended so, with a backtrace for the first two; what it wrote before stays written.
  /// @threads blocks until the function returns.
  Result<std::vector<Value>> call(Store& store, std::span<const Value> args = {}) const;

  /// @private
  Func(uint64_t store_id, void* record) : store_id_(store_id), record_(record) {}

 private:
  uint64_t store_id_;
  void* record_;  // a runtime::FuncRecord of the store with that id
};

}  // namespace godwit::GODWIT_V1
