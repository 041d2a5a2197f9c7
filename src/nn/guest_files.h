// GuestFiles: how nn opens a path that a guest named, without knowing what the guest may see.
#pragma once

#include <string_view>

#include "base/error.h"
#include "nn/model_file.h"

namespace godwit::nn {

// Implemented over the guest's preopens.
class GuestFiles {
 public:
  virtual ~GuestFiles() = default;

  // Opens a regular file for reading, resolved beneath what this guest may see and nowhere else.
  // @errors NotFound: the guest may not see such a file, or there is none. Io: it cannot be opened.
  virtual Result<ModelFile> open(std::string_view path) = 0;
};

}  // namespace godwit::nn
