// Reports: the text of errors and backtraces.
#include "report.h"

#include "command.h"
#include "explain.h"
#include "file_kind.h"
#include "output.h"

namespace godwit::cli {
namespace {

// What stands before the message; empty where the message says it all.
std::string_view label(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Malformed: return "malformed module: ";
    case ErrorKind::Invalid: return "invalid module: ";
    case ErrorKind::Unlinkable: return "cannot link: ";
    case ErrorKind::Trap: return "trap: ";
    case ErrorKind::Exception: return "uncaught exception: ";
    case ErrorKind::Exhausted: return "limit reached: ";
    case ErrorKind::Exit:
    case ErrorKind::NotFound:
    case ErrorKind::Unsupported:
    case ErrorKind::Io:
    case ErrorKind::Usage: return "";
  }
  return "";
}

using Places = std::vector<std::optional<Module::SourcePlace>>;

// Of each frame; empty where nothing is known.
Places places_of(const std::vector<Frame>& frames, const Module* module) {
  if (module == nullptr || frames.empty()) return Places(frames.size());
  std::vector<uint64_t> offsets;
  for (const Frame& frame : frames) offsets.push_back(frame.offset);
  return module->source_places(offsets);
}

std::string text_of(const Frame& frame, const std::optional<Module::SourcePlace>& place) {
  std::string text;
  if (!frame.module.empty()) text += frame.module + "!";
  text += frame.function.empty() ? "func[" + decimal(frame.function_index) + "]" : frame.function;
  if (frame.offset != Error::kNoOffset) text += " @ " + hex(frame.offset);
  if (place) text += " (" + place->file + ":" + decimal(place->line) + ")";
  return text;
}

}  // namespace

std::string describe_backtrace(const Error& error, const Module* module) {
  const std::vector<Frame>& frames = error.backtrace();
  const Places places = places_of(frames, module);
  std::string text;
  constexpr size_t kMaxLines = 40;
  bool is_numbered = true;  // until frames are left out
  size_t lines = 0;
  for (size_t i = 0; i < frames.size() && lines < kMaxLines; ++lines) {
    const std::string line = text_of(frames[i], places[i]);
    is_numbered &= frames[i].offset != Error::kNoOffset;
    std::string number = is_numbered ? decimal(i) + ":" : "";
    number.insert(0, number.size() < 6 ? 6 - number.size() : 0, ' ');
    text.append("\n").append(number).append(" ").append(line);
    size_t same = 1;  // a recursion is one line
    while (i + same < frames.size() && text_of(frames[i + same], places[i + same]) == line) ++same;
    if (same > 1) text += "   (" + decimal(same) + " times)";
    i += same;
    if (lines + 1 == kMaxLines && i < frames.size())
      text += "\n       … and " + decimal(frames.size() - i) + " more";
  }
  return text;
}

std::string describe(const Error& error, const Module* module) {
  std::string text(label(error.kind()));
  if (error.kind() == ErrorKind::Unlinkable) {  // one import per line
    text.pop_back();
    for (const char c : "\n" + error.message()) text += c == '\n' ? "\n  " : std::string(1, c);
  } else {
    text += error.message();
  }
  if (error.offset() != Error::kNoOffset) text += " (at byte " + hex(error.offset()) + ")";
  return text + describe_backtrace(error, module);
}

int exit_status(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::Exhausted:
      if (error.is_interruption()) return kExitTimeout;
      return error.backtrace().empty() ? kExitError : kExitTrap;
    case ErrorKind::Trap:
    case ErrorKind::Exception: return kExitTrap;
    case ErrorKind::Usage: return kExitUsage;
    default: return kExitError;
  }
}

namespace {

int report_as(const Error& error, std::string_view subject, std::string text) {
  const bool names_itself = error.kind() == ErrorKind::NotFound || error.kind() == ErrorKind::Io;
  if (!subject.empty() && !names_itself && error.backtrace().empty())
    text.insert(0, std::string(subject) + ": ");
  write_error(text);
  return exit_status(error);
}

}  // namespace

int report(const Error& error, std::string_view subject) {
  return report_as(error, subject, describe(error));
}

int report_module(const Error& error, const std::string& path, const Module* module) {
  std::string text = describe(error, module);
  if (error.kind() == ErrorKind::Malformed || error.kind() == ErrorKind::Invalid) {
    if (const std::string kind = what_else_it_is(path.c_str()); !kind.empty()) {
      write_error(path + ": not a WebAssembly module: " + kind);
      return kExitError;
    }
    if (error.offset() != Error::kNoOffset) text += explain_place(path, error.message(), error.offset());
  }
  return report_as(error, path, text);
}

}  // namespace godwit::cli
