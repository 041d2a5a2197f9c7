// A chat with a language model, as a WebAssembly program: the host runs the model, this program does the rest.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "chat_template.h"
#include "godwit/nn.h"
#include "options.h"
#include "utf8_stitcher.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void complain(const std::string& text) { std::fprintf(stderr, "chat: %s\n", text.c_str()); }

std::string explain_load(nn_errno_t code, const std::string& model) {
  const std::string how =
      "start with: godwit run --nn-preload " + model + ":GGML:AUTO:path/to/model.gguf chat.wasm …";
  switch (code) {
    case NN_MODEL_NOT_FOUND:
    case NN_NOT_FOUND: return "the host has no model called \"" + model + "\"; " + how;
    case NN_INVALID_ENCODING: return "the host cannot run the model \"" + model + "\"; it says why above";
    case NN_INVALID_ARGUMENT: return "the model \"" + model + "\" does not take these options";
    default: return "the model \"" + model + "\" cannot be loaded (error " + std::to_string(code) + ")";
  }
}

// The text value of a key in flat JSON, or nothing.
std::string text_in_json(const std::string& json, const std::string& key) {
  const std::string mark = "\"" + key + "\":\"";
  const size_t begin = json.find(mark);
  if (begin == std::string::npos) return {};
  const size_t end = json.find('"', begin + mark.size());
  return json.substr(begin + mark.size(), end - begin - mark.size());
}

class Chat final {
 public:
  explicit Chat(const Options& options) : options_(options) {
    if (!options.system.empty()) conversation_.push_back({Role::System, options.system});
  }

  bool load() {
    if (const nn_errno_t code = model_.load(options_.model, options_json(options_))) {
      complain(explain_load(code, options_.model));
      return false;
    }
    choose_template();
    return true;
  }

  // Answers on standard output; what was said stays in the conversation.
  bool answer(const std::string& text) {
    if (template_ == "none") conversation_.clear();
    conversation_.push_back({Role::User, text});
    const Clock::time_point start = Clock::now();
    if (!set_prompt()) return false;
    std::string reply;
    const bool good = stream(reply, start);
    conversation_.push_back({Role::Assistant, reply});
    return good;
  }

 private:
  void choose_template() {
    template_ = options_.chat_template;
    if (template_ != "auto") return;
    std::string json;
    model_.metadata(json);
    const std::string of_model = text_in_json(json, "chat_template");
    template_ = is_chat_template(of_model) ? of_model : "chatml";
    if (!of_model.empty() && template_ != of_model)
      complain("the model's chat template is not one of mine; taking chatml (--template chooses another)");
  }

  // The oldest turns are forgotten where the context has no room for them.
  bool set_prompt() {
    for (;;) {
      const nn_errno_t code = model_.set_prompt(apply_chat_template(template_, conversation_));
      if (code == NN_SUCCESS) return true;
      const size_t first = !conversation_.empty() && conversation_[0].role == Role::System ? 1 : 0;
      if (code == NN_PROMPT_TOO_LONG && conversation_.size() > first + 2) {
        conversation_.erase(conversation_.begin() + static_cast<long>(first),
                            conversation_.begin() + static_cast<long>(first) + 2);
        continue;
      }
      conversation_.pop_back();
      complain(code == NN_PROMPT_TOO_LONG
                   ? "the text is too long for the model's context; --ctx-size makes it larger"
                   : "the model does not take the text (error " + std::to_string(code) + ")");
      return false;
    }
  }

  bool stream(std::string& reply, Clock::time_point start) {
    Utf8Stitcher stitcher;
    std::string piece;
    int tokens = 0;
    double first_token_s = 0;
    nn_errno_t code;
    while ((code = model_.next(piece)) == NN_SUCCESS) {
      if (tokens++ == 0) first_token_s = seconds_since(start);
      reply += piece;
      write(stitcher.add(piece));
    }
    write(stitcher.end() + "\n");
    model_.finish();
    if (code == NN_CONTEXT_FULL) complain("the context is full; --ctx-size makes it larger");
    else if (code != NN_END_OF_SEQUENCE) complain("the model failed (error " + std::to_string(code) + ")");
    if (options_.stats) print_stats(tokens, first_token_s, seconds_since(start));
    return code == NN_END_OF_SEQUENCE || code == NN_CONTEXT_FULL;
  }

  static void write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  static void print_stats(int tokens, double first_token_s, double total_s) {
    const double rate = tokens > 1 ? (tokens - 1) / (total_s - first_token_s) : 0;
    std::fprintf(stderr, "%d tokens, %.1f tokens/s, first token after %.2f s\n", tokens, rate, first_token_s);
  }

  const Options& options_;
  godwit::nn::TextModel model_;
  std::string template_;
  std::vector<Message> conversation_;
};

// One line without its end; false at the end of the input.
bool read_line(std::string& line) {
  line.clear();
  for (int c; (c = std::getchar()) != EOF;) {
    if (c == '\n') return true;
    line += static_cast<char>(c);
  }
  return !line.empty();
}

bool converse(Chat& chat) {
  const bool by_hand = isatty(0) && isatty(1);
  bool good = true;
  std::string line;
  for (;;) {
    if (by_hand) std::fputs("> ", stderr);
    if (!read_line(line)) break;
    if (line.find_first_not_of(" \t\r") != std::string::npos) good = chat.answer(line) && good;
  }
  if (by_hand) std::fputs("\n", stderr);
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const std::string wrong = parse_options({argv + (argc > 0), argv + argc}, options);
  if (!wrong.empty()) {
    complain(wrong + "; --help lists the options");
    return 2;
  }
  if (options.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (options.chat_template != "auto" && !is_chat_template(options.chat_template)) {
    complain("unknown template " + options.chat_template + "; --help lists them");
    return 2;
  }
  Chat chat(options);
  if (!chat.load()) return 1;
  const bool good = options.prompt ? chat.answer(*options.prompt) : converse(chat);
  return good ? 0 : 1;
}
