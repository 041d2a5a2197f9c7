// Builds llama.cpp's chain of samplers in the order its own programs use.
#include "sampler.h"

#include <common/common.h>
#include <common/json-schema-to-grammar.h>
#include <common/json.h>

#include <cmath>
#include <limits>
#include <string>

namespace godwit::ggml {
namespace {

// Sequences at which DRY starts counting anew, as llama.cpp's programs have them.
constexpr const char* kDryBreakers[] = {"\n", ":", "\"", "*"};

uint32_t seed_of(const SamplingOptions& options) {
  return options.seed < 0 ? LLAMA_DEFAULT_SEED : static_cast<uint32_t>(options.seed);
}

void add_ban_on_endings(llama_sampler* chain, const llama_vocab* vocab) {
  std::vector<llama_logit_bias> bans;
  const int32_t size = llama_vocab_n_tokens(vocab);
  for (llama_token token = 0; token < size; ++token)
    if (llama_vocab_is_eog(vocab, token)) bans.push_back({token, -std::numeric_limits<float>::infinity()});
  llama_sampler_chain_add(
      chain, llama_sampler_init_logit_bias(size, static_cast<int32_t>(bans.size()), bans.data()));
}

void add_biases(llama_sampler* chain, const llama_vocab* vocab, const SamplingOptions& options) {
  if (options.logit_bias.empty()) return;
  const int32_t size = llama_vocab_n_tokens(vocab);
  std::vector<llama_logit_bias> biases;
  for (const auto& [token, bias] : options.logit_bias)
    if (token < size) biases.push_back({token, bias});
  llama_sampler_chain_add(
      chain, llama_sampler_init_logit_bias(size, static_cast<int32_t>(biases.size()), biases.data()));
}

void add_penalties(llama_sampler* chain, const llama_vocab* vocab, const SamplingOptions& options,
                   int32_t context_size) {
  const auto last_n = [&](int32_t n) { return n < 0 ? context_size : n; };
  if (options.penalty_repeat != 1 || options.penalty_freq != 0 || options.penalty_present != 0)
    llama_sampler_chain_add(
        chain,
        llama_sampler_init_penalties(llama_vocab_n_tokens(vocab), last_n(options.penalty_last_n),
                                     options.penalty_repeat, options.penalty_freq, options.penalty_present));
  if (options.dry_multiplier > 0)
    llama_sampler_chain_add(
        chain, llama_sampler_init_dry(vocab, options.dry_multiplier, options.dry_base,
                                      options.dry_allowed_length, last_n(options.dry_penalty_last_n),
                                      const_cast<const char**>(kDryBreakers), std::size(kDryBreakers)));
}

void add_choice(llama_sampler* chain, const llama_vocab* vocab, const SamplingOptions& options) {
  const uint32_t seed = seed_of(options);
  const auto add = [chain](llama_sampler* sampler) { llama_sampler_chain_add(chain, sampler); };
  if (options.mirostat == 1) {
    add(llama_sampler_init_temp(options.temperature));
    constexpr int32_t kTokensInEstimate = 100;
    return add(llama_sampler_init_mirostat(llama_vocab_n_tokens(vocab), seed, options.mirostat_tau,
                                           options.mirostat_eta, kTokensInEstimate));
  }
  if (options.mirostat == 2) {
    add(llama_sampler_init_temp(options.temperature));
    return add(llama_sampler_init_mirostat_v2(seed, options.mirostat_tau, options.mirostat_eta));
  }
  // Greedy: what would narrow the candidates can never remove the best one.
  if (options.temperature <= 0) return add(llama_sampler_init_greedy());
  constexpr size_t kKeepAtLeast = 1;
  add(llama_sampler_init_top_k(options.top_k));
  add(llama_sampler_init_typical(options.typical_p, kKeepAtLeast));
  add(llama_sampler_init_top_p(options.top_p, kKeepAtLeast));
  add(llama_sampler_init_min_p(options.min_p, kKeepAtLeast));
  add(llama_sampler_init_xtc(options.xtc_probability, options.xtc_threshold, kKeepAtLeast, seed));
  add(llama_sampler_init_temp_ext(options.temperature, options.dynatemp_range, options.dynatemp_exponent));
  add(llama_sampler_init_dist(seed));
}

Result<std::string> grammar_of(const SamplingOptions& options) {
  if (!options.grammar.empty() || options.json_schema.empty()) return options.grammar;
  try {
    return json_schema_to_grammar(common_json::parse(options.json_schema));
  } catch (const std::exception& error) {
    return fail(GODWIT_NN_INVALID_ARGUMENT, std::string("option \"json-schema\": ") + error.what());
  }
}

}  // namespace

namespace {

// As llama.cpp's own programs turn triggers into patterns.
llama_sampler* make_lazy_grammar(const llama_vocab* vocab, const ChatGrammar& chat) {
  std::vector<std::string> patterns;
  std::vector<llama_token> tokens;
  for (const common_grammar_trigger& trigger : chat.triggers) {
    switch (trigger.type) {
      case COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN: tokens.push_back(trigger.token); break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_WORD: patterns.push_back(regex_escape(trigger.value)); break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN: patterns.push_back(trigger.value); break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL: patterns.push_back("^(?:" + trigger.value + ")$"); break;
    }
  }
  std::vector<const char*> pointers;
  for (const std::string& pattern : patterns) pointers.push_back(pattern.c_str());
  return llama_sampler_init_grammar_lazy_patterns(vocab, chat.grammar.c_str(), "root", pointers.data(),
                                                  pointers.size(), tokens.data(), tokens.size());
}

// The prompt's end is a part of what the grammar describes.
void accept_prompt(llama_sampler* grammar, const llama_vocab* vocab, const std::string& prompt) {
  std::vector<llama_token> tokens = common_tokenize(vocab, prompt, false, true);
  // some tokenizers put a space before the first special token
  if (!tokens.empty() && common_token_to_piece(vocab, tokens[0], true) == " " && prompt[0] != ' ')
    tokens.erase(tokens.begin());
  for (const llama_token token : tokens) llama_sampler_accept(grammar, token);
}

}  // namespace

Result<Sampler> Sampler::create(const llama_vocab* vocab, const SamplingOptions& options,
                                int32_t context_size, const ChatGrammar* chat) {
  Sampler sampler;
  sampler.vocabulary_size_ = llama_vocab_n_tokens(vocab);
  sampler.chain_.reset(llama_sampler_chain_init(llama_sampler_chain_default_params()));
  if (options.ignore_eos) add_ban_on_endings(sampler.chain_.get(), vocab);
  add_biases(sampler.chain_.get(), vocab, options);
  add_penalties(sampler.chain_.get(), vocab, options, context_size);
  add_choice(sampler.chain_.get(), vocab, options);
  auto grammar = grammar_of(options);
  if (!grammar) return std::unexpected(std::move(grammar).error());
  if (!grammar->empty()) {
    sampler.grammar_.reset(llama_sampler_init_grammar(vocab, grammar->c_str(), "root"));
    if (!sampler.grammar_)
      return fail(GODWIT_NN_INVALID_ARGUMENT,
                  "option \"grammar\" is not a grammar in GBNF with a rule named root");
  }
  if (grammar->empty() && chat && !chat->grammar.empty()) {
    sampler.grammar_.reset(chat->is_lazy ? make_lazy_grammar(vocab, *chat)
                                         : llama_sampler_init_grammar(vocab, chat->grammar.c_str(), "root"));
    if (!sampler.grammar_)
      return fail(GODWIT_NN_INVALID_ARGUMENT, "llama.cpp cannot read the grammar of the tools or the schema");
    sampler.needs_stack_ = chat->is_lazy;
    if (!chat->before.empty()) accept_prompt(sampler.grammar_.get(), vocab, chat->before);
  }
  return sampler;
}

void Sampler::begin_after(std::span<const llama_token> prompt) {
  for (const llama_token token : prompt) llama_sampler_accept(chain_.get(), token);
}

std::optional<llama_token> Sampler::choose(const float* logits, bool by_grammar_first) {
  candidates_.resize(static_cast<size_t>(vocabulary_size_));
  for (llama_token token = 0; token < vocabulary_size_; ++token)
    candidates_[static_cast<size_t>(token)] = {token, logits[token], 0.0f};
  llama_token_data_array all{candidates_.data(), candidates_.size(), -1, false};
  if (by_grammar_first) {
    llama_sampler_apply(grammar_.get(), &all);
    bool allowed = false;
    for (size_t at = 0; at < all.size && !allowed; ++at) allowed = !std::isinf(all.data[at].logit);
    if (!allowed) return std::nullopt;
  }
  llama_sampler_apply(chain_.get(), &all);
  if (all.selected < 0 || static_cast<size_t>(all.selected) >= all.size) return std::nullopt;
  return all.data[all.selected].id;
}

std::optional<llama_token> Sampler::sample(llama_context* context, int32_t index) {
  const float* logits = llama_get_logits_ith(context, index);
  if (!logits) return std::nullopt;
  logits_ = {logits, static_cast<size_t>(vocabulary_size_)};
  std::optional<llama_token> token = choose(logits, false);
  if (token && grammar_) {
    // Testing the one chosen token is much cheaper than testing the whole vocabulary, and most often enough.
    llama_token_data one{*token, 1.0f, 0.0f};
    llama_token_data_array single{&one, 1, -1, false};
    llama_sampler_apply(grammar_.get(), &single);
    if (std::isinf(one.logit)) token = choose(logits, true);
  }
  if (!token) return token;
  if (grammar_) llama_sampler_accept(grammar_.get(), *token);
  llama_sampler_accept(chain_.get(), *token);
  return token;
}

}  // namespace godwit::ggml
