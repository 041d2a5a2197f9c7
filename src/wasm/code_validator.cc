// CodeValidator: driver, operand stack, index spaces, plain instructions.
#include "wasm/code_validator.h"

#include <algorithm>
#include <cstring>

#include "wasm/limits.h"
#include "wasm/opcode_relations.h"

namespace godwit::wasm {

namespace {

// The lanes of the shape that the instruction's name begins with: 16 for i8x16.
constexpr uint8_t lanes_of(std::string_view text) {
  if (text.starts_with("i8x16")) return 16;
  if (text.starts_with("i16x8")) return 8;
  if (text.starts_with("i32x4") || text.starts_with("f32x4")) return 4;
  return 2;
}

// What plain instructions need of their rows, dense enough to stay in the cache.
struct Rule {
  Signature signature;
  ImmKind imm = ImmKind::None;
  uint8_t access_bytes = 0;
  bool is_atomic = false;
  uint8_t lanes = 0;
  // Neither immediates to check nor address types: one or two operands of `operand`, one result of type `result`.
  uint8_t simple_operands = 0;
  ValType operand;
  ValType result;
};

// Recognises what most instructions are, so that they take one comparison per operand.
constexpr void recognise_simple(Rule& rule) {
  const auto params = rule.signature.params();
  const auto results = rule.signature.results();
  if (rule.imm != ImmKind::None || results.size() != 1 || params.empty() || params.size() > 2) return;
  if (params.front() != params.back()) return;
  rule.simple_operands = static_cast<uint8_t>(params.size());
  rule.operand = static_cast<ValKind>(params[0]);
  rule.result = static_cast<ValKind>(results[0]);
}

constexpr auto kRules = [] {
  std::array<Rule, kOpcodeCount> table{};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const OpInfo& row = kOpcodes[i];
    table[i].signature = row.signature;
    table[i].imm = row.imm;
    table[i].access_bytes = row.access_bytes;
    table[i].is_atomic = row.op_class >= OpClass::AtomicLoad;
    table[i].lanes = lanes_of(row.text);
    recognise_simple(table[i]);
  }
  return table;
}();

const Rule& rule_of(const Instruction& ins) { return kRules[static_cast<size_t>(ins.op)]; }

// So many types are compared or copied in the time that one step of another kind takes.
constexpr uint64_t kTypesPerStep = 16;
// What a body may cost. Compilers' output takes two steps per byte at most.
constexpr uint64_t kFreeSteps = uint64_t{1} << 16;
constexpr uint64_t kStepsPerByte = 256;

std::string quoted(std::span<const ValType> types) {
  std::string text = "[";
  for (const ValType type : types) {
    if (text.size() > 1) text += ' ';
    text += to_string(type);
  }
  return text + "]";
}

}  // namespace

void CodeValidator::error(std::string message, ErrorKind kind) {
  if (error_) return;
  error_.emplace(Error(kind, std::move(message)).at(instruction_.offset));
}

void CodeValidator::mismatch(ValType expected, ValType found) {
  error("type mismatch: " + std::string(text_of(instruction_.op)) + " expects " + to_string(expected) +
        ", found " + to_string(found));
}

ValType CodeValidator::pop() {
  if (values_.size() > height_) [[likely]] {
    const ValType type = values_.back();
    values_.pop_back();
    return type;
  }
  if (!frames_.back().unreachable)
    error("type mismatch: " + std::string(text_of(instruction_.op)) + " expects an operand, found none");
  return ValKind::Bot;
}

void CodeValidator::pop(ValType expected) {
  if (values_.size() > height_ && values_.back() == expected) [[likely]] {
    values_.pop_back();
    return;
  }
  if (values_.size() == height_ && !frames_.back().unreachable)
    return error("type mismatch: " + std::string(text_of(instruction_.op)) + " expects " +
                 to_string(expected) + ", found nothing");
  const ValType found = pop();
  if (!matches(module_, found, expected)) mismatch(expected, found);
}

// Lists of types are compared and copied as memory: a branch of two bytes may take a thousand operands.
bool CodeValidator::top_is(std::span<const ValType> types) const {
  static_assert(std::has_unique_object_representations_v<ValType>);
  return values_.size() - height_ >= types.size() &&
         (types.empty() ||
          std::memcmp(values_.data() + values_.size() - types.size(), types.data(), types.size_bytes()) == 0);
}

