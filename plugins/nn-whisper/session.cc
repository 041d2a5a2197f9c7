// Calls whisper.cpp.
#include "session.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "audio.h"

namespace godwit::whisper {
namespace {

constexpr int kMostThreads = 8;  // more wait for each other longer than they compute

int thread_count(int wanted) {
  const int there = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return std::min(there, wanted > 0 ? wanted : kMostThreads);
}

// Times are in hundredths of a second.
std::string clock(int64_t time) {
  char text[32];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld.%03lld", static_cast<long long>(time / 360000),
                static_cast<long long>(time / 6000 % 60), static_cast<long long>(time / 100 % 60),
                static_cast<long long>(time % 100 * 10));
  return text;
}

double seconds(int64_t time) { return static_cast<double>(time) / 100; }

}  // namespace

struct Session::Progress {
  Session& session;
  const tensors::Call& call;
  const godwit_nn_call* from_host;
  bool may_go_on = true;

  bool has_1_1() const {
    return from_host->struct_size_bytes >= offsetof(godwit_nn_call, spend) + sizeof(from_host->spend);
  }
  void emit(std::string_view piece) const {
    if (has_1_1() && from_host->emit)
      from_host->emit(from_host->user, 0, reinterpret_cast<const uint8_t*>(piece.data()), piece.size());
  }
  void spend(int tokens) {
    if (has_1_1() && from_host->spend && tokens > 0 &&
        from_host->spend(from_host->user, static_cast<uint64_t>(tokens)) != 0)
      may_go_on = false;
  }
  bool shall_end() const { return !may_go_on || call.cancelled(); }
};

Result<> Session::set_audio(std::vector<float> samples) {
  samples_ = std::move(samples);
  has_audio_ = true;
  is_computed_ = false;
  return {};
}

Result<> Session::set_options(std::string_view json) {
  auto options = merged(options_, json);
  if (!options) return std::unexpected(std::move(options).error());
  options_ = std::move(*options);
  is_computed_ = false;
  return {};
}

whisper_full_params Session::params(Progress& progress) const {
  const bool is_beam = options_.beam_size > 1;
  whisper_full_params params =
      whisper_full_default_params(is_beam ? WHISPER_SAMPLING_BEAM_SEARCH : WHISPER_SAMPLING_GREEDY);
  const bool knows_languages = whisper_is_multilingual(weights_->get()) != 0;
  params.n_threads = thread_count(options_.threads);
  params.n_max_text_ctx = options_.max_context;
  params.offset_ms = options_.offset_ms;
  params.duration_ms = options_.duration_ms;
  params.translate = options_.translate && knows_languages;
  params.no_timestamps = options_.no_timestamps;
  params.print_progress = params.print_realtime = params.print_timestamps = false;
  params.token_timestamps = options_.max_len > 0;
  params.max_len = options_.max_len;
  params.split_on_word = options_.split_on_word;
  params.audio_ctx = options_.audio_context;
  params.initial_prompt = options_.prompt.empty() ? nullptr : options_.prompt.c_str();
  params.language = knows_languages ? options_.language.c_str() : "en";
  params.detect_language = options_.detect_language && knows_languages;
  params.temperature = options_.temperature;
  params.temperature_inc = options_.temperature_inc;
  params.entropy_thold = options_.entropy_threshold;
  params.logprob_thold = options_.logprob_threshold;
  params.greedy.best_of = options_.best_of;
  params.beam_search.beam_size = options_.beam_size;
  params.new_segment_callback = [](whisper_context*, whisper_state* state, int count, void* user) {
    auto& to = *static_cast<Progress*>(user);
    to.session.read_segments(whisper_full_n_segments_from_state(state) - count, to);
  };
  params.encoder_begin_callback = [](whisper_context*, whisper_state*, void* user) {
    return !static_cast<const Progress*>(user)->shall_end();
  };
  params.abort_callback = [](void* user) { return static_cast<const Progress*>(user)->shall_end(); };
  params.progress_callback = [](whisper_context*, whisper_state*, int percent, void* user) {
    static_cast<const Progress*>(user)->call.progress(percent / 100.0);
  };
  params.new_segment_callback_user_data = params.encoder_begin_callback_user_data =
      params.abort_callback_user_data = params.progress_callback_user_data = &progress;
  return params;
}

