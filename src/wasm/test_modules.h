// Modules that tests start from; together they use every section and most instructions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace godwit::wasm::test {

struct NamedModule {
  std::string_view name;
  std::vector<uint8_t> bytes;
};

// Valid modules with all features on.
std::vector<NamedModule> all_modules();

std::vector<uint8_t> scalar_module();
// One function per instruction whose type stands in the table of instructions.
std::vector<uint8_t> plain_module();
std::vector<uint8_t> gc_module();
std::vector<uint8_t> exceptions_module();
// Several memories and tables, of 32 and 64 bits, shared, with pages of one byte.
std::vector<uint8_t> memories_module();

}  // namespace godwit::wasm::test
