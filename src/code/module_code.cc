// Laying out translated functions and finding what a cell belongs to.
#include "code/module_code.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "code/sequence.h"
#include "code/translator.h"
#include "wasm/validator.h"

namespace godwit::code {

namespace {

// Of the chunks that cells lie in: the first is small, each further one twice the one before.
constexpr size_t kFirstChunkBytes = size_t{64} << 10;
constexpr size_t kLargestChunkBytes = platform::kLargePageBytes;
// After a body beyond this the memory that it took is not kept for others.
constexpr size_t kLargeBodyBytes = size_t{64} << 10;

// Offsets have 32 bits, differences of them 33.
constexpr size_t kMaxDeltaBytes = 5;

// Until a function or loop of a module that switches tiers by chance does so again. More than one: whoever asks for
// another tier may pass the same `count` again at once.
uint32_t some_rounds(std::minstd_rand& random) { return 2 + random() % 6; }

// Returns the place behind it.
uint8_t* append_delta(uint8_t* into, int64_t delta) {
  auto bits = static_cast<uint64_t>(delta << 1 ^ delta >> 63);
  for (; bits >= 0x80; bits >>= 7) *into++ = static_cast<uint8_t>(bits | 0x80);
  *into++ = static_cast<uint8_t>(bits);
  return into;
}

int64_t read_delta(const uint8_t*& at) {
  uint64_t bits = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = *at++;
    bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
}

}  // namespace

struct ModuleCode::Scratch {
  Scratch(const wasm::Module& module, const wasm::FeatureSet& features) : validator(module, features) {}
  wasm::BodyValidator validator;
  Translator::Buffers translator;
  std::vector<uint8_t> deltas;
  std::vector<uint16_t> handlers;  // of the cells, by choose_handlers()
};

ModuleCode::ModuleCode(const runtime::Module& module, HandlerTable handlers, const ModuleCodeOptions& options)
    : module_(module),
      handlers_(handlers),
      options_(options),
      next_chunk_bytes_(kFirstChunkBytes),
      random_(options.switch_seed.value_or(1)) {
  if (options_.efforts == nullptr) options_.efforts = &own_efforts_;
  // calloc: entries of functions that are never called cost no memory
  size_t count = std::max<size_t>(1, module.declarations.bodies.size());
  entries_ = static_cast<std::atomic<const Cell*>*>(std::calloc(count, sizeof(*entries_)));
  if (entries_ == nullptr) std::abort();
  static_assert(std::is_trivially_destructible_v<std::atomic<const Cell*>>);
}

ModuleCode::~ModuleCode() { std::free(entries_); }

Result<const Cell*> ModuleCode::prepare(uint32_t defined, Interrupt interrupt) {
  std::lock_guard lock(mutex_);
  if (const Cell* entry = entries_[defined].load(std::memory_order_acquire)) return entry;
  wasm::FuncIdx func(module_.declarations.imported_funcs + defined);
  if (options_.compiled) {
    if (const auto compiled = options_.compiled->find(defined); compiled.function != nullptr) {
      ASSIGN_OR_RETURN(const Cell* entry, compiled_entry(func, compiled));
      entries_[defined].store(entry, std::memory_order_release);
      return entry;
    }
  }
  if (!scratch_) scratch_ = std::make_unique<Scratch>(module_.declarations, options_.features);
  const size_t body_bytes = module_.declarations.body(func).range.size;
  Efforts& efforts = *options_.efforts;
  if (!options_.bodies_are_valid) {
    EffortMeter meter(efforts.validation, efforts.measures_time);
    TRY(scratch_->validator.validate(func, interrupt));
    meter.done(1, body_bytes);
  }
  EffortMeter meter(efforts.translation, efforts.measures_time);
  TranslateOptions how = options_.translate;
  how.interrupt = interrupt;
  ASSIGN_OR_RETURN(Translation translation, Translator(module_, func, how, scratch_->translator).run());
  ASSIGN_OR_RETURN(const Cell* entry, lay_out(defined, translation));
  meter.done(1, translation.cells.size() * sizeof(Cell) + translation.literals.size() * sizeof(uint64_t));
  scratch_->translator.code.take_back(translation);
  if (options_.native && options_.compiles_at_once) compile(entry, functions_.find(entry)->second);
  if (body_bytes > kLargeBodyBytes) scratch_.reset();
  entries_[defined].store(entry, std::memory_order_release);
  return entry;
}

// Where much code is made, the system gives its memory in large pages: with small ones, faults cost more than writing
// the cells.
Result<uint8_t*> ModuleCode::add_chunk(size_t bytes) {
  auto reserved = bytes >= platform::kLargePageBytes
                      ? platform::Reservation::reserve_aligned(bytes, platform::kLargePageBytes)
                      : platform::Reservation::reserve(bytes);
  if (!reserved || !reserved->commit(0, bytes))
    return fail(ErrorKind::Exhausted, "the system has no memory for a function's code");
  if (bytes >= platform::kLargePageBytes) reserved->expect_dense_use(0, bytes);
  return chunks_.emplace_back(std::move(*reserved)).base();
}

Result<const Cell*> ModuleCode::compiled_entry(wasm::FuncIdx func, const CompiledFunctions::Code& code) {
  const wasm::FuncType& type = module_.declarations.func_type(func);
  uint32_t params = 0, results = 0;
  for (const wasm::ValType param : type.params) params += param.slots();
  for (const wasm::ValType result : type.results) results += result.slots();
  ASSIGN_OR_RETURN(Cell * room, allocate(sizeof(CompiledEntry)));
  auto* entry = reinterpret_cast<CompiledEntry*>(room);
  entry->cell = {handlers_[CellOp::native_entry], static_cast<uint16_t>(std::max(params, results)), 0, 0};
  entry->code = code;
  return &entry->cell;
}

Result<Cell*> ModuleCode::allocate(size_t bytes) {
  if (static_cast<size_t>(free_end_ - free_begin_) < bytes) {
    // the chunk in use stays in use
    if (bytes > next_chunk_bytes_ / 2) {
      ASSIGN_OR_RETURN(uint8_t* own, add_chunk(bytes));
      return reinterpret_cast<Cell*>(own);
    }
    ASSIGN_OR_RETURN(free_begin_, add_chunk(next_chunk_bytes_));
    free_end_ = free_begin_ + next_chunk_bytes_;
    next_chunk_bytes_ = std::min(2 * next_chunk_bytes_, kLargestChunkBytes);
  }
  auto* cells = reinterpret_cast<Cell*>(free_begin_);
  free_begin_ += bytes;
  return cells;
}

Result<const Cell*> ModuleCode::lay_out(uint32_t defined, const Translation& translation) {
  size_t cell_bytes = translation.cells.size() * sizeof(Cell);
  size_t literal_bytes = (translation.literals.size() * 8 + 15) & ~size_t{15};
  ASSIGN_OR_RETURN(Cell * cells, allocate(cell_bytes + literal_bytes));
  auto* literals = reinterpret_cast<uint8_t*>(cells) + cell_bytes;
  std::ranges::copy(translation.literals, reinterpret_cast<uint64_t*>(literals));

  Function function{cells + translation.cells.size(),
                    defined,
                    translation.header_slot,
                    translation.frame_slots,
                    {},
                    nullptr,
                    nullptr};
  const size_t most_delta_bytes = kMaxDeltaBytes * translation.cells.size();
  if (scratch_->deltas.size() < most_delta_bytes) scratch_->deltas.resize(most_delta_bytes);
  uint8_t* delta = scratch_->deltas.data();
  uint32_t last_offset = 0;
  std::vector<uint16_t>& chosen = scratch_->handlers;
  if (options_.translate.fold) choose_handlers(translation.cells, chosen);
  for (size_t i = 0; i < translation.cells.size(); ++i) {
    const DraftCell& draft = translation.cells[i];
    uint32_t b = draft.b;
    if (draft.is_far)
      b = static_cast<uint32_t>(literals + 8 * size_t{draft.b} - reinterpret_cast<uint8_t*>(cells + i));
    if (draft.op == CellOp::count) b = rounds_of(draft, translation.cells.size());
    const void* handler = options_.translate.fold ? handlers_[chosen[i]] : handlers_[draft.op];
    cells[i] = {handler, draft.a, draft.d, b};
    delta = append_delta(delta, static_cast<int64_t>(draft.offset) - last_offset);
    last_offset = draft.offset;
  }
  function.offsets.assign(scratch_->deltas.data(), delta);
  if (!translation.catches.is_empty())
    function.catches = std::make_unique<CatchTable>(translation.catches, cells);
  functions_.emplace(cells, std::move(function));
  return cells;
}

// What a `count` begins with.
uint32_t ModuleCode::rounds_of(const DraftCell& count, size_t function_cells) {
  if (options_.switch_seed) return some_rounds(random_);
  return count.b == 0 ? kCallsUntilHot : rounds_until_hot(function_cells, count.b);
}

void ModuleCode::compile(const Cell* begin, Function& function) {
  if (function.native || function.was_refused) return;
  const wasm::FuncIdx func(module_.declarations.imported_funcs + function.defined);
  function.native =
      options_.native->compile({.cells = {const_cast<Cell*>(begin), const_cast<Cell*>(function.end)},
                                .may_catch = function.catches ? MayCatch::Yes : MayCatch::No,
                                .module_name = module_.name,
                                .name = module_.declarations.func_name(func),
                                .index = func.value});
  function.was_refused = function.native == nullptr;
}

void ModuleCode::make_faster(const Cell* cell) {
  if (!options_.native) return;
  std::lock_guard lock(mutex_);
  auto after = functions_.upper_bound(cell);
  if (after == functions_.begin()) return;
  auto& [begin, function] = *std::prev(after);
  if (cell >= function.end) return;
  compile(begin, function);
  if (options_.switch_seed && function.native) {
    function.native->choose_ways_in(random_);
    const_cast<Cell*>(cell)->b = some_rounds(random_);
  }
}

bool ModuleCode::locate(const Cell* cell, CellRole role, Location& into) const {
  std::lock_guard lock(mutex_);
  if (role == CellRole::Return) --cell;  // the call
  auto after = functions_.upper_bound(cell);
  if (after == functions_.begin()) return false;
  const auto& [begin, function] = *std::prev(after);
  if (cell >= function.end) return false;
  into.function_index = module_.declarations.imported_funcs + function.defined;
  into.header_slot = function.header_slot;
  into.callee_slots = role == CellRole::Return ? cell->a : 0;
  const uint8_t* at = function.offsets.data();
  int64_t offset = 0;
  for (const Cell* i = begin; i <= cell; ++i) offset += read_delta(at);
  into.offset = static_cast<uint32_t>(offset);
  return true;
}

bool ModuleCode::find_unwind_site(const Cell* cell, runtime::UnwindSite& into) const {
  std::lock_guard lock(mutex_);
  auto after = functions_.upper_bound(cell);
  if (after == functions_.begin()) return false;
  const Function& function = std::prev(after)->second;
  if (cell >= function.end) return false;
  into = {function.header_slot, function.frame_slots,
          function.catches ? function.catches->find(cell) : nullptr};
  return true;
}

}  // namespace godwit::code
