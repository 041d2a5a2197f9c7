// Run: of an instance that stays.
#include "agent/bindings.h"
#include "agent/run.h"

namespace godwit::agent {
namespace {

// Of a state, beside the memory: tables and globals.
constexpr uint64_t kMostOtherBytes = uint64_t{64} << 20;

}  // namespace

Result<bool> Run::wake(Residents::Lease& lease) {
  const std::string event = trigger_.event == 0 ? std::string() : std::to_string(trigger_.event);
  std::optional<SavedInstance> saved;
  if (lease.awake) {
    if (!event.empty() && lease.awake->event == event) return true;
    if (lease.awake->agent == agent_ && lease.awake->thread == context_.thread) {
      lease.awake->bindings->serve(*this);
      return false;
    }
    // of another thread, or linked to what an older manifest has granted
    ASSIGN_OR_RETURN(saved, lease.awake->save());
    lease.awake.reset();
  } else {
    ASSIGN_OR_RETURN(saved,
                     agent_->record->residents->asleep().load(
                         lease.key(), agent_->config.limits.memory_bytes + kMostOtherBytes, state_wait()));
  }
  auto guest = std::make_unique<AwakeInstance>();
  if (saved && saved->module != agent_->digest) {
    log(Level::Warning,
        "the instance '" + lease.key() + "' begins anew: what was kept of it is another module's");
    saved.reset();
  }
  if (saved) {
    if (!event.empty() && saved->event == event) return true;
    auto snapshot = v1::Snapshot::with_state(agent_->module, saved->state);
    if (!snapshot) return fail(from_public(snapshot.error()));
    guest->began_with = std::move(*snapshot);
  }
  TRY(link_with_wasi(*guest));
  lease.awake = std::move(guest);
  return false;
}

Result<> Run::call_resident() {
  const ResidentConfig& config = *agent_->config.resident;
  Residents& residents = *agent_->record->residents;
  const platform::fs::WaitMode waiting = trigger_.request ? trigger_.request->mode() : mode();
  ASSIGN_OR_RETURN(Residents::Lease lease,
                   residents.take(trigger_.instance, waiting, agent_->config.limits.time_ns));
  ASSIGN_OR_RETURN(const bool is_done, wake(lease));
  if (is_done) {
    lease.give();
    return {};
  }
  // A run that fails leaves the instance as it was last written: the lease ends without it.
  lease.awake->is_saved = false;
  TRY(call(*lease.awake));
  if (!failure_.empty()) return {};
  if (trigger_.event != 0) lease.awake->event = std::to_string(trigger_.event);
  if (config.is_durable) {
    ASSIGN_OR_RETURN(const SavedInstance saved, lease.awake->save());
    TRY(residents.asleep().save(lease.key(), saved, {.parker = context_.scheduler}));
    lease.awake->is_saved = true;
  }
  // an interruption that came when the guest had returned would end the next run
  if (stop_.load(std::memory_order_relaxed) != 0 && !config.is_durable) {
    ASSIGN_OR_RETURN(const SavedInstance saved, lease.awake->save());
    TRY(residents.asleep().save(lease.key(), saved, {.parker = context_.scheduler}));
  }
  if (stop_.load(std::memory_order_relaxed) == 0) lease.give();
  return {};
}

}  // namespace godwit::agent
