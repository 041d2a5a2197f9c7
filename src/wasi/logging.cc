// Logging.
//
//   2026-01-31T12:00:00.123Z [info] label: message
//
// spec: https://github.com/WebAssembly/wasi-logging/blob/main/wit/logging.wit
#include "wasi/logging.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "platform/clock.h"
#include "runtime/trap.h"
#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

constexpr std::array<std::string_view, 6> kLevels = {"trace", "debug", "info", "warn", "error", "critical"};
constexpr size_t kMaxLabel = 64;  // bytes of a label that are shown
constexpr uint32_t kStdout = 1, kStderr = 2;

std::unexpected<Error> trap(runtime::Trap code, std::string message) {
  return fail(Error(ErrorKind::Trap, static_cast<uint32_t>(code), std::move(message)));
}

void append_padded(std::string& text, uint64_t number, size_t digits) {
  const std::string decimal = std::to_string(number);
  text.append(digits > decimal.size() ? digits - decimal.size() : 0, '0');
  text += decimal;
}

// "2026-01-31T12:00:00.123Z", from nanoseconds since 1970-01-01 UTC.
std::string text_of_time(uint64_t time_ns) {
  constexpr uint64_t kMillisecond_ns = 1'000'000;
  const uint64_t milliseconds = time_ns / kMillisecond_ns;
  const uint64_t seconds = milliseconds / 1000;
  // days in years that begin in March, so that a leap day is the last of one; eras of 400 years
  const uint64_t days = seconds / 86400 + 719468;
  const uint64_t era = days / 146097;
  const uint64_t day_of_era = days % 146097;
  const uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint64_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  std::string text;
  append_padded(text, era * 400 + year_of_era + (month <= 2), 4);
  text += '-';
  append_padded(text, month, 2);
  text += '-';
  append_padded(text, day_of_year - (153 * shifted_month + 2) / 5 + 1, 2);
  text += 'T';
  append_padded(text, seconds / 3600 % 24, 2);
  text += ':';
  append_padded(text, seconds / 60 % 60, 2);
  text += ':';
  append_padded(text, seconds % 60, 2);
  text += '.';
  append_padded(text, milliseconds % 1000, 3);
  return text + 'Z';
}

// A label as a word of the log: cut, and without what could pass for something else.
std::string shown(std::string_view label) {
  std::string text(label.substr(0, kMaxLabel));
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, '?');
  return text;
}

}  // namespace

// The contexts "" and "stdout" mean the guest's standard output, "stderr" its standard error; any other is a label, and
// goes to standard error. What the guest has closed is written nowhere. The guest traps if the strings lie outside of its
// memory, or if there is no such level.
// deviation: WasmEdge takes other contexts for paths of the host's, and appends to files there.
Result<> Logging::log(host::Caller& caller, uint32_t level, host::GuestString context,
                      host::GuestString message) {
  const auto label = context.view();
  const auto text = message.view();
  if (!label || !text)
    return trap(runtime::Trap::MemoryOutOfBounds, "a text to be logged lies outside of the memory");
  if (level >= kLevels.size())
    return trap(runtime::Trap::HostError, "there is no log level " + std::to_string(level));
  std::string head = text_of_time(platform::now_ns(platform::Clock::Realtime));
  head.append(" [").append(kLevels[level]).append("] ");
  uint32_t number = kStderr;
  {
    const runtime::GuestAccess access;
    if (label->empty() || *label == "stdout") number = kStdout;
    else if (*label != "stderr") head += shown(*label) + ": ";
  }
  const auto found = core_.descriptors.find_file(number, right::kFdWrite);
  if (!found || !(*found)->writable) return {};
  const Descriptor& file = **found;
  char newline = '\n';
  fs::IoVector pieces[] = {{.iov_base = head.data(), .iov_len = head.size()},
                           {.iov_base = const_cast<char*>(text->data()), .iov_len = text->size()},
                           {.iov_base = &newline, .iov_len = 1}};
  const runtime::GuestAccess access;
  if (!fs::write(file.fd, pieces, file.kind, fs::Blocking::Wait, wait_mode(core_, caller)))
    return {};  // nobody can be told that nobody reads
  return {};
}

}  // namespace godwit::wasi
