// Hints, by the words that messages begin with.
#include "hints.h"

#include <charconv>

#include "output.h"

namespace godwit::cli {
namespace {

struct Row {
  std::string_view begins;
  std::string_view hint;
};

// The first that fits counts.
constexpr Row kRows[] = {
    {"uninitialized local",
     "a local whose type has no default value must be set before it is read, on every path"},
    {"immutable global", "only a global that is declared as (mut …) can be set"},
    {"immutable field", "only a field that is declared as (mut …) can be set"},
    {"immutable array", "only an array whose elements are declared as (mut …) can be changed"},
    {"undeclared function reference",
     "ref.func in a body may name functions that an export, a global or an element segment names: declare it "
     "with (elem declare func …)"},
    {"data count section required",
     "code that names data segments needs the section 12, data count, before the code; the tool that wrote "
     "the "
     "module left it out"},
    {"constant expression required",
     "initial values and offsets may use constants, ref.func, immutable globals, "
     "additions, subtractions and multiplications, and new objects only"},
};

struct Space {
  std::string_view word;
  std::string_view many;
  size_t (*size)(const wasm::Module& module);
};

constexpr Space kSpaces[] = {
    {"type ", "types", [](const wasm::Module& module) { return module.types.size(); }},
    {"function ", "functions", [](const wasm::Module& module) { return module.funcs.size(); }},
    {"table ", "tables", [](const wasm::Module& module) { return module.tables.size(); }},
    {"memory ", "memories", [](const wasm::Module& module) { return module.memories.size(); }},
    {"global ", "globals", [](const wasm::Module& module) { return module.globals.size(); }},
    {"tag ", "tags", [](const wasm::Module& module) { return module.tags.size(); }},
    {"elem segment ", "element segments", [](const wasm::Module& module) { return module.elems.size(); }},
    {"data segment ", "data segments", [](const wasm::Module& module) { return module.datas.size(); }},
};

std::string about_index(const Space& space, std::string_view digits, const wasm::Module& module) {
  const size_t count = space.size(module);
  uint32_t index = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (index < count) return "it comes later in the module: only what stands before may be named here";
  if (count == 0) return "the module has no " + std::string(space.many);
  if (count == 1) return "the module has " + std::string(space.word) + "0 only";
  return "the module has the " + std::string(space.many) + " 0 to " + decimal(count - 1);
}

}  // namespace

std::string hint_for(std::string_view message, const wasm::Module& module) {
  constexpr std::string_view kUnknown = "unknown ";
  if (message.starts_with(kUnknown)) {
    message.remove_prefix(kUnknown.size());
    for (const Space& space : kSpaces)
      if (message.starts_with(space.word))
        return about_index(space, message.substr(space.word.size()), module);
    return {};
  }
  for (const Row& row : kRows)
    if (message.starts_with(row.begins)) return std::string(row.hint);
  return {};
}

}  // namespace godwit::cli
