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
              offsetof(VmStore, native_call_limit) < 128 && offsetof(VmStore, entry_limit) < 128 &&
              runtime::kFrameHeaderSlots == 2);

// So many slots of locals are set to zero without a loop, and so many with a general register.
constexpr uint32_t kMostZeroedAtOnce = 64;
constexpr size_t kMostZeroedSingly = 2;

// Where tests look for mistakes, generated code does, too.
#if defined(NDEBUG) && !__has_feature(address_sanitizer)
constexpr bool kChecksNarrow = false;
#else
constexpr bool kChecksNarrow = true;
#endif

constexpr uint32_t kJumpBytes = 6, kCallBytes = 5;
constexpr uint32_t kMostFrameBytes = 7;  // of what at_frame() makes of an opcode of two bytes

constexpr unsigned kDigitAdd = 0, kDigitSub = 5;

}  // namespace

bool Emitter::is_short_entry(CellOp op, const Cell& cell) {
  return op == CellOp::enter || (op == CellOp::enter_zeroing && cell.d <= kMostZeroedAtOnce);
}

void Emitter::at_frame(std::initializer_list<uint8_t> opcode, unsigned reg, uint32_t disp) {
  bytes(opcode);
  const bool is_short = disp < 128;
  put(static_cast<uint8_t>((is_short ? 0x40 : 0x80) | (reg & 7) << 3 | 5));
  if (is_short) put(static_cast<uint8_t>(disp));
  else put(disp);
}

void Emitter::move_frame(unsigned digit, uint32_t distance) {
  const bool is_short = distance < 128;
  bytes({0x49, static_cast<uint8_t>(is_short ? 0x83 : 0x81), static_cast<uint8_t>(0xC5 | digit << 3)});
  if (is_short) put(static_cast<uint8_t>(distance));
  else put(distance);
}

bool Emitter::looks_where_it_enters() const {
  return shape_->size() > 1 && shape_->looks[1] && !shape_->is_label[1] && begins_with_short_entry();
}

// moved_beginning() wants a first instruction of 5 bytes or more.
void Emitter::emit_enter(uint32_t index) {
  const Cell& cell = shape_->cells[index];
  flush();
  if (looks_where_it_enters()) {
    // Another time puts the frame's end 2 GiB off or more for each step of it, and that goes the way of a frame that has no
    // room: the handler of this cell finds that it has, and at the next cell it is looked into (emit_entries).
    read_time();
    with_seen_time(0x2B);           // sub eax, [rbp + seen_time]
    bytes({0x48, 0xC1, 0xE0, 31});  // shl rax, 31
    const bool is_short = 8 * cell.b < 128;
    bytes({0x4A, 0x8D, static_cast<uint8_t>(is_short ? 0x44 : 0x84), 0x28});  // lea rax, [rax + r13 + frame]
    if (is_short) put(static_cast<uint8_t>(8 * cell.b));
    else put(8 * cell.b);
  } else {
    bytes({0x49, 0x8D, 0x85});  // lea rax, [r13 + frame]
    put(8 * cell.b);
  }
  keep_in_line(4 + kJumpBytes);
  bytes({0x48, 0x3B, 0x45, offsetof(VmStore, entry_limit), 0x0F, 0x87});  // cmp rax, [rbp + limit]; ja
  exit_to_handler(index);
  const uint32_t header = 8 * uint32_t{cell.a};
  at_frame({0x49, 0x89}, kRdi, header);      // mov [r13 + header], rdi
  at_frame({0x49, 0x89}, kRsi, header + 8);  // mov [r13 + header + 8], rsi
  if (shape_->ops[index] == CellOp::enter_zeroing) emit_zeroing(index);
}

// Locals that are kept in registers are 0 there, if anyone reads that.
void Emitter::emit_zeroing(uint32_t index) {
  const Cell& cell = shape_->cells[index];
  const uint32_t first = uint32_t{cell.a} + runtime::kFrameHeaderSlots, end = first + cell.d;
  const PinSet live = pins_.live_before(index + 1);
  uint32_t in_memory[kMostZeroedAtOnce];
  size_t count = 0;
  for (uint32_t slot = first; slot < end; ++slot) {
    const int number = pins_.pin_of(slot);
    const Pin* pin = number == Pins::kNone ? nullptr : &pins_[static_cast<size_t>(number)];
    const bool is_whole = pin != nullptr && pin->slot >= first && pin->slot + (pin->is_wide ? 2 : 1) <= end;
    if (!is_whole) {
      in_memory[count++] = slot;
      continue;
    }
    const PinSet bit = PinSet{1} << number;
    if ((live & ~valid_ & bit) == 0) continue;
    Instruction zero;
    zero.map = is_vector(pin->reg) ? 1 : 0;
    zero.opcode = is_vector(pin->reg) ? 0x57 : 0x33;  // xorps; xor
    zero.reg = zero.rm = pin->reg;
    zero.traits = kWritesReg | kIdiom;
    peephole_.add(zero, 0);
    valid_ |= bit;
    dirty_ |= bit;
  }
  flush();
  constexpr unsigned kXmm8 = 8;
  const bool is_long = count > kMostZeroedSingly;
  if (is_long) bytes({0x45, 0x0F, 0x57, 0xC0});  // xorps xmm8, xmm8
  for (size_t i = 0; i < count; ++i) {
    const uint32_t at = 8 * in_memory[i];
    if (!is_long) {
      at_frame({0x49, 0xC7}, 0, at);  // mov qword [r13 + slot], 0
      put(uint32_t{0});
    } else if (i + 1 < count && in_memory[i + 1] == in_memory[i] + 1) {
      at_frame({0x45, 0x0F, 0x11}, kXmm8, at);  // movups [r13 + slot], xmm8
      ++i;
    } else {
      at_frame({0x66, 0x45, 0x0F, 0xD6}, kXmm8, at);  // movq [r13 + slot], xmm8
    }
  }
}

