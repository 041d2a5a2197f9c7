// FoldTree: what is pending is a stack like that of operands, of nodes instead of values.
#include "text/print_fold.h"

#include <algorithm>

namespace godwit::text {

using wasm::Instruction;
using wasm::Opcode;
using Shape = FoldNode::Shape;

uint32_t FoldTree::add(Shape shape, uint32_t offset) {
  nodes_.push_back({.offset = offset, .shape = shape});
  return static_cast<uint32_t>(nodes_.size() - 1);
}

// Appends what is pending from `base` on to the children of `parent`.
void FoldTree::adopt(uint32_t parent, uint32_t base) {
  FoldNode& node = nodes_[parent];
  uint32_t* link = &node.first_child;
  for (size_t i = base; i < pending_.size(); ++i) {
    const uint32_t child = pending_[i].node;
    *link = child;
    link = &nodes_[child].next;
    node.size += nodes_[child].size;
    node.has_block |= nodes_[child].has_block;
  }
  pending_.resize(base);
}

// Where the pending nodes begin that leave exactly `wanted` values, or their end if there are none such.
uint32_t FoldTree::operands_from(uint32_t wanted) const {
  constexpr uint32_t kHighest = 40;  // higher trees are hard to read, and to parse
  const auto end = static_cast<uint32_t>(pending_.size());
  const uint32_t base = frames_.empty() ? 0 : frames_.back().base;
  uint32_t from = end;
  for (uint32_t found = 0; found < wanted;) {
    if (from == base) return end;
    const Pending& candidate = pending_[--from];
    if (candidate.results == 0 || candidate.results > wanted - found || candidate.height >= kHighest)
      return end;
    found += candidate.results;
  }
  return from;
}

void FoldTree::plain(const Instruction& ins, bool is_hinted) {
  const auto arity = arities_.of(ins).value_or(Arity{0, 0});
  const uint32_t node = add(Shape::Plain, ins.offset);
  const uint32_t from = is_hinted ? static_cast<uint32_t>(pending_.size()) : operands_from(arity.operands);
  uint32_t height = 0;
  for (size_t i = from; i < pending_.size(); ++i) height = std::max(height, pending_[i].height + 1);
  adopt(node, from);
  pending_.push_back({node, arity.results, height});
}

void FoldTree::open(const Instruction& ins, bool is_hinted) {
  const Arity arity = arities_.of(ins.block);
  const bool is_if = ins.op == Opcode::if_, is_divided = is_if || ins.op == Opcode::try_;
  const uint32_t node = add(is_divided ? Shape::Divided : Shape::Block, ins.offset);
  nodes_[node].label = labels_++;
  if (is_if && !is_hinted) adopt(node, operands_from(arity.operands + 1));
  nodes_[node].has_block = true;
  arities_.open(ins);
  frames_.push_back({node, FoldNode::kNone, static_cast<uint32_t>(pending_.size()), arity.results});
  if (is_divided) begin_part(is_if ? Shape::Then : Shape::Do, ins.offset);
}

// Adds a part after the operands and parts that the innermost block has.
void FoldTree::begin_part(Shape shape, uint32_t offset) {
  Frame& frame = frames_.back();
  const uint32_t part = add(shape, offset);
  nodes_[part].label = nodes_[frame.node].label;
  if (frame.part != FoldNode::kNone) {
    nodes_[frame.part].next = part;
  } else {
    uint32_t* link = &nodes_[frame.node].first_child;
    while (*link != FoldNode::kNone) link = &nodes_[*link].next;
    *link = part;
  }
  frame.part = part;
}

void FoldTree::divide(const Instruction& ins) {
  adopt(frames_.back().part, frames_.back().base);
  begin_part(ins.op == Opcode::else_      ? Shape::Else
             : ins.op == Opcode::delegate ? Shape::Delegate
                                          : Shape::Catch,
             ins.offset);
}

void FoldTree::close() {
  const Frame frame = frames_.back();
  adopt(frame.part == FoldNode::kNone ? frame.node : frame.part, frame.base);
  frames_.pop_back();
  arities_.close();
  pending_.push_back({frame.node, frame.results, 0});
}

Result<> FoldTree::build(wasm::ByteRange instructions, wasm::InstructionReader::Place place, size_t results,
                         std::span<const BranchHint> hints) {
  nodes_.clear();
  pending_.clear();
  frames_.clear();
  labels_ = 0;
  arities_.begin(results);
  wasm::InstructionReader reader(module_, instructions, wasm::FeatureSet::all(), place);
  Instruction ins;
  auto hint = hints.begin();
  for (;;) {
    TRY(reader.next(ins));
    const bool is_divider = ins.op == Opcode::else_ || ins.op == Opcode::catch_ ||
                            ins.op == Opcode::catch_all || ins.op == Opcode::delegate;
    if (is_divider && (frames_.empty() || frames_.back().part == FoldNode::kNone))
      return fail(
          Error(ErrorKind::Malformed, std::string(text_of(ins.op)) + " outside of its block").at(ins.offset));
    const bool is_hinted = hint != hints.end() && hint->offset == ins.offset;
    if (is_hinted) ++hint;
    if (immediates_of(ins.op) == wasm::ImmKind::Block || immediates_of(ins.op) == wasm::ImmKind::TryTable) {
      open(ins, is_hinted);
    } else if (ins.op == Opcode::end) {
      if (frames_.empty()) break;
      close();
    } else if (is_divider) {
      divide(ins);
      if (ins.op == Opcode::delegate) close();
    } else {
      plain(ins, is_hinted);
    }
  }
  const uint32_t root = add(Shape::Block, 0);
  adopt(root, 0);
  first_ = nodes_[root].first_child;
  return {};
}

}  // namespace godwit::text
