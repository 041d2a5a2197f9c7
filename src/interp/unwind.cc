// Walking frames outwards to a clause that catches.
#include "interp/unwind.h"

#include <algorithm>

#include "interp/calls.h"
#include "runtime/gc_heap.h"
#include "runtime/memory.h"
#include "runtime/native_frame.h"
#include "runtime/store.h"

namespace godwit::interp {

namespace {

using runtime::CatchClause;
using runtime::make_exception;
using runtime::read_payload;
using runtime::Store;
using runtime::Tag;
using runtime::tag_of;
using runtime::Thrown;
using runtime::Trap;
using runtime::UnwindCache;
using runtime::UnwindSite;
using runtime::VmStore;

const Cell* leave_guest(VmStore& vm, Trap why) {
  vm.trap = static_cast<uint64_t>(why);
  return nullptr;
}

// Where something is thrown.
struct Place {
  const Cell* ip;
  Slot* fp;
  VmContext* ctx;
};

// The object of the exception, made if there is none yet.
runtime::GcAllocation reference_to(Store& store, const Thrown& thrown, const Place& from) {
  if (thrown.ref != 0) return {thrown.ref, Trap::None};
  const UnwindSite* site = store.unwind_cache().find(from.ip, *from.ctx->module);
  return make_exception(store, *thrown.tag, thrown.payload, from.fp + site->frame_slots);
}

// Gives the clause what it wants and goes on there.
const Cell* land(VmStore& vm, const CatchClause& clause, const Place& from, Slot* fp, VmContext* ctx,
                 const Thrown& thrown) {
  runtime::Ref ref = thrown.ref;
  if (clause.ref_slot != CatchClause::kNoSlot) {
    // first of all: it may collect, and what the frames hold is in its place yet
    const runtime::GcAllocation made = reference_to(*vm.store, thrown, from);
    if (made.trap != Trap::None) return leave_guest(vm, made.trap);
    ref = made.object;
  }
  if (clause.tag != CatchClause::kAnyTag) {
    // from a frame further up: ascending, like every move to a label
    if (thrown.ref == 0) std::copy_n(thrown.payload, thrown.tag->payload_slots(), fp + clause.payload_slot);
    else read_payload(*vm.store, ref, fp + clause.payload_slot);
  }
  if (clause.ref_slot != CatchClause::kNoSlot) fp[clause.ref_slot] = ref;
  vm.trap_fp = fp;
  vm.trap_ctx = ctx;
  return clause.target;
}

// The clause that catches, its frame in fp and ctx; null where the frames of this stay end. Where other tiers have
// frames of their own, this is where theirs begin: they find the exception pending.
const CatchClause* find_clause(UnwindCache& cache, const Cell* ip, Slot*& fp, VmContext*& ctx,
                               const Tag* tag) {
  for (;;) {
    const UnwindSite* site = cache.find(ip, *ctx->module);
    if (site == nullptr) return nullptr;
    for (const CatchClause* clause = site->clauses; clause != nullptr; clause = clause->next)
      if (clause->tag == CatchClause::kAnyTag || ctx->tags[clause->tag] == tag) return clause;
    const Slot* header = fp + site->header_slot;
    ip = reinterpret_cast<const Cell*>(header[0]) - 1;
    ctx = reinterpret_cast<VmContext*>(header[1]);
    fp -= ip->a;
  }
}

const Cell* unwind(const Place& from, const Thrown& thrown) {
  VmStore& vm = *from.ctx->store;
  // a throw may be a branch back
  if (vm.interrupt.load(std::memory_order_relaxed) != 0) return leave_guest(vm, Trap::Interrupted);
  Slot* fp = from.fp;
  VmContext* ctx = from.ctx;
  const CatchClause* clause = find_clause(vm.store->unwind_cache(), from.ip, fp, ctx, thrown.tag);
  if (clause != nullptr) return land(vm, *clause, from, fp, ctx, thrown);
  const runtime::GcAllocation made = reference_to(*vm.store, thrown, from);
  if (made.trap != Trap::None) return leave_guest(vm, made.trap);
  vm.pending_exception = made.object;
  return leave_guest(vm, Trap::UncaughtException);
}

Thrown thrown_again(Store& store, runtime::Ref ref) { return {tag_of(store, ref), nullptr, ref}; }

}  // namespace

const Cell* unwind_tag(const Cell* ip, Slot* fp, VmContext* ctx) {
  return unwind({ip, fp, ctx}, {ctx->tags[ip->b], fp + ip->a});
}

const Cell* unwind_reference(const Cell* ip, Slot* fp, VmContext* ctx) {
  const runtime::Ref ref = fp[ip->a];
  if (ref == 0) return leave_guest(*ctx->store, Trap::NullExceptionReference);
  return unwind({ip, fp, ctx}, thrown_again(*ctx->store->store, ref));
}

namespace {

// Goes on with what the compiled function wants called in its place.
Left make_tail_call(VmStore& vm, Slot* fp, const Slot* header) {
  const Store::TailCall& call = vm.store->tail_call();
  vm.pending_exception = 0;
  vm.trap_ctx = call.record != nullptr && call.record->vmctx != nullptr ? call.record->vmctx : call.ctx;
  const Cell* entry = call.record != nullptr
                          ? call.record->entry.load(std::memory_order_acquire)
                          : call.ctx->entries[call.defined].load(std::memory_order_acquire);
  if (entry == nullptr) entry = prepare_own(call.ctx, call.defined);
  Slot* const stack_top = const_cast<Slot*>(header) + runtime::kFrameHeaderSlots;
  if (entry != nullptr) std::copy_n(Store::arguments_on(stack_top), call.param_slots, fp);
  return {entry, true};
}

}  // namespace

Left leave_compiled(VmStore& vm, Slot* fp, const Slot* header) {
  const runtime::Ref pending = vm.pending_exception;
  const auto* ip = reinterpret_cast<const Cell*>(header[0]) - 1;
  auto* ctx = reinterpret_cast<VmContext*>(header[1]);
  if (pending == runtime::kTailCallRequested) {
    const Left left = make_tail_call(vm, fp, header);
    if (left.target != nullptr) return left;
    vm.trap_ip = ip;
    vm.trap_fp = fp - ip->a;
    vm.trap_ctx = ctx;
    return {nullptr, false};
  }
  Store& store = *vm.store;
  fp -= ip->a;
  vm.trap_ip = ip;
  vm.trap_fp = fp;
  vm.trap_ctx = ctx;
  const Thrown thrown = thrown_again(store, pending);
  Slot* catcher = fp;
  const CatchClause* clause = find_clause(store.unwind_cache(), ip, catcher, ctx, thrown.tag);
  if (clause == nullptr) {
    store.keep_backtrace();
    const bool is_hosts = store.pending_error().has_value();
    if (is_hosts) vm.pending_exception = 0;
    vm.trap = static_cast<uint64_t>(is_hosts ? Trap::HostError : Trap::UncaughtException);
    return {nullptr, false};
  }
  vm.pending_exception = 0;
  store.take_pending_error();
  store.forget_backtrace();
  return {land(vm, *clause, {ip, catcher, ctx}, catcher, ctx, thrown), false};
}

const Cell* unwind_host_error(const Cell* ip, Slot* fp, VmContext* ctx) {
  VmStore& vm = *ctx->store;
  Store& store = *vm.store;
  if (!store.pending_error()) return nullptr;
  const auto caught = runtime::caught_in(*store.pending_error());
  if (!caught || caught->store() != &store) return nullptr;
  const Thrown thrown = thrown_again(store, caught->ref());
  const Place from{ip, fp, ctx};
  const CatchClause* clause = find_clause(store.unwind_cache(), ip, fp, ctx, thrown.tag);
  if (clause == nullptr) return nullptr;
  store.take_pending_error();
  return land(vm, *clause, from, fp, ctx, thrown);
}

}  // namespace godwit::interp
