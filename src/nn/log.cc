// The log that is used where the embedder gives no other.
#include "nn/log.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace godwit::nn {
namespace {

bool wants_everything() {
  const char* wanted = std::getenv("GODWIT_NN_LOG");
  return wanted && std::strcmp(wanted, "debug") == 0;
}

// A model's file may hold any bytes, also such as would steer a terminal.
std::string printable(std::string_view line) {
  std::string text(line);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

}  // namespace

void log_to_stderr(LogLevel level, std::string_view line) {
  static const bool everything = wants_everything();
  if (level < LogLevel::Warning && !everything) return;
  const std::string text = "godwit: nn: " + printable(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace godwit::nn
