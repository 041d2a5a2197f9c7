// Errors of decoding as people read them.
#include "module_error.h"

#include "command.h"
#include "explain.h"
#include "file_kind.h"
#include "output.h"

namespace godwit::cli {

int report_module_error(const Error& error, const std::string& path) {
  const bool is_about_bytes = error.kind() == ErrorKind::Malformed || error.kind() == ErrorKind::Invalid;
  if (error.kind() == ErrorKind::Malformed) {
    if (const std::string kind = what_else_it_is(path.c_str()); !kind.empty()) {
      write_error(path + ": not a WebAssembly module: " + kind);
      return kExitError;
    }
  }
  const bool names_itself = error.kind() == ErrorKind::NotFound || error.kind() == ErrorKind::Io;
  std::string text = names_itself ? error.message() : path + ": " + error.describe();
  if (is_about_bytes && error.offset() != kNoOffset)
    text += explain_place(path, error.message(), error.offset());
  write_error(text);
  return kExitError;
}

}  // namespace godwit::cli
