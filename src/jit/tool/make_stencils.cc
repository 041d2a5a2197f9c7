// The build step that makes the tables of stencil.h: reads the stencils' object files and their disassembly, checks that
// each stencil is code that may be copied, and writes a C++ file.
// usage: make_stencils <output.cc> {<object> <its disassembly>}…
//
// A stencil is refused, with the op's name, if it has a relocation that is not of a short list, calls something, or
// touches the native stack: the processor's tables.cc says what. Ops that cells.def calls far have none, nor have some
// that change frames.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "code/cell_op.h"
#include "jit/tool/object_file.h"
#include "jit/tool/tables.h"

namespace godwit::jit::tool {

namespace {

constexpr std::string_view kPrefix = "godwit_stencil_";

constexpr const char* kCellNames[] = {
#define GODWIT_CELL(name, ...) #name,
#define GODWIT_CONTROL_CELL(name) #name,
#include "code/cells.def"
};

constexpr bool kIsFar[] = {
#define GODWIT_FAR_CELL(name, ...) true,
#define GODWIT_FAR_SIMD_CELL(name, ...) true,
#define GODWIT_CELL(name, ...) false,
#define GODWIT_CONTROL_CELL(name) false,
#include "code/cells.def"
};

// The control ops without stencils: frames that are replaced, entries, data, and one of which nothing is done.
constexpr std::string_view kByHandler[] = {"count",
                                           "call",
                                           "throw_tag",
                                           "throw_reference",
                                           "tail_frame",
                                           "record_entry",
                                           "host_entry",
                                           "native_entry",
                                           "moved_entry",
                                           "native_loop",
                                           "leave",
                                           "return_call",
                                           "return_call_imported",
                                           "return_call_indirect_s",
                                           "return_call_indirect_a",
                                           "return_call_ref_s",
                                           "return_call_ref_a"};

// By stencil, from `llvm-objdump -d --no-show-raw-insn`.
std::map<std::string, std::vector<Line>> read_disassembly(const char* path) {
  std::map<std::string, std::vector<Line>> found;
  std::ifstream file(path);
  std::vector<Line>* current = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (const size_t name = line.find('<'); line.ends_with(">:") && line.starts_with("0")) {
      current = &found[line.substr(name + 1, line.size() - name - 3)];
      continue;
    }
    const size_t colon = line.find(':');
    char* end = nullptr;
    const auto at = static_cast<uint32_t>(std::strtoul(line.c_str(), &end, 16));
    if (current == nullptr || colon == std::string::npos || end != line.c_str() + colon) continue;
    current->push_back({at, line.substr(colon + 1)});
  }
  return found;
}

int run(int argc, char** argv) {
  if (argc < 4 || argc % 2 != 0) {
    std::fprintf(stderr, "usage: make_stencils <output.cc> {<object> <its disassembly>}...\n");
    return 2;
  }
  const std::unique_ptr<Tables> tables = make_tables();
  std::map<std::string, std::string> refusals;  // by op; empty: it has a stencil
  for (int i = 2; i + 1 < argc; i += 2) {
    const auto sections = read_object_file(argv[i]);
    const auto disassembly = read_disassembly(argv[i + 1]);
    for (const auto& [name, section] : sections) {
      const std::string text_prefix = ".text." + std::string(kPrefix);
      if (!name.starts_with(text_prefix)) continue;
      const auto lines = disassembly.find(name.substr(std::string_view(".text.").size()));
      if (lines == disassembly.end()) {
        std::fprintf(stderr, "error: no disassembly of %s in %s\n", name.c_str(), argv[i + 1]);
        return 1;
      }
      const std::string op = name.substr(text_prefix.size());
      refusals[op] = tables->add(op, section, sections, lines->second);
    }
  }

  bool is_right = true;
  for (size_t op = 0; op < code::kCellOpCount; ++op) {
    const char* name = kCellNames[op];
    const auto found = refusals.find(name);
    if (found != refusals.end() && found->second.empty()) {
      tables->put(name);
      continue;
    }
    tables->put_nothing();
    const bool is_expected = kIsFar[op] || std::ranges::find(kByHandler, name) != std::end(kByHandler);
    if (is_expected) continue;
    std::fprintf(stderr, "error: op %s cannot be a stencil: %s\n", name,
                 found == refusals.end() ? "there is none" : found->second.c_str());
    is_right = false;
  }
  if (!is_right) return 1;

  std::ofstream out(argv[1]);
  out << "// Made by make_stencils.\n";
  tables->write(out);
  std::fprintf(stderr, "stencils: %s\n", tables->summary().c_str());
  return out.flush() ? 0 : 1;
}

}  // namespace

}  // namespace godwit::jit::tool

int main(int argc, char** argv) { return godwit::jit::tool::run(argc, argv); }
