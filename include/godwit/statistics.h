// Statistics: what an engine has done so far.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "godwit/namespace.h"

namespace godwit::GODWIT_V1 {

/// What was done for the functions of all modules of an engine, whether they are still there or not.
struct Statistics {
  /// What one kind of work came to.
  struct Work {
    uint64_t functions = 0;
    uint64_t bytes = 0;
    std::chrono::nanoseconds time{};  ///< zero unless Config::measures_time
  };
  Work validation;   ///< of function bodies; their bytes
  Work interpreter;  ///< translation of function bodies for the interpreter; bytes of what they became
  Work baseline;     ///< compilation by the baseline compiler; bytes of machine code
  Work peak;         ///< optimised compilation, or code that a module brought along; bytes of code images

  /// The machine code that is there now, in bytes; Config::max_machine_code_bytes is the most.
  uint64_t live_machine_code_bytes = 0;
  /// Functions that stay interpreted because there was no room for their machine code.
  uint64_t functions_without_room = 0;
  /// Functions that stay interpreted because they are too large for the baseline compiler.
  uint64_t functions_too_large = 0;
  /// Why the machine or the system allows no machine code, although Config::tier asks for it. Empty if it does, and as
  /// long as no function has asked.
  std::string obstacle;
  /// Why hot functions are not optimised in the background, although Config::tier asks for it. Empty if they are.
  std::string peak_obstacle;
  /// Why something of the cache is not run (Config::uses_cache). Empty if there is no reason to worry.
  std::string cache_remark;
  /// Why functions have no optimised code although that was wanted: the most frequent reasons, each with the number of
  /// functions. Empty if there are none.
  std::string left_out;

  /// Of Config::pool; zeros if it is not used.
  struct Pool {
    uint64_t made = 0;        ///< instances that were made because none waited
    uint64_t reused = 0;      ///< instances that had waited
    uint64_t dropped = 0;     ///< that found no room to wait in
    uint64_t idle = 0;        ///< that wait now
    uint64_t kept_bytes = 0;  ///< of their memories, that are not given back to the system
  };
  Pool pool;
};

}  // namespace godwit::GODWIT_V1
