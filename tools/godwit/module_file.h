// The bytes of a module's file, for commands that look at modules without running them.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::cli {

struct ModuleFile {
  std::shared_ptr<const void> storage;  // keeps the bytes
  Bytes bytes;
};

// The binary at `path`, or that of the text at `path`.
// @errors NotFound, Io: it cannot be read. Malformed: a text that is no module, with the line and a caret.
Result<ModuleFile> load_module_file(const std::string& path);

}  // namespace godwit::cli
