// Engine: a llama.cpp context with the threads that run it; made by one call, freed as a whole.
#pragma once

#include <ggml-cpu.h>
#include <llama.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>

#include "call.h"
#include "model.h"
#include "options.h"
#include "result.h"

namespace godwit::ggml {

// Tokens that a sequence may have with these options.
int32_t context_size(const Weights& weights, const ContextOptions& options);

// Not thread-safe.
class Engine final {
 public:
  // @param sequences how many there may be at a time, each with room for context_size() tokens
  // @errors GODWIT_NN_MISSING_MEMORY, GODWIT_NN_RUNTIME_ERROR
  static Result<std::unique_ptr<Engine>> create(const Weights& weights, const ContextOptions& options,
                                                uint32_t sequences, const Call& call);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  llama_context* context() const { return context_; }
  uint32_t sequences() const { return llama_n_seq_max(context_); }
  // Tokens that a sequence has room for.
  size_t room() const { return room_; }
  // The most tokens of one pass.
  size_t pass_size() const { return std::min(llama_n_batch(context_), llama_n_ubatch(context_)); }

  // Removes what `sequence` has from the position `from` on. False: its state cannot go back so far; nothing is removed.
  bool truncate(llama_seq_id sequence, size_t from);
  void forget(llama_seq_id sequence);
  // Lets `to`, which has nothing, have the first `count` tokens of `from`, too: both then use the same cells.
  // Only where shares_beginnings().
  void copy_beginning(llama_seq_id from, llama_seq_id to, size_t count);
  // False for models with a recurrent state, which is that of the whole sequence.
  bool shares_beginnings() const;
  void forget_all();

  // While it lives, llama.cpp asks `aborts` whether to give up what it computes; also when what runs throws.
  class Run final {
   public:
    Run(Engine& engine, std::function<bool()> aborts) : engine_(engine) {
      engine_.aborts_ = std::move(aborts);
    }
    ~Run() { engine_.aborts_ = nullptr; }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

   private:
    Engine& engine_;
  };

 private:
  Engine() = default;

  llama_context* context_ = nullptr;
  size_t room_ = 0;
  ggml_threadpool* threads_ = nullptr;
  ggml_threadpool* threads_batch_ = nullptr;  // may be the same
  std::function<bool()> aborts_;              // during a Run
};

}  // namespace godwit::ggml
