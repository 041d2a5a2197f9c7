// Value: an argument or a result of a function whose type is known only at run time.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "godwit/types.h"

namespace godwit::GODWIT_V1 {

/// @private What a reference holds on to: counted, on any thread.
namespace detail {
/// @private
void retain_reference(uint64_t reference) noexcept;
/// @private
void release_reference(uint64_t reference) noexcept;
}  // namespace detail

/// A number, a vector or a reference. 24 bytes, copied freely.
/// @lifetime a reference belongs to the store it came from; any other one refuses it. What it refers to is not collected
/// as long as there is a copy of the reference and the store lives.
/// @threads copying and destroying: any.
class Value final {
 public:
  /// i32 0.
  constexpr Value() = default;
  constexpr ~Value() {
    if (is_kept()) detail::release_reference(bits_[0]);
  }
  constexpr Value(const Value& other) : bits_(other.bits_), type_(other.type_) {
    if (is_kept()) detail::retain_reference(bits_[0]);
  }
  constexpr Value(Value&& other) noexcept : bits_(other.bits_), type_(other.type_) { other.bits_ = {}; }
  constexpr Value& operator=(const Value& other) {
    Value copy(other);
    swap(copy);
    return *this;
  }
  constexpr Value& operator=(Value&& other) noexcept {
    Value moved(static_cast<Value&&>(other));
    swap(moved);
    return *this;
  }

  /// A 32-bit integer; wasm does not say whether it has a sign.
  static constexpr Value i32(int32_t value) { return Value(ValType::I32, static_cast<uint32_t>(value), 0); }
  /// A 64-bit integer.
  static constexpr Value i64(int64_t value) { return Value(ValType::I64, static_cast<uint64_t>(value), 0); }
  /// A number of single precision; a NaN keeps its bits.
  static Value f32(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return Value(ValType::F32, bits, 0);
  }
  /// A number of double precision; a NaN keeps its bits.
  static Value f64(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return Value(ValType::F64, bits, 0);
  }
  /// @param low, high the vector's bits 0 to 63 and 64 to 127.
  static constexpr Value v128(uint64_t low, uint64_t high) { return Value(ValType::V128, low, high); }
  /// The null reference of a reference type.
  static constexpr Value null(ValType type) { return Value(type, 0, 0); }
  /// A number, a vector or a function of `type` with the given bits: for those who carry values on, as the
  /// implementation does.
  static constexpr Value from_bits(ValType type, uint64_t low, uint64_t high) {
    return type > ValType::FuncRef ? null(type) : Value(type, low, high);
  }
  /// @private Takes over one count of `reference`.
  static constexpr Value from_reference(ValType type, uint64_t reference, uint64_t store) {
    return Value(type, reference, store);
  }

  /// Which of them it is.
  constexpr ValType type() const { return type_; }
  /// Each reads the bits as that type; the caller has looked at type().
  constexpr int32_t as_i32() const { return static_cast<int32_t>(static_cast<uint32_t>(bits_[0])); }
  constexpr int64_t as_i64() const { return static_cast<int64_t>(bits_[0]); }
  float as_f32() const {
    const uint32_t bits = static_cast<uint32_t>(bits_[0]);
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  double as_f64() const {
    double value;
    std::memcpy(&value, &bits_[0], sizeof value);
    return value;
  }
  /// True for a null reference.
  constexpr bool is_null() const { return type_ >= ValType::FuncRef && bits_[0] == 0; }
  /// Numbers and vectors: the bits, low half first, zero-extended. References: nothing that means anything outside.
  constexpr const std::array<uint64_t, 2>& bits() const { return bits_; }

 private:
  constexpr Value(ValType type, uint64_t low, uint64_t high) : bits_{low, high}, type_(type) {}

  // Functions live as long as their store.
  constexpr bool is_kept() const { return type_ > ValType::FuncRef && bits_[0] != 0; }
  constexpr void swap(Value& other) noexcept {
    const std::array<uint64_t, 2> bits = bits_;
    const ValType type = type_;
    bits_ = other.bits_;
    type_ = other.type_;
    other.bits_ = bits;
    other.type_ = type;
  }

  std::array<uint64_t, 2> bits_{};
  ValType type_ = ValType::I32;
};

}  // namespace godwit::GODWIT_V1
