// Passes of several sequences through the weights.
#include "batch.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <string>

namespace godwit::ggml {
namespace {

// How many tokens of prompts go along with answers in one pass, until it is known what they cost: what a pass costs more is
// what those who are in the middle of an answer wait longer. Then so many that a pass takes twice as long at most.
constexpr size_t kPromptTokensBesideAnswers = 32;
constexpr size_t kFewestPromptTokens = 4;
// The weight of the latest pass in what passes are taken to cost.
constexpr double kNews = 0.2;
// Those who take their answer token by token are back within this time, or the pass goes without them.
constexpr std::chrono::microseconds kLongestGathering{2000};
// … but not more than this part of a pass.
constexpr int kGatheringPartOfPass = 4;
constexpr uint32_t kMostSequences = 64;
// During a pass it is asked this often who has been cancelled.
constexpr std::chrono::microseconds kCancelInterval{1000};
// What reads answers (a grammar that waits for its trigger, a parser of tool calls) calls itself for each of their
// characters: 512 bytes apiece, for the longest that a context of 64 thousand tokens holds. Only what is used is taken.
constexpr size_t kWorkerStackBytes = size_t{256} << 20;
// A beginning that another sequence remembers is taken from there if it is so many tokens longer than the own one.
constexpr size_t kWorthTaking = 8;

size_t common_beginning(std::span<const llama_token> a, std::span<const llama_token> b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

// One run. Its owner waits while others compute, or is told.
struct Batch::Job {
  std::shared_ptr<Member> member;
  std::span<const llama_token> tokens;  // all that the sequence shall hold
  Sampler& sampler;
  Sequence::Take take;
  const Call& call;
  Sequence::Done done = {};  // of a run that was only started

  bool has_begun = false;
  size_t reused = 0;
  std::vector<llama_token> pending = {};  // not computed yet
  size_t in_pass = 0;                     // of those, how many the running pass computes
  int32_t logits_at = -1;  // where the pass gives the logits of the last of them; -1: it is not among them
  bool answers = false;    // pending is one token of the answer
  bool has_ended = false;  // with `result`; from then on `tokens`, `sampler`, `take` and `call` may be gone
  Result<> result = {};

  bool is_done = false;                // its owner may know; guarded by the batch's mutex
  std::condition_variable woken = {};  // is done, or shall lead

  void end(Result<> with) {
    result = std::move(with);
    has_ended = true;
  }
};

std::shared_ptr<Batch> Batch::of(const Weights& weights, const ContextOptions& options) {
  if (!options.continuous_batching) return std::make_shared<Batch>(weights, options);
  return weights.batches().get(options, [&] { return std::make_shared<Batch>(weights, options); });
}

Batch::~Batch() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  for_worker_.notify_all();
  if (worker_) pthread_join(*worker_, nullptr);
}

Result<std::unique_ptr<Batch::Sequence>> Batch::Sequence::join(std::shared_ptr<Batch> batch,
                                                               const Call& call) {
  std::unique_ptr<Sequence> sequence(new Sequence(std::move(batch)));
  auto member = std::make_shared<Member>();
  GGML_TRY(sequence->batch_->join(member, call));
  sequence->member_ = std::move(member);
  return sequence;
}

Batch::Sequence::~Sequence() {
  if (member_) batch_->leave(*member_);
}

Result<> Batch::Sequence::run(std::span<const llama_token> tokens, Sampler& sampler, Take take,
                              const Call& call, size_t* reused) {
  const auto job = std::make_shared<Job>(member_, tokens, sampler, std::move(take), call);
  batch_->add(job);
  batch_->wait_for(*job);
  if (reused) *reused = job->reused;
  return std::move(job->result);
}

void Batch::Sequence::start(std::span<const llama_token> tokens, Sampler& sampler, Take take,
                            const Call& call, Done done) {
  batch_->start(std::make_shared<Job>(member_, tokens, sampler, std::move(take), call, std::move(done)));
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

Result<> Batch::join(const std::shared_ptr<Member>& member, const Call& call) {
  std::unique_lock lock(mutex_);
  const Leading leading(*this, lock);
  if (is_untidy_) tidy();
  member->tenant = call.tenant();
  std::optional<size_t> place = take_place(*member);
  if (!place) {
    // Doubled, and copied: what others remember stays.
    const auto before = static_cast<uint32_t>(members_.size());
    if (before >= kMostSequences)
      return fail(GODWIT_NN_BUSY,
                  "the model has " + std::to_string(before) + " sequences, and no room for more");
    Result<> grown = resize(std::min(std::max(2 * before, 1u), kMostSequences), call);
    if (!grown && before > 0) grown = resize(before + 1, call);
    if (!grown) return grown;
    place = take_place(*member);
  }
  member->sequence = static_cast<llama_seq_id>(*place);
  members_[*place] = member;
  return {};
}

// A free place, or that of a member which has left: the latest of the same tenant's, which is taken over with what is
// remembered there, or else the one that was not used for longest.
std::optional<size_t> Batch::take_place(Member& member) {
  const auto free = std::ranges::find(members_, nullptr);
  if (free != members_.end()) return free - members_.begin();
  std::optional<size_t> best;
  bool is_ours = false;
  for (size_t place = 0; place < members_.size(); ++place) {
    const Member& other = *members_[place];
    if (!other.has_left) continue;
    const bool same = other.tenant == member.tenant;
    const bool better = !best || (same ? !is_ours || other.last_used > members_[*best]->last_used
                                       : !is_ours && other.last_used < members_[*best]->last_used);
    if (!better) continue;
    best = place;
    is_ours = same;
  }
  if (!best) return best;
  if (is_ours) member.cached = std::move(members_[*best]->cached);
  else engine_->forget(static_cast<llama_seq_id>(*best));
  return best;
}

void Batch::leave(Member& member) {
  const std::lock_guard lock(mutex_);
  member.has_left = true;
  if (member.steps && expected_ > 0) --expected_;
  member.steps = false;
  if (is_led_) is_untidy_ = true;
  else tidy();
}

// Frees the places of those who have left, unless others of their tenant may go on from what is remembered there. By who
// leads, or while nobody does.
void Batch::tidy() {
  is_untidy_ = false;
  bool is_used = false;
  for (size_t place = 0; place < members_.size(); ++place) {
    std::shared_ptr<Member>& member = members_[place];
    if (!member) continue;
    if (member->has_left &&
        (member->tenant == 0 || member->cached.empty() || !engine_->shares_beginnings())) {
      engine_->forget(static_cast<llama_seq_id>(place));
      member.reset();
    }
    is_used |= member != nullptr;
  }
  if (is_used) return;
  members_.clear();
  tokens_.reset();
  engine_.reset();
}

// Gives everyone a place in a new engine. Nobody else may use the batch meanwhile.
Result<> Batch::resize(uint32_t sequences, const Call& call) {
  auto created = Engine::create(weights_, options_, sequences, call);
  if (!created) return std::unexpected(std::move(created).error());
  std::unique_ptr<Engine> engine = std::move(*created);
  std::vector<std::shared_ptr<Member>> members(engine->sequences());
  size_t next = 0;
  std::vector<uint8_t> state;
  for (const std::shared_ptr<Member>& member : members_) {
    if (!member || member->has_left) continue;
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

// With the mutex held.
void Batch::add(std::shared_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  if (job->member->steps) {
    job->member->steps = false;
    if (expected_ > 0) --expected_;
  }
  jobs_.push_back(std::move(job));
  if (expected_ == 0) changed_.notify_all();  // a leader that gathers companions has all of them
}

void Batch::wait_for(Job& job) {
  std::unique_lock lock(mutex_);
  while (!job.is_done) {
    if (is_led_ || waiting_to_change_ > 0 || has_started_jobs()) {
      job.woken.wait(lock);
      continue;
    }
    is_led_ = true;
    while (!job.is_done && waiting_to_change_ == 0 && !has_started_jobs()) {
      wait_for_companions(lock);
      pass(lock);
    }
    hand_over();
  }
}

void Batch::start(std::shared_ptr<Job> job) {
  add(std::move(job));
  const std::lock_guard lock(mutex_);
  if (!worker_) make_worker();
  else for_worker_.notify_one();
}

void Batch::make_worker() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kWorkerStackBytes);
  pthread_t thread;
  const auto begin = [](void* self) -> void* {
    static_cast<Batch*>(self)->work();
    return nullptr;
  };
  const int error = pthread_create(&thread, &attributes, begin, this);
  pthread_attr_destroy(&attributes);
  if (error == 0) {
    worker_ = thread;
    return;
  }
  // Nobody would ever compute them.
  const Jobs jobs = jobs_;
  for (const auto& job : jobs) {
    if (!job->done) continue;
    job->end(fail(GODWIT_NN_MISSING_MEMORY, "no memory for a thread that computes"));
    finish(*job);
  }
}

bool Batch::has_started_jobs() const {
  return std::ranges::any_of(jobs_, [](const auto& job) { return job->done != nullptr; });
}

// Leads for those who do not wait themselves.
void Batch::work() {
  const LogScope scope;
  std::unique_lock lock(mutex_);
  while (!stops_) {
    if (is_led_ || waiting_to_change_ > 0 || !has_started_jobs()) {
      for_worker_.wait(lock);
      continue;
    }
    is_led_ = true;
    while (has_started_jobs() && waiting_to_change_ == 0) {
      wait_for_companions(lock);
      pass(lock);
    }
    hand_over();
  }
}

void Batch::hand_over() {
  is_led_ = false;
  if (is_untidy_) tidy();
  if (waiting_to_change_ > 0) changed_.notify_all();
  else if (jobs_.empty()) return;
  else if (has_started_jobs()) for_worker_.notify_one();
  else jobs_.front()->woken.notify_one();
}

void Batch::wait_for_companions(std::unique_lock<std::mutex>& lock) {
  if (expected_ == 0) return;
  const auto longest =
      std::min<std::chrono::nanoseconds>(kLongestGathering, last_pass_ / kGatheringPartOfPass);
  changed_.wait_for(lock, longest, [&] { return expected_ == 0 || waiting_to_change_ > 0; });
  // Who has not come is not waited for again.
  for (const auto& member : members_)
    if (member) member->steps = false;
  expected_ = 0;
}

void Batch::pass(std::unique_lock<std::mutex>& lock) {
  const Jobs jobs = jobs_;
  if (is_untidy_) tidy();
  lock.unlock();
  const auto started = std::chrono::steady_clock::now();
  compute(jobs);
  last_pass_ = std::chrono::steady_clock::now() - started;
  measure(last_pass_);
  lock.lock();
  for (const auto& job : jobs)
    if (job->has_ended && !job->is_done) finish(*job);
}

void Batch::measure(std::chrono::nanoseconds pass) {
  const auto blend = [](double& known, double latest) {
    known = known == 0 ? latest : (1 - kNews) * known + kNews * latest;
  };
  const auto took = static_cast<double>(pass.count());
  if (answers_in_pass_ == 0) return;
  if (prompt_tokens_in_pass_ == 0) return blend(answers_pass_ns_, took);
  if (answers_pass_ns_ == 0) return;
  const double more = std::max(took - answers_pass_ns_, 1.0);
  blend(prompt_token_ns_, more / static_cast<double>(prompt_tokens_in_pass_));
}

size_t Batch::prompt_tokens_beside_answers() const {
  if (answers_pass_ns_ == 0 || prompt_token_ns_ == 0) return kPromptTokensBesideAnswers;
  const double fit = std::min(answers_pass_ns_ / prompt_token_ns_, static_cast<double>(engine_->pass_size()));
  return std::max(static_cast<size_t>(fit), kFewestPromptTokens);
}

// Tells its owner that a run has ended. With the mutex held.
void Batch::finish(Job& job) {
  std::erase_if(jobs_, [&](const auto& other) { return other.get() == &job; });
  if (job.member->steps) ++expected_;
  job.is_done = true;
  job.woken.notify_one();
  if (const Sequence::Done done = std::move(job.done)) done(std::move(job.result), job.reused);
}

// During a pass: who was cancelled need not wait for its end. @returns whether nobody is left who wants it
bool Batch::end_cancelled(const Jobs& jobs) {
  bool is_wanted = false;
  for (const auto& job : jobs) {
    if (job->has_ended) continue;
    if (!job->call.cancelled()) {
      is_wanted |= job->in_pass > 0;
      continue;
    }
    job->end(fail(GODWIT_NN_CANCELLED));
    const std::lock_guard lock(mutex_);
    finish(*job);
  }
  return !is_wanted;
}

// One pass for as many as fit. What is thrown ends the runs of all, not the leader's thread.
void Batch::compute(const Jobs& jobs) {
  std::string why;
  ++passes_;
  answers_in_pass_ = 0;
  try {
    for (const auto& job : jobs) {
      if (job->call.cancelled()) job->end(fail(GODWIT_NN_CANCELLED));
      else if (!job->has_begun) begin(*job);
      else compute_lost(*job);
    }
    if (fill(jobs) == 0) return;
    auto asked = std::chrono::steady_clock::now();
    bool is_unwanted = false;
    const Engine::Run run(*engine_, [&] {
      const auto now = std::chrono::steady_clock::now();
      if (is_unwanted || now - asked < kCancelInterval) return is_unwanted;
      asked = now;
      return is_unwanted = end_cancelled(jobs);
    });
    return take_results(jobs, llama_decode(engine_->context(), *tokens_));
  } catch (const std::bad_alloc&) {
    why = "out of memory";
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "an exception without words";
  }
  for (const auto& job : jobs) {
    engine_->forget(job->member->sequence);
    job->member->cached.clear();
    if (!job->has_ended) job->end(fail(GODWIT_NN_RUNTIME_ERROR, "llama.cpp: " + why));
  }
}

void Batch::compute_lost(Job& job) {
  std::vector<llama_token>& lost = job.member->lost;
  if (lost.empty()) return;
  job.pending.insert(job.pending.begin(), lost.begin(), lost.end());
  job.answers = false;
  lost.clear();
}

// How many tokens of the beginning the sequence has, or can be given by another of its tenant.
size_t Batch::find_beginning(Job& job) {
  Member& own = *job.member;
  // the last token gives the logits that the answer begins with
  const size_t most = job.tokens.size() - 1;
  size_t common = std::min(common_beginning(own.cached, job.tokens), most);
  if (own.tenant == 0 || !engine_->shares_beginnings()) return common;
  const Member* best = nullptr;
  for (const auto& other : members_) {
    if (!other || other.get() == &own || other->tenant != own.tenant) continue;
    const size_t theirs = std::min(common_beginning(other->cached, job.tokens), most);
    if (theirs < common + (best ? 1 : kWorthTaking)) continue;
    best = other.get();
    common = theirs;
  }
  if (!best) return common;
  engine_->forget(own.sequence);
  engine_->copy_beginning(best->sequence, own.sequence, common);
  own.cached.assign(best->cached.begin(), best->cached.begin() + static_cast<std::ptrdiff_t>(common));
  return common;
}

// Finds what of the tokens is to be computed.
void Batch::begin(Job& job) {
  job.has_begun = true;
  job.member->lost.clear();
  std::vector<llama_token>& cached = job.member->cached;
  if (job.tokens.size() > engine_->room()) return job.end(fail(GODWIT_NN_CONTEXT_FULL));
  size_t common = find_beginning(job);
  if (common < cached.size() && !engine_->truncate(job.member->sequence, common)) {
    engine_->forget(job.member->sequence);  // models with a recurrent state cannot go back
    common = 0;
  }
  cached.resize(common);
  job.reused = common;
  job.pending.assign(job.tokens.begin() + static_cast<std::ptrdiff_t>(common), job.tokens.end());
  job.answers = job.pending.size() == 1;
}

// Chooses the tokens of a pass. @returns how many
size_t Batch::fill(const Jobs& jobs) {
  llama_batch& tokens = *tokens_;
  tokens.n_tokens = 0;
  const size_t most = engine_->pass_size();
  const auto add = [&](Job& job, size_t count) {
    job.in_pass = count;
    job.logits_at = -1;
    job.member->last_used = passes_;
    const std::vector<llama_token>& cached = job.member->cached;
    for (size_t i = 0; i < count; ++i) {
      const auto at = static_cast<size_t>(tokens.n_tokens++);
      const bool is_last = i + 1 == job.pending.size();
      tokens.token[at] = job.pending[i];
      tokens.pos[at] = static_cast<llama_pos>(cached.size() + i);
      tokens.n_seq_id[at] = 1;
      tokens.seq_id[at][0] = job.member->sequence;
      tokens.logits[at] = is_last;
      if (is_last) job.logits_at = static_cast<int32_t>(at);
    }
  };
  size_t answers = 0;
  for (const auto& job : jobs) {
    job->in_pass = 0;
    if (job->has_ended || !job->answers || static_cast<size_t>(tokens.n_tokens) >= most) continue;
    add(*job, 1);
    ++answers;
  }
  size_t room = most - static_cast<size_t>(tokens.n_tokens);
  if (answers > 0) room = std::min(room, prompt_tokens_beside_answers());
  answers_in_pass_ = answers;
  prompt_tokens_in_pass_ = 0;
  for (const auto& job : jobs) {
    if (job->has_ended || job->answers || room == 0) continue;
    add(*job, std::min(room, job->pending.size()));
    room -= job->in_pass;
    prompt_tokens_in_pass_ += job->in_pass;
  }
  return static_cast<size_t>(tokens.n_tokens);
}

// @param outcome llama_decode's: 0 done, 1 no room, 2 given up, below 0 failed
void Batch::take_results(const Jobs& jobs, int32_t outcome) {
  for (const auto& job : jobs) {
    if (job->in_pass == 0) continue;
    std::vector<llama_token>& cached = job->member->cached;
    if (outcome != 0) {
      // A part of the pass may have been computed.
      if (outcome < 0 || !engine_->truncate(job->member->sequence, cached.size())) {
        engine_->forget(job->member->sequence);
        cached.clear();
      }
      if (job->has_ended) continue;
      if (outcome == 1) job->end(fail(GODWIT_NN_CONTEXT_FULL));
      else if (outcome == 2) job->end(fail(GODWIT_NN_CANCELLED));
      else
        job->end(fail(GODWIT_NN_RUNTIME_ERROR, "llama.cpp cannot run the model: " + LogScope::first_error()));
      continue;
    }
    const auto computed = job->pending.begin() + static_cast<std::ptrdiff_t>(job->in_pass);
    cached.insert(cached.end(), job->pending.begin(), computed);
    job->pending.erase(job->pending.begin(), computed);
    if (job->has_ended) continue;  // cancelled while the pass ran
    if (!job->call.spend(job->in_pass)) {
      job->end(fail(GODWIT_NN_CANCELLED));
      continue;
    }
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
  const bool goes_on = job.take(token, job.sampler.logits());
  if (!goes_on || !token) {
    job.member->steps = token.has_value();
    return job.end({});
  }
  if (job.member->cached.size() >= engine_->room()) return job.end(fail(GODWIT_NN_CONTEXT_FULL));
  job.pending.assign(1, *token);
  job.answers = true;
}

}  // namespace godwit::ggml
