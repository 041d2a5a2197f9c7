// Global: a handle to a global variable of a store.
#pragma once

#include <cstdint>

#include "godwit/store.h"
#include "godwit/types.h"

namespace godwit::GODWIT_V1 {

/// A global variable or constant, of an instance or made by the host. 16 bytes, copied freely.
/// @lifetime usable with the store it came from; with any other it is an error of kind Usage, never a wild pointer.
class Global final {
 public:
  /// Makes a global that holds `value`, to be linked into modules that import one.
  /// @errors Usage: the value is not of the type, or the type is OtherRef.
  static Result<Global> create(Store& store, const GlobalType& type, const Value& value);

  /// What it may hold.
  /// @errors Usage: the global is not of this store.
  Result<GlobalType> type(const Store& store) const;

  /// What it holds.
  /// @errors Usage: the global is not of this store.
  Result<Value> get(Store& store) const;

  /// Makes it hold `value`.
  /// @errors Usage: it is a constant, the value is of another type, or the global is not of this store.
  Result<void> set(Store& store, const Value& value) const;

  /// True for the same global of the same store.
  friend bool operator==(const Global&, const Global&) = default;

  /// @private
  Global(uint64_t store_id, void* global) : store_id_(store_id), global_(global) {}
  /// @private
  void* object(const Store& store) const;

 private:
  uint64_t store_id_;
  void* global_;  // a runtime::Global of the store with that id
};

}  // namespace godwit::GODWIT_V1
