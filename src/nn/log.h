// Where nn says what a guest's errno cannot: why a call failed, and that a model is being loaded.
#pragma once

#include <functional>
#include <string_view>

namespace godwit::nn {

// Numbered as the backends number them.
enum class LogLevel : uint8_t { Debug = 0, Info = 1, Warning = 2, Error = 3, Progress = 4 };

// Takes one line of UTF-8 without its end. @threads any.
using Log = std::function<void(LogLevel level, std::string_view line)>;

// Writes to standard error what people should see: warnings, errors, progress. GODWIT_NN_LOG=debug in the environment
// shows everything.
void log_to_stderr(LogLevel level, std::string_view line);

}  // namespace godwit::nn
