// StayWalk: the frames of one stay in guest code, from the given place outwards.
#pragma once

#include <optional>

#include "runtime/native_frame.h"
#include "runtime/store.h"

namespace godwit::runtime {

// Frames of register code lie on the frame stack, those of compiled code on the native one; where one kind has called the
// other is written down. What the walk is told by:
//
//   bool locate(const Cell*, const VmContext*, CodeSource::CellRole, CodeSource::Location&)   false: the frames end here
//   std::optional<Executor::CompiledPlace> locate(uintptr_t pc)
//   bool may_read(const Slot* header), may_read(const FrameRecord*)   false: it cannot be one, the frames end here
//   bool is_threshold(const Cell*)   it is what the outermost frame of a stay returns to
//   bool add(const Module&, const CodeSource::Location&), add(const Executor::CompiledPlace&)   false: no more are wanted
template <typename Guide>
class StayWalk final {
 public:
  StayWalk(Guide& guide, const GuestStay& innermost) : guide_(guide), at_(innermost) {}

  // True if the outermost frame of the stay was reached.
  bool run(CodeSource::CellRole role) {
    if (at_.host_call_ctx == nullptr) return true;
    bool goes_on = true;
    if (at_.host_call_ip == nullptr) {
      goes_on = walk_compiled();
      role = CodeSource::CellRole::Return;
    }
    while (goes_on) {
      walk_cells(role);
      role = CodeSource::CellRole::Return;
      goes_on = is_called_by_compiled() && walk_compiled();
    }
    return at_.host_call_ctx == nullptr || guide_.is_threshold(at_.host_call_ip);
  }

 private:
  // From the cell on, up to a caller that is none of register code.
  void walk_cells(CodeSource::CellRole role) {
    CodeSource::Location here;
    while (guide_.locate(at_.host_call_ip, at_.host_call_ctx, role, here)) {
      if (!guide_.add(*at_.host_call_ctx->module, here)) return;
      // How far the caller's fp lies below, its call knows.
      if (is_callees_fp_) at_.host_call_fp -= here.callee_slots;
      const Slot* const header = at_.host_call_fp + here.header_slot;
      if (!guide_.may_read(header)) return;
      leave_frame(header);
      role = CodeSource::CellRole::Return;
    }
  }

  bool is_called_by_compiled() {
    const NativeThreshold* threshold = at_.native_threshold;
    if (threshold == nullptr || reinterpret_cast<const uint8_t*>(at_.host_call_ip) != threshold->leave)
      return false;
    at_.native_threshold = threshold->outer;
    at_.host_call_fp = reinterpret_cast<Slot*>(const_cast<FrameRecord*>(threshold->caller));
    return true;
  }

  void leave_frame(const Slot* header) {
    at_.host_call_ip = reinterpret_cast<const Cell*>(header[0]);
    at_.host_call_ctx = reinterpret_cast<VmContext*>(header[1]);
    is_callees_fp_ = true;
  }

  // From the frame record on up to the register code that has called.
  bool walk_compiled() {
    const NativeEntry* entry = at_.native_entry;
    if (entry == nullptr) return false;
    const auto* record = reinterpret_cast<const FrameRecord*>(at_.host_call_fp);
    if (!guide_.may_read(record)) return false;
    const auto* const end = reinterpret_cast<const FrameRecord*>(entry);
    for (; record < end; record = record->outer) {
      // the call lies before the place that is returned to
      const auto place = guide_.locate(record->return_address - 1);
      if (place && !guide_.add(*place)) return false;
      if (record->outer <= record) break;
    }
    at_.native_entry = entry->outer;
    at_.host_call_fp = entry->fp;
    leave_frame(entry->header);
    return true;
  }

  Guide& guide_;
  GuestStay at_;
  bool is_callees_fp_ = false;  // the frame's own fp lies below
};

}  // namespace godwit::runtime
