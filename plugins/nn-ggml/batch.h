// Batch: sequences of one model that are computed together, whoever they belong to.
//
// A pass through the weights costs nearly the same for one token as for eight, so sequences that generate at the same
// time share passes. Nobody waits for that: whoever asks while nothing runs computes, in the caller's own thread, for all
// who have asked, and hands that over when its own part is done.
//
//   session A  ──run──▶ leads:  [A's token, B's token, a piece of C's prompt] → pass → choose tokens → again …
//   session B  ──run──▶ waits ─────────────────────────────────────────▲
//   session C  ──run──▶ waits ─────────────────────────────────────────▲
//
// A pass takes a token of every answer and a bounded piece of prompts, oldest first, so that long prompts do not hold up
// answers.
#pragma once

#include <llama.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "call.h"
#include "engine.h"
#include "result.h"
#include "sampler.h"

namespace godwit::ggml {

class Batch final : public std::enable_shared_from_this<Batch> {
 private:
  struct Member {
    llama_seq_id sequence = 0;
    std::vector<llama_token> cached;  // what the model remembers of it
    std::vector<llama_token> lost;    // what it remembered, and has to compute again
    bool steps = false;               // its last run ended with a token: it may come back for the next
  };

 public:
  // The batch of those who run `weights` with `options`; a new one for whoever wants to be alone.
  static std::shared_ptr<Batch> of(const Weights& weights, const ContextOptions& options);

  explicit Batch(const Weights& weights, const ContextOptions& options)
      : weights_(weights), options_(options) {}

  // A place in the batch, and what the model remembers there. One thread at a time may use it.
  class Sequence final {
   public:
    // @errors GODWIT_NN_MISSING_MEMORY, GODWIT_NN_RUNTIME_ERROR: one sequence more has no room
    static Result<std::unique_ptr<Sequence>> join(std::shared_ptr<Batch> batch, const Call& call);
    ~Sequence();
    Sequence(const Sequence&) = delete;
    Sequence& operator=(const Sequence&) = delete;

    const ContextOptions& options() const { return batch_->options_; }

    // What is done with each token of an answer. @returns whether another one is wanted
    using Take = std::function<bool(std::optional<llama_token>)>;

    // Makes `tokens` all that the sequence holds (of what it holds already, a common beginning is not computed again),
    // chooses the next token, and while `take` wants another one, appends it and chooses again. `take` runs while this
    // call waits, on any thread.
    // @param tokens at least one; read before `take` is called first
    // @param reused receives how many tokens were not computed again
    // @errors GODWIT_NN_CONTEXT_FULL, GODWIT_NN_CANCELLED, GODWIT_NN_RUNTIME_ERROR
    Result<> run(std::span<const llama_token> tokens, Sampler& sampler, const Take& take, const Call& call,
                 size_t* reused = nullptr);

   private:
    friend class Batch;
    explicit Sequence(std::shared_ptr<Batch> batch) : batch_(std::move(batch)) {}

    std::shared_ptr<Batch> batch_;
    std::unique_ptr<Member> member_;
  };

 private:
  struct Job;
  class Leading;

  Result<> join(Member& member, const Call& call);
  void leave(Member& member);
  Result<> run(Job& job);
  void lead(std::unique_lock<std::mutex>& lock, const Job& own);
  void hand_over();
  void wait_for_companions(std::unique_lock<std::mutex>& lock);
  void pass(std::unique_lock<std::mutex>& lock);
  void compute(std::span<Job* const> jobs);
  void begin(Job& job);
  void compute_lost(Job& job);
  size_t fill(std::span<Job* const> jobs);
  void take_results(std::span<Job* const> jobs, int32_t outcome);
  void choose(Job& job);
  Result<> resize(uint32_t sequences, const Call& call);

  const Weights& weights_;
  const ContextOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;  // for those who join, leave, or gather companions
  bool is_led_ = false;              // whoever leads may use all that the mutex does not guard
  std::vector<Member*> members_;     // of each sequence, null where it is free; guarded by mutex_
  std::vector<Job*> jobs_;           // asked for and not done, oldest first; guarded by mutex_
  uint32_t waiting_to_change_ = 0;   // those who join or leave go before the next pass; guarded by mutex_
  uint32_t expected_ = 0;  // members that took one token and may ask for the next at once; guarded by mutex_
  std::chrono::nanoseconds last_pass_{};
  std::unique_ptr<Engine> engine_;
  struct FreeTokens {
    void operator()(llama_batch* tokens) const {
      llama_batch_free(*tokens);
      delete tokens;
    }
  };
  std::unique_ptr<llama_batch, FreeTokens> tokens_;  // of a pass
};

}  // namespace godwit::ggml
