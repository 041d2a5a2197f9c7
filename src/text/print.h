// Printing modules in the text format.
// spec: https://webassembly.github.io/spec/core/text/modules.html
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wasm/module.h"

namespace godwit::text {

struct PrintOptions {
  // Instructions around their operands, as in (i32.add (local.get 0) (i32.const 1)), instead of one per line.
  bool fold = false;
  // Comments with the index of each definition and the byte offset of each instruction.
  bool comments = false;
};

// Takes the text piece by piece. Its first error ends the printing.
using PrintSink = std::function<Result<>(std::string_view piece)>;

// Prints a whole module, valid or not. Parsed again, the text gives the same types, imports, definitions, segments,
// instructions and custom sections.
//
// Identifiers are the names of the name section, made unique; what has none is called by its import or export, or by a
// letter and its index. Locals and fields without a name are numbers.
// @errors Malformed: a function body is not a sequence of instructions; with the byte offset. The sink's own errors.
//   What was printed before stays printed.
// @cost linear in the text; memory for the names and one function
Result<> print_module(const wasm::Module& module, const PrintOptions& options, const PrintSink& sink);

// Prints one function as print_module does, and a final newline. `func` is in the module.
Result<> print_func(const wasm::Module& module, wasm::FuncIdx func, const PrintOptions& options,
                    const PrintSink& sink);

// The same as one text.
Result<std::string> print_module(const wasm::Module& module, const PrintOptions& options = {});

// The functions that `name` means: those of this name in the name section, else those exported or imported by it, else
// the one with this index. An identifier as it is printed may be given, with its $.
std::vector<wasm::FuncIdx> find_funcs(const wasm::Module& module, std::string_view name);

}  // namespace godwit::text
