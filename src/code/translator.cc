// Translating one function: its frame, and what becomes of each instruction.
#include "code/translator.h"

#include <algorithm>
#include <array>

#include "wasm/fuel.h"
#include "wasm/opcode_relations.h"

namespace godwit::code {

using wasm::OpClass;
using wasm::Opcode;
using wasm::ValKind;

namespace {

// Which way an instruction goes. What nearly all code consists of is told by one look at a dense table.
struct Route {
  enum class Way : uint8_t { LocalGet, LocalSet, LocalTee, Const, Binary, Unary, Load, Store, Other };
  Way way = Way::Other;
  ValKind kind = ValKind::Bot;  // Const
};

constexpr Route route_of(Opcode op) {
  switch (wasm::class_of(op)) {
    case OpClass::Variable:
      return {op == Opcode::local_get   ? Route::Way::LocalGet
              : op == Opcode::local_set ? Route::Way::LocalSet
              : op == Opcode::local_tee ? Route::Way::LocalTee
                                        : Route::Way::Other};
    case OpClass::Const: {
      const wasm::Signature::Type type = wasm::signature_of(op).results()[0];
      if (type > wasm::Signature::Type::F64) return {};
      return {Route::Way::Const, static_cast<ValKind>(type)};
    }
    case OpClass::Binary:
    case OpClass::Compare: return {Route::Way::Binary};
    case OpClass::Unary:
    case OpClass::Test:
    case OpClass::Convert: return {Route::Way::Unary};
    case OpClass::Load: return {Route::Way::Load};
    case OpClass::Store: return {Route::Way::Store};
    default: return {};
  }
}
static_assert(static_cast<ValKind>(wasm::Signature::Type::F64) == ValKind::F64);

constexpr auto kRoutes = [] {
  std::array<Route, wasm::kOpcodeCount> table{};
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) table[i] = route_of(static_cast<Opcode>(i));
  return table;
}();

}  // namespace

Translator::Translator(const runtime::Module& module, wasm::FuncIdx func, const TranslateOptions& options,
                       Buffers& buffers)
    : module_(module),
      wasm_(module.declarations),
      func_(func),
      type_(module.declarations.func_type(func)),
      options_(options),
      buffers_(buffers),
      code_(std::move(buffers.code)),
      work_(options.interrupt),
      stack_(std::move(buffers.stack)),
      frames_(std::move(buffers.frames)),
      local_kinds_(std::move(buffers.local_kinds)),
      local_slots_(std::move(buffers.local_slots)),
      local_tops_(std::move(buffers.local_tops)) {
  code_.clear();
  stack_.clear();
  frames_.clear();
  local_kinds_.clear();
  local_slots_.clear();
}

Translator::~Translator() {
  buffers_.code = std::move(code_);
  buffers_.stack = std::move(stack_);
  buffers_.frames = std::move(frames_);
  buffers_.local_kinds = std::move(local_kinds_);
  buffers_.local_slots = std::move(local_slots_);
  buffers_.local_tops = std::move(local_tops_);
}

std::string Translator::function_text() const {
  std::string_view name = wasm_.func_name(func_);
  std::string text = "function " + std::to_string(func_.value);
  if (!name.empty()) text.append(" (").append(name).append(")");
  return text;
}

Result<> Translator::needs_later(const wasm::Instruction& in, wasm::Feature feature) const {
  std::string text = function_text();
  text.append(": ").append(wasm::text_of(in.op)).append(": ").append(wasm::info_of(feature).title);
  return fail(Error(ErrorKind::Unsupported, text + " cannot be executed by this version").at(in.offset));
}

Result<> Translator::unsupported(const wasm::Instruction& in) const {
  return needs_later(in, wasm::feature_of(in.op));
}

