// The run-time world as every tier sees it: slots, references, function records, and the two contexts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace godwit::runtime {

struct Cell;  // one instruction of register code; defined by the room `code`
class Store;
class Instance;
class Module;
class Tag;
struct VmContext;
struct VmStore;

// One 8-byte place of a frame, an argument or a result. i32 and f32 use the low half (the high half of an i32 is
// unspecified), references are full pointers, a v128 takes two slots.
using Slot = uint64_t;

// A reference in a frame, a global or a table: 0 is null; a funcref is a FuncRecord*; an i31 is an odd number; anything
// else is the address of an object in the store's heap. gc_object.h says what references in the heap look like.
using Ref = uint64_t;

// VmStore::pending_exception where no exception is pending, but a tail call that the caller is to make.
inline constexpr Ref kTailCallRequested = 2;

// What a call needs to know of a function, whoever it belongs to. A funcref points to one; its address is the
// function's identity and never changes.
//
//   0  entry        the cell to run with fp = the callee's frame (interpreter's calls)
//   8  native       the address to call from compiled code, or null
//  16  native_self  what is passed there in front of the arguments: vmctx; of a host function its DirectHost
//  24  vmctx        the callee's context; null for host functions (see HostRecord)
//  32  type         canonical type id (TypeRegistry)
//  36  index        function index in the callee's module
//
// Behind the arguments, where a function of a module does not look, goes the calling instance's context.
struct FuncRecord {
  std::atomic<const Cell*> entry;
  std::atomic<const void*> native;
  const void* native_self;
  VmContext* vmctx;
  uint32_t type;
  uint32_t index;
};
static_assert(sizeof(FuncRecord) == 40);

// A host function. Arguments lie at slots[0..], results are to be written to slots[0..] (both in declaration order,
// v128 in two slots). Returns false after it has put an Error into the store's pending error (Store::raise).
// `caller` is the calling instance's context; if the embedder calls directly, an empty one that leads to the store.
using HostFunction = bool (*)(void* env, VmContext* caller, Slot* slots);

// What a host function's native code gets in front of its arguments. It does all that a call of a host function takes:
// the embedder's compiler has made it (godwit/host_func.h).
struct DirectHost {
  VmStore* store;
  void* env;
};

// How a call works, in every tier: the caller has placed the arguments in consecutive slots and sets fp to the first
// of them. The callee's frame is
//
//   fp[0 .. max(params, results))   arguments on entry, results on return
//   fp[h], fp[h+1]                  return cell, caller's context   (h = that maximum, in slots)
//   fp[h+2 ..]                      locals, then temporaries and the arguments of its own calls
//
// The call cell that precedes the return cell says how far the caller's fp lies below.
inline constexpr uint32_t kFrameHeaderSlots = 2;

struct alignas(16) VmGlobal {
  Slot value[2];  // v128 uses both
};

struct VmTable {
  Ref* base;  // never moves
  uint64_t size;
};

struct VmMemory {
  uint8_t* base;  // never moves
  std::atomic<uint64_t> size_bytes;
};

// Where the next objects of one size go: zeroed cells of `cell_bytes` from `cursor` up to `limit`, a whole number of them.
struct GcBump {
  uint8_t* cursor;
  uint8_t* limit;
  uint64_t cell_bytes;
  uint64_t unused;  // entries of 32 bytes
};

struct GcType;

// The functions of libcalls.def.
struct VmLibcalls {
#define GODWIT_LIBCALL(name, signature) const void* name = nullptr;
#include "runtime/libcalls.def"
};

struct DirectEntry;
struct NativeEntry;
struct NativeThreshold;

struct VmStore {
#define GODWIT_VM_STORE(type, name) type name{};
#include "runtime/vm_layout.def"
};

struct VmContext {
#define GODWIT_VM_CONTEXT(type, name) type name{};
#include "runtime/vm_layout.def"
};

}  // namespace godwit::runtime
