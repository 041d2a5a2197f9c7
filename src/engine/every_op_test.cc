// Each plain instruction of opcodes.def does what runtime/numeric.h and numeric_simd.h say: on operands at the edges of
// their types, wherever the operands come from, whatever the result is used for, in folded and in unfolded code, by the
// interpreter's handlers and in machine code.
#include <algorithm>
#include <cstring>
#include <random>

#include "engine/op_reference.h"
#include "interp/table.h"
#include "interp/test_world.h"
#include "jit/compiler.h"
#include "platform/sanitizers.h"
#include "runtime/memory.h"

namespace godwit::engine {

namespace {

using namespace interp::testing;
using runtime::Trap;
using wasm::Instruction;
using wasm::OpClass;

// Where an operand comes from. The translator folds all but the last into the instruction.
enum class From : uint8_t {
  Local,
  Const,
  Acc,          // just computed
  Tee,          // just computed, and in a local
  LoadedConst,  // just loaded, from a constant address
  Loaded,       // just loaded
  Call,         // of a call: it lies in a slot of the operand stack
};
constexpr size_t kFroms = 7;

// What the result is used for. The translator fuses most of these with the instruction.
enum class Use : uint8_t {
  // of any type
  Return,
  Set,
  Tee,
  Store,
  Argument,
  BranchValue,
  Drop,
  // i32
  BrIf,
  BrUnless,
  If,
  IfNot,
  IfWithoutElse,
  Select,
  SelectFloat,
  LoopIf,
  LoopUnless,
  Not,
  LoadAddress,
  StoreAddress,
  // i64
  BrIfWrapped,
  BrIfZero,
  BrIfNotZero,
};
constexpr size_t kUses = static_cast<size_t>(Use::BrIfNotZero) + 1;

bool fits(Use use, std::span<const OperandType> results) {
  if (use == Use::Return || use == Use::Drop) return true;
  if (results.size() != 1) return false;
  if (use < Use::BrIf) return true;
  return results[0] == (use < Use::BrIfWrapped ? OperandType::I32 : OperandType::I64);
}

constexpr uint32_t kScratch = 32, kOperands = 64, kLoadOffset = 4, kStoreOffset = 300, kStored = 0x5A;
constexpr uint32_t kPageBytes = 65536;

struct TypeOps {
  Opcode load, store;
  // makes the bits of `carrier` one of the type
  OperandType carrier;
  Opcode convert;
};
TypeOps ops_of(OperandType type) {
  switch (type) {
    case OperandType::I64:
      return {Opcode::i64_load, Opcode::i64_store, OperandType::F64, Opcode::i64_reinterpret_f64};
    case OperandType::F32:
      return {Opcode::f32_load, Opcode::f32_store, OperandType::I32, Opcode::f32_reinterpret_i32};
    case OperandType::F64:
      return {Opcode::f64_load, Opcode::f64_store, OperandType::I64, Opcode::f64_reinterpret_i64};
    case OperandType::V128:
      return {Opcode::v128_load, Opcode::v128_store, OperandType::V128, Opcode::v128_or};
    default: return {Opcode::i32_load, Opcode::i32_store, OperandType::F32, Opcode::i32_reinterpret_f32};
  }
}

void add_const(CodeBuilder& code, OperandType type, Value value) {
  switch (type) {
    case OperandType::I64: code.i64(static_cast<int64_t>(value.low)); break;
    case OperandType::F32: code.add({.op = Opcode::f32_const, .bits = value.low}); break;
    case OperandType::F64: code.add({.op = Opcode::f64_const, .bits = value.low}); break;
    case OperandType::V128: {
      Instruction vector{.op = Opcode::v128_const};
      std::memcpy(vector.v128.data(), &value, 16);
      code.add(vector);
      break;
    }
    default: code.i32(static_cast<int32_t>(value.low));
  }
}

// A function of the tested module: one instruction with its surroundings.
struct Case {
  Instruction in;
  std::vector<From> from;
  std::vector<Value> constants;  // by operand; of those from Const
  Use use;
  FuncIdx func;
};

// All operands of an instruction that are tried.
using Tuple = std::array<Value, 4>;

// A module that uses one instruction in many ways, and what each way must come to. Functions have for each operand a
// parameter, and one of the type that carries its bits; and last the address where the operands lie in memory, too.
class OpModule final {
 public:
  explicit OpModule(Opcode op) : op_(op), random_(static_cast<uint64_t>(op)) {
    const wasm::Signature& signature = wasm::signature_of(op);
    params_.assign(signature.params().begin(), signature.params().end());
    results_.assign(signature.results().begin(), signature.results().end());
    build();
  }

