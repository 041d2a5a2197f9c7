// The nesting of instructions.
#include "text/code_parser.h"

#include <fmt/format.h>

#include "text/mnemonics.h"

namespace godwit::text {

using wasm::Opcode;

namespace {

bool is_block(Opcode op) {
  return op == Opcode::block || op == Opcode::loop || op == Opcode::if_ || op == Opcode::try_ ||
         op == Opcode::try_table;
}

// Parts of flat blocks, which are no instructions of their own.
bool is_separator(Opcode op) {
  return op == Opcode::else_ || op == Opcode::end || op == Opcode::catch_ || op == Opcode::catch_all ||
         op == Opcode::delegate;
}

// How far a folded `if` or `try` has come.
enum : uint8_t { kBegun, kFirstPart, kLastPart, kDelegated };

}  // namespace

void CodeParser::begin_function() {
  label_names_.clear();
  hints_.clear();
  label_count_ = 0;
  labels_.push_back({{}, kNoLabel});  // the function itself
}

void CodeParser::end_function() {
  labels_.clear();
  locals_ = Space("local");
}

void CodeParser::add_local(const Token& id) {
  if (id.kind == TokenKind::Id) context_.declare(locals_, id, in_.name_of(id));
  else locals_.add();
}

void CodeParser::instructions(wasm::Encoder& into) { run(into, false); }

void CodeParser::folded_instruction(wasm::Encoder& into) {
  if (in_.kind() == TokenKind::Open) run(into, true);
  else in_.unexpected("'(' and an instruction");
}

void CodeParser::run(wasm::Encoder& into, bool is_single) {
  out_ = &into;
  do {
    switch (in_.kind()) {
      case TokenKind::Keyword:
        if (wants_folded()) in_.unexpected("'(' and an operand, or ')'");
        else flat();
        break;
      case TokenKind::Open: folded(); break;
      case TokenKind::Close:
        if (frames_.empty()) {
          if (hint_) in_.unexpected("the branch that the hint is for");
          return;
        }
        close();
        break;
      case TokenKind::Annotation: branch_hint(); continue;
      default: in_.unexpected("an instruction");
    }
  } while (!in_.failed() && !(is_single && frames_.empty()));
}

bool CodeParser::wants_folded() const {
  if (frames_.empty()) return false;
  const Frame::Kind kind = frames_.back().kind;
  return kind == Frame::Kind::Operator || kind == Frame::Kind::FoldedIf || kind == Frame::Kind::FoldedTry;
}

std::optional<Opcode> CodeParser::operator_of(const Token& at) {
  const std::optional<Opcode> op = find_mnemonic(in_.text_of(at));
  if (!op) unknown_operator(at);
  return op;
}

void CodeParser::unknown_operator(const Token& at) {
  const std::string_view text = in_.text_of(at);
  if (text.size() > 60) return in_.fail(at, "unknown operator");
  for (const std::string_view header : {"export", "import", "type", "param", "result", "local"})
    if (text == header)
      return in_.fail(
          at, fmt::format("unexpected token '{}': exports, import, type, parameters, results and locals "
                          "stand before the instructions, in this order",
                          text));
  std::string message = fmt::format("unknown operator '{}'", text);
  if (const auto near = similar_mnemonic(text)) message += fmt::format("; did you mean '{}'?", *near);
  in_.fail(at, message);
}

void CodeParser::note(uint32_t at, std::optional<bool> hint) {
  const uint32_t offset = static_cast<uint32_t>(out_->bytes().size());
  if (hint) hints_.push_back({offset, *hint});
  if (spots_) spots_->push_back({offset, at});
}

void CodeParser::emit(uint32_t at, std::optional<bool> hint) {
  note(at, hint);
  out_->instruction(ins_);
}

void CodeParser::emit_opcode(uint32_t at, Opcode op) {
  note(at, {});
  out_->opcode(op);
}

void CodeParser::flush(const Frame& frame) {
  note(frame.at, frame.hint);
  out_->raw(Bytes(pending_.bytes()).subspan(frame.pending));
  pending_.truncate(frame.pending);
}

void CodeParser::flat() {
  const Token at = in_.take();
  const std::optional<Opcode> op = operator_of(at);
  if (!op) return;
  if (hint_ && *op != Opcode::if_ && *op != Opcode::br_if)
    return in_.fail(at, "misplaced annotation: only if and br_if take a branch hint");
  if (is_block(*op)) return open_flat(at, *op);
  switch (*op) {
    case Opcode::else_: return flat_else(at);
    case Opcode::end: return flat_end(at);
    case Opcode::catch_:
    case Opcode::catch_all: return flat_catch(at, *op);
    case Opcode::delegate:
      if (frames_.empty() || frames_.back().kind != Frame::Kind::Try)
        return in_.fail(at, "unexpected token 'delegate': no try block is open");
      frames_.pop_back();
      return delegate(at.begin);
    default: immediates(*op); return emit(at.begin, take_hint());
  }
}

void CodeParser::folded() {
  if (part_of_if() || part_of_try()) return;
  in_.take();
  if (in_.kind() == TokenKind::Annotation) branch_hint();
  const Token at = in_.token();
  if (at.kind != TokenKind::Keyword) return in_.unexpected("an instruction");
  in_.take();
  const std::optional<Opcode> op = operator_of(at);
  if (!op) return;
  if (is_separator(*op)) return in_.fail(at, fmt::format("unexpected token '{}'", in_.text_of(at)));
  if (hint_ && *op != Opcode::if_ && *op != Opcode::br_if)
    return in_.fail(at, "misplaced annotation: only if and br_if take a branch hint");
  if (is_block(*op)) return open_folded(at, *op);
  immediates(*op);
  if (in_.kind() == TokenKind::Close) {  // no operands: nothing waits
    in_.take();
    return emit(at.begin, take_hint());
  }
  const uint32_t begin = static_cast<uint32_t>(pending_.bytes().size());
  pending_.instruction(ins_);
  frames_.push_back({.kind = Frame::Kind::Operator, .hint = take_hint(), .at = at.begin, .pending = begin});
}

void CodeParser::close() {
  const Frame frame = frames_.back();
  switch (frame.kind) {
    case Frame::Kind::Block:
    case Frame::Kind::If:
    case Frame::Kind::Else:
    case Frame::Kind::Try:
    case Frame::Kind::Catch:
    case Frame::Kind::CatchAll: return in_.unexpected("an instruction or 'end'");
    case Frame::Kind::Operator: flush(frame); break;
    case Frame::Kind::Part: break;
    case Frame::Kind::FoldedIf:
      if (frame.parts == kBegun) return in_.unexpected("'(then'");
      [[fallthrough]];
    case Frame::Kind::FoldedBlock:
      emit_opcode(in_.token().begin, Opcode::end);
      pop_label();
      break;
    case Frame::Kind::FoldedTry:
      if (frame.parts == kBegun) return in_.unexpected("'(do'");
      if (frame.parts == kDelegated) break;
      emit_opcode(in_.token().begin, Opcode::end);
      pop_label();
      break;
  }
  in_.take();
  frames_.pop_back();
}

bool CodeParser::part_of_if() {
  if (frames_.empty() || frames_.back().kind != Frame::Kind::FoldedIf) return false;
  Frame& frame = frames_.back();
  const uint32_t at = in_.after().begin;
  if (frame.parts == kBegun) {
    if (!in_.take_open("then")) return false;
    flush(frame);
    push_label(frame.label);
    frame.parts = kFirstPart;
  } else if (frame.parts == kFirstPart && in_.take_open("else")) {
    emit_opcode(at, Opcode::else_);
    frame.parts = kLastPart;
  } else {
    in_.unexpected(frame.parts == kFirstPart ? "'(else' or ')'" : "')'");
    return true;
  }
  frames_.push_back({.kind = Frame::Kind::Part});
  return true;
}

bool CodeParser::part_of_try() {
  if (frames_.empty() || frames_.back().kind != Frame::Kind::FoldedTry) return false;
  Frame& frame = frames_.back();
  const uint32_t at = in_.after().begin;
  if (frame.parts == kBegun) {
    if (!in_.take_open("do")) return in_.unexpected("'(do'"), true;
    frame.parts = kFirstPart;
  } else if (frame.parts == kFirstPart && in_.take_open("catch")) {
    ins_.op = Opcode::catch_;
    ins_.index = context_.index(context_.tags);
    emit(at);
  } else if (frame.parts == kFirstPart && in_.take_open("catch_all")) {
    emit_opcode(at, Opcode::catch_all);
    frame.parts = kLastPart;
  } else if (frame.parts == kFirstPart && in_.take_open("delegate")) {
    frame.parts = kDelegated;
    delegate(at);
    in_.expect_close();
    return true;
  } else {
    in_.unexpected("')'");
    return true;
  }
  frames_.push_back({.kind = Frame::Kind::Part});
  return true;
}

std::string_view CodeParser::block_head(Opcode op) {
  const std::string_view name = in_.take_optional_id();
  ins_.op = op;
  ins_.block = block_type();
  if (op == Opcode::try_table) catches();
  return name;
}

void CodeParser::open_flat(const Token& at, Opcode op) {
  const std::optional<bool> hint = take_hint();
  const std::string_view name = block_head(op);
  emit(at.begin, hint);
  push_label(name);
  const Frame::Kind kind = op == Opcode::if_    ? Frame::Kind::If
                           : op == Opcode::try_ ? Frame::Kind::Try
                                                : Frame::Kind::Block;
  frames_.push_back({.kind = kind, .label = name});
}

void CodeParser::open_folded(const Token& at, Opcode op) {
  const std::optional<bool> hint = take_hint();
  const std::string_view name = block_head(op);
  if (op == Opcode::if_) {  // its condition comes first
    const uint32_t begin = static_cast<uint32_t>(pending_.bytes().size());
    pending_.instruction(ins_);
    frames_.push_back(
        {.kind = Frame::Kind::FoldedIf, .hint = hint, .at = at.begin, .pending = begin, .label = name});
    return;
  }
  emit(at.begin);
  push_label(name);
  frames_.push_back({.kind = op == Opcode::try_ ? Frame::Kind::FoldedTry : Frame::Kind::FoldedBlock});
}

void CodeParser::check_repeated_label(const Frame& frame) {
  if (in_.kind() != TokenKind::Id) return;
  const Token at = in_.take();
  if (in_.name_of(at) == frame.label) return;
  in_.fail(at, frame.label.empty() ? "mismatching label: the block has none"
                                   : fmt::format("mismatching label: the block's is ${}", frame.label));
}

void CodeParser::flat_else(const Token& at) {
  if (frames_.empty() || frames_.back().kind != Frame::Kind::If)
    return in_.fail(at, "unexpected token 'else': no if is open");
  frames_.back().kind = Frame::Kind::Else;
  check_repeated_label(frames_.back());
  emit_opcode(at.begin, Opcode::else_);
}

void CodeParser::flat_end(const Token& at) {
  if (frames_.empty() || frames_.back().kind > Frame::Kind::CatchAll)
    return in_.fail(at, "unexpected token 'end': no block is open; the end of a function is its ')'");
  check_repeated_label(frames_.back());
  emit_opcode(at.begin, Opcode::end);
  pop_label();
  frames_.pop_back();
}

void CodeParser::flat_catch(const Token& at, Opcode op) {
  const bool is_in_try = !frames_.empty() && (frames_.back().kind == Frame::Kind::Try ||
                                              frames_.back().kind == Frame::Kind::Catch);
  if (!is_in_try) return in_.fail(at, "unexpected catch clause: no try is open that may have another");
  frames_.back().kind = op == Opcode::catch_ ? Frame::Kind::Catch : Frame::Kind::CatchAll;
  ins_.op = op;
  if (op == Opcode::catch_) ins_.index = context_.index(context_.tags);
  emit(at.begin);
}

// The label is counted from outside of the try block.
void CodeParser::delegate(uint32_t at) {
  pop_label();
  ins_.op = Opcode::delegate;
  ins_.index = label();
  emit(at);
}

void CodeParser::push_label(std::string_view name) {
  const uint32_t position = static_cast<uint32_t>(labels_.size());
  uint32_t shadowed = kNoLabel;
  if (!name.empty()) {
    const auto [entry, is_new] = innermost_.try_emplace(name, position);
    if (!is_new) shadowed = std::exchange(entry->second, position);
    label_names_.emplace_back(label_count_, name);
  }
  labels_.push_back({name, shadowed});
  ++label_count_;
}

void CodeParser::pop_label() {
  const Label label = labels_.back();
  labels_.pop_back();
  if (label.name.empty()) return;
  if (label.shadowed == kNoLabel) innermost_.erase(label.name);
  else innermost_[label.name] = label.shadowed;
}

uint32_t CodeParser::label() {
  if (in_.kind() == TokenKind::Number)
    return static_cast<uint32_t>(in_.expect_unsigned("a label", 0xFFFF'FFFF, "i32"));
  if (in_.kind() != TokenKind::Id) return in_.unexpected("a label"), 0;
  const Token at = in_.take();
  const auto found = innermost_.find(in_.name_of(at));
  if (found != innermost_.end()) return static_cast<uint32_t>(labels_.size() - 1 - found->second);
  in_.fail(at, fmt::format("unknown label {}", in_.text_of(at)));
  return 0;
}

// spec: https://webassembly.github.io/spec/core/appendix/custom.html (branch hints)
void CodeParser::branch_hint() {
  if (!in_.take_annotation("metadata.code.branch_hint"))
    return in_.unexpected("an instruction: misplaced annotation");
  const Token at = in_.token();
  const std::string value = in_.expect_string("\"\\00\" or \"\\01\"");
  if (in_.failed()) return;
  if (value.size() != 1 || static_cast<uint8_t>(value[0]) > 1 || hint_)
    return in_.fail(at, "a branch hint is one byte: \"\\00\" or \"\\01\"");
  hint_ = value[0] == 1;
  in_.expect_close();
}

}  // namespace godwit::text