void Session::read_segments(int first, Progress& progress) {
  whisper_state* const state = state_.get();
  for (int i = first; i < whisper_full_n_segments_from_state(state); ++i) {
    std::string line;
    if (!options_.no_timestamps)
      line.append("[")
          .append(clock(whisper_full_get_segment_t0_from_state(state, i)))
          .append(" --> ")
          .append(clock(whisper_full_get_segment_t1_from_state(state, i)))
          .append("] ");
    line += whisper_full_get_segment_text_from_state(state, i);
    if (!options_.no_timestamps) line += '\n';
    text_ += line;
    progress.emit(line);
    progress.spend(whisper_full_n_tokens_from_state(state, i));
  }
}

void Session::write_times() {
  using nlohmann::json;
  whisper_state* const state = state_.get();
  json segments = json::array();
  for (int i = 0; i < whisper_full_n_segments_from_state(state); ++i) {
    json tokens = json::array();
    double logprob = 0;
    const int count = whisper_full_n_tokens_from_state(state, i);
    for (int j = 0; j < count; ++j) {
      const whisper_token_data token = whisper_full_get_token_data_from_state(state, i, j);
      tokens.push_back(token.id);
      logprob += token.plog;
    }
    segments.push_back({{"start", seconds(whisper_full_get_segment_t0_from_state(state, i))},
                        {"end", seconds(whisper_full_get_segment_t1_from_state(state, i))},
                        {"text", whisper_full_get_segment_text_from_state(state, i)},
                        {"tokens", std::move(tokens)},
                        {"avg_logprob", count > 0 ? logprob / count : 0},
                        {"no_speech_prob", whisper_full_get_segment_no_speech_prob_from_state(state, i)}});
  }
  const bool knows_languages = whisper_is_multilingual(weights_->get()) != 0;
  const int language = whisper_full_lang_id_from_state(state);
  const json object = {
      {"task", options_.translate && knows_languages ? "translate" : "transcribe"},
      {"language", knows_languages && language >= 0 ? whisper_lang_str_full(language) : "english"},
      {"duration", static_cast<double>(samples_.size()) / kSampleRate},
      {"segments", segments}};
  // A token may be a part of a character, at the end of a segment too.
  times_ = object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<> Session::compute(const tensors::Call& call, const godwit_nn_call* from_host) {
  if (!has_audio_) return fail(GODWIT_NN_INVALID_ARGUMENT, "input 0 (the audio) is not set");
  is_computed_ = false;
  text_.clear();
  if (!state_) state_.reset(whisper_init_state(weights_->get()));
  if (!state_) return fail(GODWIT_NN_MISSING_MEMORY, "no memory to compute in");
  Progress progress{.session = *this, .call = call, .from_host = from_host};
  // A tenth of a second is the least that is heard; silence behind it changes nothing that is said.
  std::vector<float> padded;
  constexpr size_t kLeast = kSampleRate / 5;
  if (samples_.size() < kLeast) {
    padded = samples_;
    padded.resize(kLeast);
  }
  const std::vector<float>& samples = padded.empty() ? samples_ : padded;
  const int status = whisper_full_with_state(weights_->get(), state_.get(), params(progress), samples.data(),
                                             static_cast<int>(samples.size()));
  if (progress.shall_end()) return fail(GODWIT_NN_CANCELLED);
  if (status != 0) return fail(GODWIT_NN_RUNTIME_ERROR, "whisper.cpp failed with " + std::to_string(status));
  write_times();
  is_computed_ = true;
  return {};
}

Result<std::string_view> Session::output(uint32_t index) const {
  if (index > 1)
    return fail(GODWIT_NN_INVALID_ARGUMENT, "outputs are 0 (the text) and 1 (the times, as JSON)");
  if (!is_computed_)
    return fail(GODWIT_NN_RUNTIME_ERROR, "there is no text: nothing was computed since the inputs were set");
  return index == 0 ? text_ : times_;
}

}  // namespace godwit::whisper
