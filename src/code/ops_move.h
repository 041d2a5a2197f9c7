// Bodies of the ops that move values: copies, constants, select, globals, reference tests.
#pragma once

#include "base/bytes.h"
#include "code/machine.h"

namespace godwit::code::ops {

// Slot d = slot a.
template <class T>
struct Copy {
  template <class M>
  static Flow run(M& m) {
    m.set_slot(m.d(), m.template slot<T>(m.a()));
    return Flow::Next;
  }
};

// Slot d = slot a, then slot (b >> 16) = slot (b & 0xFFFF): two 64-bit copies in order.
struct CopyTwice {
  template <class M>
  static Flow run(M& m) {
    m.set_slot(m.d(), m.template slot<uint64_t>(m.a()));
    m.set_slot(m.b() >> 16, m.template slot<uint64_t>(m.b() & 0xFFFF));
    return Flow::Next;
  }
};

// Slot d = constant b, as T: 32 bits, or 64 bits sign-extended.
template <class T>
struct PutConst {
  template <class M>
  static Flow run(M& m) {
    m.set_slot(m.d(), static_cast<T>(static_cast<int32_t>(m.b())));
    return Flow::Next;
  }
};

// Slot d = the literal.
struct PutFar {
  template <class M>
  static Flow run(M& m) {
    m.set_slot(m.d(), m.template literal<uint64_t>());
    return Flow::Next;
  }
};

// Slot d = accumulator.
template <class T>
struct PutAcc {
  template <class M>
  static Flow run(M& m) {
    m.set_slot(m.d(), m.template acc<T>());
    return Flow::Next;
  }
};

// If the condition, in slot (b >> 16) or the accumulator, is not 0: slot a, else slot (b & 0xFFFF). Result: d.
template <class T, Source condition, Dest dest>
struct Select {
  template <class M>
  static Flow run(M& m) {
    auto wanted = read<uint32_t, condition>(m, m.b() >> 16);
    T left = m.template slot<T>(m.a()), right = m.template slot<T>(m.b() & 0xFFFF);
    write<dest>(m, m.choose(wanted, left, right));
    return Flow::Next;
  }
};

namespace detail {

template <GlobalOwner owner, class M>
[[gnu::always_inline]] inline runtime::VmGlobal& global(M& m) {
  const uint32_t index = m.b();
  if constexpr (owner == GlobalOwner::Own) return m.ctx()->globals[index];
  else return *m.ctx()->imported_globals[index];
}

}  // namespace detail

// Global b, counted among the own or the imported ones. Integers and references move as 64 bits. Result: d.
template <class T, GlobalOwner owner, Dest dest>
struct GlobalGet {
  template <class M>
  static Flow run(M& m) {
    write<dest>(m, load_unaligned<T>(&detail::global<owner>(m).value[0]));
    return Flow::Next;
  }
};

// Value in slot a (s).
template <class T, GlobalOwner owner, Source source>
struct GlobalSet {
  template <class M>
  static Flow run(M& m) {
    store_unaligned(&detail::global<owner>(m).value[0], read<T, source>(m, m.a()));
    return Flow::Next;
  }
};

struct Unreachable {
  template <class M>
  static Flow run(M& m) {
    return m.trap(Trap::Unreachable);
  }
};

// Traps if the reference in slot a or the accumulator is null; moves nothing.
template <Source source>
struct RequireNonNull {
  template <class M>
  static Flow run(M& m) {
    if (read<uint64_t, source>(m, m.a()) == 0) [[unlikely]]
      return m.trap(Trap::NullReference);
    return Flow::Next;
  }
};

}  // namespace godwit::code::ops
