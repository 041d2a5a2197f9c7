// Table: a handle to a table of a store.
#pragma once

#include <cstdint>

#include "godwit/store.h"
#include "godwit/types.h"

namespace godwit::GODWIT_V1 {

/// A table of references, of an instance or made by the host. 16 bytes, copied freely.
/// @lifetime usable with the store it came from; with any other it is an error of kind Usage, never a wild pointer.
class Table final {
 public:
  /// Makes a table whose elements are all `init`, to be linked into modules that import one.
  /// @errors Usage: the type makes no sense or is not of FuncRef or ExternRef, or `init` is not of it. Exhausted: a limit of
  ///   the store's, or the system has no room.
  static Result<Table> create(Store& store, const TableType& type, const Value& init);

  /// The type it was made with.
  /// @errors Usage: the table is not of this store.
  Result<TableType> type(const Store& store) const;

  /// How many elements it has.
  /// @errors Usage: the table is not of this store.
  Result<uint64_t> size(const Store& store) const;

  /// The element at `index`.
  /// @errors Usage: there is none, or the table is not of this store.
  Result<Value> get(Store& store, uint64_t index) const;

  /// Makes `value` the element at `index`.
  /// @errors Usage: there is none, the value is of another type, or the table is not of this store.
  Result<void> set(Store& store, uint64_t index, const Value& value) const;

  /// Adds `delta` elements that are `init`.
  /// @returns its size before.
  /// @errors Usage: `init` is of another type, or the table is not of this store. Exhausted: its maximum, or a limit of the
  ///   store's.
  Result<uint64_t> grow(Store& store, uint64_t delta, const Value& init) const;

  /// True for the same table of the same store.
  friend bool operator==(const Table&, const Table&) = default;

  /// @private
  Table(uint64_t store_id, void* table) : store_id_(store_id), table_(table) {}
  /// @private
  void* object(const Store& store) const;

 private:
  uint64_t store_id_;
  void* table_;  // a runtime::Table of the store with that id
};

}  // namespace godwit::GODWIT_V1
