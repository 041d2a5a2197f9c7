// InstructionPrinter: an instruction and its immediates, by immediate kinds.
// spec: https://webassembly.github.io/spec/core/text/instructions.html
#pragma once

#include "text/print_scan.h"
#include "text/print_types.h"

namespace godwit::text {

// The labels that can be named at a place in a function body.
class Labels final {
 public:
  void begin(Identifiers ids, const BodyScan& scan) {
    ids_ = std::move(ids);
    scan_ = &scan;
    open_.clear();
  }
  void open(uint32_t label) { open_.push_back(label); }
  void close() { open_.pop_back(); }
  size_t depth() const { return open_.size(); }
  uint32_t innermost() const { return open_.back(); }

  // A blank and the identifier of a block's label, if it has one: it was named, or some branch needs it.
  void put_id(PrintWriter& writer, uint32_t label) const {
    if (is_shown(label)) ids_.put(writer.put(' '), label);
  }
  // The label `depth` blocks further out: its identifier, or the number where it has none.
  void put(PrintWriter& writer, uint32_t depth) const {
    const uint32_t label = depth < open_.size() ? open_[open_.size() - 1 - depth] : ~0u;
    if (depth < open_.size() && is_shown(label)) ids_.put(writer, label);
    else writer.number(depth);
  }

 private:
  bool is_shown(uint32_t label) const {
    return scan_ && label < scan_->is_targeted.size() && (scan_->is_targeted[label] || ids_.is_named(label));
  }

  Identifiers ids_;
  const BodyScan* scan_ = nullptr;
  std::vector<uint32_t> open_;
};

class InstructionPrinter final {
 public:
  InstructionPrinter(PrintWriter& writer, const PrintNames& names)
      : out_(writer), names_(names), types_(writer, names) {}

  // From now on instructions are of this function, or, with none, of constant expressions.
  void begin(Identifiers locals, Identifiers labels, const BodyScan& scan);

  // The keyword and the immediates. `label` is that of the block that `ins` begins, if it begins one.
  void put(const wasm::Instruction& ins, uint32_t label = 0);

  Labels& labels() { return labels_; }
  const Identifiers& locals() const { return locals_; }

 private:
  void index(const Identifiers& ids, uint32_t index) { ids.put(out_.put(' '), index); }
  void label(uint32_t depth) { labels_.put(out_.put(' '), depth); }
  // A memory that is not the first.
  void memory(uint32_t index);
  void mem_arg(const wasm::Instruction& ins);
  void try_table(const wasm::Instruction& ins);
  void v128(const wasm::Instruction& ins);

  PrintWriter& out_;
  const PrintNames& names_;
  TypePrinter types_;
  Identifiers locals_;
  Labels labels_;
};

}  // namespace godwit::text
