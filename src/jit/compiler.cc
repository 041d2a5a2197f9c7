// Compiling functions, and finding the cell to an address.
#include "jit/compiler.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <mutex>

#include "base/bytes.h"
#include "code/sequence.h"
#include "jit/backend.h"
#include "platform/clock.h"
#include "platform/cpu.h"

namespace godwit::jit {

using code::Cell;
using code::CellOp;

// The machine code of a function. Its cells lead there as long as it lives; it is destroyed with them.
class Baseline::Function final : public code::NativeCode {
 public:
  Function(Baseline& owner, const CodeCache::Block& block, Cell* cells, std::vector<uint32_t> places)
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

  // Lets control come to the machine code at these cells.
  void open(const MachineCode& code) {
    moved_beginning_ = code.moved_beginning;
    const std::span<const MachineCode::WayIn> entries = code.ways_in;
    if (owner_.options_.has_ways_in_chosen)
      for (const MachineCode::WayIn& entry : entries)
        ways_in_.push_back({entry.cell, code_at(entry), cells_[entry.cell].handler});
    for (const MachineCode::WayIn& entry : entries) lead(entry.cell, code_at(entry));
  }
  void choose_ways_in(std::minstd_rand& random) override {
    for (const WayIn& way : ways_in_) lead(way.cell, random() % 2 == 0 ? way.code : way.handler);
  }

  void begin_elsewhere() override {
    if (moved_beginning_ == 0) return;
    __atomic_store_n(reinterpret_cast<uint64_t*>(block_.writable), moved_beginning_, __ATOMIC_RELEASE);
    platform::publish_code(block_.executable, sizeof moved_beginning_);
  }

  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(block_.executable); }
  uintptr_t end() const { return begin() + block_.size; }
  const Cell* cell_at(uintptr_t pc) const {
    auto after = std::ranges::upper_bound(places_, static_cast<uint32_t>(pc - begin()));
    if (after == places_.begin() || after == places_.end()) return nullptr;
    return cells_ + (after - places_.begin() - 1);
  }

 private:
  struct WayIn {
    uint32_t cell;
    const void* code;
    const void* handler;
  };

  const void* code_at(const MachineCode::WayIn& entry) const { return block_.executable + entry.place; }
  void lead(uint32_t cell, const void* code) {
    __atomic_store(&cells_[cell].handler, &code, __ATOMIC_RELEASE);
  }

  Baseline& owner_;
  CodeCache::Block block_;
  Cell* cells_;
  std::vector<uint32_t> places_;
  uint64_t moved_beginning_ = 0;
  std::vector<WayIn> ways_in_;  // kept only if they may be chosen
};

struct Baseline::Workplace {
  Shape shape;
  std::unique_ptr<CodeMaker> maker;
};

