// DirectEntry: what a call from outside finds prepared, so that it gets to the guest in a few dozen instructions.
#pragma once

#include <cstddef>

#include "platform/trap_handler.h"
#include "runtime/native_frame.h"

namespace godwit::runtime {

// How a direct call ended: VmStore::direct_outcome.
enum class DirectOutcome : uint64_t {
  Returned = 0,
  NotEntered = 1,  // nothing has happened: the call is to be made in the ordinary way
  Ended = 2,       // by a trap, or with something pending (VmStore::pending_exception)
  Faulted = 3,     // register code has; DirectEntry::activation says where
};

// Lies at the upper end of a store's native stack. All of it but `saved`, `outer_stack`, `entry.ctx` and `activation.outer`
// is written once. Frames of the guest's begin right below: this is the landing place of the activation, as enter_guest()
// would have left it. Assembly knows the offsets (peak/<processor>/direct_entry.S).
struct alignas(16) DirectEntry {
  uint64_t floating_point_state[3];  // the guest's, in the low half of the first word
  uint64_t saved[6];                 // r15, r14, r13, r12, rbx, rbp
  const void* leave;                 // where a guest that is left in the middle gets to
  void* outer_stack;                 // the caller's stack pointer
  VmStore* store;
  NativeEntry entry;
  platform::Activation activation;
  Slot header[kFrameHeaderSlots];  // of the frame that register code would have had
  Slot threshold[4];               // two cells: where register code returns to, and the one before
};
static_assert(offsetof(DirectEntry, threshold) == 224);
static_assert(offsetof(DirectEntry, saved) == 24);
static_assert(offsetof(DirectEntry, leave) == 72);
static_assert(offsetof(DirectEntry, outer_stack) == 80);
static_assert(offsetof(DirectEntry, store) == 88);
static_assert(offsetof(DirectEntry, entry) + offsetof(NativeEntry, ctx) == 112);
static_assert(offsetof(DirectEntry, activation) == 136);
static_assert(offsetof(platform::Activation, landing_sp) == 0);
static_assert(offsetof(platform::Activation, outer) == 8);
static_assert(offsetof(FuncRecord, native) == 8);
static_assert(offsetof(FuncRecord, vmctx) == 24);
static_assert(offsetof(VmContext, store) == 16);
static_assert(offsetof(VmStore, entry_limit) == 48);
static_assert(offsetof(VmStore, pending_exception) == 80);
static_assert(offsetof(VmStore, trap) == 88);
static_assert(offsetof(VmStore, direct_entry) == 200);
static_assert(offsetof(VmStore, direct_outcome) == 208);

// How an executor enters guests directly; nulls where it does not.
struct DirectCalls {
  // R enter(FuncRecord*, parameters…) by C's convention, for functions of modules whose parameters and results lie in
  // registers; the result means nothing unless VmStore::direct_outcome stays 0.
  const void* enter = nullptr;
  // For register code, whose arguments lie at `fp`; entry, VmStore::direct_entry, is not null.
  void (*enter_cells)(const Cell* cell, Slot* fp, VmContext* ctx, DirectEntry* entry) = nullptr;
  const void* leave = nullptr;  // DirectEntry::leave
  // The handlers of the cells in DirectEntry::threshold.
  const void* tail_frame = nullptr;
  const void* return_handler = nullptr;
};

}  // namespace godwit::runtime
