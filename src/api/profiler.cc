// The embedder's side of profiles.
#include "godwit/profiler.h"

#include "api/convert.h"
#include "runtime/profile.h"

namespace godwit::v1 {

struct Profiler::Impl {
  std::unique_ptr<runtime::Profile> profile;
};

Profiler::Profiler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Profiler::~Profiler() = default;
Profiler::Profiler(Profiler&&) noexcept = default;
Profiler& Profiler::operator=(Profiler&&) noexcept = default;

Result<Profiler> Profiler::start(std::chrono::nanoseconds interval) {
  if (interval.count() <= 0) return usage_error("the profiler's interval must be more than zero");
  auto profile = runtime::Profile::start(static_cast<uint64_t>(interval.count()));
  if (!profile) return to_public(std::move(profile).error());
  return Profiler(std::make_unique<Impl>(std::move(*profile)));
}

Profiler::Counts Profiler::stop() {
  impl_->profile->stop();
  const auto counts = impl_->profile->counts();
  return {.all = counts.all,
          .outside = counts.outside,
          .in_host = counts.in_host,
          .cut = counts.cut,
          .lost = counts.lost};
}

std::string Profiler::folded_stacks() const {
  std::string text;
  impl_->profile->for_each_stack([&](std::string_view stack, uint64_t count) {
    text.append(stack).append(" ").append(std::to_string(count)).append("\n");
  });
  return text;
}

}  // namespace godwit::v1