namespace {

// Compiling cannot be interrupted: larger functions stay interpreted. This takes some 0.1 s.
constexpr size_t kMostCells = 400'000;

// After a function with more of them the memory that it took is not kept for others.
constexpr size_t kManyCells = 20'000;

// The time that code looks at is written now and then: no code shares its line.
constexpr size_t kTimeBytes = 64;

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

Baseline::Baseline(code::HandlerTable handlers, const void* stop, const BaselineOptions& options)
    : handlers_(handlers), stop_(stop), options_(options), cache_(options.code_limit_bytes) {}

Baseline::~Baseline() = default;

std::string Baseline::obstacle_of(const platform::CpuFeatures& features) {
  return jit::obstacle_of(features);
}

void Baseline::know_handlers() {
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

CellOp Baseline::op_of(const Cell& cell) const {
  const auto address = reinterpret_cast<uintptr_t>(cell.handler);
  return static_cast<CellOp>(ops_[(address - first_handler_) >> kHandlerAlignmentLog2]);
}

std::unique_ptr<code::NativeCode> Baseline::compile(const code::NativeSource& source) {
  if (!cache_.obstacle().empty()) return nullptr;
  const uint64_t begin_ns = platform::now_ns(platform::Clock::Monotonic);
  std::call_once(knows_handlers_, [this] { know_handlers(); });
  const std::span<Cell> cells = source.cells;
  if (cells.size() > kMostCells) {
    too_large_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  std::unique_ptr<Workplace> workplace = take_workplace();
  Shape& shape = workplace->shape;
  shape.cells = cells;
  shape.may_catch = source.may_catch == code::MayCatch::Yes;
  shape.defined = source.defined;
  shape.entries = source.entries;
  shape.narrow_slots = source.narrow_slots;
  shape.ops.clear();
  for (const Cell& cell : cells) shape.ops.push_back(op_of(cell));
  const uint8_t* time = nullptr;
  if (kHasLooks && source.look != nullptr && !options_.has_ways_in_chosen) time = time_near(*source.look);
  shape.look = time != nullptr ? source.look : nullptr;
  shape.may_call_itself = !options_.has_ways_in_chosen;
  shape.find(options_.has_ways_in_chosen ? Counts::Kept : Counts::Dropped);
  const MachineCode code = workplace->maker->make(shape);
  const size_t size = code.bytes.size();
  const std::optional<CodeCache::Block> block =
      size != 0 ? cache_.allocate(size) : std::optional<CodeCache::Block>();
  if (!block) {
    if (cache_.obstacle().empty()) refused_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  for (const MachineCode::Absolute& absolute : code.absolutes)
    store_unaligned(code.bytes.data() + absolute.at,
                    reinterpret_cast<uint64_t>(block->executable) + absolute.place);
  for (const uint32_t at : code.time_reads)
    store_unaligned(code.bytes.data() + at,
                    static_cast<uint32_t>(time - (block->executable + at + sizeof(uint32_t))));
  std::memcpy(block->writable, code.bytes.data(), size);
  platform::publish_code(block->executable, size);
  if (options_.log && options_.log->wants_names()) tell(*options_.log, *block, source);
  auto function = std::make_unique<Function>(*this, *block, cells.data(),
                                             std::vector<uint32_t>(code.places.begin(), code.places.end()));
  function->open(code);
  function_count_.fetch_add(1, std::memory_order_relaxed);
  cell_count_.fetch_add(cells.size(), std::memory_order_relaxed);
  code_bytes_.fetch_add(size, std::memory_order_relaxed);
  if (cells.size() <= kManyCells) give_back(std::move(workplace));
  time_ns_.fetch_add(platform::now_ns(platform::Clock::Monotonic) - begin_ns, std::memory_order_relaxed);
  return function;
}

const uint8_t* Baseline::time_near(code::Look& look) {
  std::call_once(has_time_, [&] {
    const auto block = cache_.allocate(kTimeBytes);
    if (!block) return;
    auto* copy = new (block->writable) std::atomic<uint32_t>(look.time.load(std::memory_order_relaxed));
    look.near.store(copy, std::memory_order_release);
    time_ = block->executable;
  });
  return time_;
}

std::unique_ptr<Baseline::Workplace> Baseline::take_workplace() {
  const std::lock_guard lock(workplace_mutex_);
  if (workplace_) return std::move(workplace_);
  return std::make_unique<Workplace>(Workplace{{}, make_code_maker(handlers_, stop_)});
}

void Baseline::give_back(std::unique_ptr<Workplace> workplace) {
  const std::lock_guard lock(workplace_mutex_);
  workplace_ = std::move(workplace);
}

void Baseline::tell(platform::CodeLog& log, const CodeCache::Block& block, const code::NativeSource& source) {
  std::string name(source.module_name);
  if (!name.empty()) name += '!';
  if (source.name.empty()) name += "function " + std::to_string(source.index);
  else name += source.name;
  log.add(block.executable, block.size, name);
}

const Cell* Baseline::cell_at(uintptr_t pc, runtime::Lookup lookup) const {
  std::shared_lock lock(mutex_, std::defer_lock);
  if (lookup == runtime::Lookup::Whole) lock.lock();
  else if (!lock.try_lock()) return nullptr;
  auto function = functions_.upper_bound(pc);
  if (function == functions_.end() || pc < function->second->begin()) return nullptr;
  return function->second->cell_at(pc);
}

Statistics Baseline::statistics() const {
  return {.functions = function_count_.load(std::memory_order_relaxed),
          .cells = cell_count_.load(std::memory_order_relaxed),
          .code_bytes = code_bytes_.load(std::memory_order_relaxed),
          .time_ns = time_ns_.load(std::memory_order_relaxed),
          .live_code_bytes = cache_.used_bytes(),
          .refused_functions = refused_.load(std::memory_order_relaxed),
          .too_large_functions = too_large_.load(std::memory_order_relaxed)};
}

}  // namespace godwit::jit
