// Running the commands of a script's thread.
#include "wast/script_thread.h"

#include <fmt/format.h>

namespace godwit::wast {

ScriptThread::ScriptThread(std::unique_ptr<Session> session, const std::vector<Command>& commands)
    : session_(std::move(session)), commands_(commands), thread_([this] { run(); }) {}

ScriptThread::~ScriptThread() {
  if (!thread_.joinable()) return;
  is_given_up_ = true;
  session_->interrupt();
  thread_.join();
}

void ScriptThread::run() {
  for (const Command& command : commands_) {
    if (is_given_up_) return;
    Outcome outcome = session_->run(command);
    if (outcome.verdict != Verdict::Failed) continue;
    outcome.message = fmt::format("line {}: {}: {}", command.line, to_string(command.kind), outcome.message);
    outcome_ = std::move(outcome);
    return;
  }
}

Outcome ScriptThread::wait() {
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

}  // namespace godwit::wast
