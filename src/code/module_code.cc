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

// A function that was called no more often has not shown that it is worth compiling, unless it is very small.
constexpr uint32_t kFewCalls = 200;
constexpr uint32_t kVerySmallBodyBytes = 256;

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

namespace {

// The slots of i32 locals. A return of several values moves them to where the first arguments lie: those may be others then.
std::vector<uint8_t> find_narrow_slots(const wasm::Module& module, wasm::FuncIdx func, uint32_t header_slot) {
  std::vector<uint8_t> narrow;
  auto add = [&](wasm::ValType type) {
    narrow.push_back(type.kind() == wasm::ValKind::I32 ? 1 : 0);
    if (type.slots() == 2) narrow.push_back(0);
  };
  const wasm::FuncType& type = module.func_type(func);
  for (const wasm::ValType param : type.params) add(param);
  uint32_t result_slots = 0;
  for (const wasm::ValType result : type.results) result_slots += result.slots();
  narrow.resize(header_slot + runtime::kFrameHeaderSlots);
  if (result_slots > 1) std::fill_n(narrow.begin(), result_slots, 0);
  wasm::InstructionReader reader(module, module.body(func).range);
  if (const auto groups = reader.locals())
    for (const auto& group : *groups)
      for (uint32_t i = 0; i < group.count; ++i) add(group.type);
  return narrow;
}

}  // namespace

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
  natives_ = static_cast<std::atomic<const void*>*>(std::calloc(count, sizeof(*natives_)));
  if (entries_ == nullptr || natives_ == nullptr) std::abort();
  static_assert(std::is_trivially_destructible_v<std::atomic<const Cell*>>);
}

ModuleCode::~ModuleCode() {
  if (options_.optimizer) options_.optimizer->forget(*this);
  std::free(entries_);
  std::free(natives_);
}

Result<const Cell*> ModuleCode::prepare(uint32_t defined, Interrupt interrupt) {
  std::lock_guard lock(mutex_);
  if (const Cell* entry = entries_[defined].load(std::memory_order_acquire)) return entry;
  wasm::FuncIdx func(module_.declarations.imported_funcs + defined);
  if (options_.compiled && !options_.switch_seed) {
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
  ASSIGN_OR_RETURN(Cell * cells,
                   allocate(cell_bytes + literal_bytes + (options_.optimizer ? sizeof(Cell) : 0)));
  if (options_.optimizer) ++cells;  // moved_entry looks before the first one
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
    uint16_t a = draft.a;
    if (draft.op == CellOp::count) {
      a = static_cast<uint16_t>(std::min<uint32_t>(draft.b, UINT16_MAX));  // for later
      b = rounds_of(draft, translation.cells.size());
    }
    const void* handler = options_.translate.fold ? handlers_[chosen[i]] : handlers_[draft.op];
    cells[i] = {handler, a, draft.d, b};
    delta = append_delta(delta, static_cast<int64_t>(draft.offset) - last_offset);
    last_offset = draft.offset;
  }
  function.offsets.assign(scratch_->deltas.data(), delta);
  if (!translation.catches.is_empty())
    function.catches = std::make_unique<CatchTable>(translation.catches, cells);
  const auto added = functions_.emplace(cells, std::move(function)).first;
  if (!loop_codes_.empty()) open_loops(added->first, added->second);
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
  const std::vector<uint8_t> narrow = find_narrow_slots(module_.declarations, func, function.header_slot);
  function.native = options_.native->compile(
      {.cells = {const_cast<Cell*>(begin), const_cast<Cell*>(function.end)},
       .may_catch = function.catches ? MayCatch::Yes : MayCatch::No,
       .module_name = module_.name,
       .name = module_.declarations.func_name(func),
       .index = func.value,
       .look = options_.optimizer && options_.optimizer->is_there() ? options_.optimizer->look() : nullptr,
       .defined = function.defined,
       .narrow_slots = narrow,
       .entries = entries_});
  function.was_refused = function.native == nullptr;
}

ModuleCode::Functions::iterator ModuleCode::function_at(const Cell* cell) {
  auto after = functions_.upper_bound(cell);
  if (after == functions_.begin()) return functions_.end();
  const auto function = std::prev(after);
  return cell < function->second.end ? function : functions_.end();
}

uint32_t ModuleCode::offset_of(const Cell* begin, const Function& function, const Cell* cell) const {
  const uint8_t* at = function.offsets.data();
  int64_t offset = 0;
  for (const Cell* i = begin; i <= cell; ++i) offset += read_delta(at);
  return static_cast<uint32_t>(offset);
}

