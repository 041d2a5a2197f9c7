// What is measured, whoever runs it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "guests.h"

namespace bench {

[[noreturn]] inline void stop(const std::string& why) {
  std::fprintf(stderr, "bench_instances: %s\n", why.c_str());
  std::exit(1);
}

// An instance in a store of its own.
class Guest {
 public:
  virtual ~Guest() = default;
  virtual void run(uint32_t times) = 0;   // calls `run` that often
  virtual int32_t poke() = 0;             // calls `poke`, which writes to one page
  virtual void loop(uint32_t times) = 0;  // calls `loop` once
};

class Program {
 public:
  virtual ~Program() = default;
  // A new store with an instance, one call of the export `name`, and the end of both; the call's result.
  virtual int32_t once(const char* name) = 0;
  virtual std::unique_ptr<Guest> live() = 0;
  // Lets an instance run `warm`, and takes its state; nothing where there is no such thing.
  virtual bool warm_up() { return false; }
  // As once(), from that state.
  virtual int32_t fork_once(const char* /*name*/) { return 0; }
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual std::unique_ptr<Program> load(const Shape& shape) = 0;
};

struct GodwitOptions {
  std::string tier = "auto";
  bool is_pooled = true;
  bool is_compact = false;
};
std::unique_ptr<Runtime> make_godwit(const GodwitOptions& options);

struct WasmtimeOptions {
  std::string library;    // path of the shared library with its C API
  size_t keep_bytes = 0;  // of a memory that are cleared by hand
  uint32_t instances = 1000;
};
std::unique_ptr<Runtime> make_wasmtime(const WasmtimeOptions& options);

}  // namespace bench
