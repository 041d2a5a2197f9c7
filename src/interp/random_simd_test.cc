// Random vector code: folded code does what unfolded code does, in memories with and without guard pages.
#include <random>

#include "interp/test_world.h"
#include "runtime/memory.h"

namespace godwit::interp::testing {

namespace {

using wasm::OpClass;
using Type = wasm::Signature::Type;

ValKind kind_of(Type type) {
  switch (type) {
    case Type::I64: return ValKind::I64;
    case Type::F32: return ValKind::F32;
    case Type::F64: return ValKind::F64;
    case Type::V128: return ValKind::V128;
    default: return ValKind::I32;
  }
}

constexpr uint32_t kParams = 6, kVectors = 6, kIntegers = 2;
constexpr uint32_t kFunctions = 3;
const FuncType kType{{ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64, ValKind::V128, ValKind::V128},
                     {ValKind::V128, ValKind::I32, ValKind::V128}};

// Exports "f0" … of type kType, the memory "memory" and a second one, and the vector global "g". Locals after the
// parameters: kVectors vectors, kIntegers integers of 32 bits, and one more vector.
class RandomVectors final {
 public:
  explicit RandomVectors(uint64_t seed) : random_(seed) {}

  std::vector<uint8_t> build() {
    TypeIdx type = module_.type(kType);
    module_.export_as("memory", module_.memory({.limits = {.min = 1, .max = 1}}));
    module_.export_as("memory1", module_.memory({.limits = {.min = 1, .max = 1}}));
    wasm::Instruction zero{.op = Opcode::v128_const};
    module_.export_as("g", module_.global({ValKind::V128, true}, CodeBuilder().add(zero)));
    for (uint32_t i = 0; i < kFunctions; ++i) {
      func_ = i;
      code_ = {};
      for (uint32_t statements = 10 + below(30); statements != 0; --statements) statement();
      expression(ValKind::V128, 3);
      expression(ValKind::I32, 2);
      expression(ValKind::V128, 3);
      std::vector<ValType> locals(kVectors, ValKind::V128);
      locals.insert(locals.end(), kIntegers, ValKind::I32);
      locals.push_back(ValKind::V128);
      module_.export_as("f" + std::to_string(i), module_.func(type, locals, code_));
    }
    return module_.build();
  }

 private:
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  uint32_t vector_local() { return one_in(3) ? 4 + below(2) : kParams + below(kVectors); }
  uint32_t integer_local() { return one_in(3) ? 0 : kParams + kVectors + below(kIntegers); }

  static std::vector<Opcode> ops_with_result(ValKind kind) {
    std::vector<Opcode> ops;
    for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
      auto op = static_cast<Opcode>(i);
      if (wasm::class_of(op) < OpClass::SimdLoad || wasm::class_of(op) > OpClass::SimdConvert) continue;
      auto results = wasm::signature_of(op).results();
      if (results.size() == 1 && kind_of(results[0]) == kind) ops.push_back(op);
    }
    return ops;
  }

  void leaf(ValKind kind) {
    static constexpr int32_t kEdges[] = {0, 1, -1, 127, 128, 255, 32767, -32768, 65535, 8, 31, 33};
    bool constant = one_in(3);
    int32_t edge = kEdges[below(std::size(kEdges))];
    switch (kind) {
      case ValKind::I32: constant ? code_.i32(edge) : code_.op(Opcode::local_get, integer_local()); break;
      case ValKind::I64: constant ? code_.i64(edge) : code_.op(Opcode::local_get, 1); break;
      case ValKind::F32:
        constant ? code_.f32(static_cast<float>(edge)) : code_.op(Opcode::local_get, 2);
        break;
      case ValKind::F64: constant ? code_.f64(edge) : code_.op(Opcode::local_get, 3); break;
      default:
        if (one_in(5)) {
          wasm::Instruction in{.op = Opcode::v128_const};
          for (uint8_t& byte : in.v128)
            byte = static_cast<uint8_t>(one_in(3) ? random_() : static_cast<uint32_t>(edge));
          code_.add(in);
        } else if (one_in(6)) {
          code_.op(Opcode::global_get, 0);
        } else {
          code_.op(Opcode::local_get, vector_local());
        }
    }
  }

  void address() {
    expression(ValKind::I32, 1);
    if (!one_in(100)) code_.i32(0x7FFF).op(Opcode::i32_and);
    if (one_in(3)) code_.i32(static_cast<int32_t>(below(64))).op(Opcode::i32_add);
    if (one_in(4))
      code_.op(Opcode::local_get, integer_local()).i32(63).op(Opcode::i32_and).op(Opcode::i32_add);
  }