void CodeValidator::pop_all(std::span<const ValType> expected) {
  if (top_is(expected)) [[likely]] {
    work_.add(expected.size() / kTypesPerStep);
    values_.resize(values_.size() - expected.size());
    return;
  }
  for (size_t i = expected.size(); i-- > 0;) {
    // whatever else was wanted is there
    if (values_.size() == height_ && frames_.back().unreachable) return;
    work_.add(1);
    pop(expected[i]);
  }
}

void CodeValidator::pop_many(ValType expected, size_t count) {
  for (size_t i = 0; i < count && !error_; ++i) {
    if (values_.size() == height_ && frames_.back().unreachable) return;
    work_.add(1);
    pop(expected);
  }
}

ValType CodeValidator::pop_ref() {
  const ValType found = pop();
  if (found.is_bot()) return ValType::ref(kBottomHeap, false);
  if (!found.is_ref()) {
    error("type mismatch: " + std::string(text_of(instruction_.op)) + " expects a reference, found " +
          to_string(found));
    return ValType::ref(kBottomHeap, false);
  }
  return found;
}

void CodeValidator::push_all(std::span<const ValType> types) {
  if (values_.size() + types.size() > limits::kOperands)
    return error("too many operands: the limit is " + std::to_string(limits::kOperands));
  work_.add(types.size() / kTypesPerStep);
  values_.insert(values_.end(), types.begin(), types.end());
}

void CodeValidator::check_top(std::span<const ValType> expected) {
  const size_t available = values_.size() - height_;
  if (available < expected.size() && !frames_.back().unreachable)
    return error("type mismatch: " + std::string(text_of(instruction_.op)) + " expects " + quoted(expected) +
                 ", found " + std::to_string(available) + " operands");
  work_.add(expected.size() / kTypesPerStep);
  if (top_is(expected)) return;
  work_.add(std::min(expected.size(), available));
  for (size_t depth = 1; depth <= expected.size() && depth <= available; ++depth) {
    const ValType found = values_[values_.size() - depth];
    const ValType wanted = expected[expected.size() - depth];
    if (!matches(module_, found, wanted)) return mismatch(wanted, found);
  }
}

// Index spaces.

bool CodeValidator::check_type(ValType type) {
  if (!type.is_ref() || type.heap().is_abstract() || type.heap().index().value < module_.types.size())
    return true;
  error("unknown type " + std::to_string(type.heap().index().value));
  return false;
}

const FuncType* CodeValidator::func_type(uint32_t type) {
  if (type >= module_.types.size()) return error("unknown type " + std::to_string(type)), nullptr;
  if (module_.types[type].kind == CompositeKind::Func) return &module_.types[type].func;
  return error("type mismatch: type " + std::to_string(type) + " is no function type"), nullptr;
}

const SubType* CodeValidator::struct_type(uint32_t type) {
  if (type >= module_.types.size()) return error("unknown type " + std::to_string(type)), nullptr;
  if (module_.types[type].kind == CompositeKind::Struct) return &module_.types[type];
  return error("type mismatch: type " + std::to_string(type) + " is no structure type"), nullptr;
}

const FieldType* CodeValidator::array_field(uint32_t type) {
  if (type >= module_.types.size()) return error("unknown type " + std::to_string(type)), nullptr;
  if (module_.types[type].kind == CompositeKind::Array) return &module_.types[type].fields[0];
  return error("type mismatch: type " + std::to_string(type) + " is no array type"), nullptr;
}

const Table* CodeValidator::table(uint32_t index) {
  if (index < module_.tables.size()) return &module_.tables[index];
  return error("unknown table " + std::to_string(index)), nullptr;
}

const MemType* CodeValidator::memory(uint32_t index) {
  if (index < module_.memories.size()) [[likely]]
    return &module_.memories[index];
  return error("unknown memory " + std::to_string(index)), nullptr;
}

const FuncType* CodeValidator::tag_type(uint32_t index) {
  if (index < module_.tags.size()) return func_type(module_.tags[index].type.value);
  return error("unknown tag " + std::to_string(index)), nullptr;
}

const ElemSegment* CodeValidator::elem(uint32_t index) {
  if (index < module_.elems.size()) return &module_.elems[index];
  return error("unknown elem segment " + std::to_string(index)), nullptr;
}

bool CodeValidator::data(uint32_t index) {
  if (index < module_.datas.size()) return true;
  return error("unknown data segment " + std::to_string(index)), false;
}

// Plain instructions: the type is in the table.

