// The generator of random modules, and the tests that use it: folded code does what unfolded code does.
#include "interp/random_module.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "interp/test_world.h"
#include "runtime/memory.h"

namespace godwit::interp::testing {

namespace {

constexpr ValKind kKinds[] = {ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64};
constexpr uint32_t kFuelGlobal = 4;

ValKind kind_of(wasm::Signature::Type type) {
  switch (type) {
    case wasm::Signature::Type::I64: return ValKind::I64;
    case wasm::Signature::Type::F32: return ValKind::F32;
    case wasm::Signature::Type::F64: return ValKind::F64;
    default: return ValKind::I32;
  }
}

// The bits and the sign of a NaN are not determined, so nothing may look at them.
bool looks_at_nan_bits(Opcode op) {
  return op == Opcode::i32_reinterpret_f32 || op == Opcode::i64_reinterpret_f64 ||
         op == Opcode::f32_copysign || op == Opcode::f64_copysign;
}

std::vector<Opcode> ops_of(std::initializer_list<wasm::OpClass> classes) {
  std::vector<Opcode> ops;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
    for (wasm::OpClass op_class : classes)
      if (wasm::kOpcodes[i].op_class == op_class && !looks_at_nan_bits(static_cast<Opcode>(i)))
        ops.push_back(static_cast<Opcode>(i));
  return ops;
}

}  // namespace

ValKind RandomModule::some_kind() { return one_in(3) ? kKinds[below(4)] : ValKind::I32; }

RandomModule::Kinds RandomModule::some_kinds(uint32_t most) {
  Kinds kinds(below(most + 1));
  for (ValKind& kind : kinds) kind = some_kind();
  return kinds;
}

TypeIdx RandomModule::type_of(const Kinds& params, const Kinds& results) {
  FuncType type;
  for (ValKind kind : params) type.params.push_back(kind);
  for (ValKind kind : results) type.results.push_back(kind);
  return module_.type(std::move(type));
}

std::vector<uint8_t> RandomModule::build() {
  Kinds all(std::begin(kKinds), std::end(kKinds));
  TypeIdx type = type_of(all, all);
  wasm::TableIdx table = module_.table({wasm::kFuncRef, {.min = kFunctions, .max = {}}});
  wasm::MemIdx memory = module_.memory({.limits = {.min = 1, .max = 1}});
  module_.export_as("memory", memory);
  for (ValKind kind : kKinds) {
    CodeBuilder zero;
    if (kind == ValKind::I32) zero.i32(7);
    if (kind == ValKind::I64) zero.i64(-9);
    if (kind == ValKind::F32) zero.f32(1.5f);
    if (kind == ValKind::F64) zero.f64(-2.25);
    module_.export_as("g" + std::to_string(static_cast<int>(kind)), module_.global({kind, true}, zero));
  }
  module_.global({ValKind::I32, true}, CodeBuilder().i32(200));
  std::vector<FuncIdx> funcs;
  for (uint32_t i = 0; i < kFunctions; ++i) {
    function_body(i);
    std::vector<ValType> locals(locals_.begin() + 4, locals_.end());
    funcs.push_back(module_.func(type, locals, code_));
    module_.export_as("f" + std::to_string(i), funcs.back());
  }
  module_.elem(table, CodeBuilder().i32(0), funcs);
  return module_.build();
}

void RandomModule::function_body(uint32_t func) {
  code_ = {};
  stack_.clear();
  func_ = func;
  depth_ = 0;
  locals_.assign(std::begin(kKinds), std::end(kKinds));
  for (uint32_t more = below(10); more != 0; --more) locals_.push_back(some_kind());
  Kinds results(std::begin(kKinds), std::end(kKinds));
  labels_ = {{results, false}};
  statements(20 + below(40), results, 0);
}

void RandomModule::statements(uint32_t budget, const Kinds& results, size_t base) {
  for (uint32_t i = 0; i < budget; ++i) {
    if (statement(base)) continue;
    // what follows is unreachable: some of it, to see it skipped
    if (one_in(3)) code_.block(Opcode::block).i32(1).op(Opcode::drop).end();
    stack_.resize(base);
    stack_.insert(stack_.end(), results.begin(), results.end());
    return;
  }
  arrange(results, base);
  // nothing may lie below the results
  if (stack_.size() > base + results.size()) {
    std::vector<uint32_t> saved;
    for (size_t i = results.size(); i-- > 0;) {
      locals_.push_back(results[i]);
      saved.push_back(static_cast<uint32_t>(locals_.size() - 1));
      code_.op(Opcode::local_set, saved.back());
      stack_.pop_back();
    }
    for (; stack_.size() > base; stack_.pop_back()) code_.op(Opcode::drop);
    for (size_t i = results.size(); i-- > 0;) code_.op(Opcode::local_get, saved[i]);
    stack_.insert(stack_.end(), results.begin(), results.end());
  }
}

void RandomModule::constant(ValKind kind) {
  static constexpr int64_t kEdges[] = {0,   1,    -1,    2,      7,     31,         63,
                                       255, 4096, 32767, -32768, 65536, 0x7FFFFFFF, -0x80000000LL};
  int64_t integer = one_in(4) ? static_cast<int64_t>(random_()) : kEdges[below(std::size(kEdges))];
  switch (kind) {
    case ValKind::I32: code_.i32(static_cast<int32_t>(integer)); break;
    case ValKind::I64: code_.i64(integer); break;
    case ValKind::F32:
      code_.f32(one_in(3) ? 0.5f * static_cast<float>(integer) : static_cast<float>(below(9)));
      break;
    default:
      code_.f64(one_in(3) ? 0.25 * static_cast<double>(integer) : static_cast<double>(below(9)) - 4);
      break;
  }
  stack_.push_back(kind);
}

uint32_t RandomModule::local_of(ValKind kind) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < locals_.size(); ++i)
    if (locals_[i] == kind) found.push_back(i);
  return found[below(static_cast<uint32_t>(found.size()))];
}