  void emit(Opcode op) {
    wasm::Instruction in{.op = op};
    const wasm::OpInfo& info = wasm::info_of(op);
    uint32_t lanes = 2;
    if (info.imm == wasm::ImmKind::MemArgLane) lanes = 16u / info.access_bytes;
    else if (info.text.starts_with("i8x16")) lanes = 16;
    else if (info.text.starts_with("i16x8")) lanes = 8;
    else if (info.text.starts_with("i32x4") || info.text.starts_with("f32x4")) lanes = 4;
    in.index2 = below(lanes);
    for (uint8_t& byte : in.v128) byte = static_cast<uint8_t>(below(32));
    in.mem.offset = one_in(2) ? below(30'000) : 0;
    in.mem.memory = wasm::MemIdx(one_in(4) ? 1 : 0);
    code_.add(in);
  }

  void arguments(Opcode op, uint32_t depth) {
    for (Type type : wasm::signature_of(op).params()) {
      if (type == Type::Addr) address();
      else expression(kind_of(type), depth);
    }
  }

  // One value, of any depth up to `depth`.
  void expression(ValKind kind, uint32_t depth) {
    static const std::vector<Opcode> kOps[] = {ops_with_result(ValKind::I32), ops_with_result(ValKind::I64),
                                               ops_with_result(ValKind::F32), ops_with_result(ValKind::F64),
                                               ops_with_result(ValKind::V128)};
    if (depth == 0 || one_in(5)) return leaf(kind);
    if (kind == ValKind::V128 && one_in(12)) {
      expression(kind, depth - 1);
      expression(kind, depth - 1);
      expression(ValKind::I32, depth - 1);
      code_.op(Opcode::select);
      return;
    }
    if (kind == ValKind::V128 && one_in(12)) {
      expression(ValKind::I32, depth - 1);
      code_.block(Opcode::if_, ValKind::V128);
      expression(kind, depth - 1);
      code_.op(Opcode::else_);
      expression(kind, depth - 1);
      code_.end();
      return;
    }
    if (kind == ValKind::V128 && one_in(12)) {
      code_.block(Opcode::block, ValKind::V128);
      expression(kind, depth - 1);
      expression(ValKind::I32, depth - 1);
      code_.op(Opcode::br_if, 0).op(Opcode::drop);
      expression(kind, depth - 1);
      code_.end();
      return;
    }
    if (kind == ValKind::V128 && func_ != 0 && one_in(30)) {
      for (ValType param : kType.params) expression(param.kind(), 1);
      code_.op(Opcode::call, below(func_)).op(Opcode::drop).op(Opcode::drop);
      return;
    }
    if (kind == ValKind::V128 && one_in(6)) {
      uint32_t local = vector_local();
      expression(kind, depth - 1);
      code_.op(Opcode::local_tee, local);
      return;
    }
    const std::vector<Opcode>& ops = kOps[static_cast<size_t>(kind)];
    Opcode op = ops[below(static_cast<uint32_t>(ops.size()))];
    arguments(op, depth - 1);
    emit(op);
    // which bits a NaN has is not determined
    std::string_view text = wasm::text_of(op);
    bool is_float = kind == ValKind::V128 && (text.starts_with("f32x4") || text.starts_with("f64x2"));
    if (!is_float) return;
    uint32_t scratch = kParams + kVectors + kIntegers;  // nobody else reads it
    Opcode equal = text.starts_with("f32x4") ? Opcode::f32x4_eq : Opcode::f64x2_eq;
    code_.op(Opcode::local_tee, scratch)
        .op(Opcode::local_get, scratch)
        .op(Opcode::local_get, scratch)
        .op(equal);
    code_.op(Opcode::v128_and);
  }

  void statement() {
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        uint32_t local = vector_local();
        expression(ValKind::V128, 3);
        code_.op(Opcode::local_set, local);
        break;
      }
      case 4: {
        uint32_t local = kParams + kVectors + below(kIntegers);
        expression(ValKind::I32, 3);
        code_.op(Opcode::local_set, local);
        break;
      }
      case 5:
        expression(ValKind::V128, 2);
        code_.op(Opcode::global_set, 0);
        break;
      default: {
        static constexpr Opcode kStores[] = {Opcode::v128_store,        Opcode::v128_store,
                                             Opcode::v128_store8_lane,  Opcode::v128_store16_lane,
                                             Opcode::v128_store32_lane, Opcode::v128_store64_lane};
        Opcode op = kStores[below(std::size(kStores))];
        arguments(op, 2);
        emit(op);
      }
    }
  }

  std::mt19937_64 random_;
  ModuleBuilder module_;
  CodeBuilder code_;
  uint32_t func_ = 0;
};

std::vector<std::string> run(const std::vector<uint8_t>& bytes, bool fold) {
  World world({}, {.fold = fold});
  runtime::Instance* instance = world.instantiate(bytes);
  std::vector<std::string> lines;
  if (instance == nullptr) return lines;
  for (uint32_t func = 0; func < kFunctions; ++func) {
    for (uint64_t x : {uint64_t{0}, uint64_t{3}, uint64_t{0x8000'7FFF'FF80'0102}}) {
      auto as_f32 = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(x)) * 0.75f);
      auto as_f64 = std::bit_cast<uint64_t>(static_cast<double>(x) * 1.125);
      Outcome outcome = world.call(instance, "f" + std::to_string(func),
                                   {x, x * 5, as_f32, as_f64, x * 0x0102'0408'1020'4081, ~x, as_f64, x << 8});
      std::string line = "f" + std::to_string(func) + ":";
      if (outcome.error) {
        line += " " + outcome.error->describe();
      } else {
        outcome.slots[2] = static_cast<uint32_t>(outcome.slots[2]);  // an i32
        for (size_t i = 0; i < 5; ++i) line += " " + std::to_string(outcome.slots[i]);
      }
      lines.push_back(line);
    }
  }
  const uint64_t* global = instance->find_export("g")->global->vm()->value;
  lines.push_back(std::to_string(global[0]) + " " + std::to_string(global[1]));
  for (const char* name : {"memory", "memory1"}) {
    auto memory = instance->find_export(name)->memory;
    lines.emplace_back(reinterpret_cast<const char*>(memory->vm().base), memory->size_bytes());
  }
  return lines;
}

}  // namespace

TEST(RandomVectors, FoldedCodeDoesWhatUnfoldedCodeDoes) {
  const char* many = std::getenv("GODWIT_RANDOM_MODULES");
  uint64_t count = many != nullptr ? std::strtoull(many, nullptr, 10) : 150;
  for (uint64_t seed = 0; seed < count; ++seed) {
    std::vector<uint8_t> bytes = RandomVectors(seed).build();
    ASSERT_EQ(run(bytes, true), run(bytes, false)) << "seed " << seed;
  }
}

}  // namespace godwit::interp::testing
