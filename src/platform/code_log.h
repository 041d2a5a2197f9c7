// CodeLog: who is told of machine code that is made at run time.
#pragma once

#include <optional>

#include "platform/jit_dump.h"
#include "platform/perf_map.h"

namespace godwit::platform {

// @threads any, once it is filled.
struct CodeLog {
  std::optional<PerfMap> perf_map;
  std::optional<JitDump> jit_dump;

  bool wants_names() const { return perf_map || jit_dump; }
  bool wants_lines() const { return jit_dump.has_value(); }
  // @param name of a guest's choice
  // @param lines may be empty: none are known
  void add(const uint8_t* code, size_t size_bytes, std::string_view name,
           std::span<const JitDump::Line> lines = {}) {
    if (perf_map) perf_map->add(code, size_bytes, name);
    if (jit_dump) jit_dump->add(code, size_bytes, name, lines);
  }
};

}  // namespace godwit::platform
