// Object: what LLVM's ELF object files hold, linked into one piece of code that runs wherever it is mapped. Knows the few
// kinds of sections and relocations that such code has, and refuses everything else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "image/image.h"

namespace godwit::llvm_tier {

struct Object {
  struct Symbol {
    uint32_t begin, end;  // in the code
  };
  std::vector<uint8_t> code;  // text, then constants
  std::map<std::string, Symbol, std::less<>> functions;
  std::vector<image::Line> lines;
  std::map<uint32_t, uint64_t> stack_bytes;  // by where a function begins: its frame
};

// @errors Unsupported: the object asks for something that code images do not have. Malformed: it makes no sense.
Result<Object> link_object(Bytes elf);

// The rows of a .debug_line section whose addresses are already places in the code.
// spec: https://dwarfstd.org/doc/DWARF4.pdf (6.2)
Result<std::vector<image::Line>> read_lines(Bytes section);

}  // namespace godwit::llvm_tier
