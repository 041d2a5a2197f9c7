// ObjectFile: what the build step reads of a relocatable ELF file for x86-64.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace godwit::jit::tool {

struct Relocation {
  uint64_t at;  // in the section
  uint32_t type;
  std::string symbol;   // empty: a section
  std::string section;  // of a defined symbol or a section symbol
  uint64_t value;       // the symbol's place in its section
  int64_t addend;
};

struct Section {
  std::vector<uint8_t> bytes;
  std::vector<Relocation> relocations;
};

// Sections by name. Exits with a message if the file is not such a file.
std::map<std::string, Section> read_object_file(const std::string& path);

}  // namespace godwit::jit::tool
