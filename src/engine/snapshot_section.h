// The state of an instance that a module brings along, in its last custom section. The module stays a module: whoever does
// not know the section begins at the beginning.
//
//   "godwit.snapshot" | format u32 | memories | tables | globals | dropped segments | values of segments
//
// All numbers are little-endian. There is no code in it, and no address: references are function indices. It is believed no
// more than any other part of a module.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "runtime/blueprint.h"
#include "runtime/module.h"

namespace godwit::engine {

// The module `wasm` with that state.
// @errors Exhausted: the state is larger than a section can be.
Result<std::vector<uint8_t>> with_snapshot(Bytes wasm, const runtime::Blueprint& blueprint);

// The contents of such a section alone; and the state that they are, of an instance of `module`.
// @errors as snapshot_of().
std::vector<uint8_t> snapshot_contents(const runtime::Blueprint& blueprint);
Result<std::shared_ptr<const runtime::Blueprint>> snapshot_of_contents(const runtime::Module& module,
                                                                       const runtime::TypeRegistry& types,
                                                                       Bytes contents);

// The module's bytes without such a section.
Bytes without_snapshot(const wasm::Module& module);

// The state that a module brings along; null if it brings none.
// @errors Malformed: it is not one of this module's instances': says what does not fit. Exhausted: no room.
Result<std::shared_ptr<const runtime::Blueprint>> snapshot_of(const runtime::Module& module,
                                                              const runtime::TypeRegistry& types);

}  // namespace godwit::engine
