// What a fuzz target defines. libFuzzer calls it (libfuzzer_main.cc), or a main that replays inputs (replay_main.cc).
#pragma once

#include "base/bytes.h"

namespace godwit::fuzz {

// Called once, before the first input.
void start_target();
// Any input may come; what is wrong ends the process (report_finding).
void run_target(Bytes input);

}  // namespace godwit::fuzz
