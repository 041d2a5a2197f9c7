// Output: unbuffered writes to the standard streams, colours, readable numbers and names.
#include "output.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/utf8.h"

namespace godwit::cli {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// https://no-color.org
bool use_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != 0) return false;
  const char* term = std::getenv("TERM");
  if (term != nullptr && std::strcmp(term, "dumb") == 0) return false;
  return ::isatty(STDERR_FILENO) == 1;
}

void write_labelled(std::string_view label, std::string_view colour, std::string_view message) {
  std::string text;
  const bool coloured = use_colour();
  if (coloured) text += colour;
  text += label;
  if (coloured) text += "\x1b[0m";
  text += printable(message);
  text += '\n';
  write_err(text);
}

// The length of the UTF-8 sequence that `lead` begins, were the rest of it there.
size_t sequence_length(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

}  // namespace

bool write_out(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return true;
  write_error(std::string("cannot write to standard output: ") + std::strerror(errno));
  return false;
}

void write_err(std::string_view text) { (void)write_all(STDERR_FILENO, text); }

void write_error(std::string_view message) { write_labelled("error: ", "\x1b[1;31m", message); }
void write_warning(std::string_view message) { write_labelled("warning: ", "\x1b[1;33m", message); }

int leave(int status) {
#ifndef GODWIT_SANITIZED
  ::_exit(status);
#else
  return status;
#endif
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const uint8_t lead = static_cast<uint8_t>(text[i]);
    const std::string_view sequence = text.substr(i, sequence_length(lead));
    // C1 controls are U+0080 to U+009F: C2 80 to C2 9F
    const bool is_c1 = lead == 0xC2 && sequence.size() == 2 && static_cast<uint8_t>(sequence[1]) < 0xA0;
    const bool is_control = (lead < 0x20 && lead != '\n' && lead != '\t') || lead == 0x7F || is_c1;
    if (!is_control && is_utf8(as_bytes(sequence))) {
      out += sequence;
      i += sequence.size();
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02X", lead);
    out += escaped;
    ++i;
  }
  return out;
}

std::string human_size(uint64_t bytes) {
  if (bytes < 1024) return decimal(bytes) + (bytes == 1 ? " byte" : " bytes");
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  double size = static_cast<double>(bytes) / 1024;
  for (; size >= 1024 && unit + 1 < std::size(kUnits); ++unit) size /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", size, kUnits[unit]);
  return text;
}

std::string decimal(uint64_t number) {
  char digits[24];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

std::string hex(uint64_t number) {
  char digits[24];
  return "0x" + std::string(digits, std::to_chars(digits, digits + sizeof digits, number, 16).ptr);
}

}  // namespace godwit::cli
