// Bodies of the ops on structs, arrays, i31 references and casts.
// spec: https://webassembly.github.io/spec/core/exec/instructions.html#aggregate-instructions
#pragma once

#include "code/helpers_gc.h"
#include "code/machine.h"
#include "runtime/gc_access.h"
#include "runtime/gc_size_class.h"
#include "runtime/numeric_simd.h"

namespace godwit::code::ops {

// How a field or an element is read.
enum class GcRead : uint8_t { I8S, I8U, I16S, I16U, I32, I64, F32, F64, V128, Ref, Func };
// How one is written; a reference that is no function's is written as its lower half.
enum class GcWrite : uint8_t { I8, I16, I32, I64, F32, F64, V128, Func };

namespace detail {

template <GcRead how, class M>
[[gnu::always_inline]] inline auto read_heap(M& m, Ref object, uint32_t offset) {
  using runtime::gc_load;
  if constexpr (how == GcRead::I8S)
    return static_cast<uint32_t>(static_cast<int32_t>(gc_load<int8_t>(object, offset)));
  else if constexpr (how == GcRead::I8U) return uint32_t{gc_load<uint8_t>(object, offset)};
  else if constexpr (how == GcRead::I16S)
    return static_cast<uint32_t>(static_cast<int32_t>(gc_load<int16_t>(object, offset)));
  else if constexpr (how == GcRead::I16U) return uint32_t{gc_load<uint16_t>(object, offset)};
  else if constexpr (how == GcRead::I32) return gc_load<uint32_t>(object, offset);
  else if constexpr (how == GcRead::I64) return gc_load<uint64_t>(object, offset);
  else if constexpr (how == GcRead::F32) return gc_load<float>(object, offset);
  else if constexpr (how == GcRead::F64) return gc_load<double>(object, offset);
  else if constexpr (how == GcRead::V128) return gc_load<runtime::V128>(object, offset);
  else if constexpr (how == GcRead::Ref)
    return runtime::ref_of_word(gc_load<runtime::RefWord>(object, offset), object);
  else return runtime::func_of_word(*m.ctx()->store, gc_load<runtime::RefWord>(object, offset));
}

template <GcWrite how>
constexpr auto written() {
  if constexpr (how == GcWrite::I64 || how == GcWrite::Func) return uint64_t{};
  else if constexpr (how == GcWrite::F32) return float{};
  else if constexpr (how == GcWrite::F64) return double{};
  else if constexpr (how == GcWrite::V128) return runtime::V128{};
  else return uint32_t{};
}

template <GcWrite how, class M, class T>
[[gnu::always_inline]] inline void write_heap(M& m, Ref object, uint32_t offset, T value) {
  using runtime::gc_store;
  if constexpr (how == GcWrite::I8) gc_store(object, offset, static_cast<uint8_t>(value));
  else if constexpr (how == GcWrite::I16) gc_store(object, offset, static_cast<uint16_t>(value));
  else if constexpr (how == GcWrite::Func) gc_store(object, offset, helpers::gc_func_word(m.ctx(), value));
  else gc_store(object, offset, value);
}

constexpr uint32_t log2_size(GcRead how) {
  switch (how) {
    case GcRead::I8S:
    case GcRead::I8U: return 0;
    case GcRead::I16S:
    case GcRead::I16U: return 1;
    case GcRead::I64:
    case GcRead::F64: return 3;
    case GcRead::V128: return 4;
    default: return 2;
  }
}
constexpr uint32_t log2_size(GcWrite how) {
  switch (how) {
    case GcWrite::I8: return 0;
    case GcWrite::I16: return 1;
    case GcWrite::I64:
    case GcWrite::F64: return 3;
    case GcWrite::V128: return 4;
    default: return 2;
  }
}

// A new object with its header, or 0 after m.trap(). `live_slots` is the end of what the frame holds.
template <class M>
[[gnu::always_inline]] inline Ref allocate(M& m, uint32_t header, uint32_t size_bytes, uint32_t size_class,
                                           uint32_t live_slots) {
  runtime::GcBump& bump = m.ctx()->store->gc_bumps[size_class];
  uint8_t* const at = bump.cursor;
  if (at != bump.limit) [[likely]] {
    bump.cursor = at + bump.cell_bytes;
    store_unaligned(at, header);
    return reinterpret_cast<Ref>(at);
  }
  const runtime::GcAllocation made =
      helpers::gc_allocate(m.ctx(), m.slot_address(live_slots), header, size_bytes);
  m.lose_accs();
  if (made.trap != Trap::None) [[unlikely]] {
    m.trap(made.trap);
    return 0;
  }
  return made.object;
}

}  // namespace detail

// A new struct in slot d and the accumulator. The frame's slots from a on are free. Literals:
//
//   0  header | size in bytes << 32
//   1  size class | number of fields to be written << 32
//   2… one for each of these: offset | GcWrite << 24 | (slot or constant) << 32;  bit 31: it is a constant
//
// Fields that are not among them stay 0.
struct StructNew {
  static constexpr uint64_t kIsConstant = uint64_t{1} << 31;
  static constexpr uint32_t kWriteShift = 24;

