// Finding: how a fuzz target says that something is wrong.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/bytes.h"

namespace godwit::fuzz {

// Prints what is wrong and ends the process as a crash, which libFuzzer reports with the input. If there is a module,
// it is written to the file that the environment variable GODWIT_FUZZ_MODULE names.
[[noreturn]] inline void report_finding(const std::string& what, Bytes module = {}) {
  std::fprintf(stderr, "finding: %s\n", what.c_str());
  const char* const path = std::getenv("GODWIT_FUZZ_MODULE");
  if (std::FILE* file = path ? std::fopen(path, "wb") : nullptr) {
    std::fwrite(module.data(), 1, module.size(), file);
    std::fclose(file);
  }
  std::abort();
}

}  // namespace godwit::fuzz
