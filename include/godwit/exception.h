// Tag, Exception: WebAssembly's exceptions where they meet the embedder.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "godwit/store.h"
#include "godwit/value.h"

namespace godwit::GODWIT_V1 {

/// What tells exceptions apart: a handler names the tag of what it catches. 16 bytes, copied freely; two are equal if
/// they are the same tag, not if their payloads have the same types.
/// @lifetime usable with the store it came from; with any other it is an error of kind Usage.
/// @spec https://webassembly.github.io/spec/core/exec/runtime.html#tag-instances
class Tag final {
 public:
  /// Makes a tag, to be linked into modules that import one.
  /// @param payload the types of the values that its exceptions carry; not OtherRef.
  /// @errors Usage: a type is OtherRef.
  static Result<Tag> create(Store& store, std::span<const ValType> payload);

  /// The types of the values that its exceptions carry.
  /// @errors Usage: the tag is not of this store.
  Result<std::vector<ValType>> type(const Store& store) const;

  /// True for the same tag of the same store.
  friend bool operator==(const Tag&, const Tag&) = default;

  /// @private
  Tag(uint64_t store_id, void* tag) : store_id_(store_id), tag_(tag) {}
  /// @private
  void* get(const Store& store) const;

 private:
  uint64_t store_id_;
  void* tag_;  // a runtime::Tag of the store with that id
};

/// An exception that no guest caught: what Error::exception() shows. Its tag and values live as long as this does, and
/// the store.
/// @threads the store's; an Error may be destroyed on any.
class Exception final {
 public:
  /// The tag it was thrown with.
  /// @errors Usage: it is not of this store.
  Result<Tag> tag(const Store& store) const;

  /// The values that it carries, of the types that its tag says.
  /// @errors Usage: it is not of this store.
  Result<std::vector<Value>> values(const Store& store) const;

  /// @private
  explicit Exception(std::shared_ptr<void> caught) : caught_(std::move(caught)) {}
  /// @private
  const std::shared_ptr<void>& caught() const { return caught_; }

 private:
  std::shared_ptr<void> caught_;  // a runtime::CaughtException
};

}  // namespace godwit::GODWIT_V1
