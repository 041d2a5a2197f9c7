// Statistics: what `godwit run` tells at the end of what the engine and the store have done.
#pragma once

#include <string>

#include "godwit/engine.h"
#include "godwit/store.h"

namespace godwit::cli {

// The table of --stats, with a final newline: rows of statistics.def, then lines about what is out of the ordinary.
std::string describe(const Statistics& statistics);
// One line, with a final newline.
std::string describe(const Store::GarbageStatistics& statistics);

}  // namespace godwit::cli
