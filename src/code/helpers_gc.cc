// Operations on arrays.
#include "code/helpers_gc.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/gc_access.h"
#include "runtime/instance.h"
#include "runtime/store.h"

namespace godwit::code::helpers {

namespace {

using runtime::GcStorage;
using runtime::kGcElements;

// So much is written between two looks at the poll word.
constexpr uint64_t kPollBytes = uint64_t{16} << 20;

bool interrupted(const VmContext* ctx) { return ctx->store->interrupt.load(std::memory_order_relaxed) != 0; }

// True if [at, at + size) lies within `limit`, all in 64 bits.
bool fits(uint64_t at, uint64_t size, uint64_t limit) { return size <= limit && at <= limit - size; }

uint32_t low(Slot slot) { return static_cast<uint32_t>(slot); }

struct ArrayType {
  uint32_t header;
  GcStorage storage;
  explicit ArrayType(uint64_t literal)
      : header(static_cast<uint32_t>(literal)), storage(static_cast<GcStorage>(literal >> 32)) {}
  uint32_t log2() const { return log2_size(storage); }
  uint32_t element(uint32_t index) const { return kGcElements + (index << log2()); }
};

// The bytes of `length` elements from `index`, which the array has. Whatever its header says, they lie in the heap.
uint8_t* elements(Ref array, const ArrayType& type, uint32_t index, uint32_t length) {
  const uint64_t begin = low(array) + uint64_t{kGcElements} + (uint64_t{index} << type.log2());
  if (begin + (uint64_t{length} << type.log2()) > runtime::kGcOffsetMask + 1) std::abort();
  return reinterpret_cast<uint8_t*>(runtime::gc_base_of(array) + begin);
}

// A new array into at[0].
Trap make(VmContext* ctx, Slot* at, const Slot* frames_end, const ArrayType& type, uint32_t length) {
  const uint64_t bytes = kGcElements + (uint64_t{length} << type.log2());
  const runtime::GcAllocation made = gc_allocate(ctx, frames_end, type.header, bytes);
  if (made.trap != Trap::None) return made.trap;
  runtime::gc_store(made.object, runtime::kGcLengthOffset, length);
  at[0] = made.object;
  return Trap::None;
}

template <class T>
Trap fill_with(VmContext* ctx, uint8_t* to, T value, uint32_t length) {
  for (uint64_t done = 0; done < length;) {
    const uint64_t now = std::min<uint64_t>(kPollBytes / sizeof(T), length - done);
    std::fill_n(reinterpret_cast<T*>(to) + done, now, value);
    done += now;
    if (done < length && interrupted(ctx)) return Trap::Interrupted;
  }
  return Trap::None;
}

struct alignas(8) Pair {
  uint64_t low, high;
};

Trap fill(VmContext* ctx, Ref array, const ArrayType& type, uint32_t index, const Slot* value,
          uint32_t length) {
  if (length == 0) return Trap::None;
  // The first as it lies in the heap, then all like it.
  runtime::store_slot(*ctx->store->store, array, type.element(index), type.storage, value);
  uint8_t* const to = elements(array, type, index, length);
  switch (type.log2()) {
    case 0: return fill_with(ctx, to, *to, length);
    case 1: return fill_with(ctx, to, *reinterpret_cast<uint16_t*>(to), length);
    case 2: return fill_with(ctx, to, *reinterpret_cast<uint32_t*>(to), length);
    case 3: return fill_with(ctx, to, *reinterpret_cast<uint64_t*>(to), length);
    default: return fill_with(ctx, to, *reinterpret_cast<Pair*>(to), length);
  }
}

// memmove in pieces, from the end that keeps overlapping bytes whole.
Trap move(VmContext* ctx, uint8_t* to, const uint8_t* from, uint64_t size) {
  const bool from_the_end = to > from;
  for (uint64_t done = 0; done < size;) {
    const uint64_t now = std::min(kPollBytes, size - done);
    const uint64_t at = from_the_end ? size - done - now : done;
    std::memmove(to + at, from + at, now);
    done += now;
    if (done < size && interrupted(ctx)) return Trap::Interrupted;
  }
  return Trap::None;
}

Trap copy_data(VmContext* ctx, Ref array, const ArrayType& type, uint32_t index, uint32_t segment,
               uint32_t offset, uint32_t length) {
  const uint64_t size = uint64_t{length} << type.log2();
  if (size == 0) return Trap::None;
  return move(ctx, elements(array, type, index, length), ctx->instance->data_segment(segment).data() + offset,
              size);
}

Trap copy_elems(VmContext* ctx, Ref array, const ArrayType& type, uint32_t index, uint32_t segment,
                uint32_t offset, uint32_t length) {
  constexpr uint32_t kPollElements = 1 << 20;
  for (uint32_t i = 0; i < length; ++i) {
    const Ref value = ctx->instance->elem_value(segment, offset + i);
    runtime::store_slot(*ctx->store->store, array, type.element(index + i), type.storage, &value);
    if (i % kPollElements == 0 && interrupted(ctx)) return Trap::Interrupted;
  }
  return Trap::None;
}

bool has_data(VmContext* ctx, uint32_t segment, uint32_t offset, uint32_t length, const ArrayType& type) {
  return fits(offset, uint64_t{length} << type.log2(), ctx->instance->data_segment(segment).size());
}
bool has_elems(VmContext* ctx, uint32_t segment, uint32_t offset, uint32_t length) {
  return fits(offset, length, ctx->instance->elem_size(segment));
}

// The trap of an operation that writes `length` elements from `index`, if any.
Trap check_target(Ref array, uint32_t index, uint32_t length) {
  if (array == 0) return Trap::NullArrayReference;
  return fits(index, length, runtime::gc_array_length(array)) ? Trap::None : Trap::ArrayOutOfBounds;
}

}  // namespace

runtime::GcAllocation gc_allocate(VmContext* ctx, const Slot* frames_end, uint32_t header,
                                  uint64_t size_bytes) {
  return ctx->store->store->gc_heap()->allocate(header, size_bytes, frames_end);
}

runtime::RefWord gc_func_word(VmContext* ctx, Ref func) {
  return runtime::word_of_func(*ctx->store->store, func);
}

bool gc_is_func_of(VmContext* ctx, Ref func, uint32_t wanted) {
  const auto* record = reinterpret_cast<const runtime::FuncRecord*>(func);
  return ctx->store->store->types().is_subtype(record->type, wanted);
}

Trap array_new(VmContext* ctx, Slot* at, uint64_t literal, uint64_t) {
  const ArrayType type(literal);
  const uint32_t width = runtime::slots_of(type.storage);
  const Slot value[2] = {at[0], width == 2 ? at[1] : 0};
  const uint32_t length = low(at[width]);
  if (const Trap trap = make(ctx, at, at + width + 1, type, length); trap != Trap::None) return trap;
  // What was a reference in `value` has the same bits afterwards: objects do not move. It was kept by its slot.
  const bool is_zero = type.storage != GcStorage::V128 ? value[0] == 0 : (value[0] | value[1]) == 0;
  return is_zero ? Trap::None : fill(ctx, at[0], type, 0, value, length);
}

Trap array_new_default(VmContext* ctx, Slot* at, uint64_t literal, uint64_t) {
  return make(ctx, at, at + 1, ArrayType(literal), low(at[0]));
}

Trap array_new_fixed(VmContext* ctx, Slot* at, uint64_t literal, uint64_t count) {
  const ArrayType type(literal);
  const uint32_t width = runtime::slots_of(type.storage);
  Slot made = 0;
  if (const Trap trap = make(ctx, &made, at + count * width, type, static_cast<uint32_t>(count));
      trap != Trap::None)
    return trap;
  for (uint32_t i = 0; i < count; ++i)
    runtime::store_slot(*ctx->store->store, made, type.element(i), type.storage, at + size_t{i} * width);
  at[0] = made;
  return Trap::None;
}

Trap array_new_data(VmContext* ctx, Slot* at, uint64_t literal, uint64_t more) {
  const ArrayType type(literal);
  const auto segment = static_cast<uint32_t>(more);
  const uint32_t offset = low(at[0]);
  const uint32_t length = low(at[1]);
  if (!has_data(ctx, segment, offset, length, type)) return Trap::MemoryOutOfBounds;
  if (const Trap trap = make(ctx, at, at, type, length); trap != Trap::None) return trap;
  return copy_data(ctx, at[0], type, 0, segment, offset, length);
}

Trap array_new_elem(VmContext* ctx, Slot* at, uint64_t literal, uint64_t more) {
  const ArrayType type(literal);
  const auto segment = static_cast<uint32_t>(more);
  const uint32_t offset = low(at[0]);
  const uint32_t length = low(at[1]);
  if (!has_elems(ctx, segment, offset, length)) return Trap::TableOutOfBounds;
  if (const Trap trap = make(ctx, at, at, type, length); trap != Trap::None) return trap;
  return copy_elems(ctx, at[0], type, 0, segment, offset, length);
}

Trap array_fill(VmContext* ctx, Slot* at, uint64_t literal, uint64_t) {
  const ArrayType type(literal);
  const uint32_t index = low(at[1]);
  const uint32_t length = low(at[2 + runtime::slots_of(type.storage)]);
  if (const Trap trap = check_target(at[0], index, length); trap != Trap::None) return trap;
  return fill(ctx, at[0], type, index, at + 2, length);
}

Trap array_copy(VmContext* ctx, Slot* at, uint64_t literal, uint64_t) {
  const ArrayType type(literal);
  const uint32_t length = low(at[4]);
  if (at[0] == 0 || at[2] == 0) return Trap::NullArrayReference;
  if (check_target(at[0], low(at[1]), length) != Trap::None ||
      check_target(at[2], low(at[3]), length) != Trap::None)
    return Trap::ArrayOutOfBounds;
  if (length == 0) return Trap::None;
  return move(ctx, elements(at[0], type, low(at[1]), length), elements(at[2], type, low(at[3]), length),
              uint64_t{length} << type.log2());
}

Trap array_init_data(VmContext* ctx, Slot* at, uint64_t literal, uint64_t more) {
  const ArrayType type(literal);
  const auto segment = static_cast<uint32_t>(more);
  const uint32_t length = low(at[3]);
  if (const Trap trap = check_target(at[0], low(at[1]), length); trap != Trap::None) return trap;
  if (!has_data(ctx, segment, low(at[2]), length, type)) return Trap::MemoryOutOfBounds;
  return copy_data(ctx, at[0], type, low(at[1]), segment, low(at[2]), length);
}

Trap array_init_elem(VmContext* ctx, Slot* at, uint64_t literal, uint64_t more) {
  const ArrayType type(literal);
  const auto segment = static_cast<uint32_t>(more);
  const uint32_t length = low(at[3]);
  if (const Trap trap = check_target(at[0], low(at[1]), length); trap != Trap::None) return trap;
  if (!has_elems(ctx, segment, low(at[2]), length)) return Trap::TableOutOfBounds;
  return copy_elems(ctx, at[0], type, low(at[1]), segment, low(at[2]), length);
}

}  // namespace godwit::code::helpers
