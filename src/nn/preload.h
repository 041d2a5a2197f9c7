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
  std::string options;  // the backend's, for who gives none of their name: a JSON object; empty: none
};

// Reads "NAME:ENCODING:TARGET:path", as `--nn-preload` takes it. Where the encoding's model is several files, the rest
// is "path:path…"; where it is one, the path may hold colons. Without a colon: a model of the user's list (model_list.h),
// "LISTED", or "NAME=LISTED" to call it otherwise.
// @errors Usage: names the part that is missing or unknown. Those of ModelList::find() but NotFound.
Result<Preload> parse_preload(std::string_view spec);

}  // namespace godwit::nn
