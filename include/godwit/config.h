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

/// Instances, and stacks for their stores, that wait to be used again: a new store's instance then is an idle one whose
/// memories, tables and globals have their first contents again. Nothing of what it held is seen by the next. What a module
/// is known by is its first instance: modules whose segments or initialisers depend on imported memories, tables or
/// globals, and those with structs, arrays or exceptions, are always instantiated anew, and so are shared memories. There
/// is no limit that can be reached: where no instance waits, a new one is made.
struct PoolConfig {
  bool is_used = false;
  /// How many instances may wait for each thread that drops stores; of more, those that have waited longest are dropped.
  uint32_t max_idle_instances = 64;
  /// Of the memories of an instance that waits: pages that instances of its module usually touch stay, and are written anew
  /// instead of being given back to the system. In bytes.
  size_t max_kept_bytes = size_t{256} << 10;
  /// For swarms of small instances: memories lie side by side, instead of at 8 GiB of address space each, and code checks
  /// every access. The system's limit on mappings (65,530 for a process of Linux) then is none on instances. For
  /// Tier::Interpreter, Tier::Baseline and Tier::Auto, which optimises nothing then.
  bool is_compact = false;
  /// As far as a memory of a compact pool can grow, in bytes. One that begins larger lies elsewhere.
  size_t compact_memory_bytes = size_t{1} << 20;
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
  /// If not empty, the directory in which the file jit-<process>.dump is made: the machine code of functions as it is made,
  /// with names, and with the lines of optimised code where the module has DWARF. `perf record -k mono`, then `perf inject
  /// --jit` make of it what `perf annotate` shows.
  std::string jit_dump_directory = {};
  /// Whether guests take fuel (Limits::fuel) for what they run: a measure of work that is the same in each run and in every
  /// tier. One unit for each instruction but those that only say where blocks begin and end, and one more for each 64 bytes
  /// or elements that memory.fill, array.copy and the like work on; a run of instructions pays where it begins. Costs a few
  /// instructions at each branch. What host functions do is free.
  bool counts_fuel = false;
  /// Public Ed25519 keys, each as the text of a PEM file. Optimised code that a module brings along (`godwit compile
  /// --sign`) runs if one of them has signed it. That needs the plug-in `godwit-net.so`.
  std::vector<std::string> trusted_keys = {};
  /// Whether instances are used again.
  PoolConfig pool = {};
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
  /// The fuel that the store begins with, in engines with Config::counts_fuel; from 2^63 - 1 on there is no end of it. Of each
  /// thread of a guest alike.
  uint64_t fuel = UINT64_MAX;
};

}  // namespace godwit::GODWIT_V1
