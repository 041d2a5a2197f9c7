// Paths as guests write them, and the preopened directories that they lie in.
#pragma once

#include <optional>
#include <string_view>

#include "wasi/descriptor.h"

namespace godwit::wasi {

struct GuestPlace {
  DescriptorPtr dir;
  std::string_view rest;  // of the path, from there; never empty
};

// The longest guest path of a preopened directory that is a prefix decides, as in wasi-libc. Nothing if none is.
std::optional<GuestPlace> find_preopened(const DescriptorTable& descriptors, std::string_view path);

}  // namespace godwit::wasi