void RandomModule::want(ValKind kind, size_t base) {
  if (stack_.size() > base && stack_.back() == kind && !one_in(4)) return;
  if (one_in(3)) return constant(kind);
  code_.op(Opcode::local_get, local_of(kind));
  stack_.push_back(kind);
}

void RandomModule::arrange(const Kinds& kinds, size_t base) {
  // by luck they are there already
  if (stack_.size() >= base + kinds.size() && std::equal(kinds.rbegin(), kinds.rend(), stack_.rbegin()))
    return;
  for (ValKind kind : kinds) {
    if (one_in(3)) {
      constant(kind);
    } else {
      code_.op(Opcode::local_get, local_of(kind));
      stack_.push_back(kind);
    }
  }
}

void RandomModule::plain_op(size_t base) {
  static const std::vector<Opcode> kOps =
      ops_of({wasm::OpClass::Test, wasm::OpClass::Compare, wasm::OpClass::Unary, wasm::OpClass::Binary,
              wasm::OpClass::Convert, wasm::OpClass::Wide});
  Opcode op = kOps[below(static_cast<uint32_t>(kOps.size()))];
  bool is_division = wasm::text_of(op).find("div") != std::string_view::npos ||
                     wasm::text_of(op).find("rem") != std::string_view::npos;
  bool is_trapping_trunc = wasm::text_of(op).find(".trunc_f") != std::string_view::npos;
  if (is_trapping_trunc && !one_in(8)) return;
  Kinds params;
  for (auto type : wasm::signature_of(op).params()) params.push_back(kind_of(type));
  if (params.size() == 1) want(params[0], base);
  else arrange(params, base);
  if (is_division && params[0] == ValKind::I32 && !one_in(8)) code_.i32(1).op(Opcode::i32_or);
  if (is_division && params[0] == ValKind::I64 && !one_in(8)) code_.i64(1).op(Opcode::i64_or);
  code_.op(op);
  stack_.resize(stack_.size() - params.size());
  for (auto type : wasm::signature_of(op).results()) stack_.push_back(kind_of(type));
}

