// Core dumps: what is left of a guest that failed, as a file for debuggers.
// spec: https://github.com/WebAssembly/tool-conventions/blob/main/Coredump.md
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/instance.h"

namespace godwit::runtime {

// Where a function stood; innermost first.
struct CoreFrame {
  std::string module;
  uint32_t function_index;
  uint64_t code_offset;  // of the instruction, from the beginning of the function's body; 0: not known
};

// The memories, globals and the stack of an instance as a module that is read and never run:
//
//   custom core           the program
//   custom coremodules    the instance's module, then others that frames are of, by name
//   custom coreinstances  one of each; memories and globals of the first
//   custom corestack      the frames; locals and operands are not known: code keeps them where it likes
//   memory, global, data  every memory with what in it is not zero; globals as constants, references as null
//
// @param program the name that stands for it
// @cost reads all of the memories; about as many bytes as are not zero in them
std::vector<uint8_t> core_dump(Instance& instance, std::span<const CoreFrame> frames,
                               std::string_view program);

}  // namespace godwit::runtime
