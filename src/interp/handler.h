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
#include "platform/guest_store.h"
#include "runtime/guest_address.h"
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

// The same with the cell `distance` bytes away.
#define GODWIT_GO_ON_AT(distance) \
  GODWIT_GO_ON(                   \
      reinterpret_cast<const ::godwit::interp::Cell*>(reinterpret_cast<const uint8_t*>(ip) + (distance)))

// Leaves the guest with the trap `why`; the state says where.
#define GODWIT_STOP(why)                                                                              \
  do {                                                                                                \
    [[clang::musttail]] return ::godwit::interp::stop(ip, fp, ctx, mem, acc, f64_acc,                 \
                                                      static_cast<uint64_t>(why), f32_acc, v128_acc); \
  } while (false)

// Records the trap `aux` in the store and returns to whoever entered the guest.
[[clang::preserve_none]] void stop(GODWIT_HANDLER_PARAMS);

#define GODWIT_INLINE [[gnu::always_inline]]

// The arguments of a handler, and how it is left.
struct MachineState {
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
  int32_t at = 0;  // the cell that runs: so many behind ip

  GODWIT_INLINE const Cell* cell() const { return ip + at; }
};

// Around an instruction that accesses guest memory for the cell `position` of a handler of several cells. At a fault
// the register of ip names the handler's first cell; the section godwit_guest_access says which one it was
// (access_table.h).
#define GODWIT_BEGIN_ACCESS() asm volatile("661:" : : : "memory")
#define GODWIT_END_ACCESS(ip, position)                      \
  asm volatile(                                              \
      "662:\n\t.pushsection godwit_guest_access, \"aR\"\n\t" \
      ".long 661b - ., 662b - 661b, %c1\n\t.popsection"      \
      : "+r"(ip)                                             \
      : "i"(position)                                        \
      : "memory")

// The machine of code/machine.h for the cell `kAt` behind a handler's first one. Self has state().
template <class Self, int32_t kAt>
struct MachineOps {  // NOLINT(bugprone-crtp-constructor-accessibility): an aggregate's base
  GODWIT_INLINE MachineState& state() { return static_cast<Self*>(this)->state(); }
  GODWIT_INLINE const Cell* cell() { return state().ip + kAt; }
  GODWIT_INLINE uint32_t a() { return cell()->a; }
  GODWIT_INLINE uint32_t d() { return cell()->d; }
  GODWIT_INLINE uint32_t b() { return cell()->b; }
  template <class T>
  GODWIT_INLINE T literal(uint32_t index = 0) {
    return load_unaligned<T>(reinterpret_cast<const uint8_t*>(cell()) + static_cast<int32_t>(b()) +
                             8 * index);
  }

  template <class T>
  GODWIT_INLINE T slot(uint32_t index) {
    return load_unaligned<T>(state().fp + index);
  }
  template <class T>
  GODWIT_INLINE void set_slot(uint32_t index, T value) {
    if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, runtime::V128>)
      store_unaligned(state().fp + index, value);
    else store_unaligned<uint64_t>(state().fp + index, value);
  }

  template <class T>
  GODWIT_INLINE T acc() {
    if constexpr (std::is_same_v<T, double>) return state().f64_acc;
    else if constexpr (std::is_same_v<T, float>) return state().f32_acc;
    else if constexpr (std::is_same_v<T, runtime::V128>) return state().v128_acc;
    else return static_cast<T>(state().int_acc);
  }
  template <class T>
  GODWIT_INLINE void set_acc(T value) {
    if constexpr (std::is_same_v<T, double>) state().f64_acc = value;
    else if constexpr (std::is_same_v<T, float>) state().f32_acc = value;
    else if constexpr (std::is_same_v<T, runtime::V128>) state().v128_acc = value;
    else state().int_acc = value;
  }

  // The barriers keep ip from being advanced before the access.
  template <class T>
  GODWIT_INLINE T load(uint64_t address) {
    if constexpr (kAt != 0) GODWIT_BEGIN_ACCESS();
    T value = load_unaligned<T>(runtime::unchecked_place(state().mem, address));
    end_access();
    return value;
  }
  template <class T>
  GODWIT_INLINE void store(uint64_t address, T value) {
    if constexpr (kAt != 0) GODWIT_BEGIN_ACCESS();
    store_unaligned(runtime::unchecked_place(state().mem, address), value);
    end_access();
  }
  GODWIT_INLINE void end_access() {
    if constexpr (kAt != 0) GODWIT_END_ACCESS(state().ip, kAt);
    else asm volatile("" : "+r"(state().ip) : : "memory");
  }

  template <class T>
  GODWIT_INLINE T choose(uint32_t condition, T left, T right) {
    return condition != 0 ? left : right;
  }

  GODWIT_INLINE VmContext* ctx() { return state().context; }
  GODWIT_INLINE Slot* slot_address(uint32_t index) { return state().fp + index; }
  GODWIT_INLINE void lose_accs() {
    state().int_acc = 0;
    state().f64_acc = 0;
    state().f32_acc = 0;
    state().v128_acc = {};
  }
  GODWIT_INLINE code::ops::Flow trap(Trap reason) {
    state().why = reason;
    return code::ops::Flow::Trap;
  }
  static constexpr bool kPollsFirst = false;
  GODWIT_INLINE bool interrupted() {
    return state().context->store->interrupt.load(std::memory_order_relaxed) != 0;
  }
  // The same, in handlers that call nobody.
  GODWIT_INLINE bool interrupted_in_leaf() {
    return platform::is_store_word_set<offsetof(runtime::VmStore, interrupt)>();
  }
  GODWIT_INLINE void jump_by(int64_t bytes) { state().distance = bytes; }
  GODWIT_INLINE code::ops::Flow jump_through_entry(uint32_t index) {
    const uint64_t entry = uint64_t{index} + 1;
    state().distance =
        code::branch_distance(static_cast<int64_t>(entry)) + static_cast<int32_t>(cell()[entry].b);
    return code::ops::Flow::Jump;
  }
};

