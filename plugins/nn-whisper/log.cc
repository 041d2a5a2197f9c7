// The process-wide hook of whisper.cpp, by threads.
#include "log.h"

#include <whisper.h>

#include <mutex>
#include <string>

namespace godwit::whisper {
namespace {

struct ThreadLog {
  const tensors::Call* call = nullptr;
  std::string line;  // begun, not ended yet
};
thread_local ThreadLog thread_log;

void end_line() {
  if (!thread_log.line.empty()) thread_log.call->log(GODWIT_NN_LOG_DEBUG, thread_log.line);
  thread_log.line.clear();
}

void on_log(ggml_log_level, const char* text, void*) {
  if (!thread_log.call) return;
  for (const char* at = text; *at; ++at)
    if (*at == '\n') end_line();
    else thread_log.line += *at;
}

}  // namespace

LogScope::LogScope(const tensors::Call& call) {
  static std::once_flag once;
  std::call_once(once, [] { whisper_log_set(on_log, nullptr); });
  thread_log.call = &call;
}

LogScope::~LogScope() {
  end_line();
  thread_log.call = nullptr;
}

}  // namespace godwit::whisper
