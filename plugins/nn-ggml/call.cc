// The log hook of llama.cpp.
#include "call.h"

#include <common/log.h>
#include <llama.h>

#include <algorithm>
#include <mutex>

namespace godwit::ggml {
namespace {

struct ThreadLog {
  const Call* call = nullptr;
  bool is_open = false;  // inside of a LogScope
  bool verbose = false;
  uint32_t level = GODWIT_NN_LOG_INFO;
  std::string line;  // begun, not ended yet
  std::string first_error;
};
// llama_log_set takes one function for the process and says nothing of the caller, so the thread has to.
thread_local ThreadLog thread_log;

uint32_t level_of(ggml_log_level level, uint32_t before) {
  switch (level) {
    case GGML_LOG_LEVEL_ERROR: return GODWIT_NN_LOG_ERROR;
    case GGML_LOG_LEVEL_WARN: return GODWIT_NN_LOG_WARNING;
    case GGML_LOG_LEVEL_INFO: return GODWIT_NN_LOG_INFO;
    case GGML_LOG_LEVEL_CONT: return before;
    default: return GODWIT_NN_LOG_DEBUG;
  }
}

void end_line() {
  ThreadLog& log = thread_log;
  if (log.line.empty()) return;
  if (log.level == GODWIT_NN_LOG_ERROR && log.first_error.empty()) log.first_error = log.line;
  // Its errors come back in our own explanations, and its news is for those who ask for it.
  const uint32_t level = log.verbose ? log.level : std::min<uint32_t>(log.level, GODWIT_NN_LOG_INFO);
  if (log.call) log.call->log(level, log.line);
  log.line.clear();
}

void on_log(ggml_log_level level, const char* text, void*) {
  ThreadLog& log = thread_log;
  if (!log.is_open) return;
  log.level = level_of(level, log.level);
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    log.line += rest.substr(0, end);
    if (end == std::string_view::npos) break;
    end_line();
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

LogScope::LogScope(const Call& call) : LogScope(&call) {}
LogScope::LogScope() : LogScope(nullptr) {}

LogScope::LogScope(const Call* call) : before_(thread_log.call), was_open_(thread_log.is_open) {
  thread_log.call = call;
  thread_log.is_open = true;
  thread_log.first_error.clear();
}

LogScope::~LogScope() {
  end_line();
  thread_log.call = before_;
  thread_log.is_open = was_open_;
}

const std::string& LogScope::first_error() {
  end_line();
  return thread_log.first_error;
}

void LogScope::set_verbose(bool verbose) { thread_log.verbose = verbose; }

void LogScope::install() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(on_log, nullptr);
    constexpr int kNothing = -1;
    common_log_set_verbosity_thold(kNothing);  // its "common" library writes to standard error by itself
    llama_backend_init();
  });
}

}  // namespace godwit::ggml
