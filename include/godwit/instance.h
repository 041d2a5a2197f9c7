// Instance: a handle to an instantiated module in a store.
#pragma once

#include <optional>
#include <string_view>

#include "godwit/exception.h"
#include "godwit/func.h"

namespace godwit::GODWIT_V1 {

/// An instance. 16 bytes, copied freely.
/// @lifetime usable with the store it came from; with any other, nothing is found.
class Instance final {
 public:
  /// The exported function called `name`; nothing if there is none.
  std::optional<Func> find_func(Store& store, std::string_view name) const;
  /// The exported tag called `name`; nothing if there is none.
  std::optional<Tag> find_tag(Store& store, std::string_view name) const;

  /// @private
  Instance(uint64_t store_id, void* instance) : store_id_(store_id), instance_(instance) {}
  /// @private
  void* get(const Store& store) const;

 private:
  uint64_t store_id_;
  void* instance_;  // a runtime::Instance of the store with that id
};

}  // namespace godwit::GODWIT_V1
