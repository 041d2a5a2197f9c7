// Config, Limits: how an engine works, and what a store's guests may use.
#pragma once

#include <chrono>
#include <cstdint>

#include "godwit/namespace.h"

namespace godwit::GODWIT_V1 {

/// When function bodies are validated. Everything else of a module is validated when it is made.
enum class Validation : uint8_t {
  Eager,  ///< all at once, when the module is made
  Lazy,   ///< each before it first runs, so that what nobody calls costs nothing
};

/// Which of the results that the specification allows relaxed SIMD instructions give.
enum class RelaxedSimd : uint8_t {
  Deterministic,  ///< those of its deterministic profile, on every machine; there is nothing else yet
};

/// How functions are run.
enum class Tier : uint8_t {
  Interpreter,  ///< never as machine code
  Baseline,     ///< as machine code, made when a function is first called
  Auto,         ///< interpreted at first, as machine code once it has run often
};

/// How an engine works; fixed once it is made.
struct Config {
  Validation validation = Validation::Eager;
  RelaxedSimd relaxed_simd = RelaxedSimd::Deterministic;
  Tier tier = Tier::Interpreter;
};

/// What the guests of one store may use. A limit that is reached is an error of the guest's, never of the host's.
struct Limits {
  /// Of one linear memory, in bytes. A module that wants more at the start is refused; memory.grow yields -1.
  uint64_t max_memory_bytes = uint64_t{4} << 30;
  /// Of all memories, tables and garbage-collected objects of the store together, in bytes (8 for each element of a
  /// table). The stores of a guest's threads share one such limit.
  uint64_t max_total_memory_bytes = uint64_t{8} << 30;
  /// Of one table, in elements.
  uint64_t max_table_elements = 10'000'000;
  /// Of all structs, arrays, exceptions and externrefs together, in bytes; 4 GiB is the most there can be.
  uint64_t max_gc_heap_bytes = uint64_t{4} << 30;
  /// For the frames of wasm functions, in bytes.
  uint64_t stack_bytes = uint64_t{8} << 20;
};

}  // namespace godwit::GODWIT_V1
