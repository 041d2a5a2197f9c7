// Fuzz target: any bytes as .debug_line and as the texts that it refers to; reading ends, and stays inside.
#include "wasm/debug_line.h"

#include <numeric>
#include <vector>

#include "finding.h"
#include "target.h"

namespace godwit::fuzz {

void start_target() {}

void run_target(Bytes input) {
  std::vector<uint8_t> bytes(input.begin(), input.end());
  if (bytes.size() > 5) {  // a version that is known: else nothing else is looked at
    bytes[4] = static_cast<uint8_t>(2 + bytes[4] % 4);
    bytes[5] = 0;
  }
  wasm::Module module;
  module.bytes = bytes;
  const wasm::ByteRange all{0, static_cast<uint32_t>(input.size())};
  module.customs = {{".debug_line", all}, {".debug_line_str", all}, {".debug_str", all}};
  std::vector<uint64_t> offsets(256);
  std::iota(offsets.begin(), offsets.end(), 0);
  const auto places = wasm::source_places(module, offsets);
  if (places.size() != offsets.size()) report_finding("not a place for each offset", input);
  for (const auto& place : places)
    if (place && place->file.empty()) report_finding("a place without a file", input);
}

}  // namespace godwit::fuzz
