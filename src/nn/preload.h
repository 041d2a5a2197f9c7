// Preload: a model that the operator registered under a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "nn/types.h"

namespace godwit::nn {

struct Preload {
  std::string name;
  const Encoding* encoding;  // null: to be told by the file
  Target target;
  std::vector<std::string> paths;
};

// Reads "NAME:ENCODING:TARGET:path", as `--nn-preload` takes it. Where the encoding's model is several files, the rest
// is "path:path…"; where it is one, the path may hold colons.
// @errors Usage: names the part that is missing or unknown.
Result<Preload> parse_preload(std::string_view spec);

}  // namespace godwit::nn
