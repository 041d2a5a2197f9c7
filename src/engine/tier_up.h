// TierUp: lets the optimising compiler work on hot functions, on a thread of its own, while they run.
//
//   guest threads                     the worker                                    guest threads
//   a `count` ends: improve() ──▶ waiting requests of one module
//                                 + small functions they call ── LLVM ──▶ install() ──▶ next call, next round of the loop
//
// Another thread lets machine code be asked, a hundred times a second of the process's time, where it is.
//
// Nothing is done before the first request: the plug-in is loaded then, by the worker.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "code/effort.h"
#include "code/native.h"
#include "engine/compiler.h"
#include "engine/image_cache.h"
#include "engine/left_out.h"
#include "peak/compiled_module.h"
#include "platform/thread.h"

namespace godwit::engine {

struct TierUpOptions {
  wasm::FeatureSet features;
  bool measures_time = false;
  bool counts_fuel = false;
  bool uses_cache = false;
};

// @threads any.
class TierUp final : public code::Optimizer {
 public:
  // What is given outlives this object.
  TierUp(const TierUpOptions& options, peak::CodeMap& map, code::Effort& effort, LeftOut& left_out)
      : options_(options), map_(map), effort_(effort), left_out_(left_out) {
    if (!options.uses_cache) return;
    if (auto directory = platform::CacheDirectory::of_user()) cache_.emplace(std::move(*directory));
  }
  // Gives up what is being compiled.
  ~TierUp() override;

  bool is_there() override;
  code::Look* look() override;
  void looked() override { look_.is_wanted.store(0, std::memory_order_relaxed); }
  bool improve(code::ModuleCode& code, const runtime::Module& module, const code::HotPlace& place,
               uint64_t run_ns) override;
  void forget(code::ModuleCode& code) override;

  // Lets a new module run what is in the cache of it.
  // @param file  which holds it, if one does
  void adopt(code::ModuleCode& code, const runtime::Module& module,
             const std::optional<platform::FileIdentity>& file);

  // Why there is no optimising compiler; empty if there is one.
  std::string obstacle();
  // Why something of the cache is not run, in words; empty if there is no reason to worry.
  std::string cache_remark();

 private:
  struct Request {
    code::ModuleCode* code;
    const runtime::Module* module;
    code::HotPlace place;
    uint64_t expected_ns;  // that compiling it takes
  };
  // What the cache has of a module.
  struct Cached {
    std::optional<platform::FileIdentity> file;
    std::optional<Digest> key = {};  // nothing: not looked up yet
    uint32_t next_record = 0;
  };
  // What is compiled at once.
  struct Batch {
    code::ModuleCode* code = nullptr;
    const runtime::Module* module = nullptr;  // valid as long as code_in_work_ is the batch's
    std::shared_ptr<const void> storage;      // of the bytes
    Bytes bytes;
    std::vector<code::HotPlace> places;
    std::vector<uint8_t> is_wanted;
    std::vector<godwit_compiler_loop> loops;
    uint64_t body_bytes = 0;
    uint64_t expected_ns = 0;  // by its requests
  };

  void work();
  void tick();
  Batch take_batch();
  void add_function(Batch& batch, uint32_t defined) const;
  void add_callees(Batch& batch, uint32_t defined) const;
  void compile(Batch& batch);
  bool load_compiler();
  bool install(code::ModuleCode& code, const runtime::Module& module, std::vector<uint8_t> image,
               code::EffortMeter& meter);
  void look_up(Batch& batch);
  void install_cached(code::ModuleCode& code, const runtime::Module& module, Cached& cached,
                      std::vector<ImageCache::Record> records);
  void keep(const Batch& batch, Bytes image, std::span<const uint32_t> refused);
  const std::string& build();

  const TierUpOptions options_;
  peak::CodeMap& map_;
  code::Effort& effort_;
  LeftOut& left_out_;
  std::once_flag has_looked_, has_ticker_;
  std::atomic<bool> is_there_{false};
  code::Look look_;
  std::atomic<uint64_t> cancel_{0};
  std::optional<Compiler> compiler_;  // the worker's
  std::optional<ImageCache> cache_;
  std::once_flag has_build_;
  std::string build_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable is_wanted_;
  std::deque<Request> queue_;
  std::map<const code::ModuleCode*, Cached> cached_;
  std::string obstacle_, cache_remark_;
  code::ModuleCode* code_in_work_ = nullptr;
  uint64_t body_bytes_ = 0;    // compiled so far
  uint64_t compiling_ns_ = 0;  // what that took, and what the queue is expected to take
  bool stops_ = false;
  std::condition_variable ticks_;  // is told of stops_ only
  platform::Thread worker_, ticker_;
  bool is_started_ = false;
};

}  // namespace godwit::engine