  // The first thing that is wrong, or nothing.
  std::string check(bool fold, code::NativeTier* native) {
    World world({}, {.fold = fold}, native);
    runtime::Instance* instance = world.instantiate(module_);
    if (instance == nullptr) return "no instance";
    memory_ = instance->find_export("memory")->memory->bytes();
    for (size_t i = 128; i < memory_.size(); ++i) memory_[i] = pattern(i);
    const std::vector<Tuple> tuples = some_tuples();
    for (const Case& one : cases_) {
      runtime::FuncRecord& func = *instance->func(one.func);
      const size_t step = step_of(one, tuples.size());
      for (size_t i = step == 1 ? 0 : random_() % step; i < tuples.size(); i += step) {
        Tuple operands = tuples[i];
        for (size_t j = 0; j < params_.size(); ++j)
          if (one.from[j] == From::Const) operands[j] = one.constants[j];
        const std::string wrong = call(world, func, one, operands);
        if (!wrong.empty()) {
          const std::string how =
              std::string(fold ? "folded" : "unfolded") + (native ? ", compiled: " : ": ");
          return describe(one, operands) + ", " + how + wrong;
        }
      }
    }
    return {};
  }

 private:
  uint32_t param(size_t operand) const { return static_cast<uint32_t>(2 * operand); }
  uint32_t address_param() const { return static_cast<uint32_t>(2 * params_.size()); }
  uint32_t local() const { return address_param() + 1; }    // of the result's type
  uint32_t counter() const { return address_param() + 2; }  // an i32

  static uint8_t pattern(size_t address) { return static_cast<uint8_t>(address * 7 + address / 256); }

  // Every how many tuples a case is tried: all returned, fewer of what is used otherwise, traps at addresses seldom,
  // and those once that differ in constants only.
  size_t step_of(const Case& one, size_t tuples) const {
    size_t step = 1;
    for (size_t i = 0; i < params_.size(); ++i)
      if (one.from[i] == From::Const) step *= edges(params_[i]).size() | 1;
    if (one.use == Use::LoadAddress || one.use == Use::StoreAddress) step *= 17;
    else if (one.use != Use::Return) step *= 3;
    return std::max<size_t>(1, std::min(step, tuples / 4));
  }

  // Each combination if those are few, else some.
  std::vector<Tuple> some_tuples() {
    constexpr size_t kMost = 600;
    size_t all = 1;
    for (const OperandType type : params_) all *= edges(type).size();
    std::vector<Tuple> tuples;
    for (size_t i = 0; i < std::min(all, kMost); ++i) {
      size_t rest = all <= kMost ? i : random_();
      Tuple& tuple = tuples.emplace_back();
      for (size_t j = 0; j < params_.size(); ++j) {
        const std::vector<Value>& values = edges(params_[j]);
        tuple[j] = values[rest % values.size()];
        rest /= values.size();
      }
    }
    return tuples;
  }

  void build() {
    module_.export_as("memory", module_.memory({.limits = {.min = 1, .max = 1}}));
    for (const OperandType type : params_) add_identity(type);
    for (const OperandType type : results_) add_identity(type);
    const std::vector<Instruction> all = variants(op_);
    for (const Instruction& in : all) add_cases(in, std::max<size_t>(8, 60 / all.size()));
  }

