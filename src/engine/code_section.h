// Compiled code that a module brings along, in its last custom section. The module stays a module: whoever does not know
// the section, or does not trust it, runs its bodies.
//
//   "godwit.code"  | format u32 | cpu level u32 | authentication code, 32 bytes | code image (src/image) |
//
// The authentication code is made with a key of the user's, over everything else in the file: only code that this user
// has had made here is ever run.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "platform/user_key.h"
#include "wasm/module.h"

namespace godwit::engine {

// What a processor must have for the code: x86-64-v2, v3 or v4.
// spec: https://gitlab.com/x86-psABIs/x86-64-ABI (1.1, micro-architecture levels)
struct CpuLevel {
  uint32_t number;
  const char* name() const;  // as compilers call it
};
// That of this machine; nothing if there is none.
std::optional<CpuLevel> cpu_level();

// The module `wasm`, which has no such section, with code for processors of a level.
std::vector<uint8_t> with_code(Bytes wasm, CpuLevel level, Bytes image, const platform::UserKey& key);

// The module's bytes without such a section.
Bytes without_code(const wasm::Module& module);

// The code image of a module; nothing if it brings none.
// @errors Malformed, Unsupported, NotFound: why it is not to be run.
Result<std::optional<Bytes>> code_of(const wasm::Module& module);

}  // namespace godwit::engine