void CodeValidator::check_mem_arg(const Instruction& ins) {
  const Rule& rule = rule_of(ins);
  const MemType* type = memory(ins.mem.memory.value);
  if (!type) return;
  const uint32_t bytes = rule.access_bytes;
  if (ins.mem.align_log2 >= 32 || uint64_t{1} << ins.mem.align_log2 > bytes)
    return error("alignment must not be larger than natural, which is " + std::to_string(bytes));
  if (rule.is_atomic && uint64_t{1} << ins.mem.align_log2 != bytes)
    return error("alignment of an atomic access must be natural, which is " + std::to_string(bytes));
  if (type->limits.addr == AddrType::I32 && ins.mem.offset > UINT32_MAX)
    return error("offset out of range: " + std::to_string(ins.mem.offset) + " in a 32-bit memory");
  if (rule.imm == ImmKind::MemArgLane && ins.index2 >= 16 / bytes)
    return error("invalid lane index " + std::to_string(ins.index2));
}

void CodeValidator::check_plain_immediates(const Instruction& ins) {
  const Rule& rule = rule_of(ins);
  switch (rule.imm) {
    case ImmKind::MemArg:
    case ImmKind::MemArgLane: return check_mem_arg(ins);
    case ImmKind::Lane:
      if (ins.index2 >= rule.lanes) error("invalid lane index " + std::to_string(ins.index2));
      return;
    case ImmKind::Shuffle:
      for (const uint8_t lane : ins.v128)
        if (lane >= 32) return error("invalid lane index " + std::to_string(lane));
      return;
    case ImmKind::MemoryInit:
      if (memory(ins.index2)) data(ins.index);
      return;
    case ImmKind::Data: data(ins.index); return;
    case ImmKind::Elem: elem(ins.index); return;
    default: return;
  }
}

// The address type of the memory that stands for `a` in the signature.
ValType CodeValidator::plain_address(const Instruction& ins) {
  uint32_t index = ins.mem.memory.value;
  const ImmKind imm = rule_of(ins).imm;
  if (imm == ImmKind::Memory) index = ins.index;
  if (imm == ImmKind::MemoryInit) index = ins.index2;
  const MemType* type = memory(index);
  return type ? address_type(type->limits) : ValType(ValKind::Bot);
}

void CodeValidator::plain(const Instruction& ins) {
  const Rule& rule = rule_of(ins);
  if (rule.imm != ImmKind::None) check_plain_immediates(ins);
  const auto type_of = [&](Signature::Type type) -> ValType {
    return type == Signature::Type::Addr ? plain_address(ins) : ValType(static_cast<ValKind>(type));
  };
  const auto params = rule.signature.params();
  for (size_t i = params.size(); i-- > 0;) pop(type_of(params[i]));
  for (const Signature::Type result : rule.signature.results()) push(type_of(result));
}

[[gnu::always_inline]] inline void CodeValidator::step(const Instruction& ins) {
  if (ins.op == Opcode::local_get) return local_get(ins);
  const Rule& rule = rule_of(ins);
  const size_t operands = rule.simple_operands;
  if (operands != 0 && values_.size() - height_ >= operands) {
    ValType* const top = values_.data() + values_.size() - 1;
    if (top[0] == rule.operand && (operands == 1 || top[-1] == rule.operand)) {
      if (operands == 2) values_.pop_back();
      values_.back() = rule.result;
      return;
    }
  }
  if (rule.signature.is_plain()) return plain(ins);
  special(ins);
}

[[gnu::always_inline]] inline void CodeValidator::local_get(const Instruction& ins) {
  if (ins.index < locals_.size() && is_set_.empty()) [[likely]]
    return push(locals_[ins.index]);
  const auto type = local(ins.index);
  if (!type) return;
  if (!is_set_.empty() && !is_set_[ins.index]) [[unlikely]]
    return error("uninitialized local " + std::to_string(ins.index));
  push(*type);
}

std::optional<ValType> CodeValidator::local(uint32_t index) {
  if (index < locals_.size()) [[likely]]
    return locals_[index];
  return late_local(index);
}

std::optional<ValType> CodeValidator::late_local(uint32_t index) {
  if (index >= local_count_) return error("unknown local " + std::to_string(index)), std::nullopt;
  return std::ranges::upper_bound(late_locals_, index, {}, &LateLocals::end)->type;
}

