// Excerpts: the code around a byte offset, for messages about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wasm/module.h"

namespace godwit::text {

struct Excerpt {
  struct Line {
    uint32_t offset;  // of the instruction
    std::string text;
  };

  wasm::FuncIdx func;
  std::string func_id;      // as the text format has it, or the index
  std::vector<Line> lines;  // up to the instruction that `offset` lies in; empty: it lies before the first
};

// The function whose body has the byte at `offset`, a few instructions before that place, and the instruction there,
// if it can be decoded. Nothing if the byte is in no body. The module may be invalid.
std::optional<Excerpt> excerpt_at(const wasm::Module& module, uint64_t offset);

}  // namespace godwit::text
