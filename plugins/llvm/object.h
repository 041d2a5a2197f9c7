// Linker: LLVM's ELF object files, linked into one piece of code that runs wherever it is mapped. Knows the few kinds of
// sections and relocations that such code has, and refuses everything else.
#pragma once

#include <map>
#include <set>
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
  std::vector<uint8_t> code;  // of each file text, then constants
  std::map<std::string, Symbol, std::less<>> functions;
  std::vector<image::Line> lines;
  std::map<uint32_t, uint64_t> stack_bytes;  // by where a function begins: its frame
};

class Linker final {
 public:
  // Takes in a file: its functions are in object() then, and refer to nothing yet. A function of a name that is there
  // already takes the other one's place.
  // @errors Unsupported: it asks for something that code images do not have. Malformed: it makes no sense.
  Result<> add(Bytes elf);
  const Object& object() const { return object_; }
  // Lets `name` stand for a function of object().
  void add_name(const std::string& name, const std::string& of);
  // What the files refer to and none has.
  std::set<std::string> missing() const;
  // Makes the references of all files.
  // @errors those of add()
  Result<Object> finish();

 private:
  class File;
  struct Reference {
    uint32_t at;
    int64_t addend;
    std::string to;
  };
  Object object_;
  std::map<std::string, Object::Symbol, std::less<>> names_;  // beside those of object_
  std::vector<Reference> references_;                         // from file to file
};

// The rows of a .debug_line section whose addresses are already places in the code.
// spec: https://dwarfstd.org/doc/DWARF4.pdf (6.2)
Result<std::vector<image::Line>> read_lines(Bytes section);

}  // namespace godwit::llvm_tier
