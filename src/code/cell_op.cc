// Tables over CellOp.
#include "code/cell_op.h"

#include <array>

#include "wasm/opcode_relations.h"

namespace godwit::code {

namespace {

using wasm::Opcode;

constexpr std::string_view kNames[] = {
#define GODWIT_CELL(name, ...) #name,
#define GODWIT_CONTROL_CELL(name) #name,
#include "code/cells.def"
};
static_assert(sizeof kNames / sizeof kNames[0] == kCellOpCount);

constexpr CellOp kNone = static_cast<CellOp>(0xFFFF);

// The op called `name`, by its name: for tables built while compiling.
constexpr CellOp find(std::string_view name, size_t& cursor) {
  for (size_t i = 0; i < kCellOpCount; ++i) {
    size_t at = (cursor + i) % kCellOpCount;
    if (kNames[at] == name) {
      cursor = at;
      return static_cast<CellOp>(at);
    }
  }
  return kNone;
}

struct Joined {
  std::array<char, 64> text{};
  size_t size = 0;
  constexpr void add(std::string_view part) {
    for (char c : part) text[size++] = c;
  }
  constexpr std::string_view view() const { return {text.data(), size}; }
};

constexpr bool has_family(wasm::OpClass op_class) {
  using enum wasm::OpClass;
  return op_class == Binary || op_class == Compare || op_class == Unary || op_class == Test ||
         op_class == Convert || op_class == Load || op_class == Store;
}

consteval auto make_first_ops() {
  std::array<CellOp, wasm::kOpcodeCount> table{};
  size_t cursor = 0;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const wasm::OpInfo& info = wasm::kOpcodes[i];
    table[i] = kNone;
    using enum wasm::OpClass;
    if (info.op_class == Wide) table[i] = find(info.name, cursor);
    if (!has_family(info.op_class)) continue;
    bool two = info.op_class == Binary || info.op_class == Compare || info.op_class == Store;
    Joined name;
    name.add(info.name);
    name.add(two ? "_ss" : "_s");
    table[i] = find(name.view(), cursor);
    if (table[i] == kNone) wasm::reject_row("a plain instruction has no cells");
  }
  return table;
}
constexpr auto kFirstOps = make_first_ops();

consteval auto make_branch_ops() {
  std::array<CellOp, wasm::kOpcodeCount> table{};
  size_t cursor = 0;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    table[i] = kNone;
    if (wasm::kOpcodes[i].op_class != wasm::OpClass::Compare) continue;
    Joined name;
    name.add("br_if_");
    name.add(wasm::kOpcodes[i].name);
    name.add("_ss");
    table[i] = find(name.view(), cursor);
    if (table[i] == kNone) wasm::reject_row("a comparison has no branch");
  }
  return table;
}
constexpr auto kBranchOps = make_branch_ops();

// The first op with a loaded right operand, of instructions that have such.
consteval auto make_load_binary_ops() {
  std::array<CellOp, wasm::kOpcodeCount> table{};
  size_t cursor = 0;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    table[i] = kNone;
    if (wasm::kOpcodes[i].op_class != wasm::OpClass::Binary) continue;
    Joined name;
    name.add(wasm::kOpcodes[i].name);
    const size_t size = name.size;
    name.add("_a_load_s");
    table[i] = find(name.view(), cursor);
    if (table[i] == kNone) continue;
    // load_binary_op relies on where those with the left operand in a slot lie
    name.size = size;
    name.add("_s_load_ak");
    if (find(name.view(), cursor) != table[i] + 26)
      wasm::reject_row("ops with a loaded operand in another order");
  }
  return table;
}
constexpr auto kLoadBinaryOps = make_load_binary_ops();

// The load that loads an operand whole.
constexpr Opcode whole_load_of(Opcode op) {
  switch (wasm::signature_of(op).params()[1]) {
    case wasm::Signature::Type::I64: return Opcode::i64_load;
    case wasm::Signature::Type::F32: return Opcode::f32_load;
    case wasm::Signature::Type::F64: return Opcode::f64_load;
    default: return Opcode::i32_load;
  }
}

static_assert(CellOp::br_step_i32_eq_s + 18 == CellOp::br_step_i32_ge_u_s);

// The translator's arithmetic holds.
static_assert(binary_op(CellOp::i32_sub_ss, Form::KA) == CellOp::i32_sub_ka);
static_assert(with_slot(CellOp::f64_lt_ak) == CellOp::f64_lt_ak_d);
static_assert(unary_op(CellOp::i32_clz_s, Source::A) == CellOp::i32_clz_a);
static_assert(load_op(CellOp::i64_load8_s_s, Source::K) == CellOp::i64_load8_s_k);
static_assert(checked_load_op(CellOp::i64_load8_s_s) == CellOp::i64_load8_s_checked);
static_assert(store_op(CellOp::f32_store_ss, Source::A, Source::K) == CellOp::f32_store_ak);
static_assert(store_op(CellOp::f32_store_ss, Source::K, Source::A) == CellOp::f32_store_ka);
static_assert(checked_store_op(CellOp::f32_store_ss) == CellOp::f32_store_checked);
static_assert(load_at_op(CellOp::i64_load8_s_s, Form::SK) == CellOp::i64_load8_s_at_sk);
static_assert(store_at_op(CellOp::i32_store8_ss, Form::AK, Source::K) == CellOp::i32_store8_at_ak_k);

static_assert(atomic_op(Opcode::atomic_fence) == CellOp::atomic_fence);
static_assert(atomic_op(Opcode::i64_atomic_rmw32_cmpxchg_u) == CellOp::i64_atomic_rmw32_cmpxchg_u);
static_assert(wide_load_op(Opcode::i64_load32_u, Source::A) == CellOp::i64_load32_u_wide_a);
static_assert(wide_store_op(Opcode::i64_store32, Source::A, Source::K) == CellOp::i64_store32_wide_ak);
static_assert(width_op(CellOp::table_init, Width::Wide) == CellOp::table_init_wide);
static_assert(copy_width_op(CellOp::memory_copy, Width::Wide, Width::Narrow) ==
              CellOp::memory_copy_wide_narrow);

}  // namespace

std::string_view name_of(CellOp op) { return kNames[static_cast<size_t>(op)]; }

CellOp first_cell_op(wasm::Opcode op) { return kFirstOps[static_cast<size_t>(op)]; }

std::optional<CellOp> load_binary_op(wasm::Opcode op, wasm::Opcode load, Source left, Place place) {
  CellOp first = kLoadBinaryOps[static_cast<size_t>(op)];
  if (first == kNone || load != whole_load_of(op)) return std::nullopt;
  return first + (left == Source::A ? 0u : 14u) + 2 * static_cast<unsigned>(place);
}

CellOp step_op(wasm::Opcode compare, Source right) {
  // the order of opcodes.def
  auto row =
      static_cast<unsigned>(compare) - static_cast<unsigned>(wasm::equality_of(wasm::Signature::Type::I32));
  return CellOp::br_step_i32_eq_s + 2 * row + (right == Source::S ? 0u : 1u);
}

CellOp branch_op(wasm::Opcode compare, Form form, bool wanted) {
  unsigned unwanted = wanted ? 0 : 10;  // five forms, two directions
  return kBranchOps[static_cast<size_t>(compare)] + 2 * static_cast<unsigned>(form) + unwanted;
}

}  // namespace godwit::code