template <int32_t kAt>
struct MachineAt final : MachineOps<MachineAt<kAt>, kAt> {
  MachineState& shared;

  GODWIT_INLINE explicit MachineAt(MachineState& state) : shared(state) { shared.at = kAt; }
  GODWIT_INLINE MachineState& state() { return shared; }
  GODWIT_INLINE MachineAt<kAt + 1> next_cell() { return MachineAt<kAt + 1>(shared); }
};

// For the first cell.
struct Machine final : MachineState, MachineOps<Machine, 0> {
  using MachineOps<Machine, 0>::cell;

  GODWIT_INLINE Machine(const Cell* cell_ip, Slot* frame, VmContext* owner, uint8_t* memory,
                        uint64_t acc_of_int, double acc_of_f64, float acc_of_f32,
                        runtime::V128 acc_of_v128 = {})
      : MachineState{cell_ip, frame, owner, memory, acc_of_int, acc_of_f64, acc_of_f32, acc_of_v128} {}
  // NOLINTNEXTLINE(bugprone-derived-method-shadowing-base-method): that is how the base finds it
  GODWIT_INLINE MachineState& state() { return *this; }
  GODWIT_INLINE MachineAt<1> next_cell() { return MachineAt<1>(*this); }
};

#undef GODWIT_INLINE

// Writes back what `m`, a Machine, holds of the handler's arguments; ip is then the cell that ran last.
#define GODWIT_WRITE_BACK(m) \
  do {                       \
    acc = (m).int_acc;       \
    f64_acc = (m).f64_acc;   \
    f32_acc = (m).f32_acc;   \
    v128_acc = (m).v128_acc; \
    ip = (m).ip + (m).at;    \
  } while (false)

// Goes where the last body said.
#define GODWIT_FINISH(flow, m)                                                \
  do {                                                                        \
    if ((flow) == Flow::Trap) [[unlikely]]                                    \
      GODWIT_STOP((m).why);                                                   \
    if ((flow) == Flow::Branch) GODWIT_GO_ON_AT(static_cast<int32_t>(ip->b)); \
    if ((flow) == Flow::Jump) GODWIT_GO_ON_AT((m).distance);                  \
    GODWIT_GO_ON(ip + 1);                                                     \
  } while (false)

// Defines the handler `name` with the op body `Body`.
#define GODWIT_DEFINE_HANDLER(name, ...)                          \
  GODWIT_HANDLER void name(GODWIT_HANDLER_PARAMS) {               \
    using namespace code::ops;                                    \
    Machine m{ip, fp, ctx, mem, acc, f64_acc, f32_acc, v128_acc}; \
    Flow flow = __VA_ARGS__::run(m);                              \
    GODWIT_WRITE_BACK(m);                                         \
    GODWIT_FINISH(flow, m);                                       \
  }

}  // namespace godwit::interp
