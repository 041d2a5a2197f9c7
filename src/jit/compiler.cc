// Compiling functions, and finding the cell to an address.
#include "jit/compiler.h"

#include <algorithm>
#include <iterator>
#include <mutex>

#include "code/sequence.h"
#include "jit/emitter.h"
#include "platform/clock.h"
#include "platform/cpu.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

// The machine code of a function. Its cells lead there as long as it lives; it is destroyed with them.
class Baseline::Function final : public code::NativeCode {
 public:
  Function(Baseline& owner, const CodeCache::Block& block, const Cell* cells, std::vector<uint32_t> places)
      : owner_(owner), block_(block), cells_(cells), places_(std::move(places)) {
    const std::lock_guard lock(owner_.mutex_);
    owner_.functions_.emplace(end(), this);
  }
  ~Function() override {
    {
      const std::lock_guard lock(owner_.mutex_);
      owner_.functions_.erase(end());
    }
    owner_.cache_.release(block_);
  }

  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(block_.executable); }
  uintptr_t end() const { return begin() + block_.size; }
  const Cell* cell_at(uintptr_t pc) const {
    auto after = std::ranges::upper_bound(places_, static_cast<uint32_t>(pc - begin()));
    if (after == places_.begin() || after == places_.end()) return nullptr;
    return cells_ + (after - places_.begin() - 1);
  }

 private:
  Baseline& owner_;
  CodeCache::Block block_;
  const Cell* cells_;
  std::vector<uint32_t> places_;
};

namespace {

constexpr unsigned kHandlerAlignmentLog2 = 4;

// A sequence's handler stands at its first cell; the op may be the one that also writes a slot, which is as good.
constexpr CellOp kFirstOfSequence[] = {
#define GODWIT_SEQUENCE(first, ...) CellOp::first,
#define GODWIT_SEQUENCE_INTO(first, ...) CellOp::first,
#define GODWIT_SEQUENCE_FROM(first, ...) CellOp::first,
#include "code/sequences.def"
};
static_assert(std::size(kFirstOfSequence) == code::kSequenceCount);

}  // namespace

Baseline::Baseline(code::HandlerTable handlers, const void* stop, size_t code_limit_bytes)
    : handlers_(handlers), stop_(stop), cache_(code_limit_bytes) {
  uintptr_t last = 0;
  first_handler_ = ~uintptr_t{0};
  for (uint16_t i = 0; i < code::kHandlerCount; ++i) {
    const auto address = reinterpret_cast<uintptr_t>(handlers_[i]);
    first_handler_ = std::min(first_handler_, address);
    last = std::max(last, address);
  }
  ops_.resize(((last - first_handler_) >> kHandlerAlignmentLog2) + 1);
  for (uint16_t i = 0; i < code::kHandlerCount; ++i) {
    const auto address = reinterpret_cast<uintptr_t>(handlers_[i]);
    const auto op =
        i < code::kCellOpCount ? static_cast<CellOp>(i) : kFirstOfSequence[i - code::kCellOpCount];
    ops_[(address - first_handler_) >> kHandlerAlignmentLog2] = static_cast<uint16_t>(op);
  }
}

Baseline::~Baseline() = default;

bool Baseline::is_possible() {
  const platform::CpuFeatures features = platform::cpu_features();
  return features.arch == platform::CpuArch::X86_64 && features.sse4_2 && features.popcnt;
}

CellOp Baseline::op_of(const Cell& cell) const {
  const auto address = reinterpret_cast<uintptr_t>(cell.handler);
  return static_cast<CellOp>(ops_[(address - first_handler_) >> kHandlerAlignmentLog2]);
}

std::unique_ptr<code::NativeCode> Baseline::compile(std::span<Cell> cells, code::MayCatch may_catch) {
  const uint64_t begin_ns = platform::now_ns(platform::Clock::Monotonic);
  std::vector<CellOp> ops;
  ops.reserve(cells.size());
  for (const Cell& cell : cells) ops.push_back(op_of(cell));
  Shape shape = shape_of(cells, ops);
  shape.may_catch = may_catch == code::MayCatch::Yes;
  Emitter emitter(shape, handlers_, stop_);
  emitter.run();
  const std::optional<CodeCache::Block> block = cache_.allocate(emitter.size());
  if (!block) return nullptr;
  emitter.finish(block->writable, block->executable);
  platform::publish_code(block->executable, emitter.size());
  auto function = std::make_unique<Function>(*this, *block, cells.data(), emitter.places());
  for (const Emitter::Entry& entry : emitter.entries()) {
    const void* code = block->executable + entry.place;
    __atomic_store(&cells[entry.cell].handler, &code, __ATOMIC_RELEASE);
  }
  function_count_.fetch_add(1, std::memory_order_relaxed);
  cell_count_.fetch_add(cells.size(), std::memory_order_relaxed);
  code_bytes_.fetch_add(emitter.size(), std::memory_order_relaxed);
  time_ns_.fetch_add(platform::now_ns(platform::Clock::Monotonic) - begin_ns, std::memory_order_relaxed);
  return function;
}

const Cell* Baseline::cell_at(uintptr_t pc) const {
  const std::shared_lock lock(mutex_);
  auto function = functions_.upper_bound(pc);
  if (function == functions_.end() || pc < function->second->begin()) return nullptr;
  return function->second->cell_at(pc);
}

Statistics Baseline::statistics() const {
  return {function_count_.load(std::memory_order_relaxed), cell_count_.load(std::memory_order_relaxed),
          code_bytes_.load(std::memory_order_relaxed), time_ns_.load(std::memory_order_relaxed)};
}

}  // namespace godwit::jit
