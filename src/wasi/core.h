// Core: what the interfaces of WASI share for one guest.
#pragma once

#include <string>
#include <vector>

#include "wasi/descriptor.h"

namespace godwit::wasi {

struct Core {
  std::vector<std::string> args;
  std::vector<std::string> env;  // "NAME=value"
  DescriptorTable descriptors;
};

}  // namespace godwit::wasi
