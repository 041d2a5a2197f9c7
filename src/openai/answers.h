// Answers: what a model says to one request, one or several times over, piece by piece.
//
//   the request's fiber ── start() ──▶ a fiber per answer: nn::Context, parked while the model computes
//            ▲                                   │ pieces, from the model's thread
//            └───────────── next() ◀── inbox ◀───┘
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/scheduler.h"
#include "async/signal.h"
#include "nn/registry.h"
#include "openai/admission.h"
#include "openai/error.h"
#include "openai/json.h"

namespace godwit::openai {

// What is asked of a model.
struct Question {
  std::shared_ptr<const nn::Graph> graph;
  uint32_t input = 0;  // of the backend's: 0 a prompt, 2 a conversation
  std::string text;
  json::object options;  // the backend's
  uint64_t tenant = 0;
  // Told how many tokens were read and written, once: also of an answer that nobody waited for. On its fiber. May be empty.
  std::function<void(int64_t tokens)> spent = {};
};

// How an answer has ended.
struct Ending {
  std::optional<ApiError> error;
  std::string finish_reason;  // "stop", "length"
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;  // of the prompt: were not computed again
  int64_t answer_tokens = 0;
  std::string text;     // the whole answer
  std::string message;  // of a conversation: as JSON
};

// @threads that of the fiber which asks.
class Answers final {
 public:
  // One answer to each of `questions`, on fibers of `scheduler`.
  // @param places are held until the last of them has ended, also when nobody listens any more
  // @errors 500: the system has no means left.
  static Outcome<std::unique_ptr<Answers>> start(nn::Registry& registry, async::Scheduler& scheduler,
                                                 std::vector<Question> questions, Admission::Hold places);
  // Who does not listen any more does not want them.
  ~Answers();

  // A piece of an answer, or its end.
  struct Event {
    size_t answer = 0;
    uint32_t output = 0;  // 0 text, 2 what came to the message, 3 a token and how probable it was
    std::string piece;
    std::shared_ptr<const Ending> ending;  // null: it goes on
  };
  // The next; waits for it. Nothing when all have ended, or the wait was called off.
  std::optional<Event> next(platform::fs::WaitMode mode);

  // Ends them soon, from any thread.
  void cancel();

 private:
  struct Inbox;
  struct Answer;
  explicit Answers(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
  static void run(nn::Registry& registry, async::Scheduler& scheduler, Inbox& inbox, size_t number,
                  const Question& question);

  std::shared_ptr<Inbox> inbox_;
};

}  // namespace godwit::openai