  void add_identity(OperandType type) {
    if (identities_[static_cast<size_t>(type)]) return;
    const TypeIdx func_type = module_.type({{kind_of(type)}, {kind_of(type)}});
    identities_[static_cast<size_t>(type)] =
        module_.func(func_type, {}, CodeBuilder().op(Opcode::local_get, 0));
  }

  void add_cases(const Instruction& in, size_t most) {
    size_t all = 1;
    for (size_t i = 0; i < params_.size(); ++i) all *= kFroms;
    for (size_t i = 0; i < std::min(all, most); ++i) {
      size_t rest = all <= most ? i : random_();
      std::vector<From> from;
      for (size_t j = 0; j < params_.size(); ++j, rest /= kFroms)
        from.push_back(static_cast<From>(rest % kFroms));
      add_uses(in, from);
    }
  }

  void add_uses(const Instruction& in, const std::vector<From>& from) {
    const auto constants = static_cast<size_t>(std::count(from.begin(), from.end(), From::Const));
    const bool has_lanes =
        wasm::class_of(op_) == OpClass::SimdExtract || wasm::class_of(op_) == OpClass::SimdReplace;
    for (const Tuple& tuple : constants == 0 ? std::vector<Tuple>(1) : some_tuples_for(from)) {
      for (size_t use = 0; use < kUses; ++use) {
        const bool is_rare = constants != 0 || has_lanes;
        if (static_cast<Use>(use) != Use::Return && is_rare && random_() % (2 * constants + 3) != 0) continue;
        if (!fits(static_cast<Use>(use), results_)) continue;
        Case made{in, from, {tuple.begin(), tuple.begin() + std::ssize(params_)}, static_cast<Use>(use), {}};
        add_function(made);
        cases_.push_back(made);
      }
    }
  }

  // With each value once for the operands from Const, and all pairs if there are two.
  std::vector<Tuple> some_tuples_for(const std::vector<From>& from) {
    std::vector<Tuple> tuples(1);
    for (size_t j = 0; j < from.size(); ++j) {
      if (from[j] != From::Const) continue;
      std::vector<Tuple> longer;
      for (const Tuple& tuple : tuples) {
        for (const Value& value : edges(params_[j])) {
          longer.push_back(tuple);
          longer.back()[j] = value;
        }
      }
      tuples = std::move(longer);
      constexpr size_t kMost = 300;
      if (tuples.size() <= kMost) continue;
      std::shuffle(tuples.begin(), tuples.end(), random_);
      tuples.resize(kMost);
    }
    return tuples;
  }

  void operand(CodeBuilder& code, const Case& one, size_t i) {
    const OperandType type = params_[i];
    const TypeOps ops = ops_of(type);
    const auto offset = static_cast<uint32_t>(16 * i);
    switch (one.from[i]) {
      case From::Local: code.op(Opcode::local_get, param(i)); break;
      case From::Const: add_const(code, type, one.constants[i]); break;
      case From::Acc:
      case From::Tee:
        code.op(Opcode::local_get, param(i) + 1);
        if (type == OperandType::V128) code.op(Opcode::local_get, param(i) + 1);
        code.op(ops.convert);
        if (one.from[i] == From::Tee) code.op(Opcode::local_tee, param(i));
        break;
      case From::LoadedConst: code.i32(static_cast<int32_t>(kOperands + offset)).access(ops.load); break;
      case From::Loaded: code.op(Opcode::local_get, address_param()).access(ops.load, offset); break;
      case From::Call:
        code.op(Opcode::local_get, param(i)).op(Opcode::call, identities_[static_cast<size_t>(type)]->value);
    }
  }

  void compute(CodeBuilder& code, const Case& one) {
    for (size_t i = 0; i < params_.size(); ++i) operand(code, one, i);
    code.add(one.in);
  }

