// The values that options of `godwit run` take: directories, durations, sizes, environment variables.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "godwit/wasi.h"
#include "options.h"

namespace godwit::cli {

// --dir:  PATH | GUEST:HOST (as WasmEdge has it) | HOST::GUEST (as Wasmtime has it), each with :ro or :readonly after it.
// @errors an empty part, or more colons than any of the three has.
std::expected<Preopen, UsageError> parse_dir(std::string_view text);

// --timeout: a number with one of the units ms, s, m, h; more than zero, at most about 290 years. `option` is for the error.
std::expected<std::chrono::nanoseconds, UsageError> parse_duration(std::string_view text,
                                                                   std::string_view option = "--timeout");

// --max-memory, --max-total-memory: bytes, or a number with one of the units K, M, G, T (also KiB and KB, …: all are
// powers of 1024). `option` is for the error.
std::expected<uint64_t, UsageError> parse_size(std::string_view text,
                                               std::string_view option = "--max-memory");

// --max-threads: a decimal number below 2^20.
std::expected<uint32_t, UsageError> parse_count(std::string_view text);

// --nn-max-tokens: a decimal number from 1 on.
std::expected<uint64_t, UsageError> parse_number(std::string_view text, std::string_view option);

// --env: NAME=VALUE, or NAME for the value that godwit itself was given.
// @errors an empty name; NAME alone that is not set.
std::expected<std::pair<std::string, std::string>, UsageError> parse_env(std::string_view text);

// --trust: the text of the file, which holds a key.
// @errors it cannot be read, is empty or larger than keys are.
std::expected<std::string, UsageError> read_key_file(std::string_view path,
                                                     std::string_view option = "--trust");

}  // namespace godwit::cli
