// Reading the custom section "name".
#include "wasm/name_section.h"

#include "wasm/limits.h"
#include "wasm/reader.h"

namespace godwit::wasm {

namespace {

constexpr uint8_t kModuleName = 0;
constexpr uint8_t kFuncNames = 1;

// A map from indices, which increase, to names.
void read_name_map(Reader& reader, std::vector<std::pair<uint32_t, std::string_view>>& into) {
  const uint32_t count = reader.count(limits::kFuncs, "names");
  into.reserve(count / 2);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = reader.u32();
    const std::string_view name = reader.name();
    if (reader.failed() || (!into.empty() && index <= into.back().first)) return;
    into.emplace_back(index, name);
  }
}

}  // namespace

NameMap read_names(Bytes module, ByteRange contents) {
  NameMap names;
  Reader reader(module, contents, FeatureSet::all());
  while (!reader.at_end()) {
    const uint8_t id = reader.u8();
    const ByteRange range = reader.sized_bytes();
    if (reader.failed()) break;
    Reader subsection(module, range, FeatureSet::all());
    if (id == kModuleName) names.module = subsection.name();
    if (id == kFuncNames && names.funcs.empty()) read_name_map(subsection, names.funcs);
  }
  return names;
}

}  // namespace godwit::wasm