  // The number 1 if a branch is taken, else 0.
  void branch(CodeBuilder& code, const Case& one, Opcode before) {
    code.block(Opcode::block, ValKind::I32).i32(1);
    compute(code, one);
    if (before == Opcode::i64_ne) code.i64(0);
    if (before != Opcode::nop) code.op(before);
    code.op(Opcode::br_if, 0).op(Opcode::drop).i32(0).end();
  }

  // How many rounds a loop goes: three if its branch is taken, else one.
  void loop(CodeBuilder& code, const Case& one, Opcode before) {
    code.block(Opcode::block).block(Opcode::loop);
    code.op(Opcode::local_get, counter()).i32(1).op(Opcode::i32_add).op(Opcode::local_tee, counter());
    code.i32(2).op(Opcode::i32_gt_s).op(Opcode::br_if, 1);
    compute(code, one);
    if (before != Opcode::nop) code.op(before);
    code.op(Opcode::br_if, 0).end().end().op(Opcode::local_get, counter());
  }

  std::vector<OperandType> results_of(Use use) const {
    if (use == Use::Drop || use == Use::StoreAddress) return {};
    if (use == Use::Tee) return {results_[0], results_[0]};
    if (use == Use::SelectFloat) return {OperandType::F64};
    if (use < Use::BrIf) return results_;
    return {OperandType::I32};
  }

  void add_function(Case& one) {
    CodeBuilder code;
    const OperandType result = results_.empty() ? OperandType::I32 : results_[0];
    switch (one.use) {
      case Use::Return: compute(code, one); break;
      case Use::Drop:
        compute(code, one);
        for (size_t i = 0; i < results_.size(); ++i) code.op(Opcode::drop);
        break;
      case Use::Set:
        compute(code, one);
        code.op(Opcode::local_set, local());
        // something else in the accumulators
        code.op(Opcode::local_get, address_param())
            .i32(3)
            .op(Opcode::i32_mul)
            .op(Opcode::local_set, counter());
        code.op(Opcode::local_get, local());
        break;
      case Use::Tee:
        compute(code, one);
        code.op(Opcode::local_tee, local()).op(Opcode::local_get, local());
        break;
      case Use::Store:
        code.i32(kScratch);
        compute(code, one);
        code.access(ops_of(result).store).i32(kScratch).access(ops_of(result).load);
        break;
      case Use::Argument:
        compute(code, one);
        code.op(Opcode::call, identities_[static_cast<size_t>(result)]->value);
        break;
      case Use::BranchValue:
        code.block(Opcode::block, kind_of(result));
        compute(code, one);
        code.op(Opcode::br, 0).end();
        break;
      case Use::BrIf: branch(code, one, Opcode::nop); break;
      case Use::BrUnless: branch(code, one, Opcode::i32_eqz); break;
      case Use::BrIfWrapped: branch(code, one, Opcode::i32_wrap_i64); break;
      case Use::BrIfZero: branch(code, one, Opcode::i64_eqz); break;
      case Use::BrIfNotZero: branch(code, one, Opcode::i64_ne); break;
      case Use::If:
      case Use::IfNot:
        compute(code, one);
        if (one.use == Use::IfNot) code.op(Opcode::i32_eqz);
        code.block(Opcode::if_, ValKind::I32).i32(1).op(Opcode::else_).i32(0).end();
        break;
      case Use::IfWithoutElse:
        compute(code, one);
        code.block(Opcode::if_)
            .i32(1)
            .op(Opcode::local_set, counter())
            .end()
            .op(Opcode::local_get, counter());
        break;
      case Use::Select:
        code.i32(1).i32(0);
        compute(code, one);
        code.op(Opcode::select);
        break;
      case Use::SelectFloat:
        code.f64(1.5).f64(-2);
        compute(code, one);
        code.op(Opcode::select);
        break;
      case Use::LoopIf: loop(code, one, Opcode::nop); break;
      case Use::LoopUnless: loop(code, one, Opcode::i32_eqz); break;
      case Use::Not:
        compute(code, one);
        code.op(Opcode::i32_eqz);
        break;
      case Use::LoadAddress:
        compute(code, one);
        code.access(Opcode::i32_load8_u, kLoadOffset);
        break;
      case Use::StoreAddress: compute(code, one); code.i32(kStored).access(Opcode::i32_store8, kStoreOffset);
    }
    FuncType type;
    for (const OperandType param : params_) {
      type.params.push_back(kind_of(param));
      type.params.push_back(kind_of(ops_of(param).carrier));
    }
    type.params.push_back(ValKind::I32);
    for (const OperandType param : results_of(one.use)) type.results.push_back(kind_of(param));
    one.func = module_.func(module_.type(std::move(type)), {kind_of(result), ValKind::I32}, code);
  }

