// Looking through copies.
#include "jit/x86_64/peephole.h"

#include <algorithm>
#include <utility>

namespace godwit::jit {

namespace {

// A result is followed back so far, in instructions.
constexpr uint32_t kMostBack = 24;

constexpr uint8_t kAdd = 0, kOr = 1, kAnd = 4, kSub = 5, kXor = 6, kCompare = 7;

bool fits_signed(int64_t value) { return value == static_cast<int32_t>(value); }

// The arithmetic that opcodes 00 to 3F do, by their number and direction; nothing for others.
bool is_arithmetic(const Instruction& in, uint8_t direction) {
  return in.map == 0 && in.opcode < 0x40 && (in.opcode & 7) == direction;
}

Instruction with_two(uint8_t prefix, uint8_t map, uint8_t opcode, Register reg, Register rm,
                     unsigned traits) {
  Instruction in;
  in.prefix = prefix;
  in.map = map;
  in.opcode = opcode;
  in.reg = reg;
  in.rm = rm;
  in.traits = static_cast<uint16_t>(traits);
  return in;
}

// Of arithmetic on two registers, the one that changes becomes reg.
void turn_round(Instruction& in) {
  std::swap(in.reg, in.rm);
  in.opcode += 2;
  const uint8_t kind = in.opcode >> 3;
  in.traits &= static_cast<uint16_t>(~(kWritesReg | kWritesRm));
  in.traits |= kReadsReg | kReadsRm;
  if (kind != kCompare) in.traits |= kWritesReg;
  if (kind == kAdd || kind == kOr || kind == kAnd || kind == kXor) in.traits |= kCommutes;
}

// `op rm, imm` of the group of opcodes 81 and 83.
Instruction with_immediate(uint8_t digit, Register rm, int32_t imm, bool is_wide) {
  const bool is_short = imm == static_cast<int8_t>(imm);
  Instruction in;
  in.opcode = is_short ? 0x83 : 0x81;
  in.reg = digit;
  in.rm = rm;
  in.imm = imm;
  in.imm_bytes = is_short ? 1 : 4;
  in.traits = static_cast<uint16_t>(kReadsRm | (digit == kCompare ? 0 : kWritesRm) | (is_wide ? kWide : 0));
  return in;
}

Instruction sum_of(Register to, Register base, Register index, int32_t disp, bool is_wide) {
  Instruction in;
  in.opcode = 0x8D;
  in.reg = to;
  in.rm = kMemory;
  in.base = base;
  in.index = index;
  in.disp = disp;
  in.traits = static_cast<uint16_t>(kWritesReg | (is_wide ? kWide : 0));
  return in;
}

void replace(Instruction& in, Register from, Register to) {
  if (in.has_reg() && in.reg == from) in.reg = to;
  if (in.rm == from) in.rm = to;
  if (in.base == from) in.base = to;
  if (in.index == from) in.index = to;
}

void replace_result(Instruction& in, Register from, Register to) {
  if (in.has(kIdiom)) return replace(in, from, to);
  if (in.has(kWritesReg) && in.reg == from) in.reg = to;
  if (in.has(kWritesRm) && in.rm == from) in.rm = to;
}

// The vector register that it only reads may be 16 bytes in memory instead.
bool can_read_vector_from_memory(const Instruction& in) {
  const uint8_t op = in.opcode;
  if (in.map == 3) return in.prefix == 0x66 && op >= 0x08 && op <= 0x0F;  // rounding, blends, alignment
  if (in.map == 2) return in.prefix == 0x66 && op < 0x42;
  if (in.map != 1) return false;
  if (op >= 0x51 && op <= 0x5F) return true;  // arithmetic, of scalars too
  if (in.prefix != 0 && in.prefix != 0x66) return false;
  if (op == 0x14 || op == 0x15 || op == 0xC2 || op == 0xC6) return true;
  if (in.prefix == 0) return false;
  if ((op >= 0x60 && op <= 0x6D) || op == 0x70 || (op >= 0x74 && op <= 0x76)) return true;
  // stores, and what reads a mask of a register
  return op >= 0xD1 && op <= 0xFE && op != 0xD6 && op != 0xD7 && op != 0xE7 && op != 0xF0 && op != 0xF7;
}

// The instruction leaves 0 in the upper 32 bits of the general register that it writes.
bool writes_narrow(const Instruction& in) { return !in.has(kWide); }

}  // namespace

void Peephole::begin(RegisterSet pins, RegisterSet narrow) {
  pins_ = pins;
  narrow_pins_ = narrow;
  forget();
  clear();
  pool_.clear();
}

void Peephole::set_narrow(Register reg, bool narrow) {
  if (is_vector(reg)) return;
  if (narrow) narrow_now_ |= set_of(reg);
  else narrow_now_ &= ~set_of(reg);
}

bool Peephole::can_stand_in(const Value& value, bool is_wide) const {
  return value.is == Is::Copy && (value.bits == Bits::Whole || !is_wide || is_narrow(value.from));
}

void Peephole::forget() {
  lagging_ = 0;
  begun_.fill(kUnknown);
  narrow_now_ = narrow_pins_;
  last_branch_ = kUnknown;
  settled_ = 0;
}

void Peephole::settle(RegisterSet registers) {
  for (RegisterSet rest = lagging_ & registers; rest != 0; rest &= rest - 1)
    make_real(static_cast<Register>(__builtin_ctz(rest)));
  settled_ |= registers;
  settled_at_ = size();
}

// --- Moves and constants --------------------------------------------------------------------------------------------------

void Peephole::push_move(Register to, Register from, Bits bits) {
  const unsigned wide = bits == Bits::Whole ? kWide : 0;
  if (is_vector(to) && is_vector(from) && bits == Bits::Low32) {
    Instruction in =
        with_two(0x66, 3, 0x21, to, from, kWritesReg | kReadsRm);  // insertps, the rest becoming 0
    in.imm = 0x0E;
    in.imm_bytes = 1;
    return push(in);
  }
  if (is_vector(to) && is_vector(from)) push(with_two(0, 1, 0x28, to, from, kWritesReg | kReadsRm | kMove));
  else if (is_vector(to)) push(with_two(0x66, 1, 0x6E, to, from, kWritesReg | kReadsRm | wide));
  else if (is_vector(from)) push(with_two(0x66, 1, 0x7E, from, to, kReadsReg | kWritesRm | wide));
  else push(with_two(0, 0, 0x8B, to, from, kWritesReg | kReadsRm | kMove | wide));
}

void Peephole::push_constant(Register to, uint64_t constant) {
  Instruction in;
  in.reg = to;
  in.opcode = 0xB8;
  in.traits = kWritesReg;
  in.imm = static_cast<int64_t>(constant);
  in.imm_bytes = 4;
  if (constant >> 32 != 0) {
    in.traits |= kWide;
    in.imm_bytes = 8;
    if (fits_signed(in.imm)) {
      in.opcode = 0xC7;
      in.reg = 0;
      in.rm = to;
      in.imm_bytes = 4;
      in.traits = kWritesRm | kWide;
    }
  }
  push(in);
}

void Peephole::read_from_pool(Instruction& in, VectorConstant constant) {
  // those near the end are enough to look at: code uses the same ones close together
  constexpr size_t kMostTries = 16;
  size_t at = pool_.size();
  for (size_t i = at, tries = 0; i > 0 && tries < kMostTries; --i, ++tries)
    if (pool_[i - 1] == constant) at = i - 1;
  if (at == pool_.size()) pool_.push_back(constant);
  in.rm = kMemory;
  in.base = kHere;
  in.index = kNoRegister;
  in.scale = 0;
  in.disp = static_cast<int32_t>(pool_at() + 16 * at);
}

void Peephole::push_vector(Register to, VectorConstant constant) {
  const uint64_t all = ~uint64_t{0};
  if (constant == VectorConstant{0, 0}) return push(with_two(0, 1, 0x57, to, to, kWritesReg | kIdiom));
  if (constant == VectorConstant{all, all}) return push(with_two(0x66, 1, 0x76, to, to, kWritesReg | kIdiom));
  Instruction in = with_two(0, 1, 0x28, to, kMemory, kWritesReg | kReadsRm);
  read_from_pool(in, constant);
  push(in);
}

void Peephole::make_real(Register reg) {
  if ((lagging_ >> reg & 1) == 0) return;
  const Value value = values_[reg];
  lagging_ &= ~set_of(reg);
  begun_[reg] = size();
  if (value.is == Is::Constant) {
    push_constant(reg, value.constant);
    set_narrow(reg, value.constant >> 32 == 0);
  } else if (value.is == Is::Vector) {
    push_vector(reg, {value.constant, value.high});
  } else {
    push_move(reg, value.from, value.bits);
    set_narrow(reg, value.bits == Bits::Low32 || is_narrow(value.from));
  }
}

void Peephole::before_write(Register reg, RegisterSet live) {
  for (RegisterSet rest = lagging_; rest != 0; rest &= rest - 1) {
    const auto other = static_cast<Register>(__builtin_ctz(rest));
    const Value& value = values_[other];
    if (other == reg || value.is != Is::Copy || value.from != reg) continue;
    if ((live >> other & 1) != 0) {
      make_real(other);
    } else {
      lagging_ &= ~set_of(other);
      begun_[other] = kUnknown;
    }
  }
}

// The register holds its value, which the last instruction gave it.
void Peephole::wrote(Register reg, bool is_new, bool is_narrow) {
  lagging_ &= ~set_of(reg);
  if (is_new) begun_[reg] = size() - 1;
  set_narrow(reg, is_narrow);
}

void Peephole::put_constant(Register to, uint64_t constant, RegisterSet live) {
  if (pins_hold_narrow(to)) constant = static_cast<uint32_t>(constant);
  before_write(to, live);
  if (!is_exact(to)) {
    values_[to] = {Is::Constant, Bits::Whole, kNoRegister, constant};
    lagging_ |= set_of(to);
    return;
  }
  push_constant(to, constant);
  wrote(to, true, constant >> 32 == 0);
}

void Peephole::put_vector(Register to, VectorConstant constant, RegisterSet live) {
  before_write(to, live);
  if (!is_exact(to)) {
    values_[to] = {Is::Vector, Bits::Whole, kNoRegister, constant.low, constant.high};
    lagging_ |= set_of(to);
    return;
  }
  push_vector(to, constant);
  wrote(to, true, false);
}

// Constants that are moved between registers of both kinds, joined and spread over vectors.
bool Peephole::make_vector(const Instruction& in, RegisterSet live) {
  if (in.map != 1) return false;
  const bool is_wide = in.has(kWide);
  if (in.prefix == 0x66 && in.opcode == 0x7E && is_register(in.rm)) {  // movd, movq to a general register
    const Value value = value_in(in.reg);
    if (value.is != Is::Vector) return false;
    put_constant(in.rm, is_wide ? value.constant : static_cast<uint32_t>(value.constant), live);
    return true;
  }
  if (!is_register(in.rm) || (lagging_ >> in.rm & 1) == 0) return false;
  const Value& value = values_[in.rm];
  if (in.prefix == 0x66 && in.opcode == 0x6E && value.is == Is::Constant) {  // movd, movq from one
    put_vector(in.reg, {is_wide ? value.constant : static_cast<uint32_t>(value.constant), 0}, live);
    return true;
  }
  if (value.is != Is::Vector) return false;
  if (in.prefix == 0xF3 && in.opcode == 0x7E) {  // movq
    put_vector(in.reg, {value.constant, 0}, live);
    return true;
  }
  if (in.prefix == 0x66 && in.opcode == 0x6C) {  // punpcklqdq
    const Value low = value_in(in.reg);
    if (low.is != Is::Vector) return false;
    put_vector(in.reg, {low.constant, value.constant}, live);
    return true;
  }
  if (in.prefix == 0x66 && in.opcode == 0x70) {  // pshufd
    const uint64_t lanes[] = {static_cast<uint32_t>(value.constant), value.constant >> 32,
                              static_cast<uint32_t>(value.high), value.high >> 32};
    auto lane = [&](unsigned i) { return lanes[static_cast<uint64_t>(in.imm) >> (2 * i) & 3]; };
    put_vector(in.reg, {lane(1) << 32 | lane(0), lane(3) << 32 | lane(2)}, live);
    return true;
  }
  return false;
}

// A shift of lanes by a number of bits in a vector register, which is known.
bool Peephole::shift_by_constant(Instruction& in, const Value& count) {
  if (in.prefix != 0x66 || in.map != 1) return false;
  const uint8_t lane = in.opcode & 0x0F;
  const uint8_t way = in.opcode >> 4;
  const bool is_shift = (way == 0xD && lane >= 1 && lane <= 3) || (way == 0xE && (lane == 1 || lane == 2)) ||
                        (way == 0xF && lane >= 1 && lane <= 3);
  if (!is_shift) return false;
  in.opcode = 0x70 | lane;
  in.rm = in.reg;
  in.reg = way == 0xD ? 2 : way == 0xE ? 4 : 6;
  in.imm = static_cast<int8_t>(std::min<uint64_t>(count.constant, 0x7F));  // as good as any that is too large
  in.imm_bytes = 1;
  in.traits = kReadsRm | kWritesRm;
  return true;
}

void Peephole::move(Register to, Register from, Bits bits, RegisterSet live) {
  const Value value = value_in(from);
  if (value.is == Is::Constant || value.is == Is::Vector) {
    const bool is_short = bits == Bits::Low32;
    const uint64_t constant = is_short ? static_cast<uint32_t>(value.constant) : value.constant;
    if (!is_vector(to)) return put_constant(to, constant, live);
    return put_vector(to, {constant, is_short ? 0 : value.high}, live);
  }
  Register source = from;
  if (value.is == Is::Copy) {
    source = value.from;
    if (value.bits == Bits::Low32) bits = Bits::Low32;
  }
  if (pins_hold_narrow(to)) bits = Bits::Low32;
  const bool is_dead = (live >> from & 1) == 0;
  if (bits == Bits::Low32 && value.is == Is::Real && is_dead) shorten_last(from);
  // the upper half is 0 as it is
  if (bits == Bits::Low32 && !is_vector(source) && is_narrow(source)) bits = Bits::Whole;
  if (source == to) {
    if (bits == Bits::Whole) {
      if ((lagging_ >> to & 1) != 0) make_real(to);  // it cannot be a copy of itself
      return;
    }
    before_write(to, live);
    push_move(to, to, bits);
    set_narrow(to, true);
    return;
  }
  const bool is_of_one_kind = is_vector(source) == is_vector(to);
  const bool is_real_temporary = value.is == Is::Real && !is_exact(from);
  if (is_real_temporary && is_of_one_kind && (is_exact(to) || is_dead) && bits == Bits::Whole) {
    if (rename(from, to, live) || (is_exact(to) && swap_last(from, to, live))) {
      if (!is_dead) {
        values_[from] = {Is::Copy, Bits::Whole, to, 0};
        lagging_ |= set_of(from);
      }
      return;
    }
  }
  before_write(to, live);
  if (!is_exact(to) && !(is_real_temporary && is_dead)) {
    values_[to] = {Is::Copy, bits, source, 0};
    lagging_ |= set_of(to);
    return;
  }
  push_move(to, source, bits);
  wrote(to, true, bits == Bits::Low32 || (!is_vector(source) && is_narrow(source)));
}

// If the last instruction gave the register a number extended to 64 bits, 32 of which are wanted: no more than these.
void Peephole::shorten_last(Register reg) {
  if (is_exact(reg) || begun_[reg] == kUnknown || begun_[reg] + 1 != size()) return;
  Instruction& last = list_.back();
  if (last.reg != reg || !last.has(kWide) || (!last.is(1, 0xBE) && !last.is(1, 0xBF))) return;
  last.traits &= static_cast<uint16_t>(~kWide);
  set_narrow(reg, true);
}

bool Peephole::rename(Register from, Register to, RegisterSet live) {
  const uint32_t begin = begun_[from];
  if (begin == kUnknown || size() - begin > kMostBack) return false;
  if (is_exact(to) && last_branch_ != kUnknown && last_branch_ > begin) return false;
  // where a branch leads to, both are what they were
  if (begin < settled_at_ && ((settled_ >> from | settled_ >> to) & 1) != 0) return false;
  for (RegisterSet rest = lagging_ & live & ~set_of(to); rest != 0; rest &= rest - 1) {
    const Value& value = values_[static_cast<size_t>(__builtin_ctz(rest))];
    if (value.is == Is::Copy && value.from == to) return false;
  }
  for (uint32_t i = begin; i < size(); ++i) {
    const Instruction& in = list_[i];
    if ((from == kRcx || to == kRcx) && in.has(kReadsCl)) return false;
    if ((in.mentioned() >> to & 1) == 0) continue;
    // what begins the value may read what it then replaces
    const bool writes_it = (in.has(kWritesReg) && in.reg == to) || (in.has(kWritesRm) && in.rm == to);
    if (i != begin || writes_it) return false;
  }
  before_write(to, live);                  // none is live: only forgets
  replace_result(list_[begin], from, to);  // what it reads may be an older value of the register
  for (uint32_t i = begin + 1; i < size(); ++i) replace(list_[i], from, to);
  for (RegisterSet rest = lagging_; rest != 0; rest &= rest - 1) {
    Value& value = values_[static_cast<size_t>(__builtin_ctz(rest))];
    if (value.is == Is::Copy && value.from == from) value.from = to;
  }
  const bool narrow = !is_vector(from) && is_narrow(from);
  lagging_ &= ~set_of(to);
  begun_[to] = begin;
  begun_[from] = kUnknown;
  set_narrow(to, narrow);
  return true;
}

// `from = from op to; to = from` becomes `to = to op from`.
bool Peephole::swap_last(Register from, Register to, RegisterSet live) {
  if (list_.empty() || last_branch_ == size() - 1) return false;
  Instruction& last = list_.back();
  if (!last.has(kCommutes) || last.reg != from || last.rm != to) return false;
  for (RegisterSet rest = lagging_; rest != 0; rest &= rest - 1) {
    const auto other = static_cast<size_t>(__builtin_ctz(rest));
    const Value& value = values_[other];
    if (value.is == Is::Copy && (value.from == to || value.from == from) && (live >> other & 1) != 0)
      return false;
  }
  before_write(to, live);
  before_write(from, live);
  last.reg = to;
  last.rm = from;
  begun_[from] = kUnknown;
  begun_[to] = kUnknown;
  set_narrow(to, writes_narrow(last));
  return true;
}

// --- Instructions ---------------------------------------------------------------------------------------------------------

// `cmp x, 0` is `test x, x`, but shorter.
void Peephole::compare_with_zero(Instruction& in) {
  if (!in.is(0, 0x83) || in.reg != kCompare || in.imm != 0 || !is_register(in.rm)) return;
  in.opcode = 0x85;
  in.reg = in.rm;
  in.imm_bytes = 0;
  in.traits |= kReadsReg;
}

void Peephole::read_address(Instruction& in) {
  if (in.rm != kMemory || in.base == kHere) return;
  if (is_register(in.index) && (lagging_ >> in.index & 1) != 0) {
    const Value& value = values_[in.index];
    if (value.is == Is::Constant) {
      const int64_t disp = in.disp + static_cast<int64_t>(value.constant << in.scale);
      if (value.constant <= INT32_MAX && fits_signed(disp)) {
        in.index = kNoRegister;
        in.scale = 0;
        in.disp = static_cast<int32_t>(disp);
      } else {
        make_real(in.index);
      }
    } else if (can_stand_in(value, true) && !is_vector(value.from)) {
      in.index = value.from;
    } else {
      make_real(in.index);
    }
  }
  if (!is_register(in.base) || (lagging_ >> in.base & 1) == 0) return;
  const Value& value = values_[in.base];
  if (value.is == Is::Constant) {
    const int64_t disp = in.disp + static_cast<int64_t>(value.constant);
    if (is_register(in.index) && in.scale == 0 && value.constant <= INT32_MAX && fits_signed(disp)) {
      in.base = in.index;
      in.index = kNoRegister;
      in.disp = static_cast<int32_t>(disp);
    } else {
      make_real(in.base);
    }
  } else if (can_stand_in(value, true) && !is_vector(value.from)) {
    in.base = value.from;
  } else {
    make_real(in.base);
  }
}

// A plain store of a register that should hold a constant, or a copy of a vector register.
bool Peephole::read_store(Instruction& in, const Value& value) {
  if (in.map != 0 || in.rm != kMemory) return false;
  const bool is_byte = in.opcode == 0x88, is_short = in.prefix == 0x66;
  if (!is_byte && in.opcode != 0x89) return false;
  if (value.is == Is::Constant) {
    const auto imm = static_cast<int64_t>(value.constant);
    if (is_short || (in.has(kWide) && !fits_signed(imm))) return false;
    in.opcode = is_byte ? 0xC6 : 0xC7;
    in.reg = 0;
    in.traits &= static_cast<uint16_t>(~(kReadsReg | kByteReg | kMove));
    in.imm = is_byte ? static_cast<int8_t>(imm) : static_cast<int32_t>(imm);
    in.imm_bytes = is_byte ? 1 : 4;
    return true;
  }
  if (!is_vector(value.from) || is_byte || is_short) return false;
  if (in.has(kWide) && value.bits == Bits::Low32) return false;
  in.prefix = 0x66;
  in.map = 1;
  in.opcode = in.has(kWide) ? 0xD6 : 0x7E;
  in.reg = value.from;
  in.traits &= static_cast<uint16_t>(~(kWide | kMove));
  return true;
}

// The right operand is a constant that can be part of the instruction.
bool Peephole::make_immediate(Instruction& in, uint64_t constant) {
  const auto imm = in.has(kWide) ? static_cast<int64_t>(constant) : static_cast<int32_t>(constant);
  if (in.prefix != 0 || !fits_signed(imm)) return false;
  const bool is_short = imm == static_cast<int8_t>(imm);
  if (is_arithmetic(in, 3)) {  // reg op= rm
    Instruction now = with_immediate(in.opcode >> 3, in.reg, static_cast<int32_t>(imm), in.has(kWide));
    now.traits |= in.traits & kFlagsUsed;
    in = now;
    return true;
  }
  if (in.is(1, 0xAF)) {
    in.map = 0;
    in.opcode = is_short ? 0x6B : 0x69;
    in.rm = in.reg;
    in.traits = static_cast<uint16_t>((in.traits & ~(kReadsReg | kCommutes)) | kWritesReg | kReadsRm);
    in.imm = imm;
    in.imm_bytes = is_short ? 1 : 4;
    return true;
  }
  return false;
}

// Replaces operands that are only read by what they are copies of.
void Peephole::read_operands(Instruction& in) {
  if (in.has(kReadsCl) && (lagging_ >> kRcx & 1) != 0) {
    const Value& value = values_[kRcx];
    if (value.is == Is::Constant) {
      in.opcode = 0xC1;
      in.traits &= static_cast<uint16_t>(~kReadsCl);
      in.imm = static_cast<int8_t>(value.constant & (in.has(kWide) ? 63 : 31));
      in.imm_bytes = 1;
    } else {
      make_real(kRcx);
    }
  }
  // a constant may become a part of the instruction, and the left operand its only one
  while (in.has(kReadsRm) && !in.has(kWritesRm) && is_register(in.rm) && (lagging_ >> in.rm & 1) != 0) {
    const Value& value = values_[in.rm];
    const bool reads_less = in.has(kByteRm) || in.is(0, 0x63) || in.is(1, 0xB7) || in.is(1, 0xBF);
    const bool is_wide = in.has(kWide) && !reads_less;
    if (value.is == Is::Constant) {
      const Register constant_in = in.rm;
      if (!make_immediate(in, value.constant)) make_real(constant_in);
    } else if (value.is == Is::Vector) {
      if (shift_by_constant(in, value)) break;
      if (can_read_vector_from_memory(in)) read_from_pool(in, {value.constant, value.high});
      else make_real(in.rm);
    } else if (can_stand_in(value, is_wide) && is_vector(value.from) == is_vector(in.rm)) {
      in.rm = value.from;
    } else {
      make_real(in.rm);
    }
  }
  if (in.has(kReadsReg) && !in.has(kWritesReg) && (lagging_ >> in.reg & 1) != 0) {
    const Value value = values_[in.reg];
    if (read_store(in, value)) return;
    if (value.is == Is::Constant) {
      make_real(in.reg);
    } else if (can_stand_in(value, in.has(kWide)) && is_vector(value.from) == is_vector(in.reg)) {
      in.reg = value.from;
    } else {
      make_real(in.reg);
    }
  }
}

// A constant is widened.
bool Peephole::extend_constant(const Instruction& in, RegisterSet live) {
  if (!is_register(in.rm) || (lagging_ >> in.rm & 1) == 0 || values_[in.rm].is != Is::Constant) return false;
  const uint64_t constant = values_[in.rm].constant;
  int64_t result;
  if (in.is(0, 0x63) && in.has(kWide)) result = static_cast<int32_t>(constant);
  else if (in.is(1, 0xBE) && in.prefix == 0) result = static_cast<int8_t>(constant);
  else if (in.is(1, 0xBF) && in.prefix == 0) result = static_cast<int16_t>(constant);
  else if (in.is(1, 0xB6) && in.prefix == 0) result = static_cast<uint8_t>(constant);
  else return false;
  put_constant(in.reg, in.has(kWide) ? static_cast<uint64_t>(result) : static_cast<uint32_t>(result), live);
  return true;
}

// The left operand, which is also the result, should hold a constant. True: the instruction was added.
bool Peephole::update_constant(Instruction& in, RegisterSet live) {
  const Register to = in.has(kWritesReg) ? in.reg : in.rm;
  const uint64_t constant = values_[to].constant;
  const bool is_wide = in.has(kWide);
  if (in.is(0, 0xC1) && in.imm_bytes == 1 && !in.has(kFlagsUsed)) {
    // shifts of constants
    const auto by = static_cast<unsigned>(in.imm) & (is_wide ? 63 : 31);
    uint64_t result;
    if (in.reg == 4) result = constant << by;
    else if (in.reg == 5) result = is_wide ? constant >> by : static_cast<uint32_t>(constant) >> by;
    else if (in.reg == 7)
      result = is_wide ? static_cast<uint64_t>(static_cast<int64_t>(constant) >> by)
                       : static_cast<uint64_t>(static_cast<int32_t>(constant) >> by);
    else return false;
    put_constant(to, is_wide ? result : static_cast<uint32_t>(result), live);
    return true;
  }
  if ((in.is(0, 0x81) || in.is(0, 0x83)) && !in.has(kFlagsUsed)) {
    const auto right = static_cast<uint64_t>(in.imm);
    uint64_t result;
    if (in.reg == kAdd) result = constant + right;
    else if (in.reg == kSub) result = constant - right;
    else if (in.reg == kAnd) result = constant & right;
    else if (in.reg == kOr) result = constant | right;
    else if (in.reg == kXor) result = constant ^ right;
    else return false;
    put_constant(to, is_wide ? result : static_cast<uint32_t>(result), live);
    return true;
  }
  const auto imm = is_wide ? static_cast<int64_t>(constant) : static_cast<int32_t>(constant);
  if (!in.has(kCommutes) || in.prefix != 0 || !fits_signed(imm) || in.rm == to) return false;
  if (in.is(1, 0xAF)) {
    in.map = 0;
    in.opcode = imm == static_cast<int8_t>(imm) ? 0x6B : 0x69;
    in.imm = imm;
    in.imm_bytes = in.opcode == 0x6B ? 1 : 4;
    in.traits &= static_cast<uint16_t>(~(kReadsReg | kCommutes));
    return false;  // it is one that begins a value now
  }
  if (!is_arithmetic(in, 3)) return false;
  // constant op rm: the right operand comes first, then the constant
  Instruction first = with_two(0, 0, 0x8B, to, in.rm, kWritesReg | kReadsRm | kMove | (is_wide ? kWide : 0));
  first.base = in.base;
  first.index = in.index;
  first.scale = in.scale;
  first.disp = in.disp;
  first.target = in.target;
  Instruction second = with_immediate(in.opcode >> 3, to, static_cast<int32_t>(imm), is_wide);
  second.traits |= in.traits & kFlagsUsed;
  add(first, live | set_of(to));
  add(second, live);
  return true;
}

// The left operand, which is also the result, should be a copy: sums have a form with three operands.
bool Peephole::update_copy(Instruction& in) {
  const Register to = in.has(kWritesReg) ? in.reg : in.rm;
  const Register from = values_[to].from;
  if (is_vector(from) || in.has(kFlagsUsed) || in.prefix != 0) return false;
  const bool is_wide = in.has(kWide);
  if (!can_stand_in(values_[to], is_wide)) return false;
  if (is_arithmetic(in, 3) && in.opcode >> 3 == kAdd && is_register(in.rm)) {
    in = sum_of(to, from, in.rm == to ? from : in.rm, 0, is_wide);
    return true;
  }
  if ((in.is(0, 0x81) || in.is(0, 0x83)) && (in.reg == kAdd || in.reg == kSub)) {
    const int64_t disp = in.reg == kAdd ? in.imm : -in.imm;
    if (!fits_signed(disp)) return false;
    in = sum_of(to, from, kNoRegister, static_cast<int32_t>(disp), is_wide);
    return true;
  }
  return false;
}

void Peephole::write_results(const Instruction& in, RegisterSet live) {
  const bool writes_reg = in.has(kWritesReg), writes_rm = in.has(kWritesRm) && is_register(in.rm);
  if (writes_reg) before_write(in.reg, live);
  if (writes_rm) before_write(in.rm, live);
  push(in);
  // a byte leaves the rest of its register as it was
  auto is_narrow_after = [&](Register reg, bool is_byte) {
    return is_byte ? is_narrow(reg) : writes_narrow(in);
  };
  if (writes_reg)
    wrote(in.reg, !in.has(kReadsReg), !is_vector(in.reg) && is_narrow_after(in.reg, in.has(kByteReg)));
  if (writes_rm)
    wrote(in.rm, !in.has(kReadsRm), !is_vector(in.rm) && is_narrow_after(in.rm, in.has(kByteRm)));
  if ((narrow_pins_ & ~narrow_now_) == 0) return;
  // the value is of 32 bits, whatever the instruction is
  const Register pin = writes_rm ? in.rm : in.reg;
  push_move(pin, pin, Bits::Low32);
  wrote(pin, true, true);
}

void Peephole::add(Instruction in, RegisterSet live) {
  if (in.has(kJump)) {
    const auto target = static_cast<HoleKind>(in.target);
    if (target == HoleKind::branch || target == HoleKind::step_branch) last_branch_ = size();
    return push(in);
  }
  if (is_arithmetic(in, 1) && is_register(in.rm) && !in.has(kIdiom)) turn_round(in);
  read_address(in);
  if (in.has(kMove) && is_register(in.rm)) {
    const Bits bits = in.has(kWide) || is_vector(in.reg) ? Bits::Whole : Bits::Low32;
    return in.has(kWritesReg) ? move(in.reg, in.rm, bits, live) : move(in.rm, in.reg, bits, live);
  }
  if (in.is(0, 0xB8) && in.rm == kNoRegister) {
    const auto imm = static_cast<uint64_t>(in.imm);
    return put_constant(in.reg, in.has(kWide) ? imm : static_cast<uint32_t>(imm), live);
  }
  if (in.is(0, 0xC7) && is_register(in.rm)) {
    const auto imm = static_cast<uint64_t>(in.imm);
    return put_constant(in.rm, in.has(kWide) ? imm : static_cast<uint32_t>(imm), live);
  }
  if (extend_constant(in, live) || make_vector(in, live)) return;
  read_operands(in);
  // operands that are also results
  const bool updates_reg = in.has(kReadsReg) && in.has(kWritesReg);
  const bool updates_rm = in.has(kReadsRm) && in.has(kWritesRm) && is_register(in.rm);
  if (updates_reg || updates_rm) {
    const Register to = updates_reg ? in.reg : in.rm;
    if ((lagging_ >> to & 1) != 0) {
      if (values_[to].is == Is::Constant) {
        if (update_constant(in, live)) return;
        if (in.has(updates_reg ? kReadsReg : kReadsRm)) make_real(to);
      } else if (!update_copy(in)) {
        make_real(to);
      }
    }
  }
  compare_with_zero(in);
  add_plain(in, live);
}

}  // namespace godwit::jit
