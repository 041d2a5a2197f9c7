// From the place where a guest stopped to an Error with a wasm backtrace.
#include <cinttypes>
#include <cstdio>

#include "runtime/instance.h"
#include "runtime/stay_walk.h"

namespace godwit::runtime {

namespace {

// Collects frames innermost first and leaves out the middle of a stack that is too deep to print.
class FrameCollector final {
 public:
  explicit FrameCollector(size_t max_frames)
      : head_limit_(max_frames - max_frames / 2), tail_limit_(max_frames / 2) {}

  void add(const Module& module, const CodeSource::Location& location) {
    add({&module, location.function_index, location.offset});
  }
  void add(const Executor::CompiledPlace& place) {
    ++count_;
    if (head_.size() < head_limit_) {
      head_.push_back(place);
    } else if (tail_.size() < tail_limit_) {
      tail_.push_back(place);
    } else if (tail_limit_ != 0) {
      tail_[oldest_] = place;
      oldest_ = (oldest_ + 1) % tail_limit_;
    }
  }

  // Frames of which nothing else is known, behind as many as are shown from the inner end.
  void leave_out(size_t count) { count_ += count; }

  std::vector<Frame> frames() const {
    std::vector<Frame> frames;
    frames.reserve(head_.size() + tail_.size() + 1);
    for (const Place& place : head_) frames.push_back(to_frame(place));
    const size_t left_out = count_ - head_.size() - tail_.size();
    if (left_out != 0)
      frames.push_back({{}, "… " + std::to_string(left_out) + " frames left out …", 0, kNoOffset});
    for (size_t i = 0; i < tail_.size(); ++i) frames.push_back(to_frame(tail_[(oldest_ + i) % tail_.size()]));
    return frames;
  }

 private:
  using Place = Executor::CompiledPlace;

  static Frame to_frame(const Place& place) {
    const wasm::Module& declarations = place.module->declarations;
    const wasm::FuncIdx function(place.function_index);
    return {place.module->name, std::string(declarations.func_name(function)), place.function_index,
            place.offset, declarations.body(function).range.offset};
  }

  size_t head_limit_, tail_limit_;
  size_t count_ = 0;
  std::vector<Place> head_, tail_;
  size_t oldest_ = 0;  // in tail_, once it is full
};

// Remembers where cells were found: a deep recursion has millions of frames at a handful of cells, and finding a
// cell's offset takes time.
class Locator final {
 public:
  // False if the cell is not code of `ctx`'s module.
  bool locate(const Cell* cell, const VmContext* ctx, CodeSource::CellRole role, CodeSource::Location& into) {
    if (!ctx) return false;
    const auto number = reinterpret_cast<uintptr_t>(cell) >> 4;
    Known& known = known_[(number ^ number >> 6) % kSize];
    if (known.cell != cell || known.role != role || known.module != ctx->module) {
      CodeSource::Location location;
      if (!ctx->module->code->locate(cell, role, location)) return false;
      known = {cell, ctx->module, role, location};
    }
    into = known.location;
    return true;
  }

  // Of compiled code.
  std::optional<Executor::CompiledPlace> locate(const Executor& executor, uintptr_t pc) {
    KnownCode& known = known_code_[(pc ^ pc >> 6) % kSize];
    if (known.pc != pc) known = {pc, executor.locate_compiled(pc)};
    return known.place;
  }

 private:
  struct Known {
    const Cell* cell = nullptr;
    const Module* module = nullptr;
    CodeSource::CellRole role{};
    CodeSource::Location location{};
  };
  struct KnownCode {
    uintptr_t pc = 0;
    std::optional<Executor::CompiledPlace> place;
  };
  static constexpr size_t kSize = 64;
  Known known_[kSize];
  KnownCode known_code_[kSize];
};

// Sees all frames of a store that stands still.
class Guide final {
 public:
  Guide(const Executor& executor, FrameCollector& into) : executor_(executor), into_(into) {}

  bool locate(const Cell* cell, const VmContext* ctx, CodeSource::CellRole role, CodeSource::Location& into) {
    return locator_.locate(cell, ctx, role, into);
  }
  std::optional<Executor::CompiledPlace> locate(uintptr_t pc) { return locator_.locate(executor_, pc); }
  bool is_threshold(const Cell* /*cell*/) const { return true; }
  bool may_read(const Slot* /*header*/) const { return true; }
  bool may_read(const FrameRecord* /*record*/) const { return true; }
  bool add(const Module& module, const CodeSource::Location& location) {
    into_.add(module, location);
    return true;
  }
  bool add(const Executor::CompiledPlace& place) {
    into_.add(place);
    return true;
  }