  // What the function must come to.
  Expected expect(const Case& one, const Tuple& operands) const {
    Expected wanted = reference(one.in, operands.data());
    if (wanted.trap != Trap::None) return wanted;
    const Value value = wanted.results[0];
    const bool is_true = static_cast<uint32_t>(value.low) != 0;
    const auto number = [](uint64_t low) { return Expected{{}, {Value{low}}}; };
    switch (one.use) {
      case Use::BrIf:
      case Use::If:
      case Use::IfWithoutElse:
      case Use::Select:
      case Use::BrIfWrapped: return number(is_true);
      case Use::SelectFloat: return number(std::bit_cast<uint64_t>(is_true ? 1.5 : -2));
      case Use::BrUnless:
      case Use::IfNot:
      case Use::Not: return number(!is_true);
      case Use::LoopIf: return number(is_true ? 3 : 1);
      case Use::LoopUnless: return number(is_true ? 1 : 3);
      case Use::BrIfZero: return number(value.low == 0);
      case Use::BrIfNotZero: return number(value.low != 0);
      case Use::LoadAddress: {
        const uint64_t address = uint64_t{static_cast<uint32_t>(value.low)} + kLoadOffset;
        if (address >= kPageBytes) return {Trap::MemoryOutOfBounds, {}};
        return number(memory_[address]);
      }
      case Use::StoreAddress:
        if (uint64_t{static_cast<uint32_t>(value.low)} + kStoreOffset >= kPageBytes)
          return {Trap::MemoryOutOfBounds, {}};
        return wanted;
      case Use::Tee: return {{}, {value, value}};
      default: return wanted;
    }
  }

  // What is wrong with a call, or nothing.
  std::string call(World& world, runtime::FuncRecord& func, const Case& one, const Tuple& operands) {
    std::array<runtime::Slot, 20> slots;
    size_t count = 0;
    // nobody may rely on the upper half of what is an i32's or f32's slot
    const auto add = [&](OperandType type, Value value) {
      const bool is_short = type == OperandType::I32 || type == OperandType::F32;
      slots[count++] = is_short ? value.low | 0xDEAD'BEEF'0000'0000 : value.low;
      if (type == OperandType::V128) slots[count++] = value.high;
    };
    for (size_t i = 0; i < params_.size(); ++i) {
      add(params_[i], operands[i]);
      add(ops_of(params_[i]).carrier, operands[i]);
      std::memcpy(&memory_[kOperands + 16 * i], &operands[i], 16);
    }
    add(OperandType::I32, {kOperands});
    const Expected wanted = expect(one, operands);
    const Result<> done = world.store.call(func, slots);
    const Trap trap = done ? Trap::None : static_cast<Trap>(done.error().code());
    if (trap != wanted.trap)
      return "trap \"" + std::string(runtime::to_string(trap)) + "\" instead of \"" +
             std::string(runtime::to_string(wanted.trap)) + "\"";
    if (!done) return {};
    const std::vector<OperandType> types = results_of(one.use);
    for (size_t i = 0, at = 0; i < types.size(); ++i) {
      Value got{slots[at++]};
      if (types[i] == OperandType::V128) got.high = slots[at++];
      const Opcode by = one.use < Use::BrIf ? op_ : Opcode::nop;
      if (!is_same(by, types[i], got, wanted.results[i], operands.data()))
        return text_of(types[i], got) + " instead of " + text_of(types[i], wanted.results[i]);
    }
    if (one.use != Use::StoreAddress) return {};
    const uint32_t address = static_cast<uint32_t>(wanted.results[0].low) + kStoreOffset;
    if (memory_[address] != kStored) return "nothing stored at " + std::to_string(address);
    memory_[address] = pattern(address);
    return {};
  }

