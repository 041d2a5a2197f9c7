// Writes what fuzzers start from: folders of small modules, of their texts, and of choices for the generator.
// usage: make_seeds <folder>     makes <folder>/modules, <folder>/texts and <folder>/choices
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "random_input.h"
#include "text/print.h"
#include "vocabulary.h"
#include "wasm/decoder.h"
#include "wasm/test_modules.h"

namespace godwit::fuzz {
namespace {

void write(const std::filesystem::path& path, Bytes bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void write_text(const std::filesystem::path& path, Bytes bytes) {
  const auto module = wasm::decode_copy(bytes, wasm::FeatureSet::all());
  if (!module) return;
  if (const auto text = text::print_module(*module, {.fold = true})) write(path, as_bytes(*text));
}

void make_seeds(const std::filesystem::path& folder) {
  const std::filesystem::path modules = folder / "modules", texts = folder / "texts",
                              choices = folder / "choices";
  std::filesystem::create_directories(modules);
  std::filesystem::create_directories(texts);
  std::filesystem::create_directories(choices);
  const Vocabulary vocabulary;
  size_t count = 0;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    if (!vocabulary.options().opcodes.test(i)) continue;
    const std::vector<uint8_t> input = random_bytes(i, 200);
    ModuleGenerator generator(input, vocabulary.options());
    write(modules / (std::string(wasm::kOpcodes[i].name) + ".wasm"),
          generator.build_for(static_cast<wasm::Opcode>(i)));
    ++count;
  }
  for (const auto& [name, bytes] : wasm::test::all_modules()) {
    write(modules / ("test-" + std::string(name) + ".wasm"), bytes);
    write_text(texts / (std::string(name) + ".wat"), bytes);
    ++count;
  }
  constexpr uint64_t kChoices = 40;
  for (uint64_t seed = 0; seed < kChoices; ++seed) write(choices / std::to_string(seed), random_input(seed));
  std::printf("%zu modules, texts of some, and %llu files of choices in %s\n", count,
              static_cast<unsigned long long>(kChoices), folder.c_str());
}

}  // namespace
}  // namespace godwit::fuzz

int main(int count, char** arguments) {
  if (count != 2) return std::fputs("usage: make_seeds <folder>\n", stderr), 2;
  godwit::fuzz::make_seeds(arguments[1]);
  return 0;
}
