// BodyPrinter: function bodies, one instruction per line or folded; and constant expressions.
#pragma once

#include "text/print_fold.h"
#include "text/print_hints.h"
#include "text/print_instruction.h"

namespace godwit::text {

class BodyPrinter final {
 public:
  BodyPrinter(PrintWriter& writer, const PrintNames& names, const BranchHints& hints,
              const PrintOptions& options)
      : out_(writer),
        names_(names),
        hints_(hints),
        options_(options),
        instructions_(writer, names),
        types_(writer, names),
        tree_(names.module) {}

  // Prepares for a function, which is defined in the module: its locals can be named, nothing is printed.
  // @errors Malformed
  Result<> begin(wasm::FuncIdx func);
  const Identifiers& locals() const { return instructions_.locals(); }
  // The locals and instructions of the function that was begun, each on a line.
  Result<> print(uint32_t depth);

  // Instructions in one line, each in parentheses after a blank. Where they are not exactly one, all of them are put
  // in parentheses of their own that begin with `keyword`, if that is not empty.
  void const_expr(const wasm::ConstExpr& expr, std::string_view keyword = {});

 private:
  struct Visit {
    uint32_t node;
    uint32_t child;  // the next one to visit
    uint32_t depth;
    bool is_inline;
  };

  uint32_t param_count() const;
  void locals(uint32_t depth);
  Result<> flat(wasm::InstructionReader& reader, uint32_t depth);
  Result<> folded(wasm::ByteRange instructions, uint32_t depth);
  void subtree(uint32_t root, uint32_t depth, bool is_inline);
  void enter(uint32_t index, uint32_t depth, bool is_inline);
  void leave(const FoldNode& node);
  void before(uint32_t offset);
  void undivided(const wasm::ConstExpr& expr);
  // Reads the instruction there into instruction_.
  bool read(uint32_t offset);

  PrintWriter& out_;
  const PrintNames& names_;
  const BranchHints& hints_;
  const PrintOptions& options_;
  InstructionPrinter instructions_;
  TypePrinter types_;
  BodyScan scan_;
  FoldTree tree_;
  wasm::FuncIdx func_;
  std::span<const BranchHint> func_hints_;
  wasm::InstructionReader::Place place_ = wasm::InstructionReader::Place::Body;
  wasm::Instruction instruction_;
  std::vector<Visit> visits_;
};

}  // namespace godwit::text
