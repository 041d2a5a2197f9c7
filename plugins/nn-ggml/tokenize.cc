// Splits text into tokens with as much stack as that may take.
#include "tokenize.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <string>

namespace godwit::ggml {
namespace {

// Many tokenizers split a text with std::regex, which calls itself for each character of a long word: 200 bytes of
// stack apiece were measured. A guest's text must not run through the end of the stack, so a long one gets its own.
constexpr size_t kStackPerByte = 512;
constexpr size_t kShortText = 8192;  // takes half of an ordinary stack at most
constexpr size_t kStackBase = size_t{1} << 20;

// A text of this size is always read, whatever the vocabulary says.
constexpr size_t kAlwaysRead = 65536;

std::vector<llama_token> read(const llama_vocab* vocab, std::string_view text) {
  std::vector<llama_token> tokens(text.size() + 8);
  const auto fill = [&] {
    return llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()), tokens.data(),
                          static_cast<int32_t>(tokens.size()), /*add_special=*/true, /*parse_special=*/true);
  };
  int32_t count = fill();
  if (count < 0 && count != INT32_MIN) {
    tokens.resize(static_cast<size_t>(-count));
    count = fill();
  }
  tokens.resize(static_cast<size_t>(std::max(count, 0)));
  return tokens;
}

struct Job {
  const llama_vocab* vocab;
  std::string_view text;
  std::vector<llama_token> tokens;
  std::exception_ptr thrown;
};

void* run(void* argument) {
  Job& job = *static_cast<Job*>(argument);
  try {
    job.tokens = read(job.vocab, job.text);
  } catch (...) {
    job.thrown = std::current_exception();
  }
  return nullptr;
}

Result<std::vector<llama_token>> read_on_own_stack(const llama_vocab* vocab, std::string_view text) {
  Job job{.vocab = vocab, .text = text, .tokens = {}, .thrown = nullptr};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBase + text.size() * kStackPerByte);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run, &job);
  pthread_attr_destroy(&attributes);
  if (error != 0)
    return fail(GODWIT_NN_MISSING_MEMORY,
                "no memory to read a prompt of " + std::to_string(text.size()) + " bytes at once");
  pthread_join(thread, nullptr);
  if (job.thrown) std::rethrow_exception(job.thrown);
  return std::move(job.tokens);
}

}  // namespace

Result<std::vector<llama_token>> tokenize(const Weights& weights, std::string_view text,
                                          int32_t context_size) {
  const size_t longest = static_cast<size_t>(context_size) * weights.longest_token_bytes();
  if (text.size() > std::min<size_t>(std::max(longest, kAlwaysRead), INT32_MAX / 2))
    return fail(GODWIT_NN_PROMPT_TOO_LONG, "the prompt has " + std::to_string(text.size()) +
                                               " bytes, far more than a context of " +
                                               std::to_string(context_size) + " tokens has room for");
  Result<std::vector<llama_token>> tokens =
      text.size() <= kShortText ? read(weights.vocab(), text) : read_on_own_stack(weights.vocab(), text);
  if (!tokens) return tokens;
  if (const llama_token begin = llama_vocab_bos(weights.vocab());
      tokens->empty() && begin != LLAMA_TOKEN_NULL)
    tokens->push_back(begin);
  return tokens;
}

}  // namespace godwit::ggml