bool Emitter::begins_with_short_entry() const { return is_short_entry(shape_->ops[0], shape_->cells[0]); }

// A jump to code that goes on where the first cell leads.
uint64_t Emitter::moved_beginning() {
  if (!calls_itself_) return 0;
  const uint32_t place = here();
  leave_to(0);
  bytes({0x41, 0xFF, 0x24, 0x24});  // jmp [r12]
  uint8_t beginning[sizeof(uint64_t)];
  std::memcpy(beginning, code_.data(), sizeof beginning);
  beginning[0] = 0xE9;
  store_unaligned(beginning + 1, place - 5);
  return load_unaligned<uint64_t>(beginning);
}

void Emitter::check_narrow(PinSet pins) {
  if constexpr (!kChecksNarrow) return;
  for (PinSet left = pins; left != 0; left &= left - 1) {
    const Pin& pin = pins_[static_cast<size_t>(std::countr_zero(left))];
    if (!pin.is_narrow) continue;
    const auto rex = static_cast<uint8_t>(upper_bit(pin.reg) << 2);
    const auto operands = static_cast<uint8_t>(0xC0 | (pin.reg & 7) << 3);
    bytes({static_cast<uint8_t>(0x40 | rex), 0x89, operands});  // mov eax, the register
    bytes({static_cast<uint8_t>(0x48 | rex), 0x39, operands});  // cmp rax, the register, whole
    bytes({0x74, 0x02, 0x0F, 0x0B});                            // je; ud2
  }
}

void Emitter::emit_call(uint32_t index) {
  const Cell& cell = shape_->cells[index];
  write_back(dirty_ & pins_.live_before(index));
  peephole_.forget();
  flush();
  check_narrow(valid_);
  const bool is_own = shape_->may_call_itself && cell.b == shape_->defined && begins_with_short_entry();
  calls_itself_ = calls_itself_ || is_own;
  if (is_own) {
    // the code that it would find is this one
  } else if (const Cell* entry = entry_of(*shape_, cell.b)) {
    bytes({0x49, 0xBC});  // mov r12, the entry: if it is replaced, it leads on (CellOp::moved_entry)
    put(reinterpret_cast<uint64_t>(entry));
  } else {
    bytes({0x49, 0x8B, 0x4E, offsetof(VmContext, entries)});  // mov rcx, [r14 + entries]
    bytes({0x4C, 0x8B, 0xA1});                                // mov r12, [rcx + 8 * function]
    put(static_cast<uint32_t>(sizeof(void*) * cell.b));
    bytes({0x4D, 0x85, 0xE4, 0x0F, 0x84});  // test r12, r12; jz: not translated yet
    exit_to_handler(index);
  }
  keep_in_line(4 + kJumpBytes);
  bytes({0x48, 0x3B, 0x65, offsetof(VmStore, native_call_limit), 0x0F, 0x82});  // cmp rsp, [rbp + limit]; jb
  exit_to_handler(index);
  bytes({0x48, 0xBF});  // mov rdi, the return cell
  put(reinterpret_cast<uint64_t>(&cell + 1));
  bytes({0x57, 0x4C, 0x89, 0xF6});  // push rdi; mov rsi, r14
  move_frame(kDigitAdd, 8 * uint32_t{cell.a});
  keep_in_line(kCallBytes);
  if (is_own) {
    bytes({0xE8});  // call
    jump_back_to(0);
  } else {
    bytes({0x41, 0xFF, 0x14, 0x24});  // call [r12]
  }
  bytes({0x59});  // pop rcx
  move_frame(kDigitSub, 8 * uint32_t{cell.a});
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
  at_frame({0x49, 0x8B}, kRax, header);  // mov rax, [r13 + header]
  keep_in_line(5 + kJumpBytes);
  bytes({0x48, 0x3B, 0x44, 0x24, 0x08, 0x0F, 0x85});  // cmp rax, [rsp + 8]; jne
  return_through_cell(index);
  keep_in_line(kMostFrameBytes + kJumpBytes + 1);
  at_frame({0x4D, 0x3B}, kR14, header + 8);  // cmp r14, [r13 + header + 8]
  bytes({0x0F, 0x85});                       // jne
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
