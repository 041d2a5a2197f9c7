// Config, Limits: how an engine works, and what a store's guests may use.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

/// How functions are run. Where the machine or the system allows no machine code, all are interpreted
/// (Statistics::obstacle says so).
enum class Tier : uint8_t {
  Interpreter,  ///< never as machine code
  Baseline,     ///< as machine code, made when a function is first called
  Auto,         ///< interpreted at first, as machine code once it has run often
  Peak,  ///< as optimised machine code, made with the module: that takes long. Needs the compiler's plug-in
};

/// How an engine works; fixed once it is made.
struct Config {
  Validation validation = Validation::Eager;
  RelaxedSimd relaxed_simd = RelaxedSimd::Deterministic;
  Tier tier = Tier::Auto;
  /// The most machine code that all functions of the engine may have together, in bytes. Functions for whose code there is
  /// no room are interpreted; modules that go give back their functions' code.
  size_t max_machine_code_bytes = size_t{256} << 20;
  /// Tier::Auto: whether optimised code is kept for later runs, in $XDG_CACHE_HOME/godwit or ~/.cache/godwit. Nobody but
  /// the same user's engines runs it.
  bool uses_cache = false;
  /// Whether Engine::statistics() has times, which costs a little at each function's first call.
  bool measures_time = false;
  /// Whether the names of functions are written to /tmp/perf-<process>.map as their machine code is made, where Linux's
  /// `perf` looks for them.
  bool writes_perf_map = false;
  /// Public Ed25519 keys, each as the text of a PEM file. Optimised code that a module brings along (`godwit compile
  /// --sign`) runs if one of them has signed it. That needs the plug-in `godwit-net.so`.
  std::vector<std::string> trusted_keys = {};
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
