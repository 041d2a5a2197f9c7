// How machine code calls and returns, for x86-64.
//
// Every call can be answered, and every return is possible, through cells, whichever tier has the other frame
// (interp/handlers_control.cc). Beside that, calls of own functions are real ones, so that the processor foresees where
// they return:
//
//   native stack, downwards:   … | return cell | return address |
//
// A return looks whether the topmost return cell is that of its own frame, in an instance that is the caller's, too. Then
// the return address leads there, whoever left it: it depends on the cell only. Otherwise it goes through the cell.
// Where a call's cell is returned to, the pair is dropped if it is still there: the callee was interpreted, or gave its
// frame to another. Traps and exceptions drop all pairs of the stay (platform/guest_entry.h).
#include <cstddef>

#include "base/bytes.h"
#include "jit/x86_64/emitter.h"
#include "runtime/vm.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;
using runtime::VmContext;
using runtime::VmStore;

namespace {

static_assert(offsetof(Cell, handler) == 0 && offsetof(VmContext, entries) < 128 &&
              offsetof(VmStore, native_stack_limit) < 128 && offsetof(VmStore, stack_limit) < 128 &&
              offsetof(VmStore, interrupt) < 128 && runtime::kFrameHeaderSlots == 2);

// So much of the native stack is left to host functions that call guests again.
constexpr int32_t kNestedRoomBytes = 64 << 10;

// So many slots of locals are set to zero one by one.
constexpr uint32_t kMostZeroedAtOnce = 8;

}  // namespace

bool Emitter::is_short_entry(CellOp op, const Cell& cell) {
  return op == CellOp::enter || (op == CellOp::enter_zeroing && cell.d <= kMostZeroedAtOnce);
}

void Emitter::emit_enter(uint32_t index) {
  const Cell& cell = shape_->cells[index];
  flush();
  bytes({0x49, 0x8D, 0x85});  // lea rax, [r13 + frame]
  put(8 * cell.b);
  bytes({0x48, 0x3B, 0x45, offsetof(VmStore, stack_limit), 0x0F, 0x87});  // cmp rax, [rbp + limit]; ja
  exit_to_handler(index);
  bytes({0x48, 0x83, 0x7D, offsetof(VmStore, interrupt), 0x00, 0x0F,
         0x85});  // cmp qword [rbp + interrupt], 0; jne
  exit_to_handler(index);
  const uint32_t header = 8 * uint32_t{cell.a};
  bytes({0x49, 0x89, 0xBD});  // mov [r13 + header], rdi
  put(header);
  bytes({0x49, 0x89, 0xB5});  // mov [r13 + header + 8], rsi
  put(header + 8);
  const uint32_t zeroed = shape_->ops[index] == CellOp::enter ? 0 : cell.d;
  for (uint32_t i = 0; i < zeroed; ++i) {
    bytes({0x49, 0xC7, 0x85});  // mov qword [r13 + slot], 0
    put(header + 16 + 8 * i);
    put(uint32_t{0});
  }
}

void Emitter::emit_call(uint32_t index) {
  const Cell& cell = shape_->cells[index];
  write_back(dirty_ & pins_.live_before(index));
  peephole_.forget();
  flush();
  bytes({0x49, 0x8B, 0x4E, offsetof(VmContext, entries)});  // mov rcx, [r14 + entries]
  bytes({0x4C, 0x8B, 0xA1});                                // mov r12, [rcx + 8 * function]
  put(static_cast<uint32_t>(sizeof(void*) * cell.b));
  bytes({0x4D, 0x85, 0xE4, 0x0F, 0x84});  // test r12, r12; jz: not translated yet
  exit_to_handler(index);
  bytes({0x48, 0x8D, 0x8C, 0x24});  // lea rcx, [rsp - room]
  put(-kNestedRoomBytes);
  bytes({0x48, 0x3B, 0x4D, offsetof(VmStore, native_stack_limit), 0x0F, 0x82});  // cmp rcx, [rbp + limit]; jb
  exit_to_handler(index);
  bytes({0x48, 0xBF});  // mov rdi, the return cell
  put(reinterpret_cast<uint64_t>(&cell + 1));
  bytes({0x57, 0x4C, 0x89, 0xF6, 0x49, 0x81, 0xC5});  // push rdi; mov rsi, r14; add r13, …
  put(8 * uint32_t{cell.a});
  bytes({0x41, 0xFF, 0x14, 0x24, 0x59, 0x49, 0x81, 0xED});  // call [r12]; pop rcx; sub r13, …
  put(8 * uint32_t{cell.a});
  forget(valid_);
  returns_.push_back({index + 1, here()});
}

void Emitter::exit_to_handler(uint32_t index) {
  exit_from(here(), -4, index, kToHandler);
  put(uint32_t{0});
}

// Ways in at the cells that calls return to.
void Emitter::emit_returns_to_calls() {
  for (const Entry& back : returns_) {
    entries_.push_back({back.cell, here()});
    bytes({0x48, 0xB8});  // mov rax, the return cell
    put(reinterpret_cast<uint64_t>(&shape_->cells[back.cell]));
    bytes({0x48, 0x39, 0x44, 0x24, 0x08, 0x0F, 0x85});  // cmp [rsp + 8], rax; jne
    jump_back_to(back.place);
    bytes({0x48, 0x83, 0xC4, 0x10, 0xE9});  // add rsp, 16; jmp
    jump_back_to(back.place);
  }
}

void Emitter::jump_back_to(uint32_t place) { put(place - here() - 4); }

void Emitter::emit_return(uint32_t index) {
  const uint32_t header = 8 * uint32_t{shape_->cells[index].a};
  peephole_.forget();
  flush();
  bytes({0x49, 0x8B, 0x85});  // mov rax, [r13 + header]
  put(header);
  bytes({0x48, 0x3B, 0x44, 0x24, 0x08, 0x0F, 0x85});  // cmp rax, [rsp + 8]; jne
  return_through_cell(index);
  bytes({0x4D, 0x3B, 0xB5});  // cmp r14, [r13 + header + 8]
  put(header + 8);
  bytes({0x0F, 0x85});  // jne
  return_through_cell(index);
  bytes({0xC3});  // ret
}

void Emitter::return_through_cell(uint32_t index) {
  slow_return_ = index;
  to_slow_return_.push_back(here());
  put(uint32_t{0});
}

// All returns of a function have their frame's header at the same place.
void Emitter::emit_slow_return() {
  if (to_slow_return_.empty()) return;
  for (const uint32_t at : to_slow_return_) store_unaligned(code_.data() + at, here() - at - 4);
  emit_bytes(stencil_of(CellOp::return_none), slow_return_, {});
}

}  // namespace godwit::jit
