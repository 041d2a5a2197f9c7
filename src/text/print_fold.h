// Folding: instructions as a tree, with operands beneath the instruction that takes them.
// spec: https://webassembly.github.io/spec/core/text/instructions.html#folded-instructions
#pragma once

#include <functional>
#include <vector>

#include "text/print_arity.h"
#include "text/print_hints.h"

namespace godwit::text {

// A tree over instructions that stay in the module: it knows where they begin.
struct FoldNode {
  static constexpr uint32_t kNone = ~0u;
  enum class Shape : uint8_t {
    Plain,    // children: operands
    Block,    // block, loop, try_table; children: the body
    Divided,  // if, try; children: operands, then Parts
    Then,     // parts; children: the body
    Do,
    Else,
    Catch,
    Delegate,
  };

  uint32_t offset = 0;  // of the instruction; for Then and Do that of the block
  uint32_t first_child = kNone;
  uint32_t next = kNone;  // sibling
  uint32_t label = 0;     // of Block, Divided and its parts
  uint32_t size = 1;      // instructions in the subtree
  Shape shape = Shape::Plain;
  bool has_block = false;  // in the subtree

  bool is_part() const { return shape >= Shape::Then && shape <= Shape::Catch; }
};

class FoldTree final {
 public:
  explicit FoldTree(const wasm::Module& module) : module_(module), arities_(module) {}

  // Makes the tree of a range of instructions whose blocks match (BodyScan), up to the end that matches none.
  // @param results how many the function has
  // @param hints instructions that keep their operands apart, so that an annotation stands before them
  // @errors Malformed: as the reader has it
  Result<> build(wasm::ByteRange instructions, wasm::InstructionReader::Place place, size_t results,
                 std::span<const BranchHint> hints);

  const FoldNode& operator[](uint32_t index) const { return nodes_[index]; }
  // The first node of the outermost level, or kNone.
  uint32_t first() const { return first_; }

 private:
  // A node that nothing has taken yet.
  struct Pending {
    uint32_t node;
    uint32_t results;
    uint32_t height;  // of operands beneath it
  };
  struct Frame {
    uint32_t node;
    uint32_t part;     // the part that is open, or kNone
    uint32_t base;     // of its pending nodes
    uint32_t results;  // of the block
  };

  uint32_t add(FoldNode::Shape shape, uint32_t offset);
  void adopt(uint32_t parent, uint32_t base);
  uint32_t operands_from(uint32_t wanted) const;
  void plain(const wasm::Instruction& ins, bool is_hinted);
  void open(const wasm::Instruction& ins, bool is_hinted);
  void begin_part(FoldNode::Shape shape, uint32_t offset);
  void divide(const wasm::Instruction& ins);
  void close();

  const wasm::Module& module_;
  Arities arities_;
  std::vector<FoldNode> nodes_;
  std::vector<Pending> pending_;
  std::vector<Frame> frames_;
  uint32_t first_ = FoldNode::kNone;
  uint32_t labels_ = 0;
};

}  // namespace godwit::text
