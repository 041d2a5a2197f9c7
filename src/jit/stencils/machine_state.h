// What the machines of stencils have in common, whatever the processor. Included by machine.h, which has defined
// GODWIT_FAR_HOLE(type, hole), a number of 64 bits, GODWIT_JUMP_TABLE(), and what fields.h asks for.
#pragma once

#include <type_traits>

#include "base/bytes.h"
#include "code/cell.h"
#include "code/machine.h"
#include "jit/stencils/fields.h"
#include "runtime/guest_address.h"
#include "runtime/numeric_simd.h"
#include "runtime/vm.h"

namespace godwit::jit {

using code::Cell;
using runtime::Slot;
using runtime::Trap;
using runtime::VmContext;

struct MachineState {
  Slot* fp;
  VmContext* context;
  uint8_t* mem;
  uint64_t int_acc;
  double f64_acc;
  float f32_acc;
  runtime::V128 v128_acc;
  Trap why = Trap::None;
  const void* target = nullptr;  // of a jump through a table
  bool is_table_jump = false;

  GODWIT_JIT_INLINE FieldA a() const { return {}; }
  GODWIT_JIT_INLINE FieldD d() const { return {}; }
  GODWIT_JIT_INLINE FieldB b() const { return {}; }

  // index: in words of 8 bytes.
  template <class T>
  GODWIT_JIT_INLINE T literal(uint32_t index = 0) const {
    if constexpr (sizeof(T) == 16) return T{literal_at<uint64_t>(index), literal_at<uint64_t>(index + 1)};
    else return literal_at<T>(index);
  }

  template <class T>
  GODWIT_JIT_INLINE T acc() const {
    if constexpr (std::is_same_v<T, double>) return f64_acc;
    else if constexpr (std::is_same_v<T, float>) return f32_acc;
    else if constexpr (std::is_same_v<T, runtime::V128>) return v128_acc;
    else return static_cast<T>(int_acc);
  }
  template <class T>
  GODWIT_JIT_INLINE void set_acc(T value) {
    if constexpr (std::is_same_v<T, double>) f64_acc = value;
    else if constexpr (std::is_same_v<T, float>) f32_acc = value;
    else if constexpr (std::is_same_v<T, runtime::V128>) v128_acc = value;
    else int_acc = value;
  }

  template <class T>
  GODWIT_JIT_INLINE T load(uint64_t address) {
    return load_unaligned<T>(runtime::unchecked_place(mem, address));
  }
  template <class T>
  GODWIT_JIT_INLINE void store(uint64_t address, T value) {
    store_unaligned(runtime::unchecked_place(mem, address), value);
  }

  GODWIT_JIT_INLINE VmContext* ctx() const { return context; }
  GODWIT_JIT_INLINE code::ops::Flow trap(Trap reason) {
    why = reason;
    return code::ops::Flow::Trap;
  }
  // The compiler of register code knows where the op goes; where a table leads, its entries in native code say.
  template <class Distance>
  GODWIT_JIT_INLINE void jump_by(Distance) {}
  GODWIT_JIT_INLINE code::ops::Flow jump_through_entry(uint32_t index) {
    target = GODWIT_JUMP_TABLE()[index];
    is_table_jump = true;
    return code::ops::Flow::Jump;
  }

 private:
  template <class T>
  GODWIT_JIT_INLINE static T literal_at(uint32_t index) {
    if (index == 0) return GODWIT_FAR_HOLE(T, literal_0);
    if (index == 1) return GODWIT_FAR_HOLE(T, literal_1);
    if (index == 2) return GODWIT_FAR_HOLE(T, literal_2);
    if (index == 3) return GODWIT_FAR_HOLE(T, literal_3);
    return GODWIT_FAR_HOLE(T, literal_4);
  }
};

}  // namespace godwit::jit
