// Residents: who may run which instance, and which of them sleep.
#include "agent/residents.h"

#include <algorithm>
#include <utility>

#include "agent/bindings.h"
#include "agent/flow.h"
#include "agent/text.h"
#include "platform/clock.h"

namespace godwit::agent {
namespace {

uint64_t now_ns() { return platform::now_ns(platform::Clock::Monotonic); }

}  // namespace

bool is_instance(std::string_view text) {
  constexpr size_t kMostBytes = 200;
  return text.size() <= kMostBytes &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<std::string> instance_of(const ResidentConfig& config, const net::Request& request,
                                       std::string_view route) {
  std::optional<std::string> found;
  switch (config.by) {
    case ResidentConfig::By::Nothing: found.emplace(); break;
    case ResidentConfig::By::Path: {
      std::string_view rest = request.path().substr(std::min(route.size(), request.path().size()));
      if (rest.starts_with('/')) rest.remove_prefix(1);
      found = rest.substr(0, rest.find('/'));
      break;
    }
    case ResidentConfig::By::Header:
      if (const std::string* value = request.field(config.name)) found = *value;
      break;
    case ResidentConfig::By::Query: found = query_value(request.query(), config.name); break;
  }
  if (found && !is_instance(*found)) return std::nullopt;
  return found;
}

// "instance LF key": no instance has a line end in its name.
std::string event_key(std::string_view instance, std::string_view key) {
  return std::string(instance) + "\n" + std::string(key);
}

std::pair<std::string_view, std::string_view> split_event_key(std::string_view key) {
  const size_t end = key.find('\n');
  if (end == std::string_view::npos) return {{}, key};
  return {key.substr(0, end), key.substr(end + 1)};
}

AwakeInstance::AwakeInstance() = default;
AwakeInstance::~AwakeInstance() {
  instance.reset();
  store.reset();
}

Result<SavedInstance> AwakeInstance::save() const {
  // looking at an instance changes nothing in its store
  const auto taken = instance->snapshot(const_cast<v1::Store&>(*store));
  if (!taken) return fail(from_public(taken.error()));
  return SavedInstance{.state = taken->serialize_state(), .module = agent->digest, .event = event};
}

Result<std::unique_ptr<Residents>> Residents::create(Asleep::Options options) {
  auto residents = std::unique_ptr<Residents>(new Residents());
  ASSIGN_OR_RETURN(residents->asleep_, Asleep::create(std::move(options)));
  return residents;
}
Residents::~Residents() = default;

Result<Residents::Lease> Residents::take(std::string_view key, platform::fs::WaitMode mode,
                                         uint64_t timeout_ns) {
  std::string name(key);
  std::optional<async::Signal> turn;
  {
    const std::lock_guard lock(mutex_);
    Place& place = places_[name];
    if (!place.is_busy) {
      place.is_busy = true;
      Lease lease(this, std::move(name));
      lease.awake = std::move(place.awake);
      if (lease.awake) awake_--;
      return lease;
    }
    ASSIGN_OR_RETURN(turn, async::Signal::create());
    place.waiting.push_back(&*turn);
  }
  std::ignore = turn->wait(mode, timeout_ns);
  const std::lock_guard lock(mutex_);
  Place& place = places_[name];
  const auto queued = std::ranges::find(place.waiting, &*turn);
  if (queued != place.waiting.end()) {
    place.waiting.erase(queued);
    return fail(ErrorKind::Exhausted, "the instance '" + name + "' is busy with others");
  }
  // it is ours, even if the wait ended for another reason at the same time
  Lease lease(this, std::move(name));
  lease.awake = std::move(place.awake);
  if (lease.awake) awake_--;
  return lease;
}

void Residents::release(const std::string& key, std::unique_ptr<AwakeInstance> awake) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(key);
  Place& place = found->second;
  if (awake) awake_++;
  place.awake = std::move(awake);
  place.used_at_ns = now_ns();
  if (!place.waiting.empty()) {
    const async::Signal* const next = place.waiting.front();
    place.waiting.pop_front();
    next->raise();
    return;
  }
  place.is_busy = false;
  if (!place.awake) places_.erase(found);
}

std::optional<Residents::Lease> Residents::take_idle(uint64_t idle_ns, uint32_t most_awake) {
  const std::lock_guard lock(mutex_);
  const uint64_t now = now_ns();
  auto oldest = places_.end();
  for (auto i = places_.begin(); i != places_.end(); ++i)
    if (!i->second.is_busy && i->second.awake &&
        (oldest == places_.end() || i->second.used_at_ns < oldest->second.used_at_ns))
      oldest = i;
  if (oldest == places_.end()) return std::nullopt;
  if (awake_ <= most_awake && now - oldest->second.used_at_ns < idle_ns) return std::nullopt;
  oldest->second.is_busy = true;
  Lease lease(this, oldest->first);
  lease.awake = std::move(oldest->second.awake);
  awake_--;
  return lease;
}

void Residents::put_to_sleep(uint64_t idle_ns, uint32_t most_awake, const State::Wait& wait) {
  while (auto lease = take_idle(idle_ns, most_awake)) {
    const std::shared_ptr<const Agent> agent = lease->awake->agent;
    if (lease->awake->is_saved) continue;
    // whoever waits for it finds it in the file, or as it was last written
    const auto written = [&]() -> Result<> {
      ASSIGN_OR_RETURN(const SavedInstance saved, lease->awake->save());
      lease->awake.reset();
      return asleep_->save(lease->key(), saved, wait);
    }();
    if (!written)
      agent->record->log.write(Level::Error,
                               "the instance '" + lease->key() +
                                   "' could not be put to sleep, and is lost: " + written.error().message(),
                               agent->secrets);
  }
}

void Residents::end() {
  std::map<std::string, Place, std::less<>> places;
  {
    const std::lock_guard lock(mutex_);
    places.swap(places_);
    awake_ = 0;
  }
}

uint32_t Residents::awake() const {
  const std::lock_guard lock(mutex_);
  return awake_;
}

}  // namespace godwit::agent
