// The command line of the chat program.
#pragma once

#include <optional>
#include <string>
#include <vector>

struct Options {
  std::string model = "default";
  std::string system;
  std::string chat_template = "auto";
  std::string temperature = "0";
  std::string top_p, top_k, seed;  // as written; empty: the backend's default
  std::string ctx_size;
  std::string n_predict = "512";
  bool stats = false;
  bool raw = false;
  bool help = false;
  std::optional<std::string> prompt;  // none: lines are read from standard input
};

// @returns what is wrong; empty if nothing is
std::string parse_options(const std::vector<std::string>& args, Options& options);

// The options that concern the model, as JSON.
std::string options_json(const Options& options);

extern const char kHelp[];
