// Runs a model's contexts on fibers.
#include "openai/answers.h"

#include <algorithm>
#include <utility>

#include "openai/texts.h"

namespace godwit::openai {
namespace {

constexpr uint32_t kOptions = 1;

int64_t count_at(const json::object& counts, std::string_view key) {
  const json::value* value = find(counts, key);
  const int64_t* number = value ? value->if_int64() : nullptr;
  return number ? *number : 0;
}

}  // namespace

// What the answers' fibers and who listens share.
struct Answers::Inbox {
  explicit Inbox(async::Signal own) : signal(std::move(own)) {}

  void put(Event event) {
    {
      const std::lock_guard lock(mutex);
      events.push_back(std::move(event));
    }
    signal.raise();
  }

  std::atomic<bool> is_cancelled = false;
  std::mutex mutex;
  std::deque<Event> events;  // guarded by mutex
  size_t unended = 0;        // answers whose end was not taken yet; of the listener
  async::Signal signal;
  std::vector<Question> questions;
  Admission::Hold places;
};

Outcome<std::unique_ptr<Answers>> Answers::start(nn::Registry& registry, async::Scheduler& scheduler,
                                                 std::vector<Question> questions, Admission::Hold places) {
  const auto no_means = [] {
    return std::unexpected<ApiError>(
        ApiError{.status = 500,
                 .type = "server_error",
                 .code = {},
                 .field = {},
                 .message = "the system has no memory or files left for an answer"});
  };
  auto signal = async::Signal::create();
  if (!signal) return no_means();
  auto inbox = std::make_shared<Inbox>(std::move(*signal));
  inbox->questions = std::move(questions);
  inbox->places = std::move(places);
  std::unique_ptr<Answers> answers(new Answers(inbox));
  for (size_t number = 0; number < inbox->questions.size(); ++number) {
    const auto spawned = scheduler.spawn([inbox, number, &registry, &scheduler] {
      run(registry, scheduler, *inbox, number, inbox->questions[number]);
    });
    if (!spawned) return no_means();
    ++inbox->unended;
  }
  return answers;
}

Answers::~Answers() { cancel(); }

void Answers::cancel() { inbox_->is_cancelled.store(true, std::memory_order_relaxed); }

std::optional<Answers::Event> Answers::next(platform::fs::WaitMode mode) {
  while (inbox_->unended > 0) {
    {
      const std::lock_guard lock(inbox_->mutex);
      if (!inbox_->events.empty()) {
        Event event = std::move(inbox_->events.front());
        inbox_->events.pop_front();
        if (event.ending) --inbox_->unended;
        return event;
      }
    }
    if (!inbox_->signal.wait(mode)) return std::nullopt;
  }
  return std::nullopt;
}

void Answers::run(nn::Registry& registry, async::Scheduler& scheduler, Inbox& inbox, size_t number,
                  const Question& question) {
  auto ending = std::make_shared<Ending>();
  std::atomic<int64_t> emitted = 0;  // pieces: about as many as tokens
  const nn::Waiting waiting = registry.waiting(&scheduler);
  const nn::CallOrigin origin{
      .log = registry.log(),
      .interrupted = [&inbox] { return inbox.is_cancelled.load(std::memory_order_relaxed); },
      .tenant = question.tenant,
      .emit =
          [&](uint32_t output, std::string_view piece) {
            emitted.fetch_add(output != 3, std::memory_order_relaxed);
            inbox.put({.answer = number, .output = output, .piece = std::string(piece), .ending = nullptr});
          }};
  nn::BackendCall call(origin);
  const auto compute = [&]() -> nn::Outcome<> {
    auto context = nn::Context::create(question.graph, origin);
    if (!context) return std::unexpected(std::move(context).error());
    if (auto set_options = set_text(**context, kOptions, text_of(question.options), call, waiting);
        !set_options)
      return set_options;
    if (auto asked = set_text(**context, question.input, question.text, call, waiting); !asked) return asked;
    const auto computed = call.outcome((*context)->compute(call.get(), waiting));
    if (!computed && computed.error().code != nn::Errno::ContextFull) return computed;
    auto counts = get_text(**context, 1, call);
    if (!counts) return std::unexpected(std::move(counts).error());
    if (const auto read = parse_object(*counts)) {
      ending->finish_reason = text_at(*read, "finish_reason");
      ending->prompt_tokens = count_at(*read, "input_tokens");
      ending->cached_tokens = count_at(*read, "reused_tokens");
      ending->answer_tokens = count_at(*read, "output_tokens");
    }
    auto text = get_text(**context, 0, call);
    if (!text) return std::unexpected(std::move(text).error());
    ending->text = std::move(*text);
    if (question.input != 2) return {};
    auto message = get_text(**context, 2, call);
    if (!message) return std::unexpected(std::move(message).error());
    ending->message = std::move(*message);
    return {};
  };
  if (auto computed = compute(); !computed) ending->error = error_of(computed.error());
  if (question.spent)
    question.spent(
        std::max(ending->prompt_tokens + ending->answer_tokens, emitted.load(std::memory_order_relaxed)));
  inbox.put({.answer = number, .output = 0, .piece = {}, .ending = std::move(ending)});
}

}  // namespace godwit::openai
