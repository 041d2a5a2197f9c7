// Reads the command line.
#include "options.h"

#include <cstdlib>

const char kHelp[] =
    "usage: chat [option…] [prompt…]\n"
    "Answers the prompt; without one, answers each line of standard input in one conversation.\n"
    "  --model NAME       the model's name in --nn-preload NAME:GGML:AUTO:path (default)\n"
    "  --system TEXT      how the model shall behave\n"
    "  --template NAME    auto, chatml, llama3, gemma, phi3, zephyr or none (auto)\n"
    "  --raw              give the text to the model as it is: --template none\n"
    "  --temp T           0: always the most likely token (0)\n"
    "  --top-p P  --top-k K  --seed S\n"
    "  --n-predict N      tokens in an answer at most; -1: no limit (512)\n"
    "  --ctx-size N       tokens of prompt and answer together\n"
    "  --stats            tokens per second, on standard error\n";

namespace {

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  const bool plain = text.find_first_not_of("0123456789.-") == std::string::npos;
  return plain && end != text.c_str() && *end == '\0';
}

bool is_whole(const std::string& text) { return is_number(text) && text.find('.') == std::string::npos; }

enum class Kind { Text, Whole, Number };
struct ValueOption {
  const char* name;
  std::string Options::* member;
  Kind kind;
};
constexpr ValueOption kValueOptions[] = {
    {"--model", &Options::model, Kind::Text},
    {"--system", &Options::system, Kind::Text},
    {"--template", &Options::chat_template, Kind::Text},
    {"--temp", &Options::temperature, Kind::Number},
    {"--top-p", &Options::top_p, Kind::Number},
    {"--top-k", &Options::top_k, Kind::Whole},
    {"--seed", &Options::seed, Kind::Whole},
    {"--n-predict", &Options::n_predict, Kind::Whole},
    {"--ctx-size", &Options::ctx_size, Kind::Whole},
};
struct FlagOption {
  const char* name;
  bool Options::* member;
};
constexpr FlagOption kFlagOptions[] = {{"--stats", &Options::stats},
                                       {"--raw", &Options::raw},
                                       {"--help", &Options::help},
                                       {"-h", &Options::help}};

bool take_flag(const std::string& arg, Options& options) {
  for (const FlagOption& flag : kFlagOptions) {
    if (arg != flag.name) continue;
    options.*flag.member = true;
    return true;
  }
  return false;
}

}  // namespace

std::string parse_options(const std::vector<std::string>& args, Options& options) {
  size_t at = 0;
  for (; at < args.size() && args[at].starts_with("-") && args[at] != "-"; ++at) {
    if (args[at] == "--") {
      ++at;
      break;
    }
    if (take_flag(args[at], options)) continue;
    const size_t equals = args[at].find('=');
    const std::string name = args[at].substr(0, equals);
    const ValueOption* found = nullptr;
    for (const ValueOption& option : kValueOptions)
      if (name == option.name) found = &option;
    if (!found) return "unknown option " + name + " (a prompt that begins with - comes after --)";
    if (equals == std::string::npos && at + 1 == args.size()) return name + " needs a value";
    const std::string value = equals == std::string::npos ? args[++at] : args[at].substr(equals + 1);
    if (found->kind == Kind::Whole && !is_whole(value)) return name + " needs a whole number, not " + value;
    if (found->kind == Kind::Number && !is_number(value)) return name + " needs a number, not " + value;
    options.*found->member = value;
  }
  for (; at < args.size(); ++at)
    options.prompt = options.prompt ? *options.prompt + " " + args[at] : args[at];
  if (options.raw) options.chat_template = "none";
  return {};
}

std::string options_json(const Options& options) {
  std::string json = "{\"temp\":" + options.temperature + ",\"n-predict\":" + options.n_predict;
  const auto add = [&json](const char* key, const std::string& value) {
    if (!value.empty()) json += std::string(",\"") + key + "\":" + value;
  };
  add("top-p", options.top_p);
  add("top-k", options.top_k);
  add("seed", options.seed);
  add("ctx-size", options.ctx_size);
  return json + "}";
}
