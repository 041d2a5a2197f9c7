// What llama.cpp does in one process without a server: N answers in one batch, a pass for a token of each.
//
//   bench_llama_batched MODEL ANSWERS TOKENS CONTEXT < prompt
//
// Prints the answers' tokens per second, prompts included. All answers have the same prompt with another number in front,
// so that no beginning is shared; each reads its prompt as a whole pass, as llama.cpp's batched bench does.
#include <llama.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "bench_llama_batched: %s\n", what);
  std::exit(1);
}

// As the plug-in counts them.
int physical_cores() {
  std::set<std::string> cores;
  for (int cpu = 0;; ++cpu) {
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                       "/topology/thread_siblings_list");
    std::string siblings;
    if (!std::getline(file, siblings)) break;
    cores.insert(siblings);
  }
  return std::max(1, static_cast<int>(cores.size()));
}

void add(llama_batch& batch, llama_token token, size_t position, int sequence, bool wants_logits) {
  const int at = batch.n_tokens++;
  batch.token[at] = token;
  batch.pos[at] = static_cast<llama_pos>(position);
  batch.n_seq_id[at] = 1;
  batch.seq_id[at][0] = sequence;
  batch.logits[at] = wants_logits;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) die("usage: bench_llama_batched MODEL ANSWERS TOKENS CONTEXT < prompt");
  const int answers = std::atoi(argv[2]);
  const int tokens = std::atoi(argv[3]);
  FILE* const in = stdin;
  std::string prompt;
  for (int c; (c = std::fgetc(in)) != EOF;) prompt += static_cast<char>(c);
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) die("the model cannot be read");
  const llama_vocab* vocab = llama_model_get_vocab(model);
  llama_context_params params = llama_context_default_params();
  params.n_seq_max = static_cast<uint32_t>(answers);
  params.n_ctx = static_cast<uint32_t>(std::atoi(argv[4]) * answers);
  params.kv_unified = true;
  params.n_threads = params.n_threads_batch = physical_cores();
  llama_context* context = llama_init_from_model(model, params);
  if (!context) die("no context");
  ggml_threadpool_params pool = ggml_threadpool_params_default(params.n_threads);
  pool.poll = 1;
  ggml_threadpool* threads = ggml_threadpool_new(&pool);
  llama_attach_threadpool(context, threads, threads);

  struct Answer {
    size_t position = 0;
    llama_token next = 0;
    llama_sampler* sampler = nullptr;
  };
  std::vector<Answer> all(static_cast<size_t>(answers));
  llama_batch batch = llama_batch_init(static_cast<int32_t>(llama_n_batch(context)), 0, 1);
  const auto choose = [&](Answer& answer, int at) {
    answer.next = llama_sampler_sample(answer.sampler, context, at);
  };
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < answers; ++i) {
    Answer& answer = all[static_cast<size_t>(i)];
    answer.sampler = llama_sampler_init_greedy();
    const std::string text = std::to_string(i) + prompt;
    std::vector<llama_token> list(text.size() + 8);
    list.resize(static_cast<size_t>(
        std::max(0, llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()), list.data(),
                                   static_cast<int32_t>(list.size()), true, true))));
    batch.n_tokens = 0;
    for (const llama_token token : list)
      add(batch, token, answer.position++, i, answer.position + 1 == list.size());
    batch.logits[batch.n_tokens - 1] = true;
    if (llama_decode(context, batch) != 0) die("a prompt cannot be computed");
    choose(answer, batch.n_tokens - 1);
  }
  for (int step = 1; step < tokens; ++step) {
    batch.n_tokens = 0;
    for (int i = 0; i < answers; ++i) {
      Answer& answer = all[static_cast<size_t>(i)];
      add(batch, answer.next, answer.position++, i, true);
    }
    if (llama_decode(context, batch) != 0) die("a pass cannot be computed");
    for (int i = 0; i < answers; ++i) choose(all[static_cast<size_t>(i)], i);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf("%.2f\n", answers * tokens / seconds);
  return 0;
}
