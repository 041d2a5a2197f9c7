// Journal: rows of the file of events, the first of which is a seed.
#include "agent/journal.h"

#include <algorithm>
#include <cstring>

#include "agent/text.h"
#include "platform/clock.h"
#include "platform/random.h"

namespace godwit::agent {
namespace {

uint64_t clock_ns() { return platform::now_ns(platform::Clock::Realtime); }

// Sizes first, so that no two lists of arguments are the same bytes.
Digest digest_of(std::string_view name, std::initializer_list<std::string_view> arguments) {
  Sha256 hash;
  const auto add = [&](std::string_view text) {
    hash.update(as_bytes(std::to_string(text.size()) + ":"));
    hash.update(as_bytes(text));
  };
  add(name);
  for (const std::string_view argument : arguments) add(argument);
  return hash.finish();
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(Events& events, int64_t event, platform::fs::Parker* parker) {
  auto journal = std::unique_ptr<Journal>(new Journal(events, event, parker));
  ASSIGN_OR_RETURN(journal->told_, events.told(event, parker));
  if (journal->told_.empty()) {
    uint8_t seed[32];
    TRY(platform::fill_random(seed));
    TRY(journal->note({.bytes = std::string(reinterpret_cast<const char*>(seed), sizeof seed)}));
  }
  for (const Told& told : journal->told_) journal->bytes_ += told.bytes.size();
  journal->at_ = 1;
  journal->now_ns_ = journal->told_[0].time_ns;
  return journal;
}

Result<std::optional<Told>> Journal::replay(std::string_view name,
                                            std::initializer_list<std::string_view> arguments) {
  call_ = digest_of(name, arguments);
  if (at_ == told_.size()) return std::nullopt;
  const Told& told = told_[at_];
  if (told.call != call_)
    return fail(ErrorKind::Usage, "this run cannot go on where an interrupted one was: as its call " +
                                      std::to_string(at_) + " it makes '" + std::string(name) +
                                      "', which the other did not make like this");
  at_++;
  now_ns_ = std::max(now_ns_, told.time_ns);
  return told;
}

Result<> Journal::note(Told told) {
  bytes_ += told.bytes.size();
  if (told_.size() >= kMostCalls || bytes_ > kMostBytes)
    return fail(ErrorKind::Exhausted, "a run with a journal makes 10,000 calls at most, and is told 64 MiB");
  told.call = call_;
  told.time_ns = clock_ns();
  TRY(events_.note(event_, static_cast<int64_t>(told_.size()), told, parker_));
  now_ns_ = std::max(now_ns_, told.time_ns);
  told.bytes = told_.empty() ? std::move(told.bytes) : std::string();
  told_.push_back(std::move(told));
  at_ = told_.size();
  return {};
}

uint64_t Journal::now_ns() { return ++now_ns_; }

void Journal::draw(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::string number = std::to_string(drawn_++);
    const Digest block = hmac_sha256(as_bytes(told_[0].bytes), {as_bytes(number)});
    const size_t size = std::min(bytes.size(), block.size());
    std::memcpy(bytes.data(), block.data(), size);
    bytes = bytes.subspan(size);
  }
}

std::string Journal::call_id() const {
  const Digest digest = hmac_sha256(as_bytes(told_[0].bytes), {as_bytes("call " + std::to_string(at_))});
  return to_hex(Bytes(digest).first(16));
}

}  // namespace godwit::agent
