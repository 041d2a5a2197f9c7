// Compiled code that a module brings along, in its last custom section. The module stays a module: whoever does not know
// the section, or does not trust it, runs its bodies.
//
//   "godwit.code" | format u32 | seal's kind u32 | seal, 64 bytes | parts u32 | 0 u32
//                 | for each part: level u32 | 0 u32 | processor u64 | layout u64 | begin u64 | size u64
//                 | the parts' code images (src/image), each for other processors
//
// All numbers are little-endian; `begin` counts from the section's first byte after its name. The seal is over everything
// else in the file: only code that this user has had made here, or that is signed by somebody whom the user trusts, is
// ever run.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/sha256.h"
#include "engine/signature.h"
#include "platform/user_key.h"
#include "wasm/module.h"

namespace godwit::engine {

// What a processor must have for the code.
// spec: https://gitlab.com/x86-psABIs/x86-64-ABI (1.1, micro-architecture levels)
struct CodeTarget {
  static constexpr uint32_t kNative = 5;
  uint32_t level;          // 1 to 4; kNative: it is for exactly one kind of processor
  uint64_t processor = 0;  // kNative: which

  std::string name() const;  // "x86-64-v3", "native"
  // As the compiler calls it; null: the processor that this runs on.
  const char* compiler_name() const;
  bool runs_here() const;
};
// @param name "x86-64", "x86-64-v2" … "x86-64-v4", "native"; else nothing
std::optional<CodeTarget> target_of(std::string_view name);
// The highest level that this machine has; nothing if no code is made for it.
std::optional<CodeTarget> best_target();

struct CodePart {
  CodeTarget target;
  uint64_t layout;  // what the image was made for, as it says itself
  std::vector<uint8_t> image;
};

// Who says that the code may be run.
struct SealMaker {
  std::optional<platform::UserKey> user_key = {};  // this user, on this machine
  std::string private_key = {};                    // else whoever has this key (PEM)
};

// The module `wasm`, which has no such section, with code.
// @errors those of sign()
Result<std::vector<uint8_t>> with_code(Bytes wasm, std::span<const CodePart> parts, const SealMaker& seal);

// The module's bytes without such a section.
Bytes without_code(const wasm::Module& module);

// Whether there is such a section, whatever it is worth.
bool brings_code(const wasm::Module& module);

// The code image of a module that is best for this processor; nothing if it brings none.
// @param trusted_keys  public keys (PEM) of those whose code is run
// @param counts_fuel   whether it is to be code that does
// @param digest        if it has a value, that is the SHA-256 of what the seal is over, which is not hashed then; else it
//                      receives that, if the module brings code
// @errors Malformed, Unsupported, NotFound, Usage: why it is not to be run.
Result<std::optional<Bytes>> code_of(const wasm::Module& module,
                                     std::span<const std::string> trusted_keys = {}, bool counts_fuel = false,
                                     std::optional<Digest>* digest = nullptr);

}  // namespace godwit::engine
