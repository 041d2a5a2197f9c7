// Prints and parses the valid modules in files: .wasm, .wat, or .wast scripts with all the modules in them.
// usage: text_round_trip <file or folder>...
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "round_trip.h"
#include "text/parse.h"
#include "text/script.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::text {
namespace {

struct Counts {
  size_t files = 0, unreadable = 0, modules = 0, faults = 0;
};

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Modules that are not valid are none of our business: what is printed of them need not parse.
void check(const std::string& name, Bytes bytes, Counts& counts) {
  const auto module = wasm::decode_copy(bytes, wasm::FeatureSet::all());
  if (!module || !wasm::validate(*module, wasm::FeatureSet::all())) return;
  ++counts.modules;
  if (const auto fault = round_trip_fault(*module)) {
    ++counts.faults;
    std::printf("%s: %s\n", name.c_str(), fault->c_str());
  }
}

// All the modules of a script, those that are expected to fail too: what is valid of them is checked.
void check_commands(const Source& source, const std::vector<Command>& commands, Counts& counts) {
  for (const Command& command : commands) {
    check_commands(source, command.commands, counts);
    if (command.end == command.begin) continue;
    const auto binary = parse_module(source, command.begin, command.end);
    if (binary) check(std::string(source.name) + ":" + std::to_string(command.line), *binary, counts);
  }
}

void check_file(const std::filesystem::path& path, Counts& counts) {
  const bool is_module = path.extension() == ".wasm",
             is_text = path.extension() == ".wast" || path.extension() == ".wat";
  if (!is_module && !is_text) return;
  ++counts.files;
  const std::string contents = contents_of(path), name = path.string();
  if (is_module) return check(name, as_bytes(contents), counts);
  const Source source{.name = name, .text = contents};
  if (const auto script = parse_script(source)) check_commands(source, script->commands, counts);
  else ++counts.unreadable;
}

int run(std::span<char*> arguments) {
  Counts counts;
  for (const std::filesystem::path path : arguments) {
    std::error_code error;
    std::filesystem::recursive_directory_iterator it(path, error), end;
    if (error) check_file(path, counts);
    for (; !error && it != end; it.increment(error))
      if (it->is_regular_file()) check_file(it->path(), counts);
  }
  std::printf("%zu files, %zu of them no scripts; %zu valid modules, %zu of them changed on the way\n",
              counts.files, counts.unreadable, counts.modules, counts.faults);
  return counts.faults == 0 && counts.modules > 0 ? 0 : 1;
}

}  // namespace
}  // namespace godwit::text

int main(int count, char** arguments) {
  return godwit::text::run({arguments + 1, static_cast<size_t>(count - 1)});
}