// From groups_.
Result<> CodeValidator::set_up_locals(const FuncType& signature, uint32_t at) {
  uint64_t count = signature.params.size();
  locals_.assign(signature.params.begin(), signature.params.end());
  late_locals_.clear();
  is_set_.clear();
  for (const auto& group : groups_) {
    if (!check_type(group.type)) return fail(std::move(*error_));
    count += group.count;  // the reader has limited the sum
    if (locals_.size() < kDirectLocals)
      locals_.resize(std::min<uint64_t>(count, std::max(locals_.size(), kDirectLocals)), group.type);
    if (count > locals_.size()) late_locals_.push_back({static_cast<uint32_t>(count), group.type});
  }
  if (count > limits::kLocals)
    return fail(Error(ErrorKind::Invalid, "too many locals: the limit is " + std::to_string(limits::kLocals) +
                                              ", parameters included")
                    .at(at));
  local_count_ = static_cast<uint32_t>(count);
  if (std::ranges::all_of(groups_, [](const auto& group) { return group.type.is_defaultable(); })) return {};
  is_set_.assign(signature.params.size(), 1);
  for (const auto& group : groups_) is_set_.insert(is_set_.end(), group.count, group.type.is_defaultable());
  return {};
}

// Driver.

// spec: https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
void CodeValidator::check_const(const Instruction& ins, uint32_t visible_globals) {
  using enum Opcode;
  switch (ins.op) {
    case i32_const:
    case i64_const:
    case f32_const:
    case f64_const:
    case v128_const:
    case ref_null:
    case ref_func:
    case ref_i31:
    case struct_new:
    case struct_new_default:
    case array_new:
    case array_new_default:
    case array_new_fixed:
    case any_convert_extern:
    case extern_convert_any:
    case end: return;
    case global_get:
      if (ins.index >= visible_globals) return error("unknown global " + std::to_string(ins.index));
      if (!module_.globals[ins.index].type.is_mutable) return;
      break;
    default:
      if (features_.has(Feature::ExtendedConst) && is_constant_arithmetic(ins.op)) return;
  }
  error("constant expression required: " + std::string(text_of(ins.op)) + " is not constant");
}

Result<> CodeValidator::look_at_work() {
  switch (work_.verdict()) {
    case WorkMeter::Verdict::GoOn: return {};
    case WorkMeter::Verdict::Interrupted: return fail(ErrorKind::Exhausted, "interrupted");
    case WorkMeter::Verdict::TooMuch: break;
  }
  return fail(Error(ErrorKind::Exhausted,
                    "too much work to validate: the instructions of this function take and leave too many "
                    "operands for their number")
                  .at(instruction_.offset));
}

Result<> CodeValidator::run(InstructionReader& reader, bool is_const, uint32_t visible_globals) {
  work_.restart(kFreeSteps + kStepsPerByte * reader.remaining());
  while (!frames_.empty()) {
    work_.add(1);
    if (work_.is_due()) [[unlikely]]
      TRY(look_at_work());
    TRY(reader.next(instruction_));
    if (is_const) [[unlikely]]
      check_const(instruction_, visible_globals);
    if (!error_) [[likely]]
      step(instruction_);
    if (error_) [[unlikely]]
      return fail(std::move(*error_));
    if (values_.size() > limits::kOperands) [[unlikely]]
      error("too many operands: the limit is " + std::to_string(limits::kOperands));
  }
  if (!reader.at_end())
    return fail(Error(ErrorKind::Malformed, "section size mismatch: bytes after the end of the expression")
                    .at(reader.offset()));
  return {};
}

Result<> CodeValidator::const_expr(const ConstExpr& expr, ValType expected, uint32_t visible_globals) {
  if (expected == ValKind::I32) {
    const auto constant = short_const_expr(module_.slice(expr.range));
    if (constant && constant->size == expr.range.size) return {};
  }
  values_.clear();
  frames_.clear();
  locals_.clear();
  late_locals_.clear();
  local_count_ = 0;
  is_set_.clear();
  initialized_.clear();
  error_.reset();
  open(Opcode::block, {BlockType::Kind::Value, expected, {}});
  InstructionReader reader(module_, expr.range, features_, InstructionReader::Place::ConstExpr);
  return run(reader, true, visible_globals);
}

Result<> CodeValidator::body(FuncIdx func, Interrupt interrupt) {
  work_ = WorkMeter(interrupt);
  const ByteRange range = module_.body(func).range;
  const TypeIdx type = module_.funcs[func.value];
  values_.clear();
  frames_.clear();
  initialized_.clear();
  error_.reset();
  instruction_.offset = range.offset;
  instruction_.op = Opcode::block;

  InstructionReader reader(module_, range, features_);
  TRY(reader.locals(groups_));
  TRY(set_up_locals(module_.types[type.value].func, range.offset));
  open(Opcode::block, {BlockType::Kind::Type, {}, type});
  return run(reader, false, 0);
}

}  // namespace godwit::wasm
