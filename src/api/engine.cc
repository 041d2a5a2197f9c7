// Engine: creation, and what it has done.
#include <bit>

#include "api/impl.h"
#include "base/bytes.h"
#include "platform/cpu.h"
#include "platform/random.h"
#include "platform/trap_handler.h"

namespace godwit::v1 {
namespace {

// So many stores may be made by the threads that share a part.
constexpr unsigned kStoreIdBits = 48;

}  // namespace

Result<Engine> Engine::create(const Config& config) {
  engine::Config inner;
  inner.validation =
      config.validation == Validation::Eager ? engine::Validation::Eager : engine::Validation::Lazy;
  inner.tier = static_cast<engine::Tier>(config.tier);
  inner.max_machine_code_bytes = config.max_machine_code_bytes;
  inner.uses_cache = config.uses_cache;
  inner.measures_time = config.measures_time;
  inner.writes_perf_map = config.writes_perf_map;
  inner.jit_dump_directory = config.jit_dump_directory;
  inner.counts_fuel = config.counts_fuel;
  inner.trusted_keys = config.trusted_keys;
  if (config.pool.is_used)
    inner.pool = runtime::PoolOptions{.max_idle_instances = config.pool.max_idle_instances,
                                      .max_kept_bytes = config.pool.max_kept_bytes,
                                      .is_compact = config.pool.is_compact,
                                      .compact_memory_bytes = config.pool.compact_memory_bytes};
  static_assert(static_cast<int>(engine::Tier::Auto) == static_cast<int>(Tier::Auto));
  // Now, so that embedders know whose handlers are the newer ones.
  if (auto installed = platform::install_trap_handler(); !installed)
    return to_public(std::move(installed).error());
  auto made = engine::Engine::create(inner);
  if (!made) return to_public(std::move(made).error());
  uint64_t first_store_id = 0;
  if (auto filled =
          platform::fill_random({reinterpret_cast<uint8_t*>(&first_store_id), sizeof first_store_id});
      !filled)
    return to_public(std::move(filled).error());
  auto impl = std::make_shared<Impl>();
  impl->engine = std::move(*made);
  const size_t count = std::bit_ceil(size_t{platform::usable_cpus()} * 2);
  auto parts = std::make_shared<Parts>();
  for (size_t i = 0; i < count; ++i) {
    auto part = std::make_unique<Impl::Part>();
    part->engine = std::shared_ptr<Impl>(impl.get(), [owner = impl](Impl*) {});
    part->next_store_id = first_store_id + (i << kStoreIdBits);
    parts->parts.push_back(std::move(part));
  }
  return Engine(std::move(impl), std::move(parts));
}

bool Engine::made(const Module& module) const { return module.impl()->engine == impl_; }

Statistics Engine::statistics() const {
  auto work = [](const engine::Statistics::Work& inner) {
    return Statistics::Work{inner.functions, inner.bytes, std::chrono::nanoseconds(inner.time_ns)};
  };
  const engine::Statistics inner = impl_->engine->statistics();
  Statistics statistics;
  statistics.validation = work(inner.validation);
  statistics.interpreter = work(inner.interpreter);
  statistics.baseline = work(inner.baseline);
  statistics.peak = work(inner.peak);
  statistics.live_machine_code_bytes = inner.live_machine_code_bytes;
  statistics.functions_without_room = inner.functions_without_room;
  statistics.functions_too_large = inner.functions_too_large;
  statistics.obstacle = inner.obstacle;
  statistics.peak_obstacle = inner.peak_obstacle;
  statistics.left_out = inner.left_out;
  statistics.cache_remark = inner.cache_remark;
  statistics.pool = {inner.pool.made, inner.pool.reused, inner.pool.dropped, inner.pool.idle,
                     inner.pool.kept_bytes};
  return statistics;
}

}  // namespace godwit::v1
