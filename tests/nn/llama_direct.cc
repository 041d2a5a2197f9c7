// llama.cpp called directly, with as little as it takes: what the guests' answers are compared with.
//
//   llama_direct MODEL TOKENS [--chat] < prompt > answer
//
// Greedy, at most TOKENS tokens; writes the bytes of the tokens as they are. With --chat the prompt is one user's
// message, written in the model's own template.
#include <llama.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "llama_direct: %s\n", what);
  std::exit(1);
}

std::string read_all(FILE* file) {
  std::string text;
  char chunk[4096];
  for (size_t count; (count = std::fread(chunk, 1, sizeof chunk, file)) > 0;) text.append(chunk, count);
  return text;
}

std::string in_template(const llama_model* model, const std::string& prompt) {
  const llama_chat_message message{"user", prompt.c_str()};
  std::string text(prompt.size() * 2 + 1024, '\0');
  const int32_t size = llama_chat_apply_template(llama_model_chat_template(model, nullptr), &message, 1, true,
                                                 text.data(), static_cast<int32_t>(text.size()));
  if (size < 0 || static_cast<size_t>(size) > text.size()) die("the model's template cannot be applied");
  text.resize(static_cast<size_t>(size));
  return text;
}

std::vector<llama_token> tokenize(const llama_vocab* vocab, const std::string& text) {
  std::vector<llama_token> tokens(text.size() + 8);
  const int32_t count = llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()), tokens.data(),
                                       static_cast<int32_t>(tokens.size()), true, true);
  if (count < 0) die("the prompt cannot be tokenized");
  tokens.resize(static_cast<size_t>(count));
  if (tokens.empty()) tokens.push_back(llama_vocab_bos(vocab));
  return tokens;
}

void write_token(const llama_vocab* vocab, llama_token token) {
  char piece[512];
  const int32_t size = llama_token_to_piece(vocab, token, piece, sizeof piece, 0, true);
  if (size < 0) die("a token is too long");
  std::fwrite(piece, 1, static_cast<size_t>(size), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("usage: llama_direct MODEL TOKENS [--chat] < prompt");
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) die("the model cannot be loaded");
  const llama_vocab* vocab = llama_model_get_vocab(model);

  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(std::min(llama_model_n_ctx_train(model), 4096));
  params.n_threads = params.n_threads_batch =
      static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
  llama_context* context = llama_init_from_model(model, params);
  llama_sampler* greedy = llama_sampler_init_greedy();

  std::string prompt = read_all(stdin);
  if (argc > 3 && std::strcmp(argv[3], "--chat") == 0) prompt = in_template(model, prompt);
  std::vector<llama_token> tokens = tokenize(vocab, prompt);
  llama_token token = 0;
  llama_batch batch = llama_batch_get_one(tokens.data(), static_cast<int32_t>(tokens.size()));
  for (long left = std::strtol(argv[2], nullptr, 10); left > 0; --left) {
    if (llama_decode(context, batch) != 0) die("the model cannot be run");
    token = llama_sampler_sample(greedy, context, -1);
    if (llama_vocab_is_eog(vocab, token)) break;
    write_token(vocab, token);
    batch = llama_batch_get_one(&token, 1);
  }
  llama_sampler_free(greedy);
  llama_free(context);
  llama_model_free(model);
}