void RandomModule::memory_op(size_t base) {
  static const std::vector<Opcode> kOps = ops_of({wasm::OpClass::Load, wasm::OpClass::Store});
  Opcode op = kOps[below(static_cast<uint32_t>(kOps.size()))];
  want(ValKind::I32, base);
  if (!one_in(40)) code_.i32(0x7FFF).op(Opcode::i32_and);
  stack_.pop_back();
  if (one_in(3)) {  // a sum as the address, and maybe an operand below a loaded one
    auto local = local_of(ValKind::I32);
    if (one_in(2)) code_.op(Opcode::local_set, local).op(Opcode::local_get, local);
    if (one_in(2)) code_.i32(static_cast<int32_t>(below(16))).op(Opcode::i32_add);
    else code_.i32(static_cast<int32_t>(below(16))).op(Opcode::local_tee, local).op(Opcode::i32_add);
  }
  if (wasm::class_of(op) == wasm::OpClass::Store) {
    ValKind kind = kind_of(wasm::signature_of(op).params()[1]);
    switch (kind) {
      // no NaN comes from these
      case ValKind::F32:
        code_.op(Opcode::local_get, local_of(ValKind::I32)).op(Opcode::f32_convert_i32_s);
        break;
      case ValKind::F64:
        if (one_in(3)) code_.f64(static_cast<double>(below(3)));
        else code_.op(Opcode::local_get, local_of(ValKind::I64)).op(Opcode::f64_convert_i64_u);
        break;
      default: want(kind, stack_.size()); stack_.pop_back();
    }
    code_.access(op, below(64));
    return;
  }
  code_.access(op, one_in(3) ? below(30000) : 0);
  ValKind kind = kind_of(wasm::signature_of(op).results()[0]);
  stack_.push_back(kind);
  if (one_in(2)) return;
  // use it at once, on the right or the left
  static const std::vector<Opcode> kBinary = ops_of({wasm::OpClass::Binary});
  Opcode binary;
  do binary = kBinary[below(static_cast<uint32_t>(kBinary.size()))];
  while (kind_of(wasm::signature_of(binary).params()[0]) != kind ||
         wasm::text_of(binary).find("div") != std::string_view::npos ||
         wasm::text_of(binary).find("rem") != std::string_view::npos);
  if (stack_.size() > base + 1 && stack_[stack_.size() - 2] == kind) {
    stack_.pop_back();
  } else {
    code_.op(Opcode::local_get, local_of(kind));
  }
  code_.op(binary);
}

void RandomModule::local_op(size_t base) {
  if (stack_.size() == base || one_in(3)) {
    auto local = below(static_cast<uint32_t>(locals_.size()));
    code_.op(Opcode::local_get, local);
    stack_.push_back(locals_[local]);
    return;
  }
  uint32_t local = local_of(stack_.back());
  if (one_in(2)) {
    code_.op(Opcode::local_tee, local);
  } else {
    code_.op(Opcode::local_set, local);
    stack_.pop_back();
  }
}

void RandomModule::structured(size_t base) {
  Kinds params = some_kinds(2), results = some_kinds(2);
  uint32_t kind = below(3);
  arrange(params, base);
  Kinds outer = stack_;
  outer.resize(outer.size() - params.size());
  if (kind == 2) {
    want(ValKind::I32, stack_.size());
    stack_.pop_back();
  }
  TypeIdx type = type_of(params, results);
  code_.block(kind == 0 ? Opcode::block : kind == 1 ? Opcode::loop : Opcode::if_, type);
  labels_.push_back({kind == 1 ? params : results, kind == 1});
  ++depth_;
  size_t inner = outer.size();
  statements(1 + below(12), results, inner);
  if (kind == 2) {
    code_.op(Opcode::else_);
    stack_ = outer;
    stack_.insert(stack_.end(), params.begin(), params.end());
    statements(1 + below(8), results, inner);
  }
  code_.end();
  --depth_;
  labels_.pop_back();
}

