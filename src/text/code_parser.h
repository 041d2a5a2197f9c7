// CodeParser: instructions, flat and folded, written as binary code at once.
// spec: https://webassembly.github.io/spec/core/text/instructions.html
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "text/type_parser.h"
#include "wasm/encoder.h"

namespace godwit::text {

// Nesting is kept on a stack of its own: however deep a text nests, the host's stack does not grow.
class CodeParser final {
 public:
  CodeParser(Context& context, TypeParser& types) : context_(context), in_(context.in), types_(types) {}

  // A function's locals and label are known between these two; elsewhere there are constant expressions.
  void begin_function();
  void end_function();
  // A parameter or local; `id` of kind End if it has no name.
  void add_local(const Token& id);
  void name_local(std::string name) { locals_.show_as(locals_.size() - 1, std::move(name)); }

  // Instructions up to the `)` that ends them, which is not taken. The final `end` is not written.
  void instructions(wasm::Encoder& into);
  // One folded instruction.
  void folded_instruction(wasm::Encoder& into);

  // Of the function that began last:
  const Space& locals() const { return locals_; }
  // The blocks that have names, by their number in the order of the code.
  const std::vector<std::pair<uint32_t, std::string_view>>& label_names() const { return label_names_; }
  // Where the encoder stood when a branch with a hint was written, and whether it is likely.
  struct Hint {
    uint32_t offset;
    bool is_likely;
  };
  const std::vector<Hint>& hints() const { return hints_; }

  // Where the encoder stood when something was written, and where that stands in the text.
  struct Spot {
    uint32_t offset;
    uint32_t text;
  };
  // From now on, what is written is noted there.
  void note_spots(std::vector<Spot>* spots) { spots_ = spots; }

 private:
  // What is open, from the outside in.
  struct Frame {
    enum class Kind : uint8_t {
      Block,        // flat, closed by `end`: block, loop, try_table
      If,           // flat
      Else,         // flat
      Try,          // flat
      Catch,        // flat: after `catch`
      CatchAll,     // flat: after `catch_all`
      Operator,     // folded: operands come, then the instruction itself
      FoldedBlock,  // folded: block, loop, try_table
      FoldedIf,     // folded: operands, `(then`, perhaps `(else`
      FoldedTry,    // folded: `(do`, then `(catch`, `(catch_all` or `(delegate`
      Part,         // what is in `(then`, `(else`, `(do` and so on
    };
    Kind kind;
    uint8_t parts = 0;              // FoldedIf, FoldedTry: how far it has come
    std::optional<bool> hint = {};  // Operator, FoldedIf
    uint32_t at = 0;                // Operator, FoldedIf: where it stands in the text
    uint32_t pending = 0;           // Operator, FoldedIf: where its bytes begin in pending_
    std::string_view label = {};    // flat: repeated after `else` and `end`; FoldedIf
  };
  struct Label {
    std::string_view name;
    uint32_t shadowed;  // the label of the same name outside, or kNoLabel
  };
  static constexpr uint32_t kNoLabel = ~uint32_t{0};

  void run(wasm::Encoder& into, bool is_single);
  void flat();
  void folded();
  void close();
  // A part of the folded `if` or `try` at the top, if one comes; true: nothing else is to be done.
  bool part_of_if();
  bool part_of_try();

  void open_flat(const Token& at, wasm::Opcode op);
  void open_folded(const Token& at, wasm::Opcode op);
  void flat_else(const Token& at);
  void flat_end(const Token& at);
  void flat_catch(const Token& at, wasm::Opcode op);
  void delegate(uint32_t at);
  void check_repeated_label(const Frame& frame);

  // Reads the immediates of `op`, which may turn out to be another instruction of the same name, into ins_.
  void immediates(wasm::Opcode op);
  void mem_arg(wasm::Opcode op, bool has_lane);
  void two_indices(const Space& first, const Space& second, bool is_swapped);
  void v128_const();
  void shuffle();
  void catches();
  uint64_t lane_index();
  wasm::BlockType block_type();
  uint64_t integer(uint32_t bits);
  uint64_t floating(uint32_t bits);
  uint32_t field_index(uint32_t type);

  // Label and block type, to ins_; returns the label's name.
  std::string_view block_head(wasm::Opcode op);
  uint32_t label();
  void push_label(std::string_view name);
  void pop_label();

  // Write ins_, or an opcode alone; `at` is where it stands in the text.
  void emit(uint32_t at, std::optional<bool> hint = {});
  void emit_opcode(uint32_t at, wasm::Opcode op);
  // Writes what waits in pending_ for `frame`.
  void flush(const Frame& frame);
  void note(uint32_t at, std::optional<bool> hint);
  void branch_hint();
  std::optional<bool> take_hint() { return std::exchange(hint_, std::nullopt); }
  void unknown_operator(const Token& at);
  // The instruction that `at` names; nothing after an error.
  std::optional<wasm::Opcode> operator_of(const Token& at);
  bool wants_folded() const;

  Context& context_;
  Cursor& in_;
  TypeParser& types_;
  wasm::Encoder* out_ = nullptr;
  wasm::Encoder pending_;  // folded instructions whose operands are being read
  wasm::Instruction ins_;
  std::vector<Frame> frames_;
  std::vector<Label> labels_;
  std::unordered_map<std::string_view, uint32_t> innermost_;  // by name: the label that it means now
  Space locals_{"local"};
  uint32_t label_count_ = 0;
  std::vector<std::pair<uint32_t, std::string_view>> label_names_;
  std::optional<bool> hint_;  // for the instruction that comes
  std::vector<Hint> hints_;
  std::vector<Spot>* spots_ = nullptr;
};

}  // namespace godwit::text
