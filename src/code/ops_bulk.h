// Bodies of the ops on memories, tables and segments. Operands lie in the slots from a, in order; so does the result.
// `Address` is the integer that addresses the memory or indexes the table; sizes are delivered with 64 bits for both.
#pragma once

#include "code/helpers.h"
#include "code/machine.h"
#include "code/small_areas.h"

namespace godwit::code::ops {

namespace detail {

template <class T, class M>
[[gnu::always_inline]] inline T operand(M& m, uint32_t index) {
  return m.template slot<T>(m.a() + index);
}

// Polls: code without loops may consist of millions of these.
template <class M>
[[gnu::always_inline]] inline Flow finish(M& m, Trap trap) {
  if (trap != Trap::None) return m.trap(trap);
  return m.interrupted() ? m.trap(Trap::Interrupted) : Flow::Next;
}

}  // namespace detail

// Pages of memory b, which has pages of 2^a bytes. Result: d.
template <Dest dest>
struct MemorySize {
  template <class M>
  static Flow run(M& m) {
    const uint32_t memory = m.b();
    uint64_t size = m.ctx()->memories[memory]->size_bytes.load(std::memory_order_relaxed);
    write<dest>(m, size >> uint32_t{m.a()});
    return Flow::Next;
  }
};

// Memory b.
template <class Address>
struct MemoryGrow {
  template <class M>
  static Flow run(M& m) {
    m.set_slot(m.a(), helpers::memory_grow(m.ctx(), m.b(), detail::operand<Address>(m, 0)));
    return Flow::Next;
  }
};

// Memory b.
template <class Address>
struct MemoryFill {
  template <class M>
  [[gnu::always_inline]] static Flow run(M& m) {
    if (m.b() == 0 &&
        fill_small(m.ctx(), detail::operand<Address>(m, 0),
                   static_cast<uint8_t>(detail::operand<uint32_t>(m, 1)), detail::operand<Address>(m, 2)))
      return Flow::Next;
    return detail::finish(m, helpers::memory_fill(m.ctx(), m.b(), detail::operand<Address>(m, 0),
                                                  static_cast<uint8_t>(detail::operand<uint32_t>(m, 1)),
                                                  detail::operand<Address>(m, 2)));
  }
};

// From memory d to memory b. The size has the narrower of both widths.
template <class To, class From>
struct MemoryCopy {
  template <class M>
  [[gnu::always_inline]] static Flow run(M& m) {
    using Size = std::conditional_t<sizeof(To) < sizeof(From), To, From>;
    if ((m.b() | m.d()) == 0 && copy_small(m.ctx(), detail::operand<To>(m, 0), detail::operand<From>(m, 1),
                                           detail::operand<Size>(m, 2)))
      return Flow::Next;
    return detail::finish(m, helpers::memory_copy(m.ctx(), m.b(), m.d(), detail::operand<To>(m, 0),
                                                  detail::operand<From>(m, 1), detail::operand<Size>(m, 2)));
  }
};

// From data segment b to memory d.
template <class Address>
struct MemoryInit {
  template <class M>
  static Flow run(M& m) {
    return detail::finish(
        m, helpers::memory_init(m.ctx(), m.b(), m.d(), detail::operand<Address>(m, 0),
                                detail::operand<uint32_t>(m, 1), detail::operand<uint32_t>(m, 2)));
  }
};

struct DataDrop {
  template <class M>
  static Flow run(M& m) {
    helpers::data_drop(m.ctx(), m.b());
    return Flow::Next;
  }
};

// Table b: the element at the index in slot a, to slot d.
template <class Address>
struct TableGet {
  template <class M>
  static Flow run(M& m) {
    const uint32_t table_index = m.b();
    const runtime::VmTable& table = *m.ctx()->tables[table_index];
    auto index = detail::operand<Address>(m, 0);
    if (index >= table.size) [[unlikely]]
      return m.trap(Trap::TableOutOfBounds);
    m.set_slot(m.d(), table.base[index]);
    return Flow::Next;
  }
};

template <class Address>
struct TableSet {
  template <class M>
  static Flow run(M& m) {
    const uint32_t table_index = m.b();
    const runtime::VmTable& table = *m.ctx()->tables[table_index];
    auto index = detail::operand<Address>(m, 0);
    if (index >= table.size) [[unlikely]]
      return m.trap(Trap::TableOutOfBounds);
    table.base[index] = m.template slot<uint64_t>(m.a() + 1);
    return Flow::Next;
  }
};

struct TableSize {
  template <class M>
  static Flow run(M& m) {
    const uint32_t table = m.b();
    m.set_slot(m.d(), m.ctx()->tables[table]->size);
    return Flow::Next;
  }
};

// Operands: the new elements' value, their number.
template <class Address>
struct TableGrow {
  template <class M>
  static Flow run(M& m) {
    auto init = m.template slot<uint64_t>(m.a());
    m.set_slot(m.a(), helpers::table_grow(m.ctx(), m.b(), detail::operand<Address>(m, 1), init));
    return Flow::Next;
  }
};

template <class Address>
struct TableFill {
  template <class M>
  static Flow run(M& m) {
    auto value = m.template slot<uint64_t>(m.a() + 1);
    return detail::finish(m, helpers::table_fill(m.ctx(), m.b(), detail::operand<Address>(m, 0), value,
                                                 detail::operand<Address>(m, 2)));
  }
};

// From table d to table b. The size has the narrower of both widths.
template <class To, class From>
struct TableCopy {
  template <class M>
  static Flow run(M& m) {
    using Size = std::conditional_t<sizeof(To) < sizeof(From), To, From>;
    return detail::finish(m, helpers::table_copy(m.ctx(), m.b(), m.d(), detail::operand<To>(m, 0),
                                                 detail::operand<From>(m, 1), detail::operand<Size>(m, 2)));
  }
};

// From element segment b to table d.
template <class Address>
struct TableInit {
  template <class M>
  static Flow run(M& m) {
    return detail::finish(
        m, helpers::table_init(m.ctx(), m.b(), m.d(), detail::operand<Address>(m, 0),
                               detail::operand<uint32_t>(m, 1), detail::operand<uint32_t>(m, 2)));
  }
};

struct ElemDrop {
  template <class M>
  static Flow run(M& m) {
    helpers::elem_drop(m.ctx(), m.b());
    return Flow::Next;
  }
};

// Slot d = the reference to function b.
struct RefFunc {
  template <class M>
  static Flow run(M& m) {
    m.set_slot(m.d(), helpers::ref_func(m.ctx(), m.b()));
    return Flow::Next;
  }
};

}  // namespace godwit::code::ops
