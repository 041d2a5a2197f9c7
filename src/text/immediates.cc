// Immediates of instructions, by their kinds in opcodes.def.
#include <fmt/format.h>

#include <bit>

#include "text/code_parser.h"
#include "text/numbers.h"

namespace godwit::text {

using wasm::ImmKind;
using wasm::Opcode;

void CodeParser::immediates(Opcode op) {
  if (op == Opcode::select && in_.at_open("result")) op = Opcode::select_t;
  ins_.op = op;
  switch (wasm::immediates_of(op)) {
    case ImmKind::None:
    case ImmKind::ZeroByte: return;
    case ImmKind::Block:
    case ImmKind::TryTable: return;  // read by block_head
    case ImmKind::Label: ins_.index = label(); return;
    case ImmKind::BrTable:
      ins_.labels.clear();
      do ins_.labels.push_back(label());
      while (in_.at_index());
      return;
    case ImmKind::Func: ins_.index = context_.index(context_.funcs); return;
    case ImmKind::CallIndirect:
      ins_.index2 = context_.optional_index(context_.tables);
      ins_.index = types_.resolve(types_.type_use(ParamNames::Forbidden));
      return;
    case ImmKind::Type: ins_.index = context_.index(context_.types); return;
    case ImmKind::SelectTypes:
      ins_.types.clear();
      while (in_.take_open("result")) {
        while (in_.has_more()) ins_.types.push_back(types_.val_type());
        in_.expect_close();
      }
      return;
    case ImmKind::Local: ins_.index = context_.index(locals_); return;
    case ImmKind::Global: ins_.index = context_.index(context_.globals); return;
    case ImmKind::Table: ins_.index = context_.optional_index(context_.tables); return;
    case ImmKind::TableInit: return two_indices(context_.tables, context_.elems, true);
    case ImmKind::TableCopy: return two_indices(context_.tables, context_.tables, false);
    case ImmKind::Elem: ins_.index = context_.index(context_.elems); return;
    case ImmKind::Memory: ins_.index = context_.optional_index(context_.memories); return;
    case ImmKind::MemoryInit:
      context_.needs_data_count = true;
      return two_indices(context_.memories, context_.datas, true);
    case ImmKind::MemoryCopy: return two_indices(context_.memories, context_.memories, false);
    case ImmKind::Data:
      context_.needs_data_count = true;
      ins_.index = context_.index(context_.datas);
      return;
    case ImmKind::MemArg: return mem_arg(op, false);
    case ImmKind::MemArgLane: return mem_arg(op, true);
    case ImmKind::Lane: ins_.index2 = static_cast<uint32_t>(lane_index()); return;
    case ImmKind::Shuffle: return shuffle();
    case ImmKind::I32: ins_.bits = static_cast<uint64_t>(int64_t{static_cast<int32_t>(integer(32))}); return;
    case ImmKind::I64: ins_.bits = integer(64); return;
    case ImmKind::F32: ins_.bits = floating(32); return;
    case ImmKind::F64: ins_.bits = floating(64); return;
    case ImmKind::V128: return v128_const();
    case ImmKind::HeapType: ins_.type = wasm::ValType::ref(types_.heap_type(), true); return;
    case ImmKind::RefType:
      ins_.type = types_.ref_type();
      if (ins_.type.nullable())
        ins_.op = op == Opcode::ref_test ? Opcode::ref_test_null : Opcode::ref_cast_null;
      return;
    case ImmKind::BrOnCast:
      ins_.index = label();
      ins_.type = types_.ref_type();
      ins_.type2 = types_.ref_type();
      return;
    case ImmKind::TypeField:
      ins_.index = context_.index(context_.types);
      ins_.index2 = field_index(ins_.index);
      return;
    case ImmKind::TypeCount:
      ins_.index = context_.index(context_.types);
      ins_.index2 = static_cast<uint32_t>(in_.expect_unsigned("how many elements", 0xFFFF'FFFF, "i32"));
      return;
    case ImmKind::TypeData:
      context_.needs_data_count = true;
      ins_.index = context_.index(context_.types);
      ins_.index2 = context_.index(context_.datas);
      return;
    case ImmKind::TypeElem:
      ins_.index = context_.index(context_.types);
      ins_.index2 = context_.index(context_.elems);
      return;
    case ImmKind::TypeType:
      ins_.index = context_.index(context_.types);
      ins_.index2 = context_.index(context_.types);
      return;
    case ImmKind::Tag: ins_.index = context_.index(context_.tags); return;
  }
}

// The members of `first` and `second` that an instruction names. With one index alone that of `first` is 0; where both
// are of one kind, none or both are given. In the binary format the second comes first if `is_swapped`.
void CodeParser::two_indices(const Space& first, const Space& second, bool is_swapped) {
  uint32_t one = 0, two = 0;
  const bool is_same = &first == &second;
  if (is_same ? in_.at_index() : in_.at_index() && Cursor::is_index(in_.after())) {
    one = context_.index(first);
    two = context_.index(second);
  } else if (!is_same) {
    two = context_.index(second);
  }
  ins_.index = is_swapped ? two : one;
  ins_.index2 = is_swapped ? one : two;
}

uint32_t CodeParser::field_index(uint32_t type) {
  static const Space kNone("field");
  return context_.index(type < context_.fields.size() ? context_.fields[type] : kNone);
}

wasm::BlockType CodeParser::block_type() {
  const TypeUse use = types_.type_use(ParamNames::Forbidden, true);
  if (!use.index && use.type.params.empty()) {
    if (use.type.results.empty()) return {};
    if (use.type.results.size() == 1) return {wasm::BlockType::Kind::Value, use.type.results[0], {}};
  }
  return {wasm::BlockType::Kind::Type, {}, wasm::TypeIdx(types_.resolve(use))};
}

// Labels of catch clauses are counted from outside of the block.
void CodeParser::catches() {
  ins_.catches.clear();
  for (;;) {
    wasm::Catch clause;
    if (in_.take_open("catch")) clause.kind = wasm::Catch::Kind::Catch;
    else if (in_.take_open("catch_ref")) clause.kind = wasm::Catch::Kind::CatchRef;
    else if (in_.take_open("catch_all")) clause.kind = wasm::Catch::Kind::CatchAll;
    else if (in_.take_open("catch_all_ref")) clause.kind = wasm::Catch::Kind::CatchAllRef;
    else return;
    if (clause.kind == wasm::Catch::Kind::Catch || clause.kind == wasm::Catch::Kind::CatchRef)
      clause.tag = wasm::TagIdx(context_.index(context_.tags));
    clause.label = label();
    in_.expect_close();
    ins_.catches.push_back(clause);
  }
}

void CodeParser::mem_arg(Opcode op, bool has_lane) {
  ins_.mem = {};
  const auto is_mem_arg = [&](const Token& token) {
    const std::string_view text = in_.text_of(token);
    return token.kind == TokenKind::Keyword && (text.starts_with("offset=") || text.starts_with("align="));
  };
  // A number alone, before a lane, is the lane.
  const bool has_memory = in_.kind() == TokenKind::Id ||
                          (in_.kind() == TokenKind::Number &&
                           (!has_lane || Cursor::is_index(in_.after()) || is_mem_arg(in_.after())));
  if (has_memory) ins_.mem.memory = wasm::MemIdx(context_.index(context_.memories));

  const auto number_after = [&](std::string_view key) -> std::optional<uint64_t> {
    if (in_.kind() != TokenKind::Keyword || !in_.text().starts_with(key)) return {};
    const std::string_view digits = in_.text().substr(key.size());
    const Token at = in_.take();
    const Number<uint64_t> value = parse_unsigned(digits, ~uint64_t{0});
    if (value) return *value;
    in_.fail(at, value.error() == NumberFault::Range
                     ? "i64 constant out of range: offsets and alignments have 64 bits"
                     : "unknown operator: a number is wanted after '='");
    return {};
  };
  if (const auto offset = number_after("offset=")) ins_.mem.offset = *offset;
  const Token at = in_.token();
  if (const auto align = number_after("align=")) {
    if (!std::has_single_bit(*align)) return in_.fail(at, "alignment must be a power of two");
    ins_.mem.align_log2 = static_cast<uint32_t>(std::countr_zero(*align));
  } else {
    ins_.mem.align_log2 = static_cast<uint32_t>(std::countr_zero(wasm::access_bytes_of(op)));
  }
  if (has_lane) ins_.index2 = static_cast<uint32_t>(lane_index());
}

uint64_t CodeParser::lane_index() {
  if (in_.kind() != TokenKind::Number) return in_.unexpected("the number of a lane"), 0;
  const Token at = in_.take();
  const Number<uint64_t> value = parse_unsigned(in_.text_of(at), 0xFF);
  if (value) return *value;
  in_.fail(at, value.error() == NumberFault::Range
                   ? "malformed lane index: i8 constant out of range"
                   : "malformed lane index: a number without a sign is wanted");
  return 0;
}

void CodeParser::shuffle() {
  for (uint8_t& lane : ins_.v128) {
    if (in_.kind() != TokenKind::Number)
      return in_.fail(in_.token(), "wrong number of lane indices: i8x16.shuffle has 16");
    lane = static_cast<uint8_t>(lane_index());
  }
}

uint64_t CodeParser::integer(uint32_t bits) {
  if (in_.kind() != TokenKind::Number) return in_.unexpected(fmt::format("an i{} constant", bits)), 0;
  const Token at = in_.take();
  const Number<uint64_t> value = parse_integer(in_.text_of(at), bits);
  if (value) return *value;
  if (value.error() == NumberFault::Range) in_.fail(at, fmt::format("i{} constant out of range", bits));
  else in_.fail(at, "unknown operator: an integer is wanted");
  return 0;
}

uint64_t CodeParser::floating(uint32_t bits) {
  const bool is_word =
      in_.kind() == TokenKind::Keyword && (in_.text() == "inf" || in_.text().starts_with("nan"));
  if (in_.kind() != TokenKind::Number && !is_word)
    return in_.unexpected(fmt::format("an f{} constant", bits)), 0;
  const Token at = in_.take();
  const Number<uint64_t> value = parse_float(in_.text_of(at), bits);
  if (value) return *value;
  if (value.error() == NumberFault::Range) in_.fail(at, fmt::format("f{} constant out of range", bits));
  else in_.fail(at, "unknown operator: a number is wanted");
  return 0;
}

void CodeParser::v128_const() {
  struct Shape {
    std::string_view text;
    uint32_t lanes;
    bool is_float;
  };
  static constexpr Shape kShapes[] = {{"i8x16", 16, false}, {"i16x8", 8, false}, {"i32x4", 4, false},
                                      {"i64x2", 2, false},  {"f32x4", 4, true},  {"f64x2", 2, true}};
  for (const Shape& shape : kShapes) {
    if (!in_.take_keyword(shape.text)) continue;
    const uint32_t bits = 128 / shape.lanes;
    for (uint32_t lane = 0; lane < shape.lanes; ++lane) {
      if (!in_.has_more() || in_.kind() == TokenKind::Open)
        return in_.fail(in_.token(),
                        fmt::format("wrong number of lane literals: {} has {}", shape.text, shape.lanes));
      const uint64_t value = shape.is_float ? floating(bits) : integer(bits);
      for (uint32_t byte = 0; byte < bits / 8; ++byte)
        ins_.v128[lane * bits / 8 + byte] = static_cast<uint8_t>(value >> (8 * byte));
    }
    return;
  }
  in_.unexpected("a shape: i8x16, i16x8, i32x4, i64x2, f32x4 or f64x2");
}

}  // namespace godwit::text
