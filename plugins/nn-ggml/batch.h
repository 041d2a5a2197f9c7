// Batch: sequences of one model that are computed together, whoever they belong to.
//
// A pass through the weights costs nearly the same for one token as for eight, so sequences that generate at the same
// time share passes. Nobody waits for that: whoever asks while nothing runs computes, in the caller's own thread, for all
// who have asked, and hands that over when its own part is done. For those who only start a run and go on (fibers, which
// have no thread to give) the batch has one thread, however many they are; while there are any, that computes for all.
//
//   session A  ──run────▶ leads:  [A's token, B's token, a piece of C's prompt] → pass → choose tokens → again …
//   session B  ──run────▶ waits ─────────────────────────────────────────▲
//   session C  ──start──▶ goes on ───────────────────────────────────────▲ told when it is done
//
// A pass takes a token of every answer and a bounded piece of prompts, oldest first, so that long prompts do not hold up
// answers.
#pragma once

#include <llama.h>
#include <pthread.h>

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
    uint64_t tenant = 0;              // who may begin with what the model remembers of it; 0: nobody else
    std::vector<llama_token> cached;  // what the model remembers of it
    std::vector<llama_token> lost;    // what it remembered, and has to compute again
    uint64_t last_used = 0;           // the number of the pass
    bool steps = false;               // its last run ended with a token: it may come back for the next
    bool has_left = false;  // nobody uses it any more; what is remembered may help others of its tenant
  };

 public:
  // The batch of those who run `weights` with `options`; a new one for whoever wants to be alone.
  static std::shared_ptr<Batch> of(const Weights& weights, const ContextOptions& options);

  explicit Batch(const Weights& weights, const ContextOptions& options)
      : weights_(weights), options_(options) {}
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // A place in the batch, and what the model remembers there. One thread at a time may use it.
  class Sequence final {
   public:
    // @errors GODWIT_NN_MISSING_MEMORY, GODWIT_NN_RUNTIME_ERROR: one sequence more has no room
    static Result<std::unique_ptr<Sequence>> join(std::shared_ptr<Batch> batch, const Call& call);
    // Soon done: who leads frees the place after the pass.
    ~Sequence();
    Sequence(const Sequence&) = delete;
    Sequence& operator=(const Sequence&) = delete;

    const ContextOptions& options() const { return batch_->options_; }

    // What is done with each token of an answer. @returns whether another one is wanted
    using Take = std::function<bool(std::optional<llama_token>, std::span<const float> logits)>;
    // How a run ended, and how many tokens were not computed again. Must not wait, nor use the batch.
    using Done = std::function<void(Result<>, size_t reused)>;

    // Makes `tokens` all that the sequence holds (of what it or another of its tenant holds already, a common beginning is
    // not computed again), chooses the next token, and while `take` wants another one, appends it and chooses again. `take`
    // runs while this call waits, on any thread.
    // @param tokens at least one; read before `take` is called first
    // @param reused receives how many tokens were not computed again
    // @errors GODWIT_NN_CONTEXT_FULL, GODWIT_NN_CANCELLED, GODWIT_NN_RUNTIME_ERROR
    Result<> run(std::span<const llama_token> tokens, Sampler& sampler, Take take, const Call& call,
                 size_t* reused = nullptr);

    // The same without waiting. All arguments live until `done` is called.
    void start(std::span<const llama_token> tokens, Sampler& sampler, Take take, const Call& call, Done done);

   private:
    friend class Batch;
    explicit Sequence(std::shared_ptr<Batch> batch) : batch_(std::move(batch)) {}

    std::shared_ptr<Batch> batch_;
    std::shared_ptr<Member> member_;
  };

 private:
  struct Job;
  class Leading;
  using Jobs = std::vector<std::shared_ptr<Job>>;

  Result<> join(const std::shared_ptr<Member>& member, const Call& call);
  std::optional<size_t> take_place(Member& member);
  void leave(Member& member);
  void tidy();
  void add(std::shared_ptr<Job> job);
  void wait_for(Job& job);
  void start(std::shared_ptr<Job> job);
  void make_worker();
  void work();
  bool has_started_jobs() const;
  void hand_over();
  void wait_for_companions(std::unique_lock<std::mutex>& lock);
  void pass(std::unique_lock<std::mutex>& lock);
  void measure(std::chrono::nanoseconds pass);
  size_t prompt_tokens_beside_answers() const;
  void compute(const Jobs& jobs);
  bool end_cancelled(const Jobs& jobs);
  void finish(Job& job);
  void begin(Job& job);
  size_t find_beginning(Job& job);
  void compute_lost(Job& job);
  size_t fill(const Jobs& jobs);
  void take_results(const Jobs& jobs, int32_t outcome);
  void choose(Job& job);
  Result<> resize(uint32_t sequences, const Call& call);

  const Weights& weights_;
  const ContextOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;  // for those who join, or gather companions
  std::condition_variable for_worker_;
  bool is_led_ = false;  // whoever leads may use all that the mutex does not guard
  // Of each sequence, null where it is free; changed with the mutex held and nobody else leading.
  std::vector<std::shared_ptr<Member>> members_;
  Jobs jobs_;                       // asked for and not done, oldest first; guarded by mutex_
  uint32_t waiting_to_change_ = 0;  // those who join go before the next pass; guarded by mutex_
  bool is_untidy_ = false;          // members have left during a pass; guarded by mutex_
  uint32_t expected_ = 0;  // members that took one token and may ask for the next at once; guarded by mutex_
  bool stops_ = false;     // the worker shall end; guarded by mutex_
  uint64_t passes_ = 0;
  std::chrono::nanoseconds last_pass_{};
  size_t answers_in_pass_ = 0;
  size_t prompt_tokens_in_pass_ = 0;
  double answers_pass_ns_ = 0;  // what a pass with answers alone takes, as of late; 0: not known
  double prompt_token_ns_ = 0;  // what a token of a prompt adds to one
  std::unique_ptr<Engine> engine_;
  struct FreeTokens {
    void operator()(llama_batch* tokens) const {
      llama_batch_free(*tokens);
      delete tokens;
    }
  };
  std::unique_ptr<llama_batch, FreeTokens> tokens_;  // of a pass
  std::optional<pthread_t> worker_;  // computes what was only started; made when it is first needed
};

}  // namespace godwit::ggml
