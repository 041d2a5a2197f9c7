// Vector instructions.
#include <algorithm>
#include <cstring>

#include "code/translator.h"
#include "wasm/opcode_relations.h"

namespace godwit::code {

using wasm::OpClass;
using wasm::Opcode;
using wasm::ValKind;

namespace {

constexpr uint64_t kMaxOffset = 0xFFFF'FFFF;
constexpr CellOp kNone = static_cast<CellOp>(0xFFFF);

// The first op of the family of each vector instruction, in the order of opcodes.def.
#define GODWIT_FIRST_SimdBinary(name) CellOp::name##_ss
#define GODWIT_FIRST_SimdCompare(name) CellOp::name##_ss
#define GODWIT_FIRST_SimdUnary(name) CellOp::name##_s
#define GODWIT_FIRST_SimdConvert(name) CellOp::name##_s
#define GODWIT_FIRST_SimdTest(name) CellOp::name##_s
#define GODWIT_FIRST_SimdSplat(name) CellOp::name##_s
#define GODWIT_FIRST_SimdTernary(name) CellOp::name##_sss
#define GODWIT_FIRST_SimdShift(name) CellOp::name##_ss
#define GODWIT_FIRST_SimdExtract(name) CellOp::name##_s
#define GODWIT_FIRST_SimdReplace(name) CellOp::name##_ss
#define GODWIT_FIRST_SimdConst(name) CellOp::name
#define GODWIT_FIRST_SimdShuffle(name) kNone
#define GODWIT_FIRST_SimdLoad(name) CellOp::name##_s
#define GODWIT_FIRST_SimdStore(name) CellOp::name##_ss
#define GODWIT_FIRST_SimdLoadLane(name) CellOp::name##_s
#define GODWIT_FIRST_SimdStoreLane(name) CellOp::name##_ss
#define GODWIT_FIRST_Control(name) kNone
#define GODWIT_FIRST_Parametric(name) kNone
#define GODWIT_FIRST_Variable(name) kNone
#define GODWIT_FIRST_Table(name) kNone
#define GODWIT_FIRST_Memory(name) kNone
#define GODWIT_FIRST_Const(name) kNone
#define GODWIT_FIRST_Wide(name) kNone
#define GODWIT_FIRST_Ref(name) kNone
#define GODWIT_FIRST_Gc(name) kNone
#define GODWIT_FIRST_Exception(name) kNone
#define GODWIT_FIRST_Binary(name) kNone
#define GODWIT_FIRST_Compare(name) kNone
#define GODWIT_FIRST_Unary(name) kNone
#define GODWIT_FIRST_Test(name) kNone
#define GODWIT_FIRST_Convert(name) kNone
#define GODWIT_FIRST_Load(name) kNone
#define GODWIT_FIRST_Store(name) kNone
#define GODWIT_FIRST_AtomicLoad(name) kNone
#define GODWIT_FIRST_AtomicStore(name) kNone
#define GODWIT_FIRST_AtomicRmw(name) kNone
#define GODWIT_FIRST_AtomicCmpxchg(name) kNone
#define GODWIT_FIRST_AtomicWait(name) kNone
#define GODWIT_FIRST_AtomicFence(name) kNone
constexpr CellOp kFirstOps[] = {
#define GODWIT_OP(prefix, code, name, text, imm, sig, access, feature, op_class) \
  GODWIT_FIRST_##op_class(name),
#include "wasm/opcodes.def"
#undef GODWIT_OP
};
#undef GODWIT_FIRST_SimdBinary
#undef GODWIT_FIRST_SimdCompare
#undef GODWIT_FIRST_SimdUnary
#undef GODWIT_FIRST_SimdConvert
#undef GODWIT_FIRST_SimdTest
#undef GODWIT_FIRST_SimdSplat
#undef GODWIT_FIRST_SimdTernary
#undef GODWIT_FIRST_SimdShift
#undef GODWIT_FIRST_SimdExtract
#undef GODWIT_FIRST_SimdReplace
#undef GODWIT_FIRST_SimdConst
#undef GODWIT_FIRST_SimdShuffle
#undef GODWIT_FIRST_SimdLoad
#undef GODWIT_FIRST_SimdStore
#undef GODWIT_FIRST_SimdLoadLane
#undef GODWIT_FIRST_SimdStoreLane
#undef GODWIT_FIRST_Control
#undef GODWIT_FIRST_Parametric
#undef GODWIT_FIRST_Variable
#undef GODWIT_FIRST_Table
#undef GODWIT_FIRST_Memory
#undef GODWIT_FIRST_Const
#undef GODWIT_FIRST_Wide
#undef GODWIT_FIRST_Ref
#undef GODWIT_FIRST_Gc
#undef GODWIT_FIRST_Exception
#undef GODWIT_FIRST_Binary
#undef GODWIT_FIRST_Compare
#undef GODWIT_FIRST_Unary
#undef GODWIT_FIRST_Test
#undef GODWIT_FIRST_Convert
#undef GODWIT_FIRST_Load
#undef GODWIT_FIRST_Store
#undef GODWIT_FIRST_AtomicLoad
#undef GODWIT_FIRST_AtomicStore
#undef GODWIT_FIRST_AtomicRmw
#undef GODWIT_FIRST_AtomicCmpxchg
#undef GODWIT_FIRST_AtomicWait
#undef GODWIT_FIRST_AtomicFence

constexpr CellOp kFirstOfShuffle[] = {
#define GODWIT_SHUFFLE(name, ...) CellOp::name##_ss,
#include "code/shuffles.def"
};

CellOp first_op(Opcode op) { return kFirstOps[static_cast<size_t>(op)]; }

ValKind kind_of(wasm::Signature::Type type) {
  switch (type) {
    case wasm::Signature::Type::I64: return ValKind::I64;
    case wasm::Signature::Type::F32: return ValKind::F32;
    case wasm::Signature::Type::F64: return ValKind::F64;
    case wasm::Signature::Type::V128: return ValKind::V128;
    default: return ValKind::I32;
  }
}
ValKind result_kind(Opcode op) { return kind_of(wasm::signature_of(op).results()[0]); }

}  // namespace

Result<> Translator::simd(const wasm::Instruction& in) {
  switch (wasm::class_of(in.op)) {
    case OpClass::SimdUnary:
    case OpClass::SimdConvert:
    case OpClass::SimdTest:
    case OpClass::SimdSplat: simd_unary(in.op); return {};
    case OpClass::SimdBinary:
    case OpClass::SimdCompare: simd_binary(in.op); return {};
    case OpClass::SimdTernary: simd_ternary(in.op); return {};
    case OpClass::SimdShift: simd_shift(in.op); return {};
    case OpClass::SimdExtract: simd_extract(in); return {};
    case OpClass::SimdReplace: simd_replace(in); return {};
    case OpClass::SimdShuffle: simd_shuffle(in); return {};
    case OpClass::SimdConst: {
      uint64_t halves[2];
      std::memcpy(halves, in.v128.data(), sizeof halves);
      emit_far_result(CellOp::v128_const, ValKind::V128, 0, halves[0]);
      code_.add_literal(halves[1]);
      return {};
    }
    case OpClass::SimdLoad: return simd_load(in);
    case OpClass::SimdStore: return simd_store(in);
    case OpClass::SimdLoadLane: return simd_load_lane(in);
    case OpClass::SimdStoreLane: return simd_store_lane(in);
    default: return unsupported(in);
  }
}

void Translator::simd_unary(Opcode op) {
  Operand x = pop();
  if (x.where == Operand::Where::Const) to_own_slot(x);
  emit_result(unary_op(first_op(op), source_of(x)), result_kind(op), x.place(), 0);
}

// ss, as, sa. If one local is both operands, it lies in its slot as well as in the accumulator.
void Translator::simd_binary(Opcode op) {
  Operand y = pop();
  Operand x = pop();
  unsigned row = source_of(x) == Source::A ? 1 : source_of(y) == Source::A ? 2 : 0;
  emit_result(first_op(op) + 2 * row, ValKind::V128, x.place(), y.place());
}

// sss, ass, sas, ssa.
void Translator::simd_ternary(Opcode op) {
  Operand z = pop();
  Operand y = pop();
  Operand x = pop();
  unsigned row = source_of(x) == Source::A   ? 1
                 : source_of(y) == Source::A ? 2
                 : source_of(z) == Source::A ? 3
                                             : 0;
  emit_result(first_op(op) + 2 * row, ValKind::V128, x.place(), y.place() | z.place() << 16);
}

// ss, sk, sa, as, ak, aa.
void Translator::simd_shift(Opcode op) {
  Operand count = pop();
  Operand x = pop();
  Source source = source_of(count);
  unsigned row = (source_of(x) == Source::A ? 3 : 0) + (source == Source::S   ? 0u
                                                        : source == Source::K ? 1u
                                                                              : 2u);
  uint32_t b = source == Source::K ? static_cast<uint32_t>(count.bits) : count.place();
  emit_result(first_op(op) + 2 * row, ValKind::V128, x.place(), b);
}

void Translator::simd_extract(const wasm::Instruction& in) {
  Operand x = pop();
  to_readable_slot(x);
  uint32_t byte = in.index2 * wasm::lane_bytes_of(in.op);
  emit_result(first_op(in.op), result_kind(in.op), x.place() + byte / 8, byte % 8 * 8);
}

// ss, sa, as, aa.
void Translator::simd_replace(const wasm::Instruction& in) {
  Operand value = pop();
  Operand x = pop();
  if (value.where == Operand::Where::Const) to_own_slot(value);
  unsigned row = (source_of(x) == Source::A ? 2u : 0u) + (source_of(value) == Source::A ? 1u : 0u);
  emit_result(first_op(in.op) + 2 * row, ValKind::V128, x.place(), value.place() | in.index2 << 16);
}

// An op of shuffles.def; or the lanes of one operand, and then those of the other.
void Translator::simd_shuffle(const wasm::Instruction& in) {
  Operand y = pop();
  Operand x = pop();
  ShuffleLanes lanes = in.v128;
  const bool is_one_twice = x.place() == y.place();
  if (is_one_twice)
    for (uint8_t& lane : lanes) lane %= 16;
  const bool has_left = std::ranges::any_of(lanes, [](uint8_t lane) { return lane < 16; });
  const bool has_right = std::ranges::any_of(lanes, [](uint8_t lane) { return lane >= 16; });
  if (has_left && has_right) {
    if (simd_known_shuffle(x, y, lanes)) return;
    for (uint8_t& lane : lanes) lane ^= 16;
    if (simd_known_shuffle(y, x, lanes)) return;
    for (uint8_t& lane : lanes) lane ^= 16;
    // the second one is read from its slot
    if (source_of(y) == Source::A) {
      std::swap(x, y);
      for (uint8_t& lane : lanes) lane ^= 16;
    }
  } else if (has_right) {
    std::swap(x, y);
    for (uint8_t& lane : lanes) lane ^= 16;
  }
  const auto picked_from = [&](size_t side) {
    std::array<uint64_t, 2> numbers;
    ShuffleLanes picked;
    for (size_t i = 0; i < 16; ++i) picked[i] = lanes[i] / 16 == side ? lanes[i] % 16 : 0xFF;
    std::memcpy(numbers.data(), picked.data(), sizeof numbers);
    return numbers;
  };
  const auto left = picked_from(0);
  const CellOp pick = unary_op(CellOp::pick_lanes_s, source_of(x));
  if (!has_left || !has_right) {
    emit_far_result(pick, ValKind::V128, x.place(), left[0]);
    code_.add_literal(left[1]);
    return;
  }
  // the accumulator changes; the second vector may be there only
  to_readable_slot(y);
  flush(AccClass::V128);
  code_.emit_far(pick, x.place(), next_slot(), left[0]);
  code_.add_literal(left[1]);
  const auto right = picked_from(1);
  const uint32_t cell = code_.emit_far(CellOp::pick_more_lanes, y.place(), next_slot(), right[0]);
  code_.add_literal(right[1]);
  made_result(ValKind::V128, cell);
}

// ss, as, sa.
bool Translator::simd_known_shuffle(const Operand& x, const Operand& y, const ShuffleLanes& lanes) {
  const auto shuffle = find_shuffle(lanes);
  if (!shuffle) return false;
  const unsigned row = source_of(x) == Source::A ? 1 : source_of(y) == Source::A ? 2 : 0;
  emit_result(kFirstOfShuffle[static_cast<size_t>(*shuffle)] + 2 * row, ValKind::V128, x.place(), y.place());
  return true;
}

// --- Memory ---------------------------------------------------------------------------------------------------------

void Translator::made_written_result(ValKind kind, uint32_t cell) {
  push_temp(kind);
  if (options_.fold) accs_[acc_class_of(kind)] = {stack_.back().slot, cell, false};
}

Result<> Translator::simd_load(const wasm::Instruction& in) {
  uint32_t memory = in.mem.memory.value;
  TRY(check_memory(in, memory));
  Operand address = pop();
  CellOp first = first_op(in.op);
  if (in.op == Opcode::v128_load && has_wide_ops(memory, in.mem.offset)) {
    if (address.where == Operand::Where::Const) to_own_slot(address);
    CellOp op = source_of(address) == Source::A ? CellOp::v128_load_wide_a : CellOp::v128_load_wide_s;
    emit_result(op, ValKind::V128, address.place(), static_cast<uint32_t>(in.mem.offset));
    return {};
  }
  if (!is_unchecked(memory)) {
    to_readable_slot(address);
    flush(AccClass::V128);
    uint32_t cell = code_.emit_far(checked_load_op(first), address.place(), next_slot(), in.mem.offset);
    code_.add_literal(memory_literal(memory));
    made_written_result(ValKind::V128, cell);
    return {};
  }
  if (auto sum = take_sum(address, in.mem.offset)) {
    emit_result(load_at_op(first, sum->form), ValKind::V128, sum->a, sum->b);
    return {};
  }
  uint32_t effective = simd_address(address, in.mem.offset);
  emit_result(load_op(first, source_of(address)), ValKind::V128, address.place(), effective);
  return {};
}

// What `b` of an access is: the offset, to which a constant address is added if the sum is one, too.
uint32_t Translator::simd_address(Operand& address, uint64_t offset) {
  if (address.where == Operand::Where::Const) {
    uint64_t effective = offset + static_cast<uint32_t>(address.bits);
    if (effective <= kMaxOffset) return static_cast<uint32_t>(effective);
    to_own_slot(address);
  }
  return static_cast<uint32_t>(offset);
}

// ss, sa, as, aa, ks, ka, checked, at_…
Result<> Translator::simd_store(const wasm::Instruction& in) {
  uint32_t memory = in.mem.memory.value;
  TRY(check_memory(in, memory));
  Operand value = pop();
  Operand address = pop();
  if (has_wide_ops(memory, in.mem.offset)) {
    if (address.where == Operand::Where::Const) to_own_slot(address);
    unsigned row = source_of(address) == Source::A ? 2 : 0;
    unsigned column = source_of(value) == Source::A ? 1 : 0;
    code_.emit(CellOp::v128_store_wide_ss + row + column, address.place(), value.place(),
               static_cast<uint32_t>(in.mem.offset));
    return {};
  }
  if (!is_unchecked(memory)) {
    to_readable_slot(address);
    to_readable_slot(value);
    code_.emit_far(CellOp::v128_store_checked, address.place(), value.place(), in.mem.offset);
    code_.add_literal(memory_literal(memory));
    return {};
  }
  Source what = source_of(value);
  if (what == Source::S || value.where == Operand::Where::Local) {
    if (auto sum = take_sum(address, in.mem.offset)) {
      code_.emit(CellOp::v128_store_at_ss + static_cast<unsigned>(sum->form), sum->a, value.place(), sum->b);
      return {};
    }
  }
  uint32_t effective = simd_address(address, in.mem.offset);
  Source from = source_of(address);
  unsigned row = from == Source::S ? 0 : from == Source::A ? 2 : 4;
  code_.emit(CellOp::v128_store_ss + row + (what == Source::A ? 1u : 0u), address.place(), value.place(),
             effective);
  return {};
}

Result<> Translator::simd_load_lane(const wasm::Instruction& in) {
  uint32_t memory = in.mem.memory.value;
  TRY(check_memory(in, memory));
  Operand x = pop();
  Operand address = pop();
  to_readable_slot(address);
  to_readable_slot(x);
  flush(AccClass::V128);
  CellOp op = first_op(in.op) + (is_unchecked(memory) ? 0u : 1u);
  uint32_t cell = code_.emit_far(op, address.place(), next_slot(), in.mem.offset);
  code_.add_literal(memory_literal(memory));
  code_.add_literal(in.index2);
  code_.add_literal(x.place());
  made_written_result(ValKind::V128, cell);
  return {};
}

Result<> Translator::simd_store_lane(const wasm::Instruction& in) {
  uint32_t memory = in.mem.memory.value;
  TRY(check_memory(in, memory));
  Operand x = pop();
  Operand address = pop();
  to_readable_slot(address);
  to_readable_slot(x);
  CellOp op = first_op(in.op) + (is_unchecked(memory) ? 0u : 1u);
  uint32_t byte = in.index2 * wasm::access_bytes_of(in.op);
  code_.emit_far(op, address.place(), x.place() + byte / 8, in.mem.offset);
  code_.add_literal(memory_literal(memory));
  code_.add_literal(byte % 8 * 8);
  return {};
}

}  // namespace godwit::code
