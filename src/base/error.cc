// Error: construction and the text people read.
#include "base/error.h"

#include <cstdio>

namespace godwit {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Malformed: return "malformed module";
    case ErrorKind::Invalid: return "invalid module";
    case ErrorKind::Unlinkable: return "cannot link";
    case ErrorKind::Trap: return "trap";
    case ErrorKind::Exception: return "uncaught exception";
    case ErrorKind::Exhausted: return "limit reached";
    case ErrorKind::Exit: return "exit";
    case ErrorKind::NotFound: return "not found";
    case ErrorKind::Unsupported: return "unsupported";
    case ErrorKind::Io: return "system error";
    case ErrorKind::Usage: return "usage";
  }
  return "error";
}

Error::Error(ErrorKind kind, std::string message) : Error(kind, 0, std::move(message)) {}

Error::Error(ErrorKind kind, uint32_t code, std::string message)
    : data_(new Data{kind, code, kNoOffset, std::move(message), {}, {}}) {}

Error&& Error::at(uint64_t offset) && {
  data_->offset = offset;
  return std::move(*this);
}

Error&& Error::with_backtrace(std::vector<Frame> frames) && {
  data_->backtrace = std::move(frames);
  return std::move(*this);
}

Error&& Error::with_cargo(std::shared_ptr<ErrorCargo> cargo) && {
  data_->cargo = std::move(cargo);
  return std::move(*this);
}

Error&& Error::in(std::string_view context) && {
  data_->message = std::string(context) + ": " + data_->message;
  return std::move(*this);
}

std::string Error::describe() const {
  std::string text(to_string(kind()));
  text += ": " + message();
  char number[40];
  if (offset() != kNoOffset) {
    std::snprintf(number, sizeof number, " (at byte 0x%llx)", static_cast<unsigned long long>(offset()));
    text += number;
  }
  size_t position = 0;
  for (const Frame& frame : backtrace()) {
    std::snprintf(number, sizeof number, "\n  %3zu: ", position++);
    text += number;
    if (!frame.module.empty()) text += frame.module + "!";
    if (frame.function.empty()) text += "func[" + std::to_string(frame.function_index) + "]";
    else text += frame.function;
    if (frame.offset != kNoOffset) {
      std::snprintf(number, sizeof number, " @ 0x%llx", static_cast<unsigned long long>(frame.offset));
      text += number;
    }
  }
  return text;
}

}  // namespace godwit
