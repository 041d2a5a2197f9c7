// ScriptThread: a thread of a script, with the commands that it runs.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "wast/session.h"

namespace godwit::wast {

class ScriptThread final {
 public:
  // Starts to run `commands`, which outlive the thread, in `session`.
  ScriptThread(std::unique_ptr<Session> session, const std::vector<Command>& commands);
  // Interrupts what runs.
  ~ScriptThread();

  // Waits for the end. Passed, if all commands have passed or were skipped; else the first that failed.
  Outcome wait();

 private:
  void run();

  std::unique_ptr<Session> session_;
  const std::vector<Command>& commands_;
  Outcome outcome_;
  std::atomic<bool> is_given_up_ = false;
  std::thread thread_;
};

}  // namespace godwit::wast
