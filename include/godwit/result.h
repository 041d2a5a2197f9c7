// Result: a value, or the Error that kept it from being.
#pragma once

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

#include "godwit/error.h"

namespace godwit::GODWIT_V1 {

/// What every function that can fail returns. Nothing in Godwit throws.
///
///   auto module = godwit::Module::from_file(engine, "app.wasm");
///   if (!module) return report(module.error());
///   use(*module);
template <class T>
class [[nodiscard]] Result final {
 public:
  /// A success. Implicit, so that functions can return a value.
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  /// A failure. Implicit, so that functions can return an error.
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  /// True if there is a value.
  explicit operator bool() const { return content_.index() == 0; }
  /// True if there is a value.
  bool has_value() const { return content_.index() == 0; }

  /// The value. Only after has_value() said yes.
  T& operator*() & { return *checked(std::get_if<0>(&content_)); }
  const T& operator*() const& { return *checked(std::get_if<0>(&content_)); }
  T&& operator*() && { return std::move(*checked(std::get_if<0>(&content_))); }
  T* operator->() { return checked(std::get_if<0>(&content_)); }
  const T* operator->() const { return checked(std::get_if<0>(&content_)); }

  /// The error. Only after has_value() said no.
  const Error& error() const& { return *checked(std::get_if<1>(&content_)); }
  Error&& error() && { return std::move(*checked(std::get_if<1>(&content_))); }

 private:
  template <class P>
  static P* checked(P* pointer) {
    assert(pointer && "a Result was read as what it is not");
    return pointer;
  }
  std::variant<T, Error> content_;
};

/// A Result without a value.
template <>
class [[nodiscard]] Result<void> final {
 public:
  /// A success.
  Result() = default;
  /// A failure. Implicit, so that functions can return an error.
  Result(Error error) : error_(std::move(error)) {}

  /// True if it is a success.
  explicit operator bool() const { return !error_; }
  /// True if it is a success.
  bool has_value() const { return !error_; }
  /// The error. Only after has_value() said no.
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace godwit::GODWIT_V1