void ModuleCode::make_faster(const Cell* cell) {
  if (options_.optimizer) options_.optimizer->looked();
  std::optional<Wish> wish;
  {
    std::lock_guard lock(mutex_);
    const auto found = function_at(cell);
    if (found == functions_.end()) return;
    auto& [begin, function] = *found;
    if (options_.switch_seed) return switch_by_chance(begin, function, const_cast<Cell*>(cell));
    wish = count_on(begin, function, const_cast<Cell*>(cell));
  }
  if (!wish) return;
  const bool is_taken = options_.optimizer->improve(*this, module_, wish->place, wish->run_ns);
  std::lock_guard lock(mutex_);
  if (!is_taken) asked_.erase({wish->place.defined, wish->place.loop});
  else function_at(cell)->second.looks = 0;  // what it runs on for counts anew
}

namespace {

// Machine code and handlers of other threads count, too.
void set_rounds(Cell* count, uint64_t rounds) {
  const auto value = static_cast<uint32_t>(std::min<uint64_t>(rounds, UINT32_MAX));
  __atomic_store_n(&count->b, value, __ATOMIC_RELAXED);
}

}  // namespace

// A `count` has come to its end. The first time its function gets machine code, which does not count: it comes here when
// it is asked where it is. What the optimizer is to be asked for is returned.
std::optional<ModuleCode::Wish> ModuleCode::count_on(const Cell* begin, Function& function, Cell* count) {
  const bool is_compiled = natives_[function.defined].load(std::memory_order_relaxed) != nullptr;
  const bool was_native = function.native != nullptr;
  if (options_.native && !is_compiled) compile(begin, function);
  if (!options_.optimizer || !options_.optimizer->is_there()) return std::nullopt;
  const bool is_loop = count->a != 0;
  const bool is_first = count->d == 0;
  const bool is_refused = refused_.contains(function.defined);
  count->d = 1;
  uint64_t rounds =
      is_loop ? kRoundsUntilVeryHot *
                    uint64_t{rounds_until_hot(static_cast<uint64_t>(function.end - begin), count->a)}
              : uint64_t{kCallsUntilVeryHot};
  if (function.native || is_refused) rounds = UINT32_MAX;
  set_rounds(count, rounds);
  if (is_refused || (function.native ? !was_native : is_first)) return std::nullopt;
  if (function.native) ++function.looks;
  const bool goes_over = loops_.contains(count);  // when this returns
  if (goes_over && function.times_gone_over < 2) ++function.times_gone_over;
  // Who is called often, or goes over in a loop again and again, is wanted whole.
  const bool is_called_again = begin[1].d != 0 || function.times_gone_over > 1;
  if (goes_over && (is_compiled || !is_called_again)) return std::nullopt;
  HotPlace place{function.defined};
  if (is_loop && (is_compiled || !is_called_again)) place.loop = offset_of(begin, function, count);
  if (place.loop == HotPlace::kNoLoop && is_compiled) return std::nullopt;
  const bool is_new = asked_.emplace(place.defined, place.loop).second;
  if (!is_new) return std::nullopt;
  return Wish{place, function.native ? kLookEveryNs * function.looks : UINT64_MAX};
}

void ModuleCode::lead(const Cell* cell, CellOp op) {
  const void* handler = handlers_[op];
  __atomic_store(&const_cast<Cell*>(cell)->handler, &handler, __ATOMIC_RELEASE);
}

void ModuleCode::install(const std::shared_ptr<const CompiledFunctions>& compiled,
                         std::span<const HotPlace> places) {
  std::lock_guard lock(mutex_);
  installed_.push_back(compiled);
  for (const HotPlace& place : places) {
    if (place.loop == HotPlace::kNoLoop) {
      const auto code = compiled->find(place.defined);
      if (code.function != nullptr) open_entry(place.defined, code);
    } else if (const void* code = compiled->find_loop(place.defined, place.loop)) {
      loop_codes_[{place.defined, place.loop}] = code;
      for (const auto& [begin, function] : functions_)
        if (function.defined == place.defined) open_loops(begin, function);
    }
  }
}

void ModuleCode::open_entry(uint32_t defined, const CompiledFunctions::Code& code) {
  const auto made = compiled_entry(wasm::FuncIdx(module_.declarations.imported_funcs + defined), code);
  if (!made) return;  // there is no memory for it: the function goes on as it is
  const Cell* entry = *made;
  natives_[defined].store(code.function, std::memory_order_release);
  const Cell* before = entries_[defined].exchange(entry, std::memory_order_acq_rel);
  const auto cells = functions_.find(before);
  if (cells == functions_.end()) return;
  // whoever remembers the old entry is led on
  __atomic_store(reinterpret_cast<const Cell**>(const_cast<Cell*>(before - 1)), &entry, __ATOMIC_RELEASE);
  lead(before, CellOp::moved_entry);
  if (cells->second.native) cells->second.native->begin_elsewhere();
}

