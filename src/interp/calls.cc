// The out-of-line parts of calls.
#include "interp/calls.h"

#include <algorithm>
#include <cstddef>

namespace godwit::interp {

namespace {

// The record that has `entry` as its `cell` member. Records are standard-layout structs.
template <class Record>
Record* record_around(const Cell* entry) {
  auto address = reinterpret_cast<uintptr_t>(entry) - offsetof(Record, cell);
  return reinterpret_cast<Record*>(address);
}

// How far the caller's frame lies below its callee's. Another thread may have made the cell and published it to the
// handlers, which ThreadSanitizer does not see: it must not see this read either.
[[gnu::no_sanitize("thread")]] uint32_t frame_distance(const Cell* return_cell) { return return_cell[-1].a; }

}  // namespace

runtime::WasmRecord* wasm_record_of(const Cell* entry) { return record_around<runtime::WasmRecord>(entry); }
runtime::HostRecord* host_record_of(const Cell* entry) { return record_around<runtime::HostRecord>(entry); }

const Cell* prepare_own(VmContext* ctx, uint32_t defined) {
  runtime::VmStore& vm = *ctx->store;
  const Interrupt interrupt(vm.interrupt);
  auto entry = ctx->module->code->prepare(defined, interrupt);
  if (entry) return *entry;
  const bool is_interrupted = entry.error().kind() == ErrorKind::Exhausted && interrupt.is_requested();
  vm.trap = static_cast<uint64_t>(is_interrupted ? runtime::Trap::Interrupted : runtime::Trap::HostError);
  if (!is_interrupted) vm.store->raise(std::move(entry).error());
  return nullptr;
}

void find_faster_code(VmContext* ctx, const Cell* count) { ctx->module->code->make_faster(count); }

runtime::CodeSource::LoopCode loop_code(VmContext* ctx, const Cell* cell) {
  return ctx->module->code->loop_at(cell);
}

bool is_callable_as(VmContext* ctx, uint32_t found, uint32_t wanted) {
  return ctx->store->store->types().is_subtype(found, wanted);
}

bool call_host(const Cell* entry, Slot* fp, VmContext* caller, const Cell* return_cell,
               VmContext* return_ctx) {
  runtime::HostRecord* record = host_record_of(entry);
  runtime::VmStore& vm = *caller->store;
  vm.host_call_ip = return_cell;
  vm.host_call_fp = fp - frame_distance(return_cell);
  vm.host_call_ctx = return_ctx;
  vm.stack_top = fp + std::max(record->param_slots, record->result_slots);
  // All that the guest holds lies in frames now. If the collection is interrupted, so is the guest after this call.
  if (vm.gc_is_due != 0) [[unlikely]]
    (void)vm.store->collect_garbage();
  const bool succeeded = record->function(record->env, caller, fp);
  vm.host_call_ip = nullptr;  // compiled code's direct calls rely on it
  return succeeded;
}

}  // namespace godwit::interp
