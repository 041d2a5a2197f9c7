// Store: the world in which instances live.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "godwit/engine.h"
#include "godwit/value.h"

namespace godwit::GODWIT_V1 {

/// @private
namespace detail {
/// @private What a typed call looks at.
struct StoreHead {
  /// @private
  uint64_t id;
  /// @private R enter(record, parameters…), for functions that are entered without detours.
  const void* enter;
  /// @private Not 0 after such a call: the result means nothing.
  const uint64_t* outcome;
};
}  // namespace detail

/// Owns instances and all that belongs to them; everything in it lives until the store is destroyed.
/// @threads one at a time, save interrupt().
class Store final {
 public:
  /// @param limits hold for each guest of this store, whatever tier runs it.
  explicit Store(const Engine& engine, const Limits& limits = {});
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// Stops the guest that runs now, or the next one to run, with an error for which is_interruption() is true.
  /// Once the outermost call has ended so, the store may be used again. @threads any; never blocks. Returns before the
  /// guest has stopped.
  void interrupt();

  /// Calls interrupt() when `timeout` has passed, counted from now. A second call replaces the first.
  /// @param timeout more than zero.
  /// @errors Io: no thread could be started.
  /// @cost one sleeping thread.
  Result<void> set_timeout(std::chrono::nanoseconds timeout);

  /// What is left of the fuel (Config::counts_fuel); 0 after a guest has stopped for want of it: with an error of kind
  /// Exhausted, after which the store may be used again. To be asked while no guest runs, or by a host function.
  uint64_t fuel() const;
  void set_fuel(uint64_t fuel);

  /// A new reference that carries a number of the host's, to be passed as externref or anyref.
  /// @errors Exhausted: Limits::max_gc_heap_bytes.
  Result<Value> externref(uint64_t host_value);
  /// The number that a reference of this store carries; nothing if it is null, a guest's own object or of another store.
  std::optional<uint64_t> host_value(const Value& reference) const;

  /// Frees the structs, arrays, exceptions and externrefs that nothing refers to any more. Guests do so by themselves
  /// when it is time to; a host function must not call this while it holds references by other means than Value.
  /// @errors Exhausted: the store was interrupted.
  Result<void> collect_garbage();

  /// What collecting has cost so far.
  struct GarbageStatistics {
    uint64_t collections = 0;
    std::chrono::nanoseconds total_pause{};
    std::chrono::nanoseconds longest_pause{};
    uint64_t allocated_bytes = 0;  ///< since the store was made
    uint64_t live_bytes = 0;       ///< after the last collection
  };
  GarbageStatistics garbage_statistics() const;

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }
  /// @private
  const detail::StoreHead& head() const { return *head_; }

 private:
  std::unique_ptr<Impl> impl_;
  const detail::StoreHead* head_;  // of *impl_
};

}  // namespace godwit::GODWIT_V1
