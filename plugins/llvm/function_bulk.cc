// Filling and copying memory: in place where it is little, as what programs copy mostly is.
#include "function.h"

namespace godwit::llvm_tier {

namespace {

// Between these sizes memory is moved and filled in place, in at most four pieces.
constexpr uint64_t kLeastInPlace = 4, kMostInPlace = 64;

// What lies so many bytes behind the beginning, or before the end.
struct Piece {
  uint32_t bytes;
  uint32_t distance;
  bool is_before_end;
};
// The pieces, which may overlap, of areas of this size at least, up to that of the row before.
struct Rung {
  uint64_t least;
  std::initializer_list<Piece> pieces;
};
constexpr Rung kRungs[] = {
    {33, {{16, 0, false}, {16, 16, false}, {16, 32, true}, {16, 16, true}}},
    {16, {{16, 0, false}, {16, 16, true}}},
    {8, {{8, 0, false}, {8, 8, true}}},
    {kLeastInPlace, {{4, 0, false}, {4, 4, true}}},
};

llvm::Value* place_of(const Piece& piece, Builder& b, llvm::Value* begin, llvm::Value* size) {
  llvm::Value* distance = b.getInt64(piece.distance);
  if (piece.is_before_end) distance = b.CreateSub(size, distance);
  return b.CreateGEP(b.getInt8Ty(), begin, distance, "", place_flags());
}

}  // namespace

// Where the area is small, and memory has all of it, `pieces` makes code for those of each size, and whoever calls in the
// end does the rest; all ways meet behind it.
template <class Pieces, class Rest>
void FunctionTranslator::by_size(llvm::Value* size, llvm::Value* is_inside, Pieces pieces, Rest rest) {
  llvm::BasicBlock *small = new_block("small"), *large = new_block("large"), *next = new_block("next");
  llvm::Value* more = b_.CreateSub(size, b_.getInt64(kLeastInPlace));
  llvm::Value* is_small = b_.CreateICmpULE(more, b_.getInt64(kMostInPlace - kLeastInPlace));
  b_.CreateCondBr(b_.CreateAnd(is_small, is_inside), small, large);
  b_.SetInsertPoint(small);
  for (const Rung& rung : kRungs) {
    llvm::BasicBlock *here = new_block("here"), *smaller = new_block("smaller");
    if (rung.least == kLeastInPlace) b_.CreateBr(here);
    else b_.CreateCondBr(b_.CreateICmpUGE(size, b_.getInt64(rung.least)), here, smaller);
    b_.SetInsertPoint(here);
    pieces(rung);
    b_.CreateBr(next);
    if (rung.least == kLeastInPlace) smaller->eraseFromParent();
    else b_.SetInsertPoint(smaller);
  }
  b_.SetInsertPoint(large);
  rest();
  b_.CreateBr(next);
  b_.SetInsertPoint(next);
}

// Only for memories whose addresses and sizes have 32 bits.
llvm::Value* FunctionTranslator::is_inside(uint32_t memory, llvm::Value* begin, llvm::Value* size) {
  return b_.CreateICmpULE(b_.CreateAdd(begin, size), memory_size(memory));
}

void FunctionTranslator::fill_memory(const wasm::Instruction& in) {
  llvm::Value* size = pop_wide();
  llvm::Value* byte = pop();
  llvm::Value* to = pop_wide();
  auto call = [&] {
    unit_.call(b_, ctx_, Libcall::memory_fill, {number(in.index), to, byte, size});
    poll();
  };
  const wasm::MemType& type = wasm_.memories[in.index];
  if (needs_checks(type) || type.is_shared) return call();
  auto pieces = [&](const Rung& rung) {
    llvm::Value* begin = b_.CreateGEP(unit_.i8, memory_base(in.index), to, "", place_flags());
    llvm::Value* bytes = b_.CreateVectorSplat(16, b_.CreateTrunc(byte, unit_.i8));
    for (const Piece& piece : rung.pieces) {
      llvm::Value* value = b_.CreateShuffleVector(bytes, llvm::SmallVector<int, 16>(piece.bytes, 0));
      unit_.in(Area::Memory, b_.CreateAlignedStore(value, place_of(piece, b_, begin, size), llvm::Align(1)));
    }
  };
  by_size(size, is_inside(in.index, to, size), pieces, call);
}

void FunctionTranslator::copy_memory(const wasm::Instruction& in) {
  llvm::Value* size = pop_wide();
  llvm::Value* from = pop_wide();
  llvm::Value* to = pop_wide();
  auto call = [&] {
    unit_.call(b_, ctx_, Libcall::memory_copy, {number(in.index), number(in.index2), to, from, size});
    poll();
  };
  for (const uint32_t memory : {in.index, in.index2})
    if (needs_checks(wasm_.memories[memory]) || wasm_.memories[memory].is_shared) return call();
  // all is read before anything is written: the areas may overlap
  auto pieces = [&](const Rung& rung) {
    llvm::Value* source = b_.CreateGEP(unit_.i8, memory_base(in.index2), from, "", place_flags());
    llvm::Value* target = b_.CreateGEP(unit_.i8, memory_base(in.index), to, "", place_flags());
    llvm::SmallVector<llvm::Value*, 4> values;
    for (const Piece& piece : rung.pieces) {
      auto* type = llvm::FixedVectorType::get(unit_.i8, piece.bytes);
      llvm::Value* at = place_of(piece, b_, source, size);
      values.push_back(unit_.in(Area::Memory, b_.CreateAlignedLoad(type, at, llvm::Align(1))));
    }
    const llvm::Value* const* value = values.begin();
    for (const Piece& piece : rung.pieces)
      unit_.in(Area::Memory, b_.CreateAlignedStore(const_cast<llvm::Value*>(*value++),
                                                   place_of(piece, b_, target, size), llvm::Align(1)));
  };
  llvm::Value* fits = b_.CreateAnd(is_inside(in.index, to, size), is_inside(in.index2, from, size));
  by_size(size, fits, pieces, call);
}

}  // namespace godwit::llvm_tier