 private:
  const Executor& executor_;
  FrameCollector& into_;
  Locator locator_;
};

// What is known about an access that faulted: only memory 0 is accessed without explicit checks.
std::string describe_fault(uintptr_t address, const VmContext& ctx) {
  constexpr uint64_t kFarthest = uint64_t{1} << 33;  // 32-bit address + 32-bit offset
  const auto base = reinterpret_cast<uintptr_t>(ctx.memory0_base);
  if (address - base >= kFarthest) return {};  // compiled code was in another memory
  char text[96];
  std::snprintf(text, sizeof text, ": address 0x%" PRIx64 ", memory size %" PRIu64 " bytes",
                static_cast<uint64_t>(address - base),
                ctx.memory0->size_bytes.load(std::memory_order_relaxed));
  return text;
}

}  // namespace

std::vector<Frame> Store::backtrace(const Cell* ip, Slot* fp, VmContext* ctx, size_t max_frames) {
  FrameCollector frames(max_frames);
  Guide guide(executor_, frames);
  const bool is_given = ctx != nullptr;
  // where compiled code has thrown, unless this is about something else
  if (throw_site_ && is_given)
    throw_site_->for_each([&](uintptr_t return_address, size_t count) {
      if (return_address == 0) return frames.leave_out(count);
      // the call lies before the place that is returned to
      if (const auto place = guide.locate(return_address - 1)) frames.add(*place);
    });
  const GuestStay innermost{is_given ? ip : vm_.host_call_ip,
                            is_given ? fp : vm_.host_call_fp,
                            is_given                      ? ctx
                            : innermost_stay() != nullptr ? vm_.host_call_ctx
                                                          : nullptr,
                            vm_.native_entry,
                            vm_.native_threshold,
                            innermost_stay()};
  StayWalk(guide, innermost).run(is_given ? CodeSource::CellRole::Executing : CodeSource::CellRole::Return);
  for (const GuestStay* stay = innermost_stay(); stay; stay = stay->outer)
    StayWalk(guide, *stay).run(CodeSource::CellRole::Return);
  return frames.frames();
}

void Store::keep_backtrace() {
  if (!kept_backtrace_) kept_backtrace_ = backtrace(vm_.trap_ip, vm_.trap_fp, vm_.trap_ctx);
  if (throw_site_) throw_site_->clear();
}

void Store::note_throw(const FrameRecord* record) {
  forget_backtrace();
  if (!throw_site_) throw_site_ = std::make_unique<ThrowSite>();
  throw_site_->take(record, vm_.native_entry);
}

Slot* Store::arguments_on(Slot* stack_top) {
  const auto base = (reinterpret_cast<uintptr_t>(stack_top) + 15) & ~uintptr_t{15};
  return reinterpret_cast<Slot*>(base + sizeof(NativeThreshold));
}

Error Store::take_trap() {
  const auto trap = static_cast<Trap>(std::exchange(vm_.trap, 0));
  auto kept = std::exchange(kept_backtrace_, std::nullopt);
  auto trap_backtrace = [&] {
    return kept ? std::move(*kept) : backtrace(vm_.trap_ip, vm_.trap_fp, vm_.trap_ctx);
  };
  const uintptr_t fault_address = std::exchange(fault_address_, 0);
  if (trap == Trap::HostError) {
    Error error =
        take_pending_error().value_or(Error(ErrorKind::Trap, static_cast<uint32_t>(trap), "host error"));
    // An exit is no accident, and an error that came through a nested call knows more than this place.
    if (error.kind() == ErrorKind::Exit || !error.backtrace().empty()) return error;
    return std::move(error).with_backtrace(trap_backtrace());
  }
  if (trap == Trap::Interrupted) {
    const std::lock_guard lock(interruption_mutex_);
    if (interruption_) {
      Error error = std::move(*interruption_);
      interruption_.reset();
      return error;
    }
  }
  if (trap == Trap::UncaughtException) {
    const Ref exception = std::exchange(vm_.pending_exception, 0);
    return exception_error(exception, vm_.trap_ctx ? vm_.trap_ctx->instance : nullptr)
        .with_backtrace(trap_backtrace());
  }
  std::string message(to_string(trap));
  if (fault_address != 0 && vm_.trap_ctx && vm_.trap_ctx->memory0)
    message += describe_fault(fault_address, *vm_.trap_ctx);
  const ErrorKind kind = is_limit(trap) ? ErrorKind::Exhausted : ErrorKind::Trap;
  return Error(kind, static_cast<uint32_t>(trap), std::move(message)).with_backtrace(trap_backtrace());
}

}  // namespace godwit::runtime
