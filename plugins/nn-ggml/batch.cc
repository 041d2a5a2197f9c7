// Passes of several sequences through the weights.
#include "batch.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <string>

namespace godwit::ggml {
namespace {

// How many tokens of prompts go along with answers in one pass: what a pass costs more is what those who are in the
// middle of an answer wait longer.
constexpr size_t kPromptTokensBesideAnswers = 32;
// Those who take their answer token by token are back within this time, or the pass goes without them.
constexpr std::chrono::microseconds kLongestGathering{2000};
// … but not more than this part of a pass.
constexpr int kGatheringPartOfPass = 4;
constexpr uint32_t kMostSequences = 64;

}  // namespace

// One run. Its owner waits while others compute.
struct Batch::Job {
  Member& member;
  std::span<const llama_token> tokens;  // all that the sequence shall hold
  Sampler& sampler;
  const Sequence::Take& take;
  const Call& call;

  bool has_begun = false;
  size_t reused = 0;
  std::vector<llama_token> pending = {};  // not computed yet
  size_t in_pass = 0;                     // of those, how many the running pass computes
  int32_t logits_at = -1;  // where the pass gives the logits of the last of them; -1: it is not among them
  bool answers = false;    // pending is one token of the answer

  bool is_done = false;
  Result<> result = {};
  std::condition_variable woken = {};  // is done, or shall lead

  void end(Result<> with) {
    result = std::move(with);
    is_done = true;
  }
};

std::shared_ptr<Batch> Batch::of(const Weights& weights, const ContextOptions& options) {
  if (!options.continuous_batching) return std::make_shared<Batch>(weights, options);
  return weights.batches().get(options, [&] { return std::make_shared<Batch>(weights, options); });
}

Result<std::unique_ptr<Batch::Sequence>> Batch::Sequence::join(std::shared_ptr<Batch> batch,
                                                               const Call& call) {
  std::unique_ptr<Sequence> sequence(new Sequence(std::move(batch)));
  auto member = std::make_unique<Member>();
  GGML_TRY(sequence->batch_->join(*member, call));
  sequence->member_ = std::move(member);
  return sequence;
}

Batch::Sequence::~Sequence() {
  if (member_) batch_->leave(*member_);
}

Result<> Batch::Sequence::run(std::span<const llama_token> tokens, Sampler& sampler, const Take& take,
                              const Call& call, size_t* reused) {
  Job job{.member = *member_, .tokens = tokens, .sampler = sampler, .take = take, .call = call};
  Result<> result = batch_->run(job);
  if (reused) *reused = job.reused;
  return result;
}

// Holds the lead, waiting for it first; gives it to those who wait at the end.
class Batch::Leading final {
 public:
  Leading(Batch& batch, std::unique_lock<std::mutex>& lock) : batch_(batch) {
    ++batch_.waiting_to_change_;
    batch_.changed_.wait(lock, [&] { return !batch_.is_led_; });
    --batch_.waiting_to_change_;
    batch_.is_led_ = true;
  }
  ~Leading() { batch_.hand_over(); }
  Leading(const Leading&) = delete;
  Leading& operator=(const Leading&) = delete;

