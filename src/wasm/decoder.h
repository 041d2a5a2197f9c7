// Decoding the binary format into a Module.
// spec: https://webassembly.github.io/spec/core/binary/modules.html
#pragma once

#include "base/error.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace godwit::wasm {

// Decodes `bytes`, which must stay alive as long as `storage` does (pass the owner; the module keeps it).
// Function bodies are delimited, not read: the validator reads them.
// @errors Malformed: with the byte offset; Invalid: a type with several supertypes, which Module cannot hold.
Result<Module> decode(std::shared_ptr<const void> storage, Bytes bytes, const FeatureSet& features = {});

// Decodes a copy of `bytes`.
Result<Module> decode_copy(Bytes bytes, const FeatureSet& features = {});

}  // namespace godwit::wasm
