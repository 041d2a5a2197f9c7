// Call: what the host gives to one call, and where llama.cpp's own log lines go during it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/abi/nn_backend.h"

namespace godwit::ggml {

// A view of the host's godwit_nn_call; lives as long as the call.
class Call final {
 public:
  explicit Call(const godwit_nn_call* call) : call_(call) {}

  // @param level GODWIT_NN_LOG_DEBUG and the like
  void log(uint32_t level, std::string_view line) const {
    call_->log(call_->user, level, line.data(), line.size());
  }
  void explain(std::string_view text) const { call_->explain(call_->user, text.data(), text.size()); }
  void progress(double fraction) const { call_->progress(call_->user, fraction); }
  bool cancelled() const { return call_->should_cancel(call_->user) != 0; }

  // Of hosts of version 1.0, which have none of these: 0, false, and nothing happens.
  uint64_t tenant() const { return has_1_1() ? call_->tenant : 0; }
  bool takes_pieces() const { return has_1_1() && call_->emit; }
  void emit(uint32_t output, std::string_view piece) const {
    call_->emit(call_->user, output, reinterpret_cast<const uint8_t*>(piece.data()), piece.size());
  }
  // @returns false if the call may compute no more
  bool spend(uint64_t tokens) const {
    return !has_1_1() || !call_->spend || tokens == 0 || call_->spend(call_->user, tokens) == 0;
  }

 private:
  bool has_1_1() const {
    return call_->struct_size_bytes >= offsetof(godwit_nn_call, spend) + sizeof(call_->spend);
  }

  const godwit_nn_call* call_;
};

// While it lives, what llama.cpp logs on this thread goes to the call's host; then where it went before. llama.cpp has one log for the whole
// process; lines from its worker threads, and from outside any call, have no host to go to and are dropped.
class LogScope final {
 public:
  explicit LogScope(const Call& call);
  // For work of several calls: lines go nowhere, but the first error is kept.
  LogScope();
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

  // llama.cpp's first error line in this scope, or empty; kept after the scope for the failure's text. The ones behind
  // it only say what failed because of that.
  static const std::string& first_error();

  // Installs the process-wide hook and starts llama.cpp; only the first call acts.
  static void install();

  // `enable-log` and `enable-debug-log`: unless set, llama.cpp's lines are no more than information.
  static void set_verbose(bool verbose);

 private:
  explicit LogScope(const Call* call);

  const Call* const before_;
  const bool was_open_;
};

}  // namespace godwit::ggml
