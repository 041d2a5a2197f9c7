// The functions a backend calls back.
#include "nn/call.h"

#include <unistd.h>

#include <algorithm>

#include "base/utf8.h"
#include "platform/clock.h"

namespace godwit::nn {
namespace {

// What takes longer than this says so, and again after as long.
constexpr uint64_t kProgressInterval_ns = 2'000'000'000;
// A line of a backend's log or explanation; more is cut off.
constexpr uint64_t kMaxLine_bytes = 4096;

std::string_view line_of(const char* text, uint64_t size_bytes) {
  return {text, static_cast<size_t>(std::min(size_bytes, kMaxLine_bytes))};
}

}  // namespace

BackendCall::BackendCall(const CallOrigin& origin, std::string_view subject)
    : origin_(origin),
      subject_(subject),
      next_progress_ns_(platform::now_ns(platform::Clock::Monotonic) + kProgressInterval_ns),
      call_{.struct_size_bytes = sizeof(godwit_nn_call),
            .user = this,
            .log = log,
            .explain = explain,
            .progress = progress,
            .should_cancel = should_cancel,
            .open_file = open_file,
            .tenant = origin.tenant,
            .emit = origin.emit ? emit : nullptr,
            .spend = origin.spend ? spend : nullptr} {}

void BackendCall::log(void* self, uint32_t level, const char* text, uint64_t size_bytes) {
  const LogLevel known = level <= GODWIT_NN_LOG_ERROR ? static_cast<LogLevel>(level) : LogLevel::Error;
  static_cast<BackendCall*>(self)->origin_.log(known, line_of(text, size_bytes));
}

void BackendCall::explain(void* self, const char* text, uint64_t size_bytes) {
  static_cast<BackendCall*>(self)->explanation_ = line_of(text, size_bytes);
}

void BackendCall::progress(void* self, double fraction) {
  BackendCall& call = *static_cast<BackendCall*>(self);
  const uint64_t now_ns = platform::now_ns(platform::Clock::Monotonic);
  if (now_ns < call.next_progress_ns_ || call.subject_.empty()) return;
  call.next_progress_ns_ = now_ns + kProgressInterval_ns;
  const int percent = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100);
  call.origin_.log(LogLevel::Progress,
                   "loading " + std::string(call.subject_) + ": " + std::to_string(percent) + " %");
}

int32_t BackendCall::should_cancel(void* self) {
  const CallOrigin& origin = static_cast<BackendCall*>(self)->origin_;
  return origin.interrupted && origin.interrupted() ? 1 : 0;
}

void BackendCall::emit(void* self, uint32_t output, const uint8_t* data, uint64_t size_bytes) {
  static_cast<BackendCall*>(self)->origin_.emit(
      output, {reinterpret_cast<const char*>(data), static_cast<size_t>(size_bytes)});
}

int32_t BackendCall::spend(void* self, uint64_t units) {
  return static_cast<BackendCall*>(self)->origin_.spend(units) ? 0 : 1;
}

godwit_nn_status BackendCall::open_file(void* self, const char* path, uint64_t path_size_bytes, int32_t* fd) {
  const CallOrigin& origin = static_cast<BackendCall*>(self)->origin_;
  if (!origin.files) return GODWIT_NN_NOT_FOUND;
  auto file = origin.files->open({path, static_cast<size_t>(path_size_bytes)});
  if (!file) return GODWIT_NN_NOT_FOUND;
  *fd = dup(file->fd());  // the backend's own
  return *fd >= 0 ? GODWIT_NN_OK : GODWIT_NN_RUNTIME_ERROR;
}

Outcome<> BackendCall::outcome(godwit_nn_status status) const {
  if (status == GODWIT_NN_OK) return {};
  // The guest that was told to stop ends before it can look at the number.
  if (status == GODWIT_NN_CANCELLED) return refuse(Errno::RuntimeError);
  switch (static_cast<Errno>(status)) {
#define GODWIT_NN_ERRNO(name, number, words) \
  case Errno::name: return refuse(Errno::name, explanation_);
#include "nn/errno.def"
  }
  return refuse(Errno::RuntimeError, explanation_.empty()
                                         ? "the backend failed with status " + std::to_string(status)
                                         : explanation_);
}

}  // namespace godwit::nn
