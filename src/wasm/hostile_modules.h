// Modules made to be slow: small ones whose validation or translation takes much work per byte, or would if the work
// were not bounded. For tests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace godwit::wasm::test {

struct HostileModule {
  std::string_view name;
  // A valid module that repeats what is slow `count` times in its last function.
  std::vector<uint8_t> (*build)(uint32_t count);
  // Larger counts make the module invalid, or exceed a limit on nesting, labels or operands.
  uint32_t max_count = 2'000'000;
};

std::vector<HostileModule> hostile_modules();

}  // namespace godwit::wasm::test
