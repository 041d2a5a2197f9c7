// Call: what the host gives to one call.
#pragma once

#include <string_view>

#include "godwit/abi/nn_backend.h"

namespace godwit::tensors {

// A view of the host's godwit_nn_call; lives as long as the call. @threads any
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

 private:
  const godwit_nn_call* call_;
};

}  // namespace godwit::tensors
