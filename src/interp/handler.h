// The form of the interpreter's handlers: one function per op, each ending in a tail call to the next cell's.
//
// A handler gets the whole machine in registers (platform/guest_entry.h says which) and keeps nothing on the native
// stack. ip, fp, ctx and mem survive calls of C++ functions. Handlers live in a section of their own, by which the
// signal handler recognises guest accesses; nothing else may be in it, and no sanitizer instruments it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "code/cell.h"
#include "code/machine.h"
#include "runtime/numeric_simd.h"
#include "runtime/vm.h"

namespace godwit::interp {

using code::Cell;
using runtime::Slot;
using runtime::Trap;
using runtime::VmContext;

#define GODWIT_HANDLER_PARAMS                                                                        \
  [[maybe_unused]] const ::godwit::interp::Cell *ip, [[maybe_unused]] ::godwit::interp::Slot *fp,    \
      [[maybe_unused]] ::godwit::interp::VmContext *ctx, [[maybe_unused]] uint8_t *mem,              \
      [[maybe_unused]] uint64_t acc, [[maybe_unused]] double f64_acc, [[maybe_unused]] uint64_t aux, \
      [[maybe_unused]] float f32_acc, [[maybe_unused]] ::godwit::runtime::V128 v128_acc

#define GODWIT_HANDLER                                                                           \
  [[clang::preserve_none, gnu::section("godwit_guest_text"), gnu::no_stack_protector, gnu::used, \
    gnu::aligned(16)]]

using Handler = __attribute__((preserve_none)) void(GODWIT_HANDLER_PARAMS);

// Goes on with the cell `next_ip`, all state as the variables say.
#define GODWIT_GO_ON(next_ip)                                                                                \
  do {                                                                                                       \
    const ::godwit::interp::Cell* go_on_ip = (next_ip);                                                      \
    [[clang::musttail]] return reinterpret_cast<::godwit::interp::Handler*>(                                 \
        const_cast<void*>(go_on_ip->handler))(go_on_ip, fp, ctx, mem, acc, f64_acc, aux, f32_acc, v128_acc); \
  } while (false)

// Leaves the guest with the trap `why`; the state says where.
#define GODWIT_STOP(why)                                                                              \
  do {                                                                                                \
    [[clang::musttail]] return ::godwit::interp::stop(ip, fp, ctx, mem, acc, f64_acc,                 \
                                                      static_cast<uint64_t>(why), f32_acc, v128_acc); \
  } while (false)

// Records the trap `aux` in the store and returns to whoever entered the guest.
[[clang::preserve_none]] void stop(GODWIT_HANDLER_PARAMS);

// The machine of code/machine.h, on a handler's arguments.
struct Machine {
  const Cell* ip;
  Slot* fp;
  VmContext* context;
  uint8_t* mem;
  uint64_t int_acc;
  double f64_acc;
  float f32_acc;
  runtime::V128 v128_acc = {};
  Trap why = Trap::None;
  int64_t distance = 0;

#define GODWIT_INLINE [[gnu::always_inline]]
  GODWIT_INLINE uint32_t a() const { return ip->a; }
  GODWIT_INLINE uint32_t d() const { return ip->d; }
  GODWIT_INLINE uint32_t b() const { return ip->b; }
  template <class T>
  GODWIT_INLINE T literal(uint32_t index = 0) const {
    return load_unaligned<T>(reinterpret_cast<const uint8_t*>(ip) + static_cast<int32_t>(ip->b) + 8 * index);
  }

  template <class T>
  GODWIT_INLINE T slot(uint32_t index) const {
    return load_unaligned<T>(fp + index);
  }
  template <class T>
  GODWIT_INLINE void set_slot(uint32_t index, T value) {
    if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, runtime::V128>)
      store_unaligned(fp + index, value);
    else store_unaligned<uint64_t>(fp + index, value);
  }

  template <class T>
  GODWIT_INLINE T acc() const {
    if constexpr (std::is_same_v<T, double>) return f64_acc;
    else if constexpr (std::is_same_v<T, float>) return f32_acc;
    else if constexpr (std::is_same_v<T, runtime::V128>) return v128_acc;
    else return static_cast<T>(int_acc);
  }
  template <class T>
  GODWIT_INLINE void set_acc(T value) {
    if constexpr (std::is_same_v<T, double>) f64_acc = value;
    else if constexpr (std::is_same_v<T, float>) f32_acc = value;
    else if constexpr (std::is_same_v<T, runtime::V128>) v128_acc = value;
    else int_acc = value;
  }

  // The barriers keep ip from being advanced before the access: at a fault it must name this cell.
  template <class T>
  GODWIT_INLINE T load(uint64_t address) {
    T value = load_unaligned<T>(mem + address);
    asm volatile("" : "+r"(ip) : : "memory");
    return value;
  }
  template <class T>
  GODWIT_INLINE void store(uint64_t address, T value) {
    store_unaligned(mem + address, value);
    asm volatile("" : "+r"(ip) : : "memory");
  }

  template <class T>
  GODWIT_INLINE T choose(bool condition, T left, T right) const {
    return condition ? left : right;
  }

  GODWIT_INLINE VmContext* ctx() const { return context; }
  GODWIT_INLINE Slot* slot_address(uint32_t index) const { return fp + index; }
  GODWIT_INLINE void lose_accs() {
    int_acc = 0;
    f64_acc = 0;
    f32_acc = 0;
    v128_acc = {};
  }
  GODWIT_INLINE code::ops::Flow trap(Trap reason) {
    why = reason;
    return code::ops::Flow::Trap;
  }
  GODWIT_INLINE bool interrupted() const {
    return context->store->interrupt.load(std::memory_order_relaxed) != 0;
  }
  GODWIT_INLINE void jump_by(int64_t cells) { distance = cells; }
  GODWIT_INLINE code::ops::Flow jump_through_entry(uint32_t index) {
    const uint64_t entry = uint64_t{index} + 1;
    distance = static_cast<int64_t>(entry) + static_cast<int32_t>(ip[entry].b);
    return code::ops::Flow::Jump;
  }
#undef GODWIT_INLINE
};

// Defines the handler `name` with the op body `Body`.
#define GODWIT_DEFINE_HANDLER(name, ...)                                      \
  GODWIT_HANDLER void name(GODWIT_HANDLER_PARAMS) {                           \
    using namespace code::ops;                                                \
    Machine m{ip, fp, ctx, mem, acc, f64_acc, f32_acc, v128_acc};             \
    Flow flow = __VA_ARGS__::run(m);                                          \
    acc = m.int_acc;                                                          \
    f64_acc = m.f64_acc;                                                      \
    f32_acc = m.f32_acc;                                                      \
    v128_acc = m.v128_acc;                                                    \
    ip = m.ip;                                                                \
    if (flow == Flow::Trap) [[unlikely]]                                      \
      GODWIT_STOP(m.why);                                                     \
    if (flow == Flow::Branch) GODWIT_GO_ON(ip + static_cast<int32_t>(ip->b)); \
    if (flow == Flow::Jump) GODWIT_GO_ON(ip + m.distance);                    \
    GODWIT_GO_ON(ip + 1);                                                     \
  }

}  // namespace godwit::interp
