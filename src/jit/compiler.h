// Baseline: the tier that copies and patches stencils.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "code/cell_op.h"
#include "code/native.h"
#include "jit/code_cache.h"
#include "platform/code_log.h"
#include "platform/cpu.h"

namespace godwit::jit {

struct Statistics {
  // All that was made so far, whether it is still there or not.
  uint64_t functions = 0;
  uint64_t cells = 0;
  uint64_t code_bytes = 0;
  uint64_t time_ns = 0;
  // What its limit is compared with: the code that is there.
  uint64_t live_code_bytes = 0;
  // Functions for whose code there was no room, and those that have too many cells.
  uint64_t refused_functions = 0;
  uint64_t too_large_functions = 0;
};

struct BaselineOptions {
  size_t code_limit_bytes;           // of machine code of all functions together
  platform::CodeLog* log = nullptr;  // is told of the code; outlives the tier
  bool has_ways_in_chosen = false;   // NativeCode::choose_ways_in() may be called
};

class Baseline final : public code::NativeTier {
 public:
  // Why stencils do not run on a processor, or an empty string: they are compiled for those of the last fifteen years
  // (x86-64-v2), or for every one (aarch64).
  static std::string obstacle_of(const platform::CpuFeatures& features);
  static bool is_possible() { return obstacle_of(platform::cpu_features()).empty(); }

  // Nothing is done before the first function is compiled.
  // @param handlers the interpreter's; the last ways out of machine code lead there.
  // @param stop the code that leaves the guest with the trap in aux.
  Baseline(code::HandlerTable handlers, const void* stop, const BaselineOptions& options);
  ~Baseline() override;

  std::unique_ptr<code::NativeCode> compile(const code::NativeSource& source) override;
  const code::Cell* cell_at(uintptr_t pc, runtime::Lookup lookup) const override;
  Statistics statistics() const;
  // Why the system allows no machine code; empty as long as that is not known.
  std::string obstacle() const { return cache_.obstacle(); }

 private:
  class Function;
  // Where code reads the time; null if there is no room.
  const uint8_t* time_near(code::Look& look);
  friend class Function;

  // What one compilation after another works with.
  struct Workplace;
  std::unique_ptr<Workplace> take_workplace();
  void give_back(std::unique_ptr<Workplace> workplace);

  void know_handlers();
  // The op of a cell whose handler is the interpreter's.
  code::CellOp op_of(const code::Cell& cell) const;
  void tell(platform::CodeLog& log, const CodeCache::Block& block, const code::NativeSource& source);

  code::HandlerTable handlers_;
  const void* stop_;
  const BaselineOptions options_;
  std::once_flag knows_handlers_, has_time_;
  const uint8_t* time_ = nullptr;
  uintptr_t first_handler_ = 0;
  std::vector<uint16_t> ops_;  // by a handler's place behind the first, in units of 16 bytes
  CodeCache cache_;
  std::mutex workplace_mutex_;
  std::unique_ptr<Workplace> workplace_;  // null: in use, or not made yet
  // By the address behind their code.
  mutable std::shared_mutex mutex_;
  std::map<uintptr_t, const Function*> functions_;
  std::atomic<uint64_t> function_count_{0}, cell_count_{0}, code_bytes_{0}, time_ns_{0}, refused_{0},
      too_large_{0};
};

}  // namespace godwit::jit