void RandomModule::branch_if(size_t base) {
  auto depth = below(static_cast<uint32_t>(labels_.size()));
  const Label& label = labels_[labels_.size() - 1 - depth];
  Kinds types = label.types;
  if (label.is_loop && one_in(2)) {
    // if (--fuel > 0) { count += step; if (count compares) continue; }
    code_.op(Opcode::global_get, kFuelGlobal).i32(1).op(Opcode::i32_sub).op(Opcode::global_set, kFuelGlobal);
    code_.op(Opcode::global_get, kFuelGlobal).i32(0).op(Opcode::i32_gt_s).block(Opcode::if_);
    for (ValKind kind : types) {
      if (one_in(3)) code_.op(Opcode::local_get, local_of(kind));
      else constant(kind), stack_.pop_back();
    }
    uint32_t count = local_of(ValKind::I32);
    code_.op(Opcode::local_get, count).i32(static_cast<int32_t>(below(5)) - 2).op(Opcode::i32_add);
    code_.op(Opcode::local_tee, count);
    if (one_in(2)) code_.i32(static_cast<int32_t>(below(70'000)) - 3);
    else code_.op(Opcode::local_get, local_of(ValKind::I32));
    code_.op(static_cast<Opcode>(static_cast<unsigned>(Opcode::i32_eq) + below(10)))
        .op(Opcode::br_if, depth + 1);
    for (size_t i = 0; i < types.size(); ++i) code_.op(Opcode::drop);
    code_.end();
    return;
  }
  arrange(types, base);
  if (label.is_loop) {
    code_.op(Opcode::global_get, kFuelGlobal).i32(1).op(Opcode::i32_sub).op(Opcode::global_set, kFuelGlobal);
    code_.op(Opcode::global_get, kFuelGlobal).i32(0).op(Opcode::i32_gt_s);
  } else if (one_in(2)) {
    ValKind kind = kKinds[below(4)];
    want(kind, stack_.size());
    want(kind, stack_.size());
    stack_.pop_back();
    stack_.pop_back();
    static const std::vector<Opcode> kCompares = ops_of({wasm::OpClass::Compare});
    Opcode op;
    do op = kCompares[below(static_cast<uint32_t>(kCompares.size()))];
    while (kind_of(wasm::signature_of(op).params()[0]) != kind);
    code_.op(op);
  } else {
    want(ValKind::I32, stack_.size());
    stack_.pop_back();
    if (one_in(3)) code_.op(Opcode::i32_eqz);
  }
  code_.op(Opcode::br_if, depth);
}

bool RandomModule::jump(size_t base) {
  if (one_in(3)) {
    arrange(labels_[0].types, base);
    code_.op(Opcode::return_);
    return false;
  }
  // labels of one type, no loops
  std::vector<uint32_t> depths;
  auto first = below(static_cast<uint32_t>(labels_.size()));
  Kinds types = labels_[labels_.size() - 1 - first].types;
  for (uint32_t depth = 0; depth < labels_.size(); ++depth) {
    const Label& label = labels_[labels_.size() - 1 - depth];
    if (!label.is_loop && label.types == types) depths.push_back(depth);
  }
  if (depths.empty()) return true;
  if (one_in(2)) {
    arrange(types, base);
    code_.op(Opcode::br, depths[0]);
    return false;
  }
  arrange(types, base);
  want(ValKind::I32, stack_.size());
  stack_.pop_back();
  if (one_in(2)) code_.i32(3).op(Opcode::i32_and);
  wasm::Instruction table;
  table.op = Opcode::br_table;
  for (uint32_t i = 0; i < 1 + below(4); ++i)
    table.labels.push_back(depths[below(static_cast<uint32_t>(depths.size()))]);
  code_.add(table);
  return false;
}

void RandomModule::call_op(size_t base) {
  if (func_ == 0) return;
  Kinds all(std::begin(kKinds), std::end(kKinds));
  arrange(all, base);
  uint32_t callee = below(func_);
  if (one_in(3)) {
    code_.i32(static_cast<int32_t>(callee)).op(Opcode::call_indirect, 0, 0);
  } else {
    code_.op(Opcode::call, callee);
  }
}

bool RandomModule::statement(size_t base) {
  switch (below(20)) {
    case 0:
    case 1: constant(some_kind()); break;
    case 2:
    case 3:
    case 4:
    case 5: local_op(base); break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10: plain_op(base); break;
    case 11:
    case 12: memory_op(base); break;
    case 13:
      if (depth_ < 4) structured(base);
      break;
    case 14:
    case 15: branch_if(base); break;
    case 16: {
      ValKind kind = kKinds[below(4)];
      want(kind, stack_.size());
      want(kind, stack_.size());
      want(ValKind::I32, stack_.size());
      if (one_in(4)) code_.op(Opcode::i32_eqz);
      code_.op(Opcode::select);
      stack_.resize(stack_.size() - 2);
      break;
    }
    case 17: {
      auto global = below(4);
      if (one_in(2)) {
        code_.op(Opcode::global_get, global);
        stack_.push_back(kKinds[global]);
      } else {
        want(kKinds[global], stack_.size());
        stack_.pop_back();
        code_.op(Opcode::global_set, global);
      }
      break;
    }
    case 18:
      if (one_in(4)) call_op(base);
      break;
    default:
      if (one_in(4)) return jump(base);
      if (stack_.size() > base) {
        code_.op(Opcode::drop);
        stack_.pop_back();
      }
  }
  return true;
}

namespace {

// What can be seen of a module after its functions ran.
struct Trace {
  std::vector<std::string> lines;
  std::vector<uint8_t> memory;
};

std::string text_of(ValKind kind, runtime::Slot slot) {
  switch (kind) {
    case ValKind::I32: return std::to_string(static_cast<uint32_t>(slot));
    case ValKind::F32: {
      auto value = std::bit_cast<float>(static_cast<uint32_t>(slot));
      return std::isnan(value) ? "nan" : std::to_string(static_cast<uint32_t>(slot));
    }
    case ValKind::F64: return std::isnan(std::bit_cast<double>(slot)) ? "nan" : std::to_string(slot);
    default: return std::to_string(slot);
  }
}

Trace run(const std::vector<uint8_t>& bytes, bool fold) {
  World world({}, {.fold = fold});
  runtime::Instance* instance = world.instantiate(bytes);
  Trace trace;
  if (instance == nullptr) return trace;
  for (uint32_t func = 0; func < RandomModule::kFunctions; ++func) {
    for (uint64_t x : {uint64_t{0}, uint64_t{5}, uint64_t{0xFFFF'FFFF'8000'0003}}) {
      auto as_f32 = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(x)) * 0.5f);
      auto as_f64 = std::bit_cast<uint64_t>(static_cast<double>(x) * 0.125);
      Outcome outcome = world.call(instance, "f" + std::to_string(func), {x, x * 3, as_f32, as_f64});
      std::string line = "f" + std::to_string(func) + ": ";
      if (outcome.error) {
        line += std::string(to_string(outcome.error->kind())) + " " +
                std::string(runtime::to_string(outcome.trap()));
        if (!outcome.error->backtrace().empty())
          line += " at " + std::to_string(outcome.error->backtrace()[0].offset);
      } else {
        for (size_t i = 0; i < 4; ++i) line += text_of(kKinds[i], outcome.slots[i]) + " ";
      }
      trace.lines.push_back(line);
    }
  }
  for (size_t i = 0; i < 4; ++i) {
    auto global = instance->find_export("g" + std::to_string(i));
    trace.lines.push_back("g: " + text_of(kKinds[i], global->global->vm()->value[0]));
  }
  auto memory = instance->find_export("memory")->memory;
  trace.memory.assign(memory->vm().base, memory->vm().base + memory->size_bytes());
  return trace;
}

}  // namespace

// The oracle is the same translator with every value in its slot and nothing fused.
TEST(RandomModule, FoldedCodeDoesWhatUnfoldedCodeDoes) {
  const char* many = std::getenv("GODWIT_RANDOM_MODULES");
  uint64_t count = many != nullptr ? std::strtoull(many, nullptr, 10) : 300;
  for (uint64_t seed = 0; seed < count; ++seed) {
    std::vector<uint8_t> bytes = RandomModule(seed).build();
    Trace folded = run(bytes, true);
    Trace unfolded = run(bytes, false);
    ASSERT_EQ(folded.lines, unfolded.lines) << "seed " << seed;
    ASSERT_EQ(folded.memory, unfolded.memory) << "seed " << seed;
  }
}

}  // namespace godwit::interp::testing
