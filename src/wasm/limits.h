// The implementation limits on modules: those of the JavaScript API, so that what runs in browsers runs here.
// spec: https://webassembly.github.io/spec/js-api/index.html#limits
#pragma once

#include <cstdint>

namespace godwit::wasm::limits {

inline constexpr uint64_t kModuleBytes = 1 << 30;
inline constexpr uint32_t kTypes = 1'000'000;
inline constexpr uint32_t kRecGroups = 1'000'000;
inline constexpr uint32_t kSubtypeDepth = 63;
inline constexpr uint32_t kFuncs = 1'000'000;
inline constexpr uint32_t kImports = 1'000'000;
inline constexpr uint32_t kExports = 1'000'000;
inline constexpr uint32_t kGlobals = 1'000'000;
inline constexpr uint32_t kTags = 1'000'000;
inline constexpr uint32_t kTables = 100'000;
inline constexpr uint32_t kMemories = 100;
inline constexpr uint32_t kElemSegments = 10'000'000;
inline constexpr uint32_t kElemSegmentEntries = 10'000'000;
inline constexpr uint32_t kDataSegments = 100'000;
inline constexpr uint32_t kParams = 1'000;
inline constexpr uint32_t kResults = 1'000;
inline constexpr uint32_t kStructFields = 10'000;
inline constexpr uint32_t kArrayNewFixed = 10'000;
inline constexpr uint32_t kBodyBytes = 7'654'321;
inline constexpr uint32_t kLocals = 50'000;  // parameters included
inline constexpr uint32_t kBrTableLabels = 65'520;
inline constexpr uint32_t kNameBytes = 100'000;        // ours: of an import, export or custom section
inline constexpr uint32_t kTryTableCatches = 10'000;   // ours
inline constexpr uint32_t kOperands = 1'000'000;       // ours: values on the operand stack of one function
inline constexpr uint32_t kControlFrames = 1'000'000;  // ours: nested blocks in one function

}  // namespace godwit::wasm::limits