 private:
  Batch& batch_;
};

Result<> Batch::join(Member& member, const Call& call) {
  std::unique_lock lock(mutex_);
  const Leading leading(*this, lock);
  auto free = std::ranges::find(members_, nullptr);
  if (free == members_.end()) {
    // Doubled, and copied: what others remember stays.
    const auto before = static_cast<uint32_t>(members_.size());
    if (before >= kMostSequences)
      return fail(GODWIT_NN_BUSY,
                  "the model has " + std::to_string(before) + " sequences, and no room for more");
    Result<> grown = resize(std::min(std::max(2 * before, 1u), kMostSequences), call);
    if (!grown && before > 0) grown = resize(before + 1, call);
    if (!grown) return grown;
    free = std::ranges::find(members_, nullptr);
  }
  member.sequence = static_cast<llama_seq_id>(free - members_.begin());
  *free = &member;
  return {};
}

void Batch::leave(Member& member) {
  std::unique_lock lock(mutex_);
  const Leading leading(*this, lock);
  if (member.steps && expected_ > 0) --expected_;
  members_[static_cast<size_t>(member.sequence)] = nullptr;
  const auto left =
      static_cast<uint32_t>(members_.size() - static_cast<size_t>(std::ranges::count(members_, nullptr)));
  if (left == 0) {
    members_.clear();
    tokens_.reset();
    engine_.reset();
    return;
  }
  engine_->forget(member.sequence);
}

// Gives everyone a place in a new engine. Nobody else may use the batch meanwhile.
Result<> Batch::resize(uint32_t sequences, const Call& call) {
  auto created = Engine::create(weights_, options_, sequences, call);
  if (!created) return std::unexpected(std::move(created).error());
  std::unique_ptr<Engine> engine = std::move(*created);
  std::vector<Member*> members(engine->sequences(), nullptr);
  size_t next = 0;
  std::vector<uint8_t> state;
  for (Member* member : members_) {
    if (!member) continue;
    const auto place = static_cast<llama_seq_id>(next);
    state.resize(llama_state_seq_get_size(engine_->context(), member->sequence));
    const size_t size =
        llama_state_seq_get_data(engine_->context(), state.data(), state.size(), member->sequence);
    if (member->cached.empty() || size == 0 ||
        llama_state_seq_set_data(engine->context(), state.data(), size, place) == 0) {
      engine->forget(place);
      if (!member->cached.empty()) member->lost = std::move(member->cached);
      member->cached.clear();
    }
    member->sequence = place;
    members[next++] = member;
  }
  engine_ = std::move(engine);
  members_ = std::move(members);
  tokens_.reset(new llama_batch(llama_batch_init(static_cast<int32_t>(engine_->pass_size()), 0, 1)));
  return {};
}

Result<> Batch::run(Job& job) {
  std::unique_lock lock(mutex_);
  if (job.member.steps) {
    job.member.steps = false;
    if (expected_ > 0) --expected_;
  }
  jobs_.push_back(&job);
  if (expected_ == 0) changed_.notify_all();  // a leader that gathers companions has all of them
  while (!job.is_done) {
    if (is_led_ || waiting_to_change_ > 0) {
      job.woken.wait(lock);
      continue;
    }
    is_led_ = true;
    lead(lock, job);
    hand_over();
  }
  return std::move(job.result);
}

void Batch::hand_over() {
  is_led_ = false;
  if (waiting_to_change_ > 0) changed_.notify_all();
  else if (!jobs_.empty()) jobs_.front()->woken.notify_one();
}

void Batch::lead(std::unique_lock<std::mutex>& lock, const Job& own) {
  while (!own.is_done && waiting_to_change_ == 0) {
    wait_for_companions(lock);
    pass(lock);
  }
}

void Batch::wait_for_companions(std::unique_lock<std::mutex>& lock) {
  if (expected_ == 0) return;
  const auto longest =
      std::min<std::chrono::nanoseconds>(kLongestGathering, last_pass_ / kGatheringPartOfPass);
  changed_.wait_for(lock, longest, [&] { return expected_ == 0 || waiting_to_change_ > 0; });
  // Who has not come is not waited for again.
  for (Member* member : members_)
    if (member) member->steps = false;
  expected_ = 0;
}

void Batch::pass(std::unique_lock<std::mutex>& lock) {
  const std::vector<Job*> jobs = jobs_;
  lock.unlock();
  const auto started = std::chrono::steady_clock::now();
  compute(jobs);
  last_pass_ = std::chrono::steady_clock::now() - started;
  lock.lock();
  std::erase_if(jobs_, [&](Job* job) {
    if (!job->is_done) return false;
    if (job->member.steps) ++expected_;
    job->woken.notify_one();
    return true;
  });
}

// One pass for as many as fit. What is thrown ends the runs of all, not the leader's thread.
void Batch::compute(std::span<Job* const> jobs) {
  std::string why;
  try {
    for (Job* job : jobs) {
      if (job->call.cancelled()) job->end(fail(GODWIT_NN_CANCELLED));
      else if (!job->has_begun) begin(*job);
      else compute_lost(*job);
    }
    if (fill(jobs) == 0) return;
    // Work that somebody still wants goes on.
    const Engine::Run run(*engine_, [jobs] {
      return std::ranges::all_of(jobs,
                                 [](const Job* job) { return job->in_pass == 0 || job->call.cancelled(); });
    });
    return take_results(jobs, llama_decode(engine_->context(), *tokens_));
  } catch (const std::bad_alloc&) {
    why = "out of memory";
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "an exception without words";
  }
  for (Job* job : jobs) {
    if (job->is_done) continue;
    engine_->forget(job->member.sequence);
    job->member.cached.clear();
    job->end(fail(GODWIT_NN_RUNTIME_ERROR, "llama.cpp: " + why));
  }
}

void Batch::compute_lost(Job& job) {
  std::vector<llama_token>& lost = job.member.lost;
  if (lost.empty()) return;
  job.pending.insert(job.pending.begin(), lost.begin(), lost.end());
  job.answers = false;
  lost.clear();
}

// Finds what of the tokens is to be computed.
void Batch::begin(Job& job) {
  job.has_begun = true;
  job.member.lost.clear();
  std::vector<llama_token>& cached = job.member.cached;
  if (job.tokens.size() > engine_->room()) return job.end(fail(GODWIT_NN_CONTEXT_FULL));
  auto common = static_cast<size_t>(std::ranges::mismatch(cached, job.tokens).in1 - cached.begin());
  // the last token gives the logits that the answer begins with
  common = std::min(common, job.tokens.size() - 1);
  if (common < cached.size() && !engine_->truncate(job.member.sequence, common)) {
    engine_->forget(job.member.sequence);  // models with a recurrent state cannot go back
    common = 0;
  }
  cached.resize(common);
  job.reused = common;
  job.pending.assign(job.tokens.begin() + static_cast<std::ptrdiff_t>(common), job.tokens.end());
  job.answers = job.pending.size() == 1;
}

// Chooses the tokens of a pass. @returns how many
size_t Batch::fill(std::span<Job* const> jobs) {
  llama_batch& tokens = *tokens_;
  tokens.n_tokens = 0;
  const size_t most = engine_->pass_size();
  const auto add = [&](Job& job, size_t count) {
    job.in_pass = count;
    job.logits_at = -1;
    const std::vector<llama_token>& cached = job.member.cached;
    for (size_t i = 0; i < count; ++i) {
      const auto at = static_cast<size_t>(tokens.n_tokens++);
      const bool is_last = i + 1 == job.pending.size();
      tokens.token[at] = job.pending[i];
      tokens.pos[at] = static_cast<llama_pos>(cached.size() + i);
      tokens.n_seq_id[at] = 1;
      tokens.seq_id[at][0] = job.member.sequence;
      tokens.logits[at] = is_last;
      if (is_last) job.logits_at = static_cast<int32_t>(at);
    }
  };
  size_t answers = 0;
  for (Job* job : jobs) {
    job->in_pass = 0;
    if (job->is_done || !job->answers || static_cast<size_t>(tokens.n_tokens) >= most) continue;
    add(*job, 1);
    ++answers;
  }
  size_t room = most - static_cast<size_t>(tokens.n_tokens);
  if (answers > 0) room = std::min(room, kPromptTokensBesideAnswers);
  for (Job* job : jobs) {
    if (job->is_done || job->answers || room == 0) continue;
    add(*job, std::min(room, job->pending.size()));
    room -= job->in_pass;
  }
  return static_cast<size_t>(tokens.n_tokens);
}

// @param outcome llama_decode's: 0 done, 1 no room, 2 given up, below 0 failed
void Batch::take_results(std::span<Job* const> jobs, int32_t outcome) {
  for (Job* job : jobs) {
    if (job->in_pass == 0 || job->is_done) continue;
    std::vector<llama_token>& cached = job->member.cached;
    if (outcome != 0) {
      // A part of the pass may have been computed.
      if (outcome < 0 || !engine_->truncate(job->member.sequence, cached.size())) {
        engine_->forget(job->member.sequence);
        cached.clear();
      }
      if (outcome == 1) job->end(fail(GODWIT_NN_CONTEXT_FULL));
      else if (outcome == 2) job->end(fail(GODWIT_NN_CANCELLED));
      else
        job->end(fail(GODWIT_NN_RUNTIME_ERROR, "llama.cpp cannot run the model: " + LogScope::first_error()));
      continue;
    }
    const auto computed = job->pending.begin() + static_cast<std::ptrdiff_t>(job->in_pass);
    cached.insert(cached.end(), job->pending.begin(), computed);
    job->pending.erase(job->pending.begin(), computed);
    if (job->logits_at < 0) continue;
    // What a sampler throws (a grammar may) is the affair of whoever asked for it.
    try {
      choose(*job);
    } catch (const std::bad_alloc&) {
      job->end(fail(GODWIT_NN_MISSING_MEMORY, "out of memory"));
    } catch (const std::exception& error) {
      job->end(fail(GODWIT_NN_RUNTIME_ERROR, std::string("llama.cpp: ") + error.what()));
    }
  }
}

void Batch::choose(Job& job) {
  const std::optional<llama_token> token = job.sampler.sample(engine_->context(), job.logits_at);
  const bool goes_on = job.take(token);
  if (!goes_on || !token) {
    job.member.steps = token.has_value();
    return job.end({});
  }
  if (job.member.cached.size() >= engine_->room()) return job.end(fail(GODWIT_NN_CONTEXT_FULL));
  job.pending.assign(1, *token);
  job.answers = true;
}

}  // namespace godwit::ggml