// fp[0 .. max(params, results)) | header | other locals | temporaries: see runtime/vm.h
Result<> Translator::lay_out_frame(wasm::InstructionReader& reader) {
  uint64_t slots = 0;
  auto add_local = [&](wasm::ValType type) {
    local_kinds_.push_back(type.kind());
    local_slots_.push_back(static_cast<uint32_t>(slots));
    slots += type.slots();
  };
  for (wasm::ValType type : type_.params) add_local(type);
  uint64_t result_slots = 0;
  for (wasm::ValType type : type_.results) result_slots += type.slots();
  slots = std::max(slots, result_slots);
  header_slot_ = static_cast<uint32_t>(slots);
  slots += runtime::kFrameHeaderSlots;
  uint64_t first_local = slots;
  std::vector<wasm::InstructionReader::LocalGroup> groups;
  TRY(reader.locals(groups));
  for (const auto& group : groups)
    for (uint32_t i = 0; i < group.count; ++i) add_local(group.type);
  local_tops_.assign(local_kinds_.size(), Operand::kNoPlace);
  first_temp_ = frame_slots_ = static_cast<uint32_t>(slots);
  uint64_t zeroed = slots - first_local;
  code_.emit(zeroed == 0 ? CellOp::enter : CellOp::enter_zeroing, header_slot_, static_cast<uint32_t>(zeroed),
             0);
  if (options_.count) code_.emit(CellOp::count, 0, 0, 0);
  return {};
}

Result<> Translator::look_at_bounds() {
  const bool is_too_large = frame_slots_ > kMaxFrameSlots || code_.is_too_large();
  const WorkMeter::Verdict verdict = is_too_large ? WorkMeter::Verdict::TooMuch : work_.verdict();
  if (verdict == WorkMeter::Verdict::GoOn) return {};
  if (verdict == WorkMeter::Verdict::Interrupted) return fail(ErrorKind::Exhausted, "interrupted");
  std::string message =
      frame_slots_ > kMaxFrameSlots ? function_text() + " needs more than " + std::to_string(kMaxFrameSlots) +
                                          " slots of 8 bytes for its locals and operands"
      : code_.is_too_large()
          ? function_text() + " becomes more than " + std::to_string(kMaxCells) + " cells of code"
          : function_text() +
                " is too much work to translate: its branches and blocks take too many operands for "
                "their number";
  return fail(Error(ErrorKind::Exhausted, std::move(message)).at(wasm_.body(func_).range.offset));
}

void Translator::charge(const wasm::Instruction& in) {
  const wasm::FuelRule& rule = wasm::fuel_rule(in.op);
  if (rule.cost == 0) return;
  if (run_ == kNoRun) run_ = code_.emit(CellOp::fuel, 0, 0, 0);
  code_[run_].b += rule.cost;
  if (!rule.by_length) return;
  Operand& length = stack_.back();
  settle(length);
  code_.emit(length.kind == ValKind::I64 ? CellOp::fuel_by_length_64 : CellOp::fuel_by_length, 0,
             length.place(), 0);
}

// Nothing is emitted for it, but its blocks must be told apart from ours.
void Translator::in_dead_code(const wasm::Instruction& in) {
  const wasm::OpInfo& info = wasm::info_of(in.op);
  bool opens = info.imm == wasm::ImmKind::Block || info.imm == wasm::ImmKind::TryTable;
  bool closes = in.op == Opcode::end || in.op == Opcode::delegate;
  if (opens) ++dead_depth_;
  else if (closes && dead_depth_ != 0) --dead_depth_;
  else if (in.op == Opcode::end) end();
  else if (info.op_class == OpClass::Exception && dead_depth_ == 0) exception_in_dead_code(in);
  else if (in.op == Opcode::else_ && dead_depth_ == 0) else_();
}

[[gnu::always_inline]] inline Result<> Translator::instruction(const wasm::Instruction& in) {
  const Route route = kRoutes[static_cast<size_t>(in.op)];
  switch (route.way) {
    case Route::Way::LocalGet: push_local(in.index); return {};
    case Route::Way::LocalSet: set_local(in.index, false); return {};
    case Route::Way::LocalTee: set_local(in.index, true); return {};
    case Route::Way::Const: push_const(route.kind, in.bits); return {};
    case Route::Way::Binary: binary(in.op); return {};
    case Route::Way::Unary: unary(in.op); return {};
    case Route::Way::Load: return load(in);
    case Route::Way::Store: return store(in);
    case Route::Way::Other: break;
  }
  return other(in);
}

