// Memory: whether there is room for a context before llama.cpp takes it.
//
// The system promises more memory than it has and ends processes when it is touched; a guest chooses the size of its
// contexts and their number.
#pragma once

#include <llama.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "result.h"

namespace godwit::ggml {

// Bytes of the keys and values of `context_size` tokens, as far as the model's shape tells: models that keep less
// (a recurrent state, a sliding window) count as if they did not.
uint64_t cache_bytes(const llama_model* model, uint64_t context_size, ggml_type keys, ggml_type values);

// What MemAvailable says in a text like /proc/meminfo, in bytes.
std::optional<uint64_t> available_bytes(std::string_view meminfo);

// @errors GODWIT_NN_MISSING_MEMORY: the machine has no `wanted_bytes` to spare now
Result<> check_room(uint64_t wanted_bytes);

}  // namespace godwit::ggml
