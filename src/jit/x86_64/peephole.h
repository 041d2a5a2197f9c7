// Peephole: the instructions of code that control enters at its beginning only, with copies looked through.
//
// Stencils pass values from one to the next in accumulators and write results to slots. With slots in registers (pins.h)
// most of their moves copy one register to another. Such a copy is not made at once: what reads the copy reads its source
// instead, until one of them changes; and a result that is only copied to a register is made there in the first place.
//
// Registers are of three kinds: fixed ones and pins are exact at every instruction; the others, scratch registers and
// accumulators, may lag behind until settle().
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "jit/x86_64/stencil.h"

namespace godwit::jit {

// Registers that stencils hand on unchanged, or write on purpose.
inline constexpr RegisterSet kFixedRegisters =
    set_of(kRsp) | set_of(kRbp) | set_of(kR13) | set_of(kR14) | set_of(kR15);

class Peephole final {
 public:
  // Nothing is gathered yet, nothing known.
  // @param pins registers that must be exact.  @param narrow those of them whose upper 32 bits are always 0.
  void begin(RegisterSet pins, RegisterSet narrow);

  // Adds an instruction whose holes are filled.
  // @param live the registers that are read later, as far as they are no pins and not fixed.
  void add(Instruction in, RegisterSet live);
  // The instruction of a step would stay as it is, whatever its numbers.
  bool keeps(const Step& step) const { return step.is_plain && (step.operands & lagging_) == 0; }
  // Adds one that stays as it is; its numbers may be filled in until the next is added.
  Instruction& add_plain(const Instruction& in, RegisterSet live) {
    write_results(in, live);
    lagging_ &= live;  // nothing wants the others any more
    return list_.back();
  }
  // The same for a copy between registers: of 32 bits, the rest becoming 0, or whole.
  enum class Bits : uint8_t { Low32, Whole };
  void move(Register to, Register from, Bits bits, RegisterSet live);

  // These registers get what they should hold.
  void settle(RegisterSet registers);
  // Control comes here from behind instructions before the last one, too: which registers have 0 in their upper half by now
  // depends on its way, but for pins.
  void join() { narrow_now_ = narrow_pins_; }
  // Control may come from elsewhere, or code follows that is not added here: no register's value is known, pins are
  // exact. What other registers should hold is given up.
  void forget();

  const std::vector<Instruction>& instructions() const { return list_; }
  uint32_t size() const { return static_cast<uint32_t>(list_.size()); }
  // Before a jump that skips instructions got its target.
  Instruction& at(size_t index) { return list_[index]; }
  // Drops the instructions, after forget().
  void clear() { list_.clear(); }

  // Of 128 bits. Instructions read those of the pool as they lie behind kConstants, from kPoolAt on.
  struct VectorConstant {
    uint64_t low = 0, high = 0;
    bool operator==(const VectorConstant&) const = default;
  };
  const std::vector<VectorConstant>& pool() const { return pool_; }
  static uint32_t pool_at() { return static_cast<uint32_t>((kConstantBytes + 15) / 16 * 16); }

 private:
  enum class Is : uint8_t {
    Real,      // the register holds its value
    Copy,      // its value is that of `from`
    Constant,  // its value is `constant`
    Vector,    // the same of a vector register: `constant` and `high`
  };
  struct Value {
    Is is = Is::Real;
    Bits bits = Bits::Whole;  // of a copy
    Register from = kNoRegister;
    uint64_t constant = 0;
    uint64_t high = 0;
  };
  static constexpr uint32_t kUnknown = ~uint32_t{0};

  Value value_in(Register reg) const { return (lagging_ >> reg & 1) != 0 ? values_[reg] : Value{}; }
  bool is_exact(Register reg) const { return ((pins_ | kFixedRegisters) >> reg & 1) != 0; }
  bool is_narrow(Register reg) const { return (narrow_now_ >> reg & 1) != 0; }
  void set_narrow(Register reg, bool narrow);
  bool pins_hold_narrow(Register reg) const { return (narrow_pins_ >> reg & 1) != 0; }
  void shorten_last(Register reg);
  // The copy that the register is can be read in its place by an operand of that width.
  bool can_stand_in(const Value& value, bool is_wide) const;

  void push(const Instruction& in) { list_.push_back(in); }
  void push_move(Register to, Register from, Bits bits);
  void push_constant(Register to, uint64_t constant);
  void push_vector(Register to, VectorConstant constant);
  // The operand in memory becomes the constant.
  void read_from_pool(Instruction& in, VectorConstant constant);
  // The register gets its value, if it lags behind.
  void make_real(Register reg);
  // The register is about to change: those that should hold its old value get it, if it is still live.
  void before_write(Register reg, RegisterSet live);
  void wrote(Register reg, bool is_new, bool is_narrow);

  static void compare_with_zero(Instruction& in);
  void read_address(Instruction& in);
  void read_operands(Instruction& in);
  bool read_store(Instruction& in, const Value& value);
  bool make_immediate(Instruction& in, uint64_t constant);
  bool extend_constant(const Instruction& in, RegisterSet live);
  bool update_constant(Instruction& in, RegisterSet live);
  bool update_copy(Instruction& in);
  void put_constant(Register to, uint64_t constant, RegisterSet live);
  void put_vector(Register to, VectorConstant constant, RegisterSet live);
  bool make_vector(const Instruction& in, RegisterSet live);
  static bool shift_by_constant(Instruction& in, const Value& count);
  void write_results(const Instruction& in, RegisterSet live);
  // Makes what `from` holds in `to` instead, from the instruction on that began it. False: it cannot be.
  bool rename(Register from, Register to, RegisterSet live);
  bool swap_last(Register from, Register to, RegisterSet live);

  RegisterSet pins_ = 0, narrow_pins_ = 0;
  RegisterSet narrow_now_ = 0;                  // registers whose upper 32 bits are 0
  RegisterSet lagging_ = 0;                     // those that are not Real
  std::array<Value, kRegisterCount> values_{};  // of those that lag behind
  std::array<uint32_t, kRegisterCount> begun_;  // the instruction that gave it a value that is new altogether
  uint32_t last_branch_ = kUnknown;             // the last one that leads to other cells
  RegisterSet settled_ = 0;                     // those that others than what follows may read
  uint32_t settled_at_ = 0;                     // as the instructions before this one left them
  std::vector<Instruction> list_;
  std::vector<VectorConstant> pool_;
};

}  // namespace godwit::jit