Result<Translation> Translator::run() {
  wasm::InstructionReader reader(wasm_, wasm_.body(func_).range);
  work_.restart(kFreeSteps + kStepsPerByte * reader.remaining());
  code_.reserve(reader.remaining() / 3 + 8);  // about what code becomes
  code_.set_offset(reader.offset());
  TRY(lay_out_frame(reader));
  Frame function{};
  function.kind = Frame::Kind::Function;
  function.height = 0;
  function.base_slot = first_temp_;
  function.type = &type_;
  frames_.push_back(function);

  wasm::Instruction& in = buffers_.instruction;
  while (!frames_.empty()) {
    TRY(reader.next(in));
    code_.set_offset(in.offset);
    work_.add(1);
    if (options_.charge && !is_unreachable_) [[unlikely]]
      charge(in);
    if (is_unreachable_) [[unlikely]]
      in_dead_code(in);
    else TRY(instruction(in));
    if (options_.charge && wasm::fuel_rule(in.op).ends_run) [[unlikely]]
      run_ = kNoRun;
    if (!is_within_bounds()) [[unlikely]]
      TRY(look_at_bounds());
  }
  code_[0].b = frame_slots_;
  return Translation{
      std::move(code_.cells()), std::move(code_.literals()), header_slot_, frame_slots_, work_.steps(),
      std::move(catches_)};
}

Result<> Translator::other(const wasm::Instruction& in) {
  switch (wasm::class_of(in.op)) {
    case OpClass::Variable: return variable(in);
    case OpClass::Control:
    case OpClass::Parametric: return control(in);
    case OpClass::Memory:
    case OpClass::Table: return memory_or_table(in);
    case OpClass::Ref: return reference(in);
    case OpClass::Wide: wide(in.op); return {};
    case OpClass::AtomicLoad:
    case OpClass::AtomicStore:
    case OpClass::AtomicRmw:
    case OpClass::AtomicCmpxchg:
    case OpClass::AtomicWait:
    case OpClass::AtomicFence: return atomic(in);
    case OpClass::Gc: return gc(in);
    case OpClass::Exception: return exception(in);
    default: return simd(in);
  }
}

Result<> Translator::variable(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::global_get: global_get(in.index); return {};
    case Opcode::global_set: global_set(in.index); return {};
    default: return unsupported(in);
  }
}

Result<> Translator::reference(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::ref_null: push_const(ValKind::Ref, 0); return {};
    case Opcode::ref_is_null: unary(wasm::zero_test_of(wasm::Signature::Type::I64)); return {};
    case Opcode::ref_eq: binary(wasm::equality_of(wasm::Signature::Type::I64)); return {};
    case Opcode::ref_func: emit_slot_result(CellOp::ref_func, ValKind::Ref, 0, in.index); return {};
    case Opcode::ref_as_non_null: {
      Operand ref = pop();
      if (ref.where == Operand::Where::Const) to_own_slot(ref);
      bool from_acc = source_of(ref) == Source::A;
      code_.emit(from_acc ? CellOp::ref_as_non_null_a : CellOp::ref_as_non_null_s, ref.place(), 0, 0);
      push_again(ref);
      return {};
    }
    default: return unsupported(in);
  }
}

Result<> Translator::control(const wasm::Instruction& in) {
  switch (in.op) {
    case Opcode::nop: break;
    case Opcode::unreachable:
      code_.emit(CellOp::unreachable, 0, 0, 0);
      mark_unreachable();
      break;
    case Opcode::block:
    case Opcode::loop:
    case Opcode::if_: block(in); break;
    case Opcode::else_: else_(); break;
    case Opcode::end: end(); break;
    case Opcode::br: br(in.index); break;
    case Opcode::br_if: br_if(in.index); break;
    case Opcode::br_table: br_table(in); break;
    case Opcode::br_on_null: br_on_null(in.index); break;
    case Opcode::br_on_non_null: br_on_non_null(in.index); break;
    case Opcode::br_on_cast: br_on_cast(in, true); break;
    case Opcode::br_on_cast_fail: br_on_cast(in, false); break;
    case Opcode::return_: return_(); break;
    case Opcode::call: call(in.index, CallKind::Normal); break;
    case Opcode::return_call: call(in.index, CallKind::Tail); break;
    case Opcode::call_indirect: return call_indirect(in, CallKind::Normal);
    case Opcode::return_call_indirect: return call_indirect(in, CallKind::Tail);
    case Opcode::call_ref: call_ref(in.index, CallKind::Normal); break;
    case Opcode::return_call_ref: call_ref(in.index, CallKind::Tail); break;
    case Opcode::drop: pop(); break;
    case Opcode::select: select(stack_[stack_.size() - 2].kind); break;
    case Opcode::select_t: select(in.types[0].kind()); break;
    default: return unsupported(in);
  }
  return {};
}

Result<Translation> translate(const runtime::Module& module, wasm::FuncIdx func,
                              const TranslateOptions& options) {
  Translator::Buffers buffers;
  return Translator(module, func, options, buffers).run();
}

}  // namespace godwit::code
