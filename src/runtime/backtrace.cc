// From the place where a guest stopped to an Error with a wasm backtrace.
#include <cinttypes>
#include <cstdio>

#include "runtime/store.h"

namespace godwit::runtime {

namespace {

// Collects frames innermost first and leaves out the middle of a stack that is too deep to print.
class FrameCollector final {
 public:
  explicit FrameCollector(size_t max_frames)
      : head_limit_(max_frames - max_frames / 2), tail_limit_(max_frames / 2) {}

  void add(const Module& module, const CodeSource::Location& location) {
    ++count_;
    const Place place{&module, location.function_index, location.offset};
    if (head_.size() < head_limit_) {
      head_.push_back(place);
    } else if (tail_.size() < tail_limit_) {
      tail_.push_back(place);
    } else if (tail_limit_ != 0) {
      tail_[oldest_] = place;
      oldest_ = (oldest_ + 1) % tail_limit_;
    }
  }

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
  struct Place {
    const Module* module;
    uint32_t function_index;
    uint32_t offset;
  };

  static Frame to_frame(const Place& place) {
    return {place.module->name,
            std::string(place.module->declarations.func_name(wasm::FuncIdx(place.function_index))),
            place.function_index, place.offset};
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

 private:
  struct Known {
    const Cell* cell = nullptr;
    const Module* module = nullptr;
    CodeSource::CellRole role{};
    CodeSource::Location location{};
  };
  static constexpr size_t kSize = 64;
  Known known_[kSize];
};

// Walks the frames of one stay in guest code, from the given one outwards.
void walk(Locator& locator, const Cell* ip, const Slot* fp, const VmContext* ctx, CodeSource::CellRole role,
          FrameCollector& into) {
  CodeSource::Location here;
  if (!locator.locate(ip, ctx, role, here)) return;
  for (;;) {
    into.add(*ctx->module, here);
    const Slot* header = fp + here.header_slot;
    ip = reinterpret_cast<const Cell*>(header[0]);
    ctx = reinterpret_cast<const VmContext*>(header[1]);
    if (!locator.locate(ip, ctx, CodeSource::CellRole::Return, here)) return;
    // How far the caller's fp lies below, its call knows.
    fp -= here.callee_slots;
  }
}

// What is known about an access that faulted: only memory 0 is accessed without explicit checks.
std::string describe_fault(uintptr_t address, const VmContext& ctx) {
  const auto base = reinterpret_cast<uintptr_t>(ctx.memory0_base);
  char text[96];
  std::snprintf(text, sizeof text, ": address 0x%" PRIx64 ", memory size %" PRIu64 " bytes",
                static_cast<uint64_t>(address - base),
                ctx.memory0->size_bytes.load(std::memory_order_relaxed));
  return text;
}

}  // namespace

std::vector<Frame> Store::backtrace(const Cell* ip, Slot* fp, VmContext* ctx, size_t max_frames) {
  FrameCollector frames(max_frames);
  Locator locator;
  if (ctx) {
    walk(locator, ip, fp, ctx, CodeSource::CellRole::Executing, frames);
  } else {
    walk(locator, vm_.host_call_ip, vm_.host_call_fp, vm_.host_call_ctx, CodeSource::CellRole::Return,
         frames);
  }
  for (const GuestStay* stay = innermost_stay_; stay; stay = stay->outer)
    walk(locator, stay->host_call_ip, stay->host_call_fp, stay->host_call_ctx, CodeSource::CellRole::Return,
         frames);
  return frames.frames();
}

Error Store::take_trap() {
  const auto trap = static_cast<Trap>(std::exchange(vm_.trap, 0));
  const uintptr_t fault_address = std::exchange(fault_address_, 0);
  if (trap == Trap::HostError) {
    Error error =
        take_pending_error().value_or(Error(ErrorKind::Trap, static_cast<uint32_t>(trap), "host error"));
    // An exit is no accident, and an error that came through a nested call knows more than this place.
    if (error.kind() == ErrorKind::Exit || !error.backtrace().empty()) return error;
    return std::move(error).with_backtrace(backtrace(vm_.trap_ip, vm_.trap_fp, vm_.trap_ctx));
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
        .with_backtrace(backtrace(vm_.trap_ip, vm_.trap_fp, vm_.trap_ctx));
  }
  std::string message(to_string(trap));
  if (fault_address != 0 && vm_.trap_ctx && vm_.trap_ctx->memory0)
    message += describe_fault(fault_address, *vm_.trap_ctx);
  const ErrorKind kind = is_limit(trap) ? ErrorKind::Exhausted : ErrorKind::Trap;
  return Error(kind, static_cast<uint32_t>(trap), std::move(message))
      .with_backtrace(backtrace(vm_.trap_ip, vm_.trap_fp, vm_.trap_ctx));
}

}  // namespace godwit::runtime