// Leads all loops of which there is code to it. A loop's `count` is the last cell at its offset.
void ModuleCode::open_loops(const Cell* begin, const Function& function) {
  auto code = loop_codes_.lower_bound({function.defined, 0});
  const uint8_t* at = function.offsets.data();
  int64_t offset = 0;
  const Cell* last = begin;
  for (const Cell* cell = begin; code != loop_codes_.end() && code->first.first == function.defined; ++cell) {
    const int64_t next = cell == function.end ? INT64_MAX : offset + read_delta(at);
    while (code != loop_codes_.end() && code->first.first == function.defined && next > code->first.second) {
      if (offset == code->first.second && last->a != 0) {
        loops_[last] = {code->second, function.header_slot};
        lead(last, CellOp::native_loop);
      }
      ++code;
    }
    if (cell == function.end) break;
    offset = next;
    last = cell;
  }
}

runtime::CodeSource::LoopCode ModuleCode::loop_at(const Cell* cell) const {
  std::lock_guard lock(mutex_);
  const auto found = loops_.find(cell);
  return found == loops_.end() ? LoopCode{} : found->second;
}

void ModuleCode::refuse(uint32_t defined) {
  std::lock_guard lock(mutex_);
  refused_.insert(defined);
}

bool ModuleCode::has_code(const HotPlace& place) const {
  if (place.loop == HotPlace::kNoLoop)
    return natives_[place.defined].load(std::memory_order_acquire) != nullptr;
  std::lock_guard lock(mutex_);
  return loop_codes_.contains({place.defined, place.loop});
}

bool ModuleCode::is_called_often(uint32_t defined) const {
  std::lock_guard lock(mutex_);
  if (natives_[defined].load(std::memory_order_relaxed) != nullptr) return false;
  const auto function = functions_.find(entries_[defined].load(std::memory_order_relaxed));
  if (function == functions_.end()) return false;
  // the `count` behind `enter`
  const Cell& count = function->first[1];
  if (count.d != 0) return true;
  const bool is_very_small = module_.declarations.bodies[defined].range.size <= kVerySmallBodyBytes;
  return is_very_small && __atomic_load_n(&count.b, __ATOMIC_RELAXED) + kFewCalls < kCallsUntilHot;
}

const void* ModuleCode::compiled_code(uint32_t defined) const {
  if (const void* code = natives_[defined].load(std::memory_order_acquire)) return code;
  return options_.compiled && !options_.switch_seed ? options_.compiled->find(defined).function : nullptr;
}

runtime::CodeSource::CompiledCall ModuleCode::compiled_call(uint32_t defined) const {
  const Cell* entry = entries_[defined].load(std::memory_order_acquire);
  if (entry == nullptr || entry->handler != handlers_[CellOp::native_entry]) return {};
  const CompiledFunctions::Code& code = reinterpret_cast<const CompiledEntry*>(entry)->code;
  return {code.function, code.thunk};
}

// For tests: any of the ways on is right, at any time.
void ModuleCode::switch_by_chance(const Cell* begin, Function& function, Cell* count) {
  compile(begin, function);
  if (function.native) function.native->choose_ways_in(random_);
  set_rounds(count, some_rounds(random_));
  if (!options_.compiled) return;
  const auto code = options_.compiled->find(function.defined);
  if (code.function == nullptr) return;
  const bool is_native = random_() % 2 == 0;
  natives_[function.defined].store(is_native ? code.function : nullptr, std::memory_order_release);
  const Cell*& entry = compiled_entries_[function.defined];
  if (entry == nullptr)
    entry = compiled_entry(wasm::FuncIdx(module_.declarations.imported_funcs + function.defined), code)
                .value_or(begin);
  entries_[function.defined].store(random_() % 4 == 0 ? entry : begin, std::memory_order_release);
  const void* loop = count->a == 0
                         ? nullptr
                         : options_.compiled->find_loop(function.defined, offset_of(begin, function, count));
  if (loop == nullptr || random_() % 2 == 0) return;
  loops_[count] = {loop, function.header_slot};
  lead(count, CellOp::native_loop);
}

bool ModuleCode::locate(const Cell* cell, CellRole role, Location& into, runtime::Lookup lookup) const {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (lookup == runtime::Lookup::Whole) lock.lock();
  else if (!lock.try_lock()) return false;
  if (role == CellRole::Return) --cell;  // the call
  auto after = functions_.upper_bound(cell);
  if (after == functions_.begin()) return false;
  const auto& [begin, function] = *std::prev(after);
  if (cell >= function.end) return false;
  into.function_index = module_.declarations.imported_funcs + function.defined;
  into.header_slot = function.header_slot;
  into.callee_slots = role == CellRole::Return ? cell->a : 0;
  if (lookup != runtime::Lookup::FunctionNow) into.offset = offset_of(begin, function, cell);
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
