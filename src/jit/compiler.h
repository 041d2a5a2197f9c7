// Baseline: the tier that copies and patches stencils.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "code/cell_op.h"
#include "code/native.h"
#include "jit/code_cache.h"

namespace godwit::jit {

struct Statistics {
  uint64_t functions = 0;
  uint64_t cells = 0;
  uint64_t code_bytes = 0;
  uint64_t time_ns = 0;
};

class Baseline final : public code::NativeTier {
 public:
  // The stencils are compiled for the processors of the last fifteen years (x86-64-v2).
  static bool is_possible();

  // @param handlers the interpreter's; the last ways out of machine code lead there.
  // @param code_limit_bytes of machine code of all functions together.
  // @param stop the code that leaves the guest with the trap in aux.
  Baseline(code::HandlerTable handlers, const void* stop, size_t code_limit_bytes);
  ~Baseline() override;

  std::unique_ptr<code::NativeCode> compile(std::span<code::Cell> cells, code::MayCatch may_catch) override;
  const code::Cell* cell_at(uintptr_t pc) const override;
  Statistics statistics() const;

 private:
  class Function;
  friend class Function;

  // The op of a cell whose handler is the interpreter's.
  code::CellOp op_of(const code::Cell& cell) const;

  code::HandlerTable handlers_;
  const void* stop_;
  uintptr_t first_handler_ = 0;
  std::vector<uint16_t> ops_;  // by a handler's place behind the first, in units of 16 bytes
  CodeCache cache_;
  // By the address behind their code.
  mutable std::shared_mutex mutex_;
  std::map<uintptr_t, const Function*> functions_;
  std::atomic<uint64_t> function_count_{0}, cell_count_{0}, code_bytes_{0}, time_ns_{0};
};

}  // namespace godwit::jit