  std::string describe(const Case& one, const Tuple& operands) const {
    static constexpr const char* kFromNames[] = {"local",        "const",  "acc", "tee",
                                                 "loaded-const", "loaded", "call"};
    std::string text(wasm::text_of(op_));
    if (wasm::immediates_of(op_) != wasm::ImmKind::None) text += " lane " + std::to_string(one.in.index2);
    for (size_t i = 0; i < params_.size(); ++i)
      text.append(" ").append(kFromNames[static_cast<size_t>(one.from[i])]) +=
          "=" + text_of(params_[i], operands[i]);
    return text + " use " + std::to_string(static_cast<int>(one.use));
  }

  Opcode op_;
  std::mt19937_64 random_;
  std::vector<OperandType> params_, results_;
  ModuleBuilder module_;
  std::array<std::optional<FuncIdx>, 6> identities_;
  std::vector<Case> cases_;
  MutableBytes memory_;
};

std::vector<Opcode> ops_with_reference() {
  std::vector<Opcode> ops;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
    if (const auto op = static_cast<Opcode>(i); has_reference(op)) ops.push_back(op);
  return ops;
}

class EveryOp : public ::testing::TestWithParam<Opcode> {};

}  // namespace

TEST_P(EveryOp, DoesWhatItsMeaningSays) {
  OpModule module(GetParam());
  EXPECT_EQ(module.check(true, nullptr), "");
  EXPECT_EQ(module.check(false, nullptr), "");
  if (!jit::Baseline::is_possible()) return;
  constexpr size_t kCodeBytes = size_t{64} << 20;
  jit::Baseline baseline(interp::handler_table(), interp::stop_code(), {.code_limit_bytes = kCodeBytes});
  EXPECT_EQ(module.check(true, &baseline), "");
  EXPECT_EQ(module.check(false, &baseline), "");
  EXPECT_GT(baseline.statistics().functions, 0u);
  EXPECT_EQ(baseline.statistics().refused_functions, 0u);
}

// Sanitizers make each of these take seconds, and handlers are not instrumented: there, some have to do.
std::vector<wasm::Opcode> ops_to_test() {
#if defined(GODWIT_ASAN) || defined(GODWIT_TSAN)
  constexpr size_t kStep = 37;
#else
  constexpr size_t kStep = 1;
#endif
  std::vector<wasm::Opcode> ops;
  const auto all = ops_with_reference();
  for (size_t i = 0; i < all.size(); i += kStep) ops.push_back(all[i]);
  return ops;
}

INSTANTIATE_TEST_SUITE_P(Plain, EveryOp, ::testing::ValuesIn(ops_to_test()),
                         [](const auto& info) { return std::string(wasm::info_of(info.param).name); });

// A new row is either tested here, or of a kind that is tested elsewhere: it has a memory, or is no arithmetic.
TEST(EveryOp, IsTestedIfItsResultFollowsFromItsOperands) {
  for (const wasm::OpInfo& info : wasm::kOpcodes) {
    const bool is_function = info.signature.is_plain() && info.access_bytes == 0 &&
                             !info.signature.params().empty() && info.op_class != OpClass::Memory;
    const auto op = static_cast<Opcode>(&info - wasm::kOpcodes);
    EXPECT_EQ(has_reference(op), is_function) << info.text;
  }
}

}  // namespace godwit::engine
