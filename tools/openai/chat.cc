// godwit chat: a conversation with a model in the terminal.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "async/scheduler.h"
#include "commands.h"
#include "openai/answers.h"
#include "openai/served_model.h"
#include "options.h"

namespace godwit::openai::cli {
namespace {

// What a model says may hold bytes that steer a terminal.
std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) c = ' ';
  return shown;
}

class Talk final {
 public:
  Talk(nn::Registry& registry, async::Scheduler& scheduler, const ServedModel& model, std::string system)
      : registry_(registry),
        scheduler_(scheduler),
        model_(model),
        tenant_(registry.tenant("")),
        places_(1, 0) {
    if (!system.empty()) add("system", system);
  }

  // Prints the answer as it comes. False: there is none.
  bool say(std::string_view text) {
    add("user", text);
    Question question{.graph = model_.graph(),
                      .input = 2,
                      .text = text_of(json::object{{"messages", messages_}}),
                      .options = {},
                      .tenant = tenant_};
    auto places = places_.enter(1, {.stop = {}, .parker = &scheduler_});
    if (!places) return error(places.error().message), false;
    auto answers = Answers::start(registry_, scheduler_, {std::move(question)}, std::move(*places));
    if (!answers) return error(answers.error().message), false;
    while (const auto event = (*answers)->next({.stop = {}, .parker = &scheduler_})) {
      if (!event->ending) {
        if (const auto piece = parse_object(event->piece)) show(text_at(*piece, "content"));
        continue;
      }
      show("\n");
      if (event->ending->error) return error(event->ending->error->message), false;
      if (const auto message = parse_object(event->ending->message))
        add("assistant", text_at(*message, "content"));
    }
    return true;
  }

 private:
  void add(std::string_view role, std::string_view content) {
    messages_.push_back(json::object{{"role", role}, {"content", content}});
  }
  static void show(std::string_view text) {
    const std::string shown = printable(text);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
    std::fflush(stdout);
  }

  nn::Registry& registry_;
  async::Scheduler& scheduler_;
  const ServedModel& model_;
  const uint64_t tenant_;
  Admission places_;
  json::array messages_;
};

}  // namespace

int chat(Arguments arguments) {
  ModelSpec spec;
  uint32_t context_size = 0;
  std::string system;
  const Option options[] = {
      {"--model",
       [&](std::string_view value) -> std::string {
         auto parsed = parse_model(value);
         if (!parsed) return parsed.error().message();
         spec = std::move(*parsed);
         return "";
       }},
      {"--system",
       [&](std::string_view value) {
         system = value;
         return std::string();
       }},
      {"--ctx-size", number_into(context_size, 16, 1 << 24)},
  };
  const auto words = read_options(arguments, options);
  if (!words) return usage(words.error());
  if (spec.path.empty()) return usage("--model is missing: a GGUF file to talk to");
  spec.context_size = context_size;
  nn::Registry registry;
  const auto model = ServedModel::load(registry, spec);
  if (!model) return error(model.error().message());
  auto scheduler = async::Scheduler::create();
  if (!scheduler) return error(scheduler.error().message());
  int result = kOk;
  const auto spawned = (*scheduler)->spawn([&] {
    Talk talk(registry, **scheduler, **model, system);
    if (!words->empty()) {
      std::string prompt;
      for (const std::string_view word : *words) prompt += (prompt.empty() ? "" : " ") + std::string(word);
      result = talk.say(prompt) ? kOk : kError;
      return;
    }
    const bool is_terminal = ::isatty(STDIN_FILENO) != 0;
    for (std::string line; (is_terminal && std::fputs("> ", stderr)), std::getline(std::cin, line);)
      if (!line.empty() && !talk.say(line)) result = kError;
  });
  if (!spawned) return error(spawned.error().message());
  const auto ran = (*scheduler)->run();
  return ran ? result : error(ran.error().message());
}

}  // namespace godwit::openai::cli