  template <class M>
  static Flow run(M& m) {
    const auto head = m.template literal<uint64_t>(0);
    const auto rest = m.template literal<uint64_t>(1);
    const Ref object = detail::allocate(m, static_cast<uint32_t>(head), static_cast<uint32_t>(head >> 32),
                                        static_cast<uint32_t>(rest), m.a());
    if (object == 0) [[unlikely]]
      return Flow::Trap;
    const auto count = static_cast<uint32_t>(rest >> 32);
    for (uint32_t i = 0; i < count; ++i) field(m, object, m.template literal<uint64_t>(2 + i));
    m.set_slot(m.d(), object);
    m.set_acc(object);
    return Flow::Next;
  }

 private:
  template <class M>
  [[gnu::always_inline]] static void field(M& m, Ref object, uint64_t literal) {
    const auto offset = static_cast<uint32_t>(literal) & 0xFF'FFFF;
    const auto from = static_cast<uint32_t>(literal >> 32);
    const bool is_constant = (literal & kIsConstant) != 0;
    const auto how = static_cast<GcWrite>(literal >> kWriteShift & 0x7F);
    // Most are of 32 bits.
    if (how == GcWrite::I32) [[likely]] {
      const uint32_t value = is_constant ? from : m.template slot<uint32_t>(from);
      return runtime::gc_store(object, offset, value);
    }
    if (how == GcWrite::I64) return runtime::gc_store(object, offset, m.template slot<uint64_t>(from));
    if (how == GcWrite::V128) return runtime::gc_store(object, offset, m.template slot<runtime::V128>(from));
    if (how == GcWrite::Func)
      return detail::write_heap<GcWrite::Func>(m, object, offset, m.template slot<uint64_t>(from));
    const uint32_t value = is_constant ? from : m.template slot<uint32_t>(from);
    if (how == GcWrite::I8) runtime::gc_store(object, offset, static_cast<uint8_t>(value));
    else runtime::gc_store(object, offset, static_cast<uint16_t>(value));
  }
};

// The field at offset b of the struct in slot a. Result: d.
template <GcRead how, Source source, Dest dest>
struct StructGet {
  template <class M>
  static Flow run(M& m) {
    const Ref object = read<uint64_t, source>(m, m.a());
    if (object == 0) [[unlikely]]
      return m.trap(Trap::NullStructureReference);
    write<dest>(m, detail::read_heap<how>(m, object, m.b()));
    return Flow::Next;
  }
};

// The value in slot d to the field at offset b of the struct in slot a.
template <GcWrite how, Source source, Source value>
struct StructSet {
  template <class M>
  static Flow run(M& m) {
    using T = decltype(detail::written<how>());
    const Ref object = read<uint64_t, source>(m, m.a());
    if (object == 0) [[unlikely]]
      return m.trap(Trap::NullStructureReference);
    detail::write_heap<how>(m, object, m.b(), read<T, value>(m, m.d()));
    return Flow::Next;
  }
};

// The element at an index (in slot b, or b itself) of the array in slot a. Result: d.
template <GcRead how, Form form, Dest dest>
struct ArrayGet {
  template <class M>
  static Flow run(M& m) {
    const Ref array = read<uint64_t, left_of(form)>(m, m.a());
    if (array == 0) [[unlikely]]
      return m.trap(Trap::NullArrayReference);
    const auto index = read<uint32_t, right_of(form)>(m, m.b());
    if (index >= runtime::gc_array_length(array)) [[unlikely]]
      return m.trap(Trap::ArrayOutOfBounds);
    write<dest>(m,
                detail::read_heap<how>(m, array, runtime::kGcElements + (index << detail::log2_size(how))));
    return Flow::Next;
  }
};

// The value in slot d to the element at an index (in slot b, or b itself) of the array in slot a.
template <GcWrite how, Source index_source, Source value>
struct ArraySet {
  template <class M>
  static Flow run(M& m) {
    using T = decltype(detail::written<how>());
    const auto array = m.template slot<Ref>(m.a());
    if (array == 0) [[unlikely]]
      return m.trap(Trap::NullArrayReference);
    const auto index = read<uint32_t, index_source>(m, m.b());
    if (index >= runtime::gc_array_length(array)) [[unlikely]]
      return m.trap(Trap::ArrayOutOfBounds);
    detail::write_heap<how>(m, array, runtime::kGcElements + (index << detail::log2_size(how)),
                            read<T, value>(m, m.d()));
    return Flow::Next;
  }
};

template <Source source, Dest dest>
struct ArrayLen {
  template <class M>
  static Flow run(M& m) {
    const Ref array = read<uint64_t, source>(m, m.a());
    if (array == 0) [[unlikely]]
      return m.trap(Trap::NullArrayReference);
    write<dest>(m, runtime::gc_array_length(array));
    return Flow::Next;
  }
};

template <Source source, Dest dest>
struct RefI31 {
  template <class M>
  static Flow run(M& m) {
    write<dest>(m, runtime::make_i31(read<uint32_t, source>(m, m.a())));
    return Flow::Next;
  }
};

enum class I31Sign : uint8_t { Signed, Unsigned };

template <I31Sign sign, Source source, Dest dest>
struct I31Get {
  template <class M>
  static Flow run(M& m) {
    const Ref ref = read<uint64_t, source>(m, m.a());
    if (ref == 0) [[unlikely]]
      return m.trap(Trap::NullI31Reference);
    write<dest>(m, sign == I31Sign::Signed ? runtime::i31_signed(ref) : runtime::i31_unsigned(ref));
    return Flow::Next;
  }
};

// What a reference is held against: the literal is
//   Defined   the header of a struct or array type | its depth << 32 | kNullMatches
//   Function  the canonical id of a function type | kNullMatches
//   Abstract  HeapType::Abstract | kNullMatches
enum class GcTarget : uint8_t { Defined, Function, Abstract };
inline constexpr uint64_t kNullMatches = uint64_t{1} << 63;

namespace detail {

inline bool is_abstract(Ref ref, wasm::HeapType::Abstract wanted) {
  using enum wasm::HeapType::Abstract;
  using runtime::GcKind;
  const auto kind = [&] {
    return runtime::is_i31(ref) ? GcKind::None : runtime::gc_kind(runtime::gc_header_of(ref));
  };
  switch (wanted) {
    case I31: return runtime::is_i31(ref);
    case Eq: return runtime::is_i31(ref) || kind() == GcKind::Struct || kind() == GcKind::Array;
    case Struct: return kind() == GcKind::Struct;
    case Array: return kind() == GcKind::Array;
    case Any:
    case Func:
    case Extern:
    case Exn: return true;
    case None:
    case NoFunc:
    case NoExtern:
    case NoExn: return false;
  }
  return false;
}

template <GcTarget target, class M>
[[gnu::always_inline]] inline bool matches(M& m, Ref ref) {
  const auto literal = m.template literal<uint64_t>();
  if (ref == 0) return (literal & kNullMatches) != 0;
  const auto wanted = static_cast<uint32_t>(literal);
  if constexpr (target == GcTarget::Defined) {
    if (runtime::is_i31(ref)) return false;
    return runtime::is_instance_of(m.ctx()->store->gc_types, runtime::gc_header_of(ref), wanted,
                                   static_cast<uint32_t>(literal >> 32) & 0xFF);
  } else if constexpr (target == GcTarget::Function) {
    return reinterpret_cast<const runtime::FuncRecord*>(ref)->type == wanted ||
           helpers::gc_is_func_of(m.ctx(), ref, wanted);
  } else {
    return is_abstract(ref, static_cast<wasm::HeapType::Abstract>(wanted));
  }
}

}  // namespace detail

// 1 if the reference in slot a matches. Result: d.
template <GcTarget target, Source source, Dest dest>
struct RefTest {
  template <class M>
  static Flow run(M& m) {
    write<dest>(m, static_cast<uint32_t>(detail::matches<target>(m, read<uint64_t, source>(m, m.a()))));
    return Flow::Next;
  }
};

// Traps if the reference in slot a does not match; moves nothing.
template <GcTarget target, Source source>
struct RefCast {
  template <class M>
  static Flow run(M& m) {
    if (!detail::matches<target>(m, read<uint64_t, source>(m, m.a()))) [[unlikely]]
      return m.trap(Trap::CastFailure);
    return Flow::Next;
  }
};

// The rest works on the slots from a: helpers_gc.h says what lies there. Two literals.
template <Trap (*helper)(runtime::VmContext*, Slot*, uint64_t, uint64_t)>
struct GcSlots {
  template <class M>
  static Flow run(M& m) {
    const Trap trap = helper(m.ctx(), m.slot_address(m.a()), m.template literal<uint64_t>(0),
                             m.template literal<uint64_t>(1));
    if (trap != Trap::None) return m.trap(trap);
    return m.interrupted() ? m.trap(Trap::Interrupted) : Flow::Next;
  }
};

}  // namespace godwit::code::ops
