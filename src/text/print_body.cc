// BodyPrinter: bodies are walked with stacks of our own; a guest may nest as deep as it likes.
#include "text/print_body.h"

#include <algorithm>

namespace godwit::text {

using wasm::InstructionReader;
using wasm::Opcode;
using Shape = FoldNode::Shape;
using Place = InstructionReader::Place;

namespace {

// Up to so many instructions stand in one line.
constexpr uint32_t kInlineSize = 4;

bool is_divider(Opcode op) {
  return op == Opcode::else_ || op == Opcode::catch_ || op == Opcode::catch_all || op == Opcode::delegate;
}

}  // namespace

uint32_t BodyPrinter::param_count() const {
  const wasm::FuncType* type = types_.func_type(names_.module.funcs[func_.value]);
  return type ? static_cast<uint32_t>(type->params.size()) : 0;
}

Result<> BodyPrinter::begin(wasm::FuncIdx func) {
  TRY(scan_.scan(names_.module, func));
  func_ = func;
  func_hints_ = hints_.of(func.value);
  place_ = Place::Body;
  instructions_.begin(names_.locals_of(func.value, param_count() + scan_.local_count),
                      names_.labels_of(func.value, scan_.label_count), scan_);
  return {};
}

Result<> BodyPrinter::print(uint32_t depth) {
  locals(depth);
  const wasm::ByteRange body = names_.module.body(func_).range;
  InstructionReader reader(names_.module, body);
  TRY(reader.locals(scan_.locals));
  if (!options_.fold) return flat(reader, depth);
  return folded({reader.offset(), body.offset + body.size - reader.offset()}, depth);
}

void BodyPrinter::locals(uint32_t depth) {
  constexpr uint32_t kPerLine = 12;
  uint32_t index = param_count(), in_line = 0;
  bool is_open = false;
  for (const auto& group : scan_.locals) {
    for (uint32_t i = 0; i < group.count; ++i, ++index, ++in_line) {
      if (out_.failed()) return;
      const bool is_named = locals().has(index), starts_line = in_line % kPerLine == 0;
      if (is_open && (is_named || starts_line)) {
        out_.put(')');
        is_open = false;
      }
      if (starts_line) out_.line(depth);
      if (!is_open) {
        out_.put(starts_line ? "(local" : " (local");
        if (is_named) locals().put(out_.put(' '), index);
      }
      out_.put(' ');
      types_.val_type(group.type);
      is_open = !is_named;
      if (is_named) out_.put(')');
    }
  }
  if (is_open) out_.put(')');
}

// What stands before an instruction: its offset, if that is wanted, and an annotation.
void BodyPrinter::before(uint32_t offset) {
  if (options_.comments) out_.put("(;@").hex(offset, 6).put(";) ");
  if (func_hints_.empty()) return;
  const auto hint = std::ranges::lower_bound(func_hints_, offset, {}, &BranchHint::offset);
  if (hint == func_hints_.end() || hint->offset != offset) return;
  out_.put("(@metadata.code.branch_hint").bytes(names_.module.slice(hint->value), 0).put(") ");
}

Result<> BodyPrinter::flat(InstructionReader& reader, uint32_t depth) {
  Labels& labels = instructions_.labels();
  const bool has_remarks = options_.comments || !func_hints_.empty();
  uint32_t next_label = 0;
  while (!out_.failed()) {
    TRY(reader.next(instruction_));
    const Opcode op = instruction_.op;
    const bool ends = op == Opcode::end || op == Opcode::delegate;
    if (op == Opcode::end && labels.depth() == 0) return {};
    const auto nested = static_cast<uint32_t>(labels.depth());
    if (op == Opcode::delegate) labels.close();  // its label is counted from outside
    out_.line(depth + nested - (ends || is_divider(op) ? 1 : 0));
    if (has_remarks) before(instruction_.offset);
    instructions_.put(instruction_, next_label);
    if (op == Opcode::end) labels.close();
    if (opens_block(op)) labels.open(next_label++);
  }
  return {};
}

Result<> BodyPrinter::folded(wasm::ByteRange instructions, uint32_t depth) {
  const wasm::FuncType* type = types_.func_type(names_.module.funcs[func_.value]);
  TRY(tree_.build(instructions, place_, type ? type->results.size() : 0, func_hints_));
  for (uint32_t node = tree_.first(); node != FoldNode::kNone && !out_.failed(); node = tree_[node].next) {
    out_.line(depth);
    subtree(node, depth, false);
  }
  return {};
}

bool BodyPrinter::read(uint32_t offset) {
  const auto size = static_cast<uint32_t>(names_.module.bytes.size());
  InstructionReader reader(names_.module, {offset, size - offset}, wasm::FeatureSet::all(), place_);
  return reader.next(instruction_).has_value();
}

void BodyPrinter::enter(uint32_t index, uint32_t depth, bool is_inline) {
  const FoldNode& node = tree_[index];
  Labels& labels = instructions_.labels();
  if (node.shape == Shape::Then || node.shape == Shape::Do) {
    out_.put(node.shape == Shape::Then ? "(then" : "(do");
  } else {
    before(node.offset);
    out_.put('(');
    // it could be read when the tree was built
    if (read(node.offset)) instructions_.put(instruction_, node.label);
  }
  if (node.shape == Shape::Block || node.is_part()) labels.open(node.label);
  visits_.push_back(
      {index, node.first_child, depth,
       is_inline || (node.shape == Shape::Plain && !node.has_block && node.size <= kInlineSize)});
}

void BodyPrinter::leave(const FoldNode& node) {
  if (node.shape == Shape::Block || node.is_part()) instructions_.labels().close();
  out_.put(')');
}

void BodyPrinter::subtree(uint32_t root, uint32_t depth, bool is_inline) {
  enter(root, depth, is_inline);
  while (!visits_.empty()) {
    Visit& visit = visits_.back();
    if (visit.child == FoldNode::kNone || out_.failed()) {
      leave(tree_[visit.node]);
      visits_.pop_back();
      continue;
    }
    const uint32_t child = visit.child, child_depth = visit.depth + 1;
    visit.child = tree_[child].next;
    const bool is_condition = tree_[visit.node].shape == Shape::Divided && tree_[child].shape == Shape::Plain;
    const bool in_line =
        visit.is_inline || (is_condition && !tree_[child].has_block && tree_[child].size <= kInlineSize);
    if (in_line) out_.put(' ');
    else out_.line(child_depth);
    enter(child, child_depth, in_line);
  }
}

void BodyPrinter::const_expr(const wasm::ConstExpr& expr, std::string_view keyword) {
  static const BodyScan kNoLabels;
  func_hints_ = {};
  place_ = Place::ConstExpr;
  instructions_.begin({}, {}, kNoLabels);
  const bool is_tree = tree_.build(expr.range, place_, 0, {}).has_value();
  const bool is_single =
      is_tree && tree_.first() != FoldNode::kNone && tree_[tree_.first()].next == FoldNode::kNone;
  const bool is_wrapped = !is_single && !keyword.empty();
  if (is_wrapped) out_.put(" (").put(keyword);
  if (!is_tree) undivided(expr);
  for (uint32_t node = is_tree ? tree_.first() : FoldNode::kNone; node != FoldNode::kNone;
       node = tree_[node].next) {
    out_.put(' ');
    subtree(node, 0, true);
  }
  if (is_wrapped) out_.put(')');
}

// Shows what can be decoded, though it is no tree and will not be valid.
void BodyPrinter::undivided(const wasm::ConstExpr& expr) {
  InstructionReader reader(names_.module, expr.range, wasm::FeatureSet::all(), place_);
  while (reader.next(instruction_) && !reader.at_end()) {
    out_.put(' ');
    instructions_.put(instruction_);
  }
}

}  // namespace godwit::text
