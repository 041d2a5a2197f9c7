// Form, Source, Dest: where the operands of a cell are and where its result goes.
#pragma once

#include <cstdint>

namespace godwit::code {

enum class Source : uint8_t {
  S,  // a slot of the frame
  A,  // the accumulator of the operand's type
  K,  // a constant in the cell, or a literal behind the function's cells
};

// Sources of the left and the right operand. The order is that of the ops in cells.def.
enum class Form : uint8_t { SS, SK, AS, SA, AK, KS, KA };

constexpr Source left_of(Form form) {
  switch (form) {
    case Form::SS:
    case Form::SK:
    case Form::SA: return Source::S;
    case Form::AS:
    case Form::AK: return Source::A;
    default: return Source::K;
  }
}
constexpr Source right_of(Form form) {
  switch (form) {
    case Form::SS:
    case Form::AS:
    case Form::KS: return Source::S;
    case Form::SA:
    case Form::KA: return Source::A;
    default: return Source::K;
  }
}

// Where the address of a load comes from: one operand, or the sum of two. The order is that of the ops in cells.def.
enum class Place : uint8_t { S, A, K, SS, SK, SA, AK };

enum class Dest : uint8_t {
  Acc,         // the accumulator of the result's type
  AccAndSlot,  // also slot d
};

// How a checked access names its memory in a literal: the index, and this bit if addresses have 64 bits.
inline constexpr uint64_t kWideAddress = uint64_t{1} << 32;

enum class Direction : uint8_t { Forward, Back };
enum class GlobalOwner : uint8_t { Own, Imported };

}  // namespace godwit::code
